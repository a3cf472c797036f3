"""femrisk: how strong is this bone with this lesion, and how much does each treatment give back?

    case = femrisk.read_case("cases/neck_small.yaml")
    meshes = femrisk.mesh(case)
    results = femrisk.run(case, "results/neck_small", jobs=2)
    femrisk.compare(results)
    femrisk.plot(results, "scene")
    femrisk.show(results)

Nothing is loaded before it is asked for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from femrisk.case import read_case
    from femrisk.walk import compare, mesh, plot, run, show

__version__ = "0.1.0"
__all__ = ["__version__", "compare", "mesh", "plot", "read_case", "run", "show"]

#: name -> the module it is in
_PUBLIC = {"read_case": "femrisk.case", **dict.fromkeys(("compare", "mesh", "plot", "run", "show"), "femrisk.walk")}


class _Step(ModuleType):
    """The module ``femrisk.run`` or ``femrisk.compare``: calling it is the step of the walk of that name."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return getattr(import_module("femrisk.walk"), self.__name__.removeprefix("femrisk."))(*arguments, **options)


class _Package(ModuleType):
    """The package: what Python binds to it under a public name, the module of that name, can be called like it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _PUBLIC and isinstance(value, ModuleType):
            value.__class__ = _Step
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_PUBLIC[name]), name)
    # the module of that name was bound meanwhile, and stays: it can be called
    return globals().get(name, found)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
