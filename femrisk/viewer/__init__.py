"""A result folder in, an interactive picture of it in the browser out: cells and cuts in numpy, drawn by VTK."""
