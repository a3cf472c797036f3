"""What can go wrong, as data: in goes a place and a fact, out comes one line a user can act on.

::

    FemriskError
    ├── InputError            exit 2: the input is wrong, nothing was started
    │   ├── CaseError         every mistake of a case file at once
    │   └── GeometryError     a lesion, device or surface that does not fit its bone
    └── ComputationError      exit 1: the input is right, the computation is not
        ├── MeshError         a mesh that would spoil a result
        └── SolverError       no equilibrium, and no honest number to report
"""

from __future__ import annotations

from dataclasses import dataclass


class FemriskError(Exception):
    """Root of every error femrisk raises on purpose."""

    exit_code = 1

    def lines(self) -> list[str]:
        """One line per mistake, without the ``femrisk: error:`` prefix."""
        return [str(self)]


@dataclass(frozen=True)
class Mistake:
    """One wrong thing and where it stands."""

    #: path of the key or name of the thing, e.g. ``case.yaml:12: lesions[0].center_mm``
    where: str
    #: what is wrong, with what is allowed and what was got
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class InputError(FemriskError):
    """The user's input is wrong; ``where`` names the place, ``what`` the mistake."""

    exit_code = 2

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.mistakes: tuple[Mistake, ...] = (Mistake(where, what),)

    def lines(self) -> list[str]:
        """One line per mistake."""
        return [str(mistake) for mistake in self.mistakes]


class CaseError(InputError):
    """All mistakes of one case file together."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        FemriskError.__init__(self, "\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class GeometryError(InputError):
    """A lesion, a device or a surface that does not fit its bone."""


class ComputationError(FemriskError):
    """The input is right, but something could not be computed."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


class MeshError(ComputationError):
    """The mesh is not good enough to carry a result."""


class SolverError(ComputationError):
    """The solver gave up where no honest number can be read."""
