"""A CT volume and a label of the bone in, the anatomy of a real bone out, its density read from the image."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from femrisk.meshes.anatomy import Anatomy, FemurAnatomy, VertebraAnatomy
from femrisk.meshes.ct.calibration import Calibration, Label
from femrisk.meshes.ct.grids import refuse_other_grid, refuse_outside
from femrisk.meshes.ct.labelsurface import marked, one_bone, smooth_surface
from femrisk.meshes.ct.relations import RELATIONS
from femrisk.meshes.ct.scan import Scan
from femrisk.meshes.ct.scanfile import read_scan
from femrisk.meshes.ct.scanning import IMAGE, LABELS, Recipe, refuse_image, scanned
from femrisk.meshes.ct.volume import Volume
from femrisk.meshes.femur.surface import SurfaceBone, SurfaceLandmarks, known_anatomy
from femrisk.meshes.labelled import REGIONS
from femrisk.meshes.sampled import lattice
from femrisk.meshes.surfaces.triangles import Triangles
from femrisk.meshes.vertebra.atlas import ASH_PER_QCT
from femrisk.meshes.vertebra.heightchange import LostHeight
from femrisk.meshes.vertebra.means import Level
from femrisk.meshes.vertebra.surface import SurfaceVertebra, VertebraSurfaceLandmarks
from femrisk.part import Part

logger = logging.getLogger(__name__)

#: bone deeper than this under the surface of a vertebra's body is trabecular, mm; points in it are so far apart
CORE_MM, CORE_STEP = 4.0, 1.0
#: an axis of the file may point so far from where the bone says before it is told, degrees
ASKEW_DEG = 60.0


@dataclass(frozen=True, eq=False)
class Files:
    """A scan as read, in RAS mm."""

    image: Volume
    labels: Volume
    #: True in the bone and its lesions
    mask: Volume
    surface: Triangles


class ScannedBone(Part):
    """What every scanned bone shares: its files, and how their numbers become densities."""

    kind: Literal["ct"]
    """Kind of bone."""
    image: Path
    """CT volume: NIfTI (.nii, .nii.gz), .mha, .mhd, .nrrd, or a folder with the slices of one DICOM series. A relative
    path starts at the case file's folder, and is kept in the results: it should name no patient."""
    labels: Path
    """Label map of the bone, a file of the same kinds."""
    calibration: Calibration
    """How the image's numbers become densities."""
    bone_labels: tuple[Label, ...] | None = None
    """Labels that are bone (default: all but 0, lesions, and what the calibration asks for)."""
    lesion_labels: tuple[Label, ...] = ()
    """Labels of real lesions: part of the bone; lesions of kind label say what they are."""
    labels_grid: Literal["same", "own"] = "same"
    """Whether the label map has the image's voxels, or its own, placed by its own affine."""
    relations: tuple[Literal[tuple(RELATIONS)], ...] | None = None  # type: ignore[valid-type]
    """Relations, one after the other, from the calibrated density to ash density (default: the usual ones)."""
    rim_mm: Annotated[float, Field(ge=0, le=3)] | None = None
    """Depth of the bone's rim whose density is taken from the bone under it (default: one voxel)."""
    spill_out_mm: Annotated[float, Field(ge=0, le=3)] = 2.0
    """Depth to which density that blur laid outside the bone is put back (0: nowhere)."""
    rounding_mm: Annotated[float, Field(ge=0, le=2)] = 0.5
    """Blur of the label's smooth surface; the volume is kept."""

    def files(self) -> Files:
        """Both files, checked against each other, and the surface of the bone.

        Raises:
            GeometryError: a file that cannot be used, two that do not belong together, or no single bone.
        """
        labels, image = read_scan(self.labels, LABELS), read_scan(self.image, IMAGE)
        if self.labels_grid == "same":
            refuse_other_grid(image, labels, LABELS)
        mask = one_bone(marked(labels, self.wanted(labels), LABELS), LABELS)
        refuse_outside(image, mask, LABELS)
        refuse_image(image, mask, self.calibration, self.image)
        return Files(image, labels, mask, smooth_surface(mask, LABELS))

    def wanted(self, labels: Volume) -> tuple[int, ...] | None:
        """The labels of the bone and its lesions; None for every one there is."""
        if self.bone_labels is not None:
            return self.bone_labels + self.lesion_labels
        asked = self.calibration.asks_for()
        return tuple(int(value) for value in np.unique(labels.values) if value not in (0, *asked)) if asked else None

    def recipe(self, bone: str, mirrored: bool = False) -> Recipe:
        """How to read the density of a kind of ``bone``, and whether lesions are filled from its other side."""
        return Recipe(
            bone=bone,
            calibration=self.calibration,
            relations=self.relations,
            rim_mm=self.rim_mm,
            spill_out_mm=self.spill_out_mm,
            lesion_labels=self.lesion_labels,
            mirrored=mirrored,
        )

    def shared(self, model: type[Part]) -> dict[str, Any]:
        """The options that a surface of a ``model`` knows too."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in model.model_fields} | {
            "kind": "surface",
            "file": self.labels,
            "units": "mm",
        }


class CTVertebra(LostHeight, ScannedBone):
    """A whole thoracolumbar vertebra from a CT; form and density are the patient's."""

    anatomy: Literal["vertebra"]
    """What the scan shows."""
    level: Level
    """Which vertebra; scores read it, its form is the scan's."""
    lesion_fill: Literal["mirrored", "surrounding"] = "surrounding"
    """What the body had where a real lesion is now: what lies on its other side, or around the lesion."""
    landmarks: VertebraSurfaceLandmarks | None = None
    """Places on the vertebra given by hand, RAS mm, where those found are wrong."""
    shell_thickness_mm: Annotated[float, Field(ge=0, le=1.5)] = 0.0
    """Thickness of a shell laid round the body (0: none, as the image holds the cortex, blurred)."""

    def resolved(self, sex: str, age_years: float) -> CTVertebra:
        """The same bone: nothing of it comes from sex and age."""
        return self

    def built(self) -> VertebraAnatomy:
        """Surface, density and landmarks.

        Raises:
            GeometryError: files that cannot be used, or show no vertebra.
        """
        files = self.files()
        drawn = SurfaceVertebra.model_validate(self.shared(SurfaceVertebra)).on(files.surface, LABELS)
        warn_askew(drawn, np.eye(3))
        scan = scanned(
            files.image, files.labels, files.mask, drawn, self.recipe("vertebra", self.lesion_fill == "mirrored")
        )
        anatomy = replace(drawn, density=scan.density.density, scan=scan)
        return replace(anatomy, trabecular_mg_per_cm3=core_density(anatomy, scan))


class CTFemur(ScannedBone):
    """A femur from a CT, whole or cut through the shaft; form and density are the patient's."""

    anatomy: Literal["proximal_femur"]
    """What the scan shows."""
    side: Literal["left", "right"]
    """Side of the body; checked against the place of the lesser trochanter."""
    landmarks: SurfaceLandmarks | None = None
    """Landmarks given by hand, RAS mm, where those found are wrong."""
    preset: Literal["female", "male"] | None = None
    """Where length and anteversion that are not given come from (default: the patient's sex)."""
    length_mm: Annotated[float, Field(ge=130, le=300)] | None = None
    """From the top of the head to the distal cut (default: about mid-shaft, or where the label ends)."""
    anteversion_deg: Annotated[float, Field(ge=-10, le=40)] | None = None
    """Turn of the neck forwards out of the frontal plane (default: from the condyles if there, else the preset's)."""
    superior_neck_cortex_mm: Annotated[float, Field(ge=0.3, le=4)] | None = None
    """Depth to which the neck above and behind fails as cortex does (default from age, Poole 2010)."""
    inferior_neck_cortex_mm: Annotated[float, Field(ge=1, le=7)] | None = None
    """Depth to which the neck below and in front fails as cortex does (default from age, Poole 2010)."""
    shaft_cortex_mm: Annotated[float, Field(ge=2, le=10)] | None = None
    """Depth to which the shaft fails as cortex does (default: the preset's share of the diameter)."""

    _known = field_validator("anatomy", mode="before")(known_anatomy)

    def resolved(self, sex: str, age_years: float) -> CTFemur:
        """The same bone with every default that does not come from the files filled in."""
        surface = SurfaceBone.model_validate(self.shared(SurfaceBone)).resolved(sex, age_years)
        own = type(self).model_fields.keys() - ScannedBone.model_fields.keys()
        return self.model_copy(update={name: getattr(surface, name) for name in own})

    def built(self) -> FemurAnatomy:
        """Surfaces, density and landmarks; of a resolved bone.

        Raises:
            GeometryError: files that cannot be used, or show no femur of this side.
        """
        files = self.files()
        drawn = SurfaceBone.model_validate(self.shared(SurfaceBone)).on(files.surface, LABELS)
        warn_askew(drawn, np.diag([-1.0 if self.side == "right" else 1.0, 1, 1]))
        scan = scanned(files.image, files.labels, files.mask, drawn, self.recipe("proximal_femur"))
        return replace(drawn, density=scan.density.density, scan=scan)


def core_density(anatomy: VertebraAnatomy, scan: Scan) -> float:
    """Mean density of the trabecular bone of the body, mg/cm3 K2HPO4."""
    low, high = anatomy.outer.bounds()
    points = lattice([np.arange(a, b, CORE_STEP) for a, b in zip(low, high, strict=True)])
    points = points[anatomy.outer.distance(points) < -CORE_MM]
    points = points[anatomy.region(points) == REGIONS.index("vertebral_body")]
    ash = scan.density.density(points, np.zeros(len(points), dtype=bool))
    return float(1000 * (ash.mean() - ASH_PER_QCT[1]) / ASH_PER_QCT[0]) if len(points) else 0.0


def warn_askew(anatomy: Anatomy, standing: np.ndarray) -> None:
    """Say where the file's axes (RAS) and the bone's own disagree: a specimen, or a wrong affine.

    Args:
        anatomy: as found on the surface.
        standing: (3, 3) columns: where the bone's axes point in a patient who stands, RAS.
    """
    cosines = np.einsum("ij,ij->j", anatomy.to_source[:, :3], standing)
    off = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    if off.max() > ASKEW_DEG:
        logger.warning(
            "%s: the bone lies turned by up to %.0f degrees from a patient's axes: a specimen, or a wrong affine",
            LABELS,
            off.max(),
        )
