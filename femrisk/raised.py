"""A collapsed vertebra, its lesions, an arm and loads in; the vertebra as the arm raises it out, or None.

The arm's mesh has the cells of the others with their vertices moved (``reshaped.moved_mesh``). So its cement is placed
in the raised body, of the volume that was asked for, and is carried back into the collapsed one, where it is cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from femrisk.arms import Arm, Lesions
from femrisk.contacts import Boundary
from femrisk.loads import Load
from femrisk.meshes.anatomy import Anatomy, VertebraAnatomy, vertebra_of
from femrisk.meshes.shapes import Solid
from femrisk.meshes.vertebra.heightchange import HeightChange
from femrisk.meshes.vertebra.reshaped import height_lost, moved_lesion, moved_solid, reshaped


@dataclass(frozen=True)
class Raised:
    """What an arm leaves of a vertebra when it gives height back."""

    #: from the collapsed body to this one
    change: HeightChange
    anatomy: VertebraAnatomy
    lesions: Lesions
    #: its cements and devices, as they lie in the raised body
    solids: tuple[Solid, ...]
    #: name of a load -> its contacts with this body
    boundaries: Mapping[str, Boundary]
    #: by which the body is higher where it had lost most, mm
    regained_mm: float

    @property
    def regained_share(self) -> float:
        """Of what the body had lost."""
        return self.change.regained_share

    def below(self) -> tuple[Solid, ...]:
        """The solids where the mesh of the collapsed body has them, named also after the loss that is left."""
        down = HeightChange(self.change.where, self.change.after, self.change.before)
        mark = f"raised_{100 * self.change.after:.4g}".replace(".", "p")
        return tuple(moved_solid(solid, down, f"{solid.name}_{mark}") for solid in self.solids)


def raised(anatomy: Anatomy, lesions: Lesions, arm: Arm, loads: Sequence[Load]) -> Raised | None:
    """The vertebra as an arm leaves it; None where the arm gives no height back.

    Raises:
        GeometryError: it is not known how the body has collapsed, or cement or contacts do not fit the raised body.
    """
    change = arm.raises(anatomy)
    if change is None:
        return None
    low = vertebra_of(anatomy)
    high, moved = reshaped(low, change), tuple(moved_lesion(lesion, change) for lesion in lesions)
    return Raised(
        change,
        high,
        moved,
        arm.solids(high, moved),
        {str(load.name): load.boundary(high) for load in loads},
        height_lost(low) - height_lost(high),
    )
