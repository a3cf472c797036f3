"""How a case ended: an ``Outcome`` in, ``outcome.json`` out, and back; without one a case is not finished."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from femrisk.output.atomic import read_json, write_json

#: done: computed; refused: its geometry is impossible; failed: every attempt ended badly
State = Literal["done", "refused", "failed"]


@dataclass(frozen=True)
class Outcome:
    """How a case ended."""

    state: State
    #: why it was refused or failed
    reason: str | None
    attempts: int
    #: of all attempts
    seconds: float
    #: most memory of one attempt, MB, as far as it was sampled
    peak_memory_MB: float | None
    machine: str

    @property
    def final(self) -> bool:
        """Whether running the case again would end the same way."""
        return self.state != "failed"


def read_outcome(folder: Path) -> Outcome | None:
    """How the case in ``folder`` ended; None while it has not."""
    try:
        return Outcome(**read_json(folder / "outcome.json"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError):
        # a disk that lost it: the case is done again
        return None


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Finish a case."""
    write_json(folder / "outcome.json", asdict(outcome))
