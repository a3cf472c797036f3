"""What somebody wants to see in, what can be seen out: a ``Choice`` that fits its study, planes, timelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from femrisk.output.stresscut import ROLES
from femrisk.viewer.body import Flags, Floats
from femrisk.viewer.study import March, Still, Study

#: How a clip plane lies; an oblique one was dragged there.
CLIPS = ("coronal", "sagittal", "axial", "oblique", "off")
#: What sets the ends of the colour scale.
SCALES = ("auto", "full", "hand")


@dataclass(frozen=True)
class Plane:
    """Where the bone is clipped: what lies on the side of the normal is taken away."""

    origin: tuple[float, float, float]
    normal: tuple[float, float, float]

    def height(self, points: Floats) -> Floats:
        """(n,) distance of points (n, 3) on the side of the normal, mm."""
        return np.asarray((points - np.array(self.origin)) @ np.array(self.normal))

    @property
    def position(self) -> float:
        """Distance of the plane from the origin of the axes, along its normal, mm."""
        return float(np.dot(self.origin, self.normal))

    def moved_to(self, position: float) -> Plane:
        """The same plane at another distance."""
        shift = (position - self.position) * np.array(self.normal)
        return replace(self, origin=three(np.array(self.origin) + shift))

    def flipped(self) -> Plane:
        """The same plane, which takes the other side away."""
        return replace(self, normal=three(-np.array(self.normal)))


@dataclass(frozen=True)
class Choice:
    """Everything that decides what is seen, but for the camera."""

    load: str
    arms: tuple[str, ...]
    field: str = "von_mises"
    #: place in the timeline; each arm at its largest force where it is None
    step: int | None = None
    clip: str = "coronal"
    plane: Plane = Plane((0.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    #: values of the field between which cells are shown; None for all
    threshold: tuple[float, float] | None = None
    deformation: float = 1.0
    roles: tuple[str, ...] = ROLES
    scale: str = "auto"
    #: ends of a scale by hand
    ends: tuple[float, float] = (0.0, 1.0)


def first_choice(study: Study) -> Choice:
    """What is shown before anybody has chosen: the untreated arm, where there is one."""
    load = study.loads[0]
    arms = study.arms(load)
    untreated = next((arm for arm in arms if arm == "untreated"), arms[0])
    return Choice(load, (untreated,))


def fitted(choice: Choice, study: Study) -> Choice:
    """The nearest choice the study can show: known load and arms, each once, and a step of their timeline."""
    load = choice.load if choice.load in study.loads else study.loads[0]
    known = study.arms(load)
    arms = tuple(dict.fromkeys(arm for arm in choice.arms if arm in known))[:2] or known[:1]
    steps = len(timeline([study.marches[arm, load] for arm in arms]))
    step = None if choice.step is None else min(max(choice.step, 0), steps - 1)
    return replace(choice, load=load, arms=arms, step=step)


def timeline(marches: list[March]) -> tuple[float, ...]:
    """Travels at which any of the arms has an increment to show, mm."""
    return tuple(sorted({march.travel_at(number) or 0.0 for march in marches for number in march.numbers}))


def increment_of(march: March, marches: list[March], step: int | None) -> int:
    """The increment of one arm at a step of the timeline of all: the one of nearest travel, or of the largest force."""
    return march.peak if step is None else march.nearest(timeline(marches)[step])


def step_at_peak(marches: list[March]) -> int:
    """The step at which the first arm bears most."""
    first = marches[0]
    return timeline(marches).index(first.travel_at(first.peak) or 0.0)


def usual_plane(still: Still, clip: str) -> Plane:
    """A plane through the middle of the lesions, else through the bone's; the side towards the reader is taken away.

    The coronal plane of a femur is that of head and shaft, as in the pictures of a report.
    """
    centroids = still.body.centroids()
    lesion = still.role == ROLES.index("lesion")
    weights = still.volumes * lesion if lesion.any() else still.volumes
    if not lesion.any() and not still.is_vertebra:
        # the shaft is long, and a fracture of interest is above it
        weights = weights * (centroids[:, 2] > -20.0)
    origin = np.average(centroids, axis=0, weights=weights if weights.sum() > 0 else still.volumes)
    return Plane(three(origin), three(_normal(still, clip, centroids)))


def _normal(still: Still, clip: str, centroids: Floats) -> Floats:
    if clip == "axial":
        return np.array([0.0, 0.0, 1.0])
    forward = np.array([0.0, 1.0, 0.0])
    head = still.region == 0
    if not still.is_vertebra and head.any():
        medial = np.append(centroids[head].mean(axis=0)[:2], 0.0)
        forward = np.array([-medial[1], medial[0], 0.0]) / max(float(np.linalg.norm(medial)), 1e-9)
        forward = forward if forward[1] >= 0 else -forward
    return forward if clip != "sagittal" else np.array([forward[1], -forward[0], 0.0])


def visible(choice: Choice, still: Still, values: Floats) -> Flags:
    """(m,) cells of the chosen roles whose values lie within the threshold; those without a value only without one."""
    shown = np.isin(still.role, [ROLES.index(role) for role in choice.roles])
    if choice.threshold is not None:
        low, high = choice.threshold
        # a control's number has six digits, the cell's own may lie a little off it
        shown &= (values >= low - 5e-6 * abs(low)) & (values <= high + 5e-6 * abs(high))
    return shown


def three(values: Floats | Sequence[float]) -> tuple[float, float, float]:
    """Three plain numbers."""
    x, y, z = (float(value) for value in values)
    return (x, y, z)
