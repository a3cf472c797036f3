"""What a finished pair leaves behind: a march and what was read from it in, one ``PairResult`` out; nouns alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.film import Frame
from femrisk.fracture import ElasticCriterion, Peak, Site
from femrisk.history import Deformation, History
from femrisk.loadshare import SkinResult
from femrisk.meshes.labelled import Floats


@dataclass(frozen=True)
class Damage:
    """What the damage model alone knows, at the peak."""

    #: (m, 4) share of the stiffness that is lost
    lost: Floats
    #: share of the bone's volume, and of the cement's, whose crack band is wider than its fracture energy allows
    clipped_bone: float
    clipped_cement: float | None
    #: difference between the two steps over the load
    step_error: float | None
    #: work of the forces left on free nodes, over the machine's
    unbalanced: float


@dataclass(frozen=True)
class PairResult:
    """Everything known of an arm under a load; arrays are over the whole mesh, on every rank."""

    history: History
    peak: Peak
    elastic: ElasticCriterion
    site: Site | None
    #: N/mm
    stiffness: float
    #: (m,) cells in contacts and fixtures
    contact: NDArray[np.bool_]
    #: at the peak: (m, 10, 3) displacement of each cell's nodes, (m, 4, 6) strain and stress, (m, 4) plastic strain
    displacement: Floats
    strain: Floats
    stress: Floats
    accumulated: Floats
    #: (m,) energy dissipated in each cell by plastic flow and damage at the peak, J
    plastic_work: Floats
    dofs: int
    seconds: float
    #: None but under the damage model
    damage: Damage | None = None
    #: share of the area of weak interfaces that is past its strength at the peak; None where nothing can fail
    failing: float | None = None
    #: the skin at the peak; None where there is none
    skin: SkinResult | None = None
    #: the vertebral body per N of force while all is elastic; None of another bone
    elastic_body: Deformation | None = None
    #: some of the increments, for those who want to see the march
    frames: tuple[Frame, ...] = ()
