"""Problems for other codes: one arm under one load in, files of CalculiX, Abaqus, FEBio, gmsh and ParaView out."""
