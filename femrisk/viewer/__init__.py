"""A result folder in, an interactive picture of it in the browser out: cells, cuts and tables in numpy, drawn by VTK."""
