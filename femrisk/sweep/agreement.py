"""What scores are set against: in goes the ``agreement`` block of a sweep file, out comes a checked ``Agreement``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from femrisk.analysis import known
from femrisk.case import Case, Name, names
from femrisk.document import KeyPath
from femrisk.meshes.labelled import Floats
from femrisk.mistakes import SeveralMistakes
from femrisk.part import Part

Words = Annotated[str, Field(min_length=1, max_length=60)]
#: scores that need a fracture load, so that no case asks for them: body weights the untreated bone carries, by the
#: model of the sweep and by the linear criterion
OF_LOADS = ("bos", "linear_bos")


class Truth(Part):
    """A load that a femur bears or not."""

    name: Name
    """What is done: walking, stumbling."""
    body_weights: Annotated[float, Field(gt=0, le=50)]
    """Force on the hip while it is done, multiples of body weight; a femur that carries no more breaks."""


class Rule(Part):
    """A score with its cut-off."""

    name: Words
    """How it is called in tables and figures."""
    score: str
    """A score of the case, or bos or linear_bos: body weights the untreated bone carries (by the linear criterion)."""
    at_least: float | None = None
    """Called at high risk from this value on."""
    above: float | None = None
    """Called at high risk above this value."""
    below: float | None = None
    """Called at high risk below this value."""
    drawn: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=2)] | None = None
    """Where the score is a range, as something is unknown: how often each value from its lowest to its highest end,
    evenly spaced, is drawn, in any unit. Drawn apart from everything else."""

    @model_validator(mode="after")
    def _one_cut(self) -> Self:
        given = [key for key in ("at_least", "above", "below") if getattr(self, key) is not None]
        if len(given) != 1:
            got = ", ".join(given) or "none"
            raise SeveralMistakes(((), f"a rule has one cut-off (allowed: one of at_least, above, below, got: {got})"))
        if self.drawn and not sum(self.drawn) > 0:
            raise SeveralMistakes((("drawn",), "nothing is ever drawn (allowed: a sum above 0)"))
        return self

    @property
    def sign(self) -> int:
        """1 where risk rises with the score, -1 where it falls."""
        return 1 if self.below is None else -1

    def calls(self, values: Floats) -> NDArray[np.bool_]:
        """(n,) whether each value means high risk."""
        if self.at_least is not None:
            return np.asarray(values >= self.at_least)
        if self.above is not None:
            return np.asarray(values > self.above)
        return np.asarray(values < known(self.below))


class Agreement(Part):
    """How often scores tell what the mechanics say; read from the table alone."""

    load: Words = "stance"
    """Load whose fracture loads are compared with what patients do."""
    intact: Words = "intact"
    """Name of the arm without lesion."""
    untreated: Words = "untreated"
    """Name of the arm with the lesion as it is."""
    cement: Words = "pop"
    """Name of the arm with cement alone."""
    truths: Annotated[tuple[Truth, ...], Field(min_length=1)]
    """What patients do, and what the hip then carries."""
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    """Scores that are to tell whether the untreated femur breaks."""
    cement_rules: tuple[Rule, ...] = ()
    """Scores that are to tell, of femurs that break untreated, which break with cement alone too."""
    by: tuple[Words, ...] = ()
    """Columns of the sweep by whose values, or thirds of its numbers, the benefit of cement is told."""


def lost(agreement: Agreement, case: Case, columns: Collection[str]) -> list[tuple[KeyPath, str]]:
    """What an agreement names that the base case (resolved) or the sweep has not."""
    found: list[tuple[KeyPath, str]] = []
    arms, loads = names(case.arms), names(case.loads)
    scores = (*(case.scores or ()), *OF_LOADS)
    wanted: list[tuple[KeyPath, str, Collection[str]]] = [(("load",), agreement.load, loads)]
    wanted += [((key,), getattr(agreement, key), arms) for key in ("intact", "untreated", "cement")]
    for key in ("rules", "cement_rules"):
        wanted += [((key, i, "score"), rule.score, scores) for i, rule in enumerate(getattr(agreement, key))]
    wanted += [(("by", i), column, columns) for i, column in enumerate(agreement.by)]
    for path, word, allowed in wanted:
        if word not in allowed:
            found.append(
                (("agreement", *path), f"there is none (allowed: {', '.join(allowed) or 'none'}, got: {word})")
            )
    return found
