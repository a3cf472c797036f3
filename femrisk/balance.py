"""What forces on the unknowns amount to: residual, work and the machine's force, summed over ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.domain import Domain
from femrisk.grips import Unknowns
from femrisk.meshes.labelled import Floats


@dataclass(frozen=True)
class Balance:
    """Measures of forces (n, 3) on the fine unknowns, N."""

    domain: Domain
    unknowns: Unknowns

    def share(self, forces: Floats) -> Floats:
        """(n, 3) free rows this rank owns, so that adding up over ranks counts each once."""
        right = forces * self.unknowns.fine.free
        right[self.unknowns.fine.numbering.owned :] = 0.0
        return np.asarray(right)

    def norm(self, forces: Floats) -> float:
        """Size of what is left on the free unknowns, N."""
        return float(np.sqrt(self.domain.sum(float((self.share(forces) ** 2).sum()))))

    def work(self, motion: Floats, forces: Floats) -> float:
        """Work on the free unknowns over a motion (n, 3) of them, N mm."""
        return self.domain.sum(float((motion * self.share(forces)).sum()))

    def force(self, forces: Floats) -> float:
        """Force that does the machine's work: of all prescribed unknowns, per millimetre of travel."""
        owned = self.unknowns.fine.numbering.owned
        return self.domain.sum(float((forces[:owned] * self.unknowns.driven[:owned]).sum()))
