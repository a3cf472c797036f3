"""One arm under one load in; out, for CalculiX, Abaqus, FEBio, gmsh and ParaView, its problem or its results (XDMF)."""
