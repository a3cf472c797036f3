"""A placed lesion and its vertebra in, what it takes of the body and where it breaks out of it out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.frames import slices
from femrisk.meshes.involvement import box_grid, covered, section_shares, volume_inside
from femrisk.meshes.labelled import BODY_REGIONS, REGIONS, Floats
from femrisk.meshes.lesions import PlacedLesion, axial_extent, local_frame
from femrisk.meshes.vertebra.occupancy import VertebraParts

#: grid points along each side of the box of the bone when the volume of its body is measured
BODY_GRID = 72
#: surface points nearer than this to an endplate's face belong to it, mm; to the wall's side lies the rim
FACE_MM = 1.5


@dataclass(frozen=True)
class BodyMeasure:
    """What a lesion takes of its vertebra."""

    #: volume inside the bone, mL
    volume_ml: float
    #: volume inside the body over the volume of the body
    body_share: float
    #: largest share of the area of a section across the local axis: of the body alone, or of a pedicle
    cross_section_share: float
    #: where it comes through the surface: posterior_wall, superior_endplate, inferior_endplate, anterior_wall,
    #: left_wall, right_wall, pedicle, posterior_elements
    breaches: tuple[str, ...]
    #: superior_endplate | vertebral_body | inferior_endplate | pedicle | posterior_elements
    region: str


def measure_in_body(lesion: PlacedLesion, anatomy: VertebraAnatomy) -> BodyMeasure:
    """Measure a lesion on grids (deterministic): volumes and sections to about 1 %, breaches to 1 mm."""
    at = local_frame(lesion, anatomy)
    low, high = axial_extent(lesion, at)
    section = slices(anatomy, at, np.linspace(low, high, 25)[1:-1], 1.25, 55.0)
    if lesion.site == "vertebral_body":
        of_body = body(anatomy, section.points.reshape(-1, 3)).reshape(section.bone.shape)
        section = replace(section, bone=np.where(of_body, section.bone, np.maximum(section.bone, 1.25)))
    points, cell = box_grid(lesion.shape.bounds(), 48)
    share = covered(np.maximum(lesion.shape.distance(points), anatomy.outer.distance(points)), cell)
    in_body = float(share[body(anatomy, points)].sum() * np.prod(cell))
    return BodyMeasure(
        volume_ml=volume_inside(lesion.shape, anatomy.outer) / 1000,
        body_share=in_body / body_volume(anatomy),
        cross_section_share=section_shares(lesion, section)[0],
        breaches=breaches(lesion, anatomy),
        region=REGIONS[int(anatomy.region(lesion.center[None])[0])],
    )


def body(anatomy: VertebraAnatomy, points: np.ndarray) -> np.ndarray:
    """(n,) True for points (n, 3) on the body's side of the pedicles, in the bone or not."""
    return np.isin(anatomy.region(points), [REGIONS.index(name) for name in BODY_REGIONS])


def parts_of(anatomy: VertebraAnatomy) -> VertebraParts:
    """Where body and pedicles lie; facets and joints with the ribs are not drawn as parts of their own."""
    pedicle = REGIONS.index("pedicle")
    return VertebraParts(
        outer=anatomy.outer,
        body=lambda points: body(anatomy, points),
        pedicles=lambda points: anatomy.region(points) == pedicle,
    )


def body_volume(anatomy: VertebraAnatomy) -> float:
    """Volume of the body, mm3."""
    points, cell = box_grid(anatomy.outer.bounds(), BODY_GRID)
    return float(covered(anatomy.outer.distance(points), cell)[body(anatomy, points)].sum() * np.prod(cell))


def breaches(lesion: PlacedLesion, anatomy: VertebraAnatomy) -> tuple[str, ...]:
    """The faces through whose surface the lesion comes, each once."""
    points = anatomy.surface_points[lesion.shape.distance(anatomy.surface_points) < 0]
    return tuple(sorted(set(face_names(anatomy, points))))


def face_names(anatomy: VertebraAnatomy, points: Floats) -> list[str]:
    """[(n)] the face that each point (n, 3) of the surface lies on, by the names of ``BodyMeasure.breaches``."""
    upper, lower = anatomy.endplates(points)
    of_body = body(anatomy, points)
    depth, width = anatomy.landmarks.body_depth, anatomy.landmarks.body_width
    sideways = np.abs(points[:, 0]) / width > np.abs(points[:, 1]) / depth
    names = np.select(
        [
            ~of_body,
            upper > -FACE_MM,
            lower > -FACE_MM,
            (points[:, 1] < 0) & (np.abs(points[:, 0]) < anatomy.landmarks.canal_width / 2),
            sideways & (points[:, 0] > 0),
            sideways,
            points[:, 1] > 0,
        ],
        [
            "",
            "superior_endplate",
            "inferior_endplate",
            "posterior_wall",
            "right_wall",
            "left_wall",
            "anterior_wall",
        ],
        "posterior_wall",
    )
    regions = np.array(REGIONS)[anatomy.region(points)]
    return list(np.where(of_body, names, regions).tolist())
