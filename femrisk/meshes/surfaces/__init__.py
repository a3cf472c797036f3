"""Closed surfaces of triangles: read, mended, cut, and turned into signed distances."""
