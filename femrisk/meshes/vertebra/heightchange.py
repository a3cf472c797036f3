"""How a vertebral body loses height and regains it: a kind and shares in, a map of places and its inverse out.

Heights over the middle of the body are multiplied by a factor that varies over its section and not along its height:

    z -> z (1 - after g(x, y)) / (1 - before g(x, y)),

with ``g`` 1 where a body of that kind loses most and 0 where it loses nothing, and ``before`` and ``after`` the shares
that are lost there. So the inverse is exact, and the same map collapses a body, raises it again and stops half way.
Nothing moves sideways, both endplates come as near to the middle (assumed: in life the upper one sinks more). What lies
behind the pedicles' narrowest sections, and behind the wall of a wedge, stays where it is, the canal with it.

Kinds after Genant 1993 [recalled], who counts 20, 25 and 40 % of a height as mild, moderate and severe; how the loss
fades is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from femrisk.meshes.labelled import Floats
from femrisk.part import Part

#: share of a wedge's depth, from the posterior wall, over which its endplates begin to slope (a kink would be a crease)
ONSET = 0.3
#: a wedge goes on sloping up to this far from its posterior wall, shares of its depth: in front of all bone
BEYOND = 1.2

#: largest loss that is drawn: what is flatter is hardly a body any more (assumed)
LARGEST_LOSS = 0.6

CollapseKind = Literal["wedge", "biconcave", "crush"]


class Collapse(Part):
    """A body that has lost height; its bone is as good as before."""

    kind: CollapseKind
    """Where: wedge in front, the posterior wall keeps its height; biconcave in the middle, the rims keep theirs; crush
    everywhere, the posterior wall included."""
    height_loss_share: Annotated[float, Field(gt=0, le=LARGEST_LOSS)]
    """Share of its height that the body has lost where it has lost most."""


class LostHeight(Part):
    """What is known, from elsewhere, of the height that a vertebra drawn as it is has lost."""

    height_loss_share: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of its height that the body has lost; read by scores, which leave it open where it is not known."""
    collapse_kind: CollapseKind | None = None
    """Where it has lost that height: in front (wedge), in the middle (biconcave) or everywhere (crush); bkp needs it to
    give height back."""

    @model_validator(mode="after")
    def _lost_some(self) -> Self:
        if self.collapse_kind is not None and not 0 < (self.height_loss_share or 0) <= LARGEST_LOSS:
            raise ValueError(f"collapse_kind needs height_loss_share (allowed: above 0 to {LARGEST_LOSS:g})")
        return self


@dataclass(frozen=True)
class Footprint:
    """Where over its section a body of some kind loses height; mm in its standard frame."""

    kind: CollapseKind
    #: y of its walls, and its width
    anterior: float
    posterior: float
    width: float
    #: y behind which a crushed body's height is kept
    behind: float

    @property
    def deepest(self) -> Floats:
        """(3,) a place where it loses most: the anterior wall of a wedge, else the middle."""
        y = self.anterior if self.kind == "wedge" else (self.anterior + self.posterior) / 2
        return np.array([0.0, y, 0.0])

    def share(self, points: Floats) -> Floats:
        """(n, 3) -> (n,) loss over the largest one; smooth."""
        depth = self.anterior - self.posterior
        if self.kind == "wedge":
            way = np.clip((points[:, 1] - self.posterior) / depth, 0.0, BEYOND)
            return np.where(way < ONSET, way**2 / (2 * ONSET), way - ONSET / 2) / (1 - ONSET / 2)
        if self.kind == "crush":
            way = np.clip((points[:, 1] - self.behind) / (self.posterior - self.behind), 0.0, 1.0)
            return np.asarray(way**2 * (3 - 2 * way))
        middle = (self.anterior + self.posterior) / 2
        way = np.hypot(points[:, 0] / (self.width / 2), (points[:, 1] - middle) / (depth / 2))
        return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.minimum(way, 1.0)))


@dataclass(frozen=True)
class HeightChange:
    """A body changes from one loss of height to another."""

    where: Footprint
    #: shares of its upright height that it has lost where it loses most
    before: float
    after: float

    def factor(self, points: Floats) -> Floats:
        """(n, 3) -> (n,) by which heights over the middle of the body are multiplied."""
        share = self.where.share(points)
        return np.asarray((1 - self.after * share) / (1 - self.before * share))

    def moved(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n, 3) where they come to lie."""
        return np.column_stack([points[:, :2], points[:, 2] * self.factor(points)])

    def back(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n, 3) where they came from."""
        return np.column_stack([points[:, :2], points[:, 2] / self.factor(points)])

    @property
    def regained_share(self) -> float:
        """Of what was lost before; negative where more is lost after."""
        return 1 - self.after / self.before if self.before > 0 else 0.0

    def regaining(self, fraction: float) -> HeightChange:
        """From what it has come to, a fraction of the lost height back."""
        return HeightChange(self.where, self.after, (1 - fraction) * self.after)
