"""What a bone keeps of the scan it came from: its density and labels in the standard frame, and how they were read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.ct.imagedensity import CEILING, FLOOR, ImageDensity
from femrisk.meshes.ct.volume import Volume
from femrisk.meshes.labelled import Floats

#: width of a class of the histogram, mg/cm3
CLASS_MG = 25.0
#: a share of voxels at the floor or the ceiling above this is told
LARGE_SHARE = 0.02


@dataclass(frozen=True)
class ScanRecord:
    """How a scan was read; numbers and sentences only, nothing of the file's own text."""

    #: what was done, in order
    steps: tuple[str, ...]
    #: what to mistrust
    warnings: tuple[str, ...]
    #: kind of density of the histogram: K2HPO4 | HA | ash | apparent
    kind: str
    #: (k + 1,) ends of the classes, mg/cm3, and (k,) voxels of the bone in each
    ends_mg_per_cm3: tuple[float, ...]
    voxels: tuple[int, ...]
    #: share of the bone's voxels whose ash density is raised to ``FLOOR`` or lowered to ``CEILING``
    floor_share: float
    ceiling_share: float
    mean_mg_per_cm3: float

    def lines(self) -> dict[str, str]:
        """What was done and what came of it, in words, numbered."""
        said = (*self.steps, f"mean of the bone: {self.mean_mg_per_cm3:.0f} mg/cm3 {self.kind}")
        told = {f"scan, step {number}": step for number, step in enumerate(said, 1)}
        return told | {f"scan, doubt {number}": doubt for number, doubt in enumerate(self.warnings, 1)}


@dataclass(frozen=True, eq=False)
class Scan:
    """The scan of a bone, in the bone's standard frame."""

    #: of the bone without its lesions
    density: ImageDensity
    #: with them; the same object where there are none
    as_scanned: ImageDensity
    #: of the label map, the part round the bone
    labels: Volume
    #: those of lesions
    lesion_labels: tuple[int, ...]
    record: ScanRecord


def recorded(density: Floats, ash: Floats, kind: str, steps: tuple[str, ...], warnings: tuple[str, ...]) -> ScanRecord:
    """The record of a bone.

    Args:
        density: (n,) calibrated density of the bone's voxels, g/cm3.
        ash: (n,) the same as ash density.
        kind: of ``density``.
        steps: what was done up to there.
        warnings: what to mistrust of it.
    """
    floor, ceiling = float(np.mean(ash <= FLOOR)), float(np.mean(ash >= CEILING))
    doubts = [
        f"{100 * share:.1f} % of the bone's voxels have an ash density {words} {limit:g} g/cm3 and count as that"
        for share, words, limit in ((floor, "below", FLOOR), (ceiling, "above", CEILING))
        if share > LARGE_SHARE
    ]
    ends = histogram_ends(1000 * density)
    return ScanRecord(
        steps=steps,
        warnings=(*warnings, *doubts),
        kind=kind,
        ends_mg_per_cm3=tuple(float(end) for end in ends),
        voxels=tuple(int(count) for count in np.histogram(1000 * density, ends)[0]),
        floor_share=floor,
        ceiling_share=ceiling,
        mean_mg_per_cm3=float(1000 * density.mean()),
    )


def histogram_ends(values: Floats) -> NDArray[np.float64]:
    """Ends of classes of ``CLASS_MG`` that hold all values (n,), mg/cm3; wider ones where there would be over 400."""
    width = CLASS_MG * np.ceil(np.ptp(values) / (400 * CLASS_MG))
    first, last = np.floor(values.min() / width), np.floor(values.max() / width) + 1
    return np.asarray(width * np.arange(first, last + 1))
