"""Rigidity as scanners' software reads it: a bone's sections, each as areas with moduli, in; EA, EI and torsion out.

Every section is cut twice, with the lesions and without, so a bone is compared with itself at the same place. A section
stays plane and what lies in it strains together: the rule of mixtures, with no yield and no stress raised by a hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femrisk.materials.density import DensityLaw
from femrisk.materials.library import MATERIALS, HostTissue
from femrisk.materials.shell import Shell, shell_of
from femrisk.meshes.anatomy import Anatomy, FemurAnatomy, VertebraAnatomy
from femrisk.meshes.frames import Frame, slices
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion, axial_extent, local_frame
from femrisk.meshes.vertebra.involvement import body

#: Spacing of the points of a section and half its width, mm. EA and EI of tubes with holes come within 0.4 % of their
#: closed forms, losses within 0.01; where a lesion ends just at the endosteum, EA is 1 % low.
STEP_MM, HALF_MM = 0.5, 55.0
#: spacing of the sections along the axis, mm
SECTIONS_MM = 1.5
#: Sections smaller than this share of the narrowest one of neck and shaft are left out: those near the pole of the
#: head, which vanish with any lesion there (the same share decides whether a lesion swallows its bone).
WHOLE_SHARE = 0.8


@dataclass(frozen=True)
class SectionRigidity:
    """Rigidity of one section."""

    #: sum of E dA, N
    axial: float
    #: smallest and largest principal sum of E r^2 dA about the centroid weighted by modulus, N mm2
    bending: float
    bending_largest: float

    @property
    def torsion(self) -> float:
        """Sum of E r^2 dA about the centroid, N mm2: the polar rigidity but for 2 (1 + Poisson's ratio)."""
        return self.bending + self.bending_largest


@dataclass(frozen=True)
class Cut:
    """One section of a bone, without and with its lesions."""

    #: (3,) mm, where the axis meets the section
    point: Floats
    intact: SectionRigidity
    lesioned: SectionRigidity

    def losses(self) -> dict[str, float]:
        """Share of each rigidity that is lost."""
        return {
            kind: 1 - getattr(self.lesioned, kind) / getattr(self.intact, kind)
            for kind in ("axial", "bending", "torsion")
        }


@dataclass(frozen=True)
class Span:
    """Where to cut: a frame, whose first axis is cut across, and from where to where along it, mm."""

    at: Frame
    low: float
    high: float


def section_rigidity(points: Floats, areas: Floats, moduli: Floats) -> SectionRigidity:
    """Rigidity of a section given as pieces.

    EA = sum E dA; EI are the principal values of sum E (r - c)(r - c)^T dA, with c the centroid weighted by E.

    Args:
        points: (n, 2) centres of the pieces in the plane of the section, mm.
        areas: (n,) mm2.
        moduli: (n,) Young's modulus, MPa.

    Raises:
        ValueError: nothing in the section carries load.
    """
    weight = areas * moduli
    total = float(weight.sum())
    if not total > 0:
        raise ValueError("a section without stiffness")
    arm = points - weight @ points / total
    # the middle of a square piece stands for it: its own second moment, side^4 / 12, is that of its area squared
    own = float((weight * areas).sum()) / 12
    low, high = np.linalg.eigvalsh((arm * weight[:, None]).T @ arm) + own
    return SectionRigidity(total, float(low), float(high))


def cut_femur(anatomy: FemurAnatomy, lesions: Sequence[PlacedLesion], law: DensityLaw) -> tuple[Cut, ...]:
    """Sections of a femur over each of its lesions, all of which are in every section."""
    return cuts(anatomy, lesions, spans(anatomy, lesions), law, smallest_mm2=smallest_section(anatomy))


def cut_body(anatomy: VertebraAnatomy, lesions: Sequence[PlacedLesion], law: DensityLaw) -> tuple[Cut, ...]:
    """Axial sections of a vertebra over each of its lesions from rim to rim of the body, with shell and arch."""
    upright = Frame(np.zeros(3), np.eye(3)[[2, 0, 1]])
    half = anatomy.landmarks.height / 2
    extents = [axial_extent(lesion, upright) for lesion in lesions]
    where = [Span(upright, max(low, -half), min(high, half)) for low, high in extents if low < half and high > -half]
    smallest = WHOLE_SHARE * middle_section(anatomy)
    return cuts(anatomy, lesions, where, law, smallest_mm2=smallest, shell=shell_of(anatomy))


def middle_section(anatomy: VertebraAnatomy) -> float:
    """Area of an ellipse as wide and deep as the body, mm2."""
    return float(np.pi / 4 * anatomy.landmarks.body_width * anatomy.landmarks.body_depth)


def spans(anatomy: FemurAnatomy, lesions: Sequence[PlacedLesion]) -> tuple[Span, ...]:
    """Across the neck axis over lesions of head and neck, across the shaft axis over those elsewhere in a femur."""
    frames = [local_frame(lesion, anatomy) for lesion in lesions]
    return tuple(Span(at, *axial_extent(lesion, at)) for lesion, at in zip(lesions, frames, strict=True))


def smallest_section(anatomy: FemurAnatomy) -> float:
    """Area under which a section of a femur is not compared, mm2."""
    marks = anatomy.landmarks
    narrowest = min(marks.neck_width_si * marks.neck_width_ap, marks.shaft_diameter_ml * marks.shaft_diameter_ap)
    return float(WHOLE_SHARE * np.pi / 4 * narrowest)


def cuts(
    anatomy: Anatomy,
    lesions: Sequence[PlacedLesion],
    where: Sequence[Span],
    law: DensityLaw,
    *,
    step_mm: float = STEP_MM,
    half_mm: float = HALF_MM,
    smallest_mm2: float = 0.0,
    shell: Shell | None = None,
) -> tuple[Cut, ...]:
    """Cut a bone across axes, without and with all of its lesions.

    Args:
        anatomy: the bone; only its shapes and its density are read.
        lesions: all lesions of the bone; a later one takes what it shares with an earlier one.
        where: the spans to cut; a femur's come from ``spans``, a vertebra's run along z.
        law: from ash density to Young's modulus.
        step_mm: spacing of the points of a section.
        half_mm: half the width of a section.
        smallest_mm2: sections of less bone are left out.
        shell: the cortex, where the anatomy has none: a vertebra's is round its body; lesions take it as they take the
            bone under it.
    """
    found = []
    for span in where:
        count = max(int(np.ceil((span.high - span.low) / SECTIONS_MM)), 4)
        # middles of equal parts: the very ends of a lesion hold nothing of it
        along = span.low + (np.arange(count) + 0.5) / count * (span.high - span.low)
        for place in along:
            cut = cut_at(anatomy, lesions, span.at, float(place), law, step_mm, half_mm, smallest_mm2, shell)
            found += [cut] if cut is not None else []
    return tuple(found)


def cut_at(
    anatomy: Anatomy,
    lesions: Sequence[PlacedLesion],
    at: Frame,
    place: float,
    law: DensityLaw,
    step_mm: float = STEP_MM,
    half_mm: float = HALF_MM,
    smallest_mm2: float = 0.0,
    shell: Shell | None = None,
) -> Cut | None:
    """One section, ``place`` mm along the first axis of a frame; None where it is too small."""
    section = slices(anatomy, at, [place], step_mm, half_mm)
    outer = section.bone[0].ravel()
    inside = outer < step_mm / 2
    areas = _covered(outer[inside], step_mm) * step_mm**2
    if not areas.sum() > smallest_mm2:
        return None
    points = section.points[0].reshape(-1, 3)[inside]
    intact = host_modulus(anatomy, points, law, step_mm)
    if shell is not None:
        walled = body(anatomy, points) if isinstance(anatomy, VertebraAnatomy) else np.ones(len(points), dtype=bool)
        intact = np.where(walled, with_shell(outer[inside], intact, shell, step_mm), intact)
    lesioned = with_lesions(points, intact, lesions, step_mm, law)
    flat = at.local(points)[:, 1:]
    return Cut(
        at.origin + place * at.axes[0],
        section_rigidity(flat, areas, intact),
        section_rigidity(flat, areas, lesioned),
    )


def host_modulus(anatomy: Anatomy, points: Floats, law: DensityLaw, step_mm: float) -> Floats:
    """(n,) Young's modulus of bone at points (n, 3); a piece across the endosteum has its share of either side."""
    if anatomy.inner is None:
        return law.modulus(anatomy.density(points, np.zeros(len(points), bool)))
    sides = [law.modulus(anatomy.density(points, np.full(len(points), cortical))) for cortical in (True, False)]
    within = _covered(anatomy.inner.distance(points), step_mm)
    return np.asarray(sides[0] * (1 - within) + sides[1] * within)


def with_shell(outer: Floats, host: Floats, shell: Shell, step_mm: float) -> Floats:
    """(n,) Young's modulus of pieces at ``outer`` (n,) from the surface, a share of each being shell."""
    whole, within = _covered(outer, step_mm), _covered(outer + shell.thickness_mm, step_mm)
    share = 1 - within / np.maximum(whole, 1e-12)
    return np.asarray(host * (1 - share) + shell.young_MPa * share)


def with_lesions(
    points: Floats, host: Floats, lesions: Sequence[PlacedLesion], step_mm: float, law: DensityLaw
) -> Floats:
    """(n,) Young's modulus where lesions hold bone of modulus ``host`` (n,), as the solver paints them."""
    modulus = host
    for lesion in lesions:
        tissue = MATERIALS.get(lesion.tissue)
        if lesion.as_scanned is not None:
            own = law.modulus(lesion.as_scanned(points, np.zeros(len(points), dtype=bool)))
        elif isinstance(tissue, HostTissue):
            own = tissue.share * host
        else:
            own = np.full_like(host, tissue.young_MPa if tissue else 0.0)
        held = _covered(lesion.shape.distance(points), step_mm)
        modulus = modulus * (1 - held) + own * held
    return np.asarray(modulus)


def _covered(distance: Floats, step: float) -> Floats:
    """Share of each square piece that lies inside a surface at ``distance`` from its middle."""
    return np.asarray(np.clip(0.5 - distance / step, 0, 1))
