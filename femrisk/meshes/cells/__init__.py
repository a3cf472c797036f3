"""Tetrahedra and voxels under way: cut along sheets, bettered, sized; no bone is known here."""
