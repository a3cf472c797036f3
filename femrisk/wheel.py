"""Load MPI before the solver's libraries: the pip wheel of DOLFINx brings its own, conda's has none to load."""

from importlib.util import find_spec

if find_spec("dolfinx_solver"):
    import dolfinx_solver  # noqa: F401
