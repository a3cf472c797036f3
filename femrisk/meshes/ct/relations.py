"""Densities that phantoms, ash and scales weigh bone by: one kind and named relations in, another kind out (g/cm3).

A relation is ``to = slope * from + intercept``. None is exact for a single bone, and those of different sources differ
by up to a fifth: a law of modulus should be fed by the relation that belongs to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.labelled import Floats
from femrisk.meshes.vertebra.atlas import ASH_PER_QCT

#: K2HPO4 | HA: equivalent density by a phantom of that salt; ash: mineral left after burning, per volume of tissue;
#: apparent: wet weight per volume of tissue
KINDS = ("K2HPO4", "HA", "ash", "apparent")
#: ash over apparent density of cancellous and cortical bone (Schileo 2008 [recalled])
ASH_PER_APPARENT = 0.60


@dataclass(frozen=True)
class Relation:
    """A straight line from one kind of density to another, g/cm3."""

    name: str
    start: str
    end: str
    slope: float
    intercept: float
    source: str

    def of(self, density: Floats) -> Floats:
        """Densities of any shape, g/cm3."""
        return np.asarray(self.slope * density + self.intercept)

    def __str__(self) -> str:
        sign = "+" if self.intercept >= 0 else "-"
        return f"{self.end} = {self.slope:g} {self.start} {sign} {abs(self.intercept):g} g/cm3 ({self.source})"


RELATIONS: dict[str, Relation] = {
    one.name: one
    for one in (
        Relation("les_1994", "K2HPO4", "ash", *ASH_PER_QCT, "Les 1994 [recalled-M]; laws of vertebrae undo it"),
        Relation("keyak_2005", "K2HPO4", "ash", 0.887, 0.0633, "Keyak 2005 and before [recalled-M]"),
        Relation("keyak_2005_HA", "HA", "ash", 0.839, 0.0698, "Keyak 2005 and before [recalled-M]"),
        Relation("schileo_2008", "HA", "ash", 0.877, 0.079, "Schileo 2008 [recalled-H]"),
        Relation("HA_per_K2HPO4", "HA", "K2HPO4", 1 / 1.15, 0.0, "HA weighs 1.15 times K2HPO4 [recalled-L]"),
        Relation("ash_per_apparent", "apparent", "ash", ASH_PER_APPARENT, 0.0, "Schileo 2008 [recalled-H]"),
    )
}
#: the usual ways to ash, by bone and kind of density
USUAL: dict[tuple[str, str], tuple[str, ...]] = {
    ("vertebra", "K2HPO4"): ("les_1994",),
    ("vertebra", "HA"): ("HA_per_K2HPO4", "les_1994"),
    ("proximal_femur", "K2HPO4"): ("keyak_2005",),
    ("proximal_femur", "HA"): ("schileo_2008",),
    ("vertebra", "apparent"): ("ash_per_apparent",),
    ("proximal_femur", "apparent"): ("ash_per_apparent",),
    ("vertebra", "ash"): (),
    ("proximal_femur", "ash"): (),
}


def to_ash(kind: str, bone: str, wanted: tuple[str, ...] | None = None) -> tuple[Relation, ...]:
    """The relations, one after the other, that lead from a ``kind`` of density to ash density.

    Args:
        kind: one of ``KINDS``.
        bone: proximal_femur | vertebra.
        wanted: names of relations to take instead of the usual ones.

    Raises:
        GeometryError: those wanted do not lead from this kind to ash.
    """
    chain = tuple(RELATIONS[name] for name in (USUAL[bone, kind] if wanted is None else wanted))
    at = kind
    for one in chain:
        if one.start != at:
            fitting = ", ".join(name for name, other in RELATIONS.items() if other.start == at) or "none"
            raise GeometryError(
                "bone.relations", f"{one.name} starts from {one.start}, not from {at} (allowed here: {fitting})"
            )
        at = one.end
    if at != "ash":
        raise GeometryError("bone.relations", f"lead to {at} density, not to ash (allowed: a chain that ends in ash)")
    return chain
