"""A lesion labelled in a scan in, its body in the bone's standard frame out; ``Lesion`` lists the kinds of lesions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.ct.calibration import Label
from femrisk.meshes.ct.labelsurface import marked, smooth_surface
from femrisk.meshes.ct.volume import Volume
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import EllipsoidLesion, IrregularLesion, Nature, PlacedLesion, SphereLesion
from femrisk.meshes.sampled import GridDistance
from femrisk.meshes.sites import site_at
from femrisk.meshes.surfaces.soliddistance import solid_distance
from femrisk.part import Part

#: blur of the label's surface, mm; the volume is kept
ROUNDING_MM = 0.5


class LabelLesion(Part):
    """A real lesion, labelled in the scan; its tissue is as dense as the scan says."""

    kind: Literal["label"]
    """A real lesion, labelled in the scan; its tissue is as dense as the scan says."""
    name: str | None = None
    """Name of the lesion; its kind when left out."""
    label: Label
    """Its label, one of the bone's lesion_labels."""
    nature: Nature = "lytic"
    """What the lesion does to bone: scores and cement read it, stiffness and strength come from the scan."""

    site: ClassVar[None] = None

    def placed(self, anatomy: Anatomy, name: str) -> PlacedLesion:
        """The lesion in a bone.

        Raises:
            GeometryError: the bone comes from no scan, or its label is empty or none of a lesion.
        """
        scan = anatomy.scan
        if scan is None:
            raise GeometryError("kind", "needs a scanned bone (allowed: in a bone of kind ct)")
        if self.label not in scan.lesion_labels:
            known = ", ".join(map(str, scan.lesion_labels)) or "none"
            raise GeometryError("label", f"is none of the bone's lesion_labels (allowed: {known}, got: {self.label})")
        mask = marked(scan.labels, (self.label,), "label")
        surface = smooth_surface(mask, "label")
        box = np.array([surface.points.min(axis=0), surface.points.max(axis=0)])
        shape = solid_distance(surface, box, ROUNDING_MM, float(np.clip(mask.spacing.min(), 0.4, 1.0)))[0]
        center = middle(mask, shape)
        depth = -float(shape.distance(mask.points(np.argwhere(mask.values))).min())
        return PlacedLesion(name, shape, center, self.nature, site_at(anatomy, center), depth, scan.as_scanned.density)


def middle(mask: Volume, shape: GridDistance) -> Floats:
    """(3,) the centre of a lesion; where that lies outside it, the nearest point well inside."""
    points = mask.points(np.argwhere(mask.values))
    center = points.mean(axis=0)
    if shape.distance(center[None])[0] < 0:
        return np.asarray(center)
    depth = shape.distance(points)
    inside = points[depth < 0.5 * depth.min()]
    return np.asarray(inside[np.argmin(np.linalg.norm(inside - center, axis=1))])


Lesion = Annotated[SphereLesion | EllipsoidLesion | IrregularLesion | LabelLesion, Field(discriminator="kind")]
