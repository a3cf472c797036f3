"""Rigidity of sections against closed forms, on bones of tubes and balls; what the rule of 35 % makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from phantom import phantom
from scipy.integrate import quad

from femrisk.materials.density import LAWS
from femrisk.materials.library import MATERIALS, Material
from femrisk.materials.shell import Shell
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion, SphereLesion
from femrisk.meshes.shapes import Ball
from femrisk.meshes.sites import Frame
from femrisk.rigidity import Cut, SectionRigidity, Span, cut_at, cut_femur, cuts, section_rigidity, spans
from femrisk.scores.structural import LOSS_LIMIT_SHARE, rigidity

#: shaft: radii 14 outside and 8 inside; cortex of 1.1 and canal of 0.3 g/cm3
BONE, LAW = phantom(), LAWS["keyak_2005"]
OUTER, CANAL = 14.0, 8.0
CORTEX, INSIDE = (float(LAW.modulus(np.array([density]))[0]) for density in (1.1, 0.3))
TUMOUR = MATERIALS["tumour_lytic"]
assert isinstance(TUMOUR, Material)
SOFT = TUMOUR.young_MPa


def ball(radius: float, **keys: object) -> PlacedLesion:
    lesion = SphereLesion.model_validate({"kind": "sphere", "radius_mm": radius, "site": "shaft", **keys})
    return lesion.placed(BONE, "lesion")


def middle(*lesions: PlacedLesion, step: float = 0.5) -> Cut:
    """The section across the shaft through the middle of the first lesion."""
    at = Frame(np.array([0.0, 0.0, lesions[0].center[2]]), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]))
    found = cut_at(BONE, lesions, at, 0.0, LAW, step)
    assert found is not None
    return found


def disc(radius: float) -> tuple[float, float]:
    """Area and second moment of a disc, mm2 and mm4."""
    return np.pi * radius**2, np.pi * radius**4 / 4


def lens(inner: float, outer: float, away: float, radius: float) -> Floats:
    """Area, first moment and both second moments of the part of a ring that a disc ``away`` on the x axis covers.

    At radius rho the disc covers an arc of half-angle a: cos a = (rho^2 + away^2 - radius^2) / (2 rho away).
    """

    def over(kernel: object) -> float:
        def at(rho: float) -> float:
            angle = np.arccos(np.clip((rho**2 + away**2 - radius**2) / (2 * rho * away), -1, 1))
            return float(kernel(rho, angle))  # type: ignore[operator]

        return float(quad(at, inner, outer, points=[abs(away - radius)], limit=200)[0])

    return np.array(
        [
            over(lambda rho, a: 2 * a * rho),
            over(lambda rho, a: 2 * np.sin(a) * rho**2),
            over(lambda rho, a: rho**3 * (a + np.sin(2 * a) / 2)),
            over(lambda rho, a: rho**3 * (a - np.sin(2 * a) / 2)),
        ]
    )


def test_a_rectangle_has_its_second_moments() -> None:
    # 6 x 4 mm of pieces of 0.5 mm, E = 100: EA = 2400, EI = 100 * 6 * 4^3 / 12 and 100 * 4 * 6^3 / 12, exactly
    x, y = np.meshgrid(np.arange(-2.75, 3, 0.5), np.arange(-1.75, 2, 0.5), indexing="ij")
    points = np.column_stack([x.ravel(), y.ravel()])
    found = section_rigidity(points, np.full(96, 0.25), np.full(96, 100.0))
    assert found.axial == pytest.approx(2400)
    assert (found.bending, found.bending_largest) == pytest.approx((3200, 7200))
    assert found.torsion == pytest.approx(10400)


def test_rigidity_does_not_hang_on_where_and_how_the_section_is_turned() -> None:
    seeds = np.random.default_rng(3)
    points, areas, moduli = seeds.normal(size=(50, 2)) * 10, seeds.uniform(0.1, 1, 50), seeds.uniform(1, 100, 50)
    cosine, sine = np.cos(0.7), np.sin(0.7)
    moved = points @ np.array([[cosine, -sine], [sine, cosine]]) + [100.0, -20.0]
    one, other = (section_rigidity(where, areas, moduli) for where in (points, moved))
    assert (one.axial, one.bending, one.bending_largest) == pytest.approx(
        (other.axial, other.bending, other.bending_largest), rel=1e-9
    )


def test_two_materials_bend_about_the_centroid_of_their_stiffness() -> None:
    # points at 0 and 3 mm with E dA of 2 and 1: centroid at 1, EI = 2 * 1 + 1 * 4 = 6 (and what the pieces have alone)
    found = section_rigidity(np.array([[0.0, 0.0], [3.0, 0.0]]), np.full(2, 1e-9), np.array([2e9, 1e9]))
    assert found.bending_largest == pytest.approx(6)
    assert found.bending == pytest.approx(0, abs=1e-6)


def test_a_section_without_stiffness_is_no_section() -> None:
    with pytest.raises(ValueError, match="without stiffness"):
        section_rigidity(np.zeros((3, 2)), np.ones(3), np.zeros(3))


def test_an_intact_pipe_has_its_closed_form() -> None:
    found = middle(ball(5.0)).intact
    (area, second), (canal, canal_second) = disc(OUTER), disc(CANAL)
    assert found.axial == pytest.approx(CORTEX * (area - canal) + INSIDE * canal, rel=0.002)
    assert found.bending == pytest.approx(CORTEX * (second - canal_second) + INSIDE * canal_second, rel=0.003)
    assert found.bending_largest == pytest.approx(found.bending, rel=0.001)


@pytest.mark.parametrize("radius", [5.0, 7.0, 11.0, 13.0])
def test_a_hole_in_the_middle_leaves_a_thinner_pipe(radius: float) -> None:
    found = middle(ball(radius))
    (area, second), (canal, canal_second), (hole, hole_second) = disc(OUTER), disc(CANAL), disc(radius)
    if radius > CANAL:
        expected = CORTEX * (area - hole) + SOFT * hole, CORTEX * (second - hole_second) + SOFT * hole_second
    else:
        soft = [SOFT * hole + INSIDE * (canal - hole), SOFT * hole_second + INSIDE * (canal_second - hole_second)]
        expected = CORTEX * (area - canal) + soft[0], CORTEX * (second - canal_second) + soft[1]
    assert found.lesioned.axial == pytest.approx(expected[0], rel=0.004)
    assert found.lesioned.bending == pytest.approx(expected[1], rel=0.004)


@pytest.mark.parametrize("radius", [6.0, 10.0])
def test_half_a_ball_out_of_the_surface_is_worth_its_closed_form(radius: float) -> None:
    found = middle(ball(radius, quadrant="medial", depth=0.0))
    whole, canal = disc(OUTER), disc(CANAL)
    weight = np.array([0.0, 0.0, 0.0, 0.0])
    for outer, inner, modulus, full in (
        (OUTER, CANAL, CORTEX, (whole[0] - canal[0], whole[1] - canal[1])),
        (CANAL, 1e-9, INSIDE, canal),
    ):
        taken = lens(inner, outer, OUTER, radius) if OUTER - radius < outer else np.zeros(4)
        weight += modulus * (np.array([full[0], 0.0, full[1], full[1]]) - taken) + SOFT * taken
    along = weight[2] - weight[1] ** 2 / weight[0]
    assert found.lesioned.axial == pytest.approx(weight[0], rel=0.002)
    assert found.lesioned.bending == pytest.approx(min(along, weight[3]), rel=0.003)
    assert found.lesioned.bending_largest == pytest.approx(max(along, weight[3]), rel=0.003)


@pytest.mark.parametrize("place", [{}, {"quadrant": "medial", "depth": 0.0}, {"quadrant": "anterior", "depth": 0.3}])
def test_losses_do_not_hang_on_the_spacing_of_points(place: dict[str, object]) -> None:
    finest, *coarser = (middle(ball(9.0, **place), step=step).losses() for step in (0.25, 0.5, 1.0, 1.5))
    for losses, allowed in zip(coarser, (0.002, 0.004, 0.01), strict=True):
        assert losses == pytest.approx(finest, abs=allowed)


@pytest.mark.parametrize("place", [{"site": "neck", "quadrant": "inferomedial"}, {"quadrant": "lateral", "depth": 0.2}])
def test_the_score_does_not_hang_on_the_spacing_of_points_nor_on_that_of_sections(place: dict[str, object]) -> None:
    lesion = ball(10.0, **place)
    where = spans(BONE, (lesion,))
    value = rigidity(cut_femur(BONE, (lesion,), LAW)).value
    assert rigidity(cuts(BONE, (lesion,), where, LAW, step_mm=1.0)).value == pytest.approx(value, abs=0.01)
    # the same span in two halves has its sections elsewhere
    halves = [Span(one.at, low, low + (one.high - one.low) / 2) for one in where for low in (one.low, 0.0)]
    assert rigidity(cuts(BONE, (lesion,), halves, LAW)).value == pytest.approx(value, abs=0.01)


def test_a_lesion_that_keeps_half_of_its_host_takes_half_of_a_section_it_fills() -> None:
    small = ball(9.0, nature="mixed")
    filling = replace(small, shape=Ball(small.center, 60.0))
    assert list(middle(filling).losses().values()) == pytest.approx([0.5] * 3)


def test_a_blastic_lesion_takes_nothing() -> None:
    assert rigidity(cut_femur(BONE, (ball(9.0, nature="blastic"),), LAW)).value == pytest.approx(0)


def test_the_lesions_of_a_bone_add_up() -> None:
    sides = [ball(6.0, quadrant=side, depth=0.0) for side in ("medial", "lateral")]
    one, both = middle(sides[0]), middle(*sides)
    lost = [cut.intact.axial - cut.lesioned.axial for cut in (one, both)]
    assert lost[1] == pytest.approx(2 * lost[0], rel=1e-3)
    found = cut_femur(BONE, sides, LAW)
    assert rigidity(found).value == pytest.approx(rigidity(found[: len(found) // 2]).value, rel=1e-6)


def test_the_larger_lesion_takes_more_wherever_it_lies() -> None:
    for place in ({"site": "neck", "quadrant": "inferomedial"}, {"site": "shaft"}, {"site": "subtrochanteric"}):
        losses = [rigidity(cut_femur(BONE, (ball(radius, **place),), LAW)).value for radius in (4.0, 7.0, 10.0, 13.0)]
        assert losses == sorted(losses, key=float)  # type: ignore[arg-type]
        assert losses[0] != losses[-1]


def test_a_shell_too_thin_for_cells_adds_its_ring() -> None:
    # solid bone of 0.3 g/cm3 with a ring of 0.35 mm at 12 GPa on the inside of its surface
    bone = replace(BONE, inner=None)  # type: ignore[arg-type]
    at = Frame(np.array([0.0, 0.0, -130.0]), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]))
    found = cut_at(bone, (), at, 0.0, LAW, shell=Shell(0.35, 12000.0))
    assert found is not None
    (area, second), (core, core_second) = disc(OUTER), disc(OUTER - 0.35)
    assert found.intact.axial == pytest.approx(12000 * (area - core) + INSIDE * core, rel=0.004)
    assert found.intact.bending == pytest.approx(12000 * (second - core_second) + INSIDE * core_second, rel=0.006)


def test_the_ends_of_a_span_and_its_sections_lie_across_the_given_axis() -> None:
    span = Span(Frame(np.array([0.0, 0.0, -100.0]), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])), -10.0, 10.0)
    found = cuts(BONE, (), (span,), LAW)
    heights = [float(cut.point[2]) for cut in found]
    assert min(heights) > -110
    assert max(heights) < -90
    assert np.ptp(heights) == pytest.approx(20 - 20 / len(found))
    assert all(value == 0 for cut in found for value in cut.losses().values())
    assert cuts(BONE, (), (span,), LAW, smallest_mm2=np.pi * OUTER**2 * 1.01) == ()


def cut(axial: float, bending: float, largest: float) -> Cut:
    return Cut(np.zeros(3), SectionRigidity(100.0, 100.0, 200.0), SectionRigidity(axial, bending, largest))


@pytest.mark.parametrize(
    ("sections", "value", "kind"),
    [
        ([cut(70, 80, 180)], 0.30, "axial"),
        ([cut(90, 60, 190)], 0.40, "bending"),
        # the other principal direction: 300 falls to 200
        ([cut(90, 95, 105)], 1 / 3, "torsion"),
        ([cut(70, 100, 200), cut(100, 55, 200)], 0.45, "bending"),
    ],
)
def test_the_largest_loss_of_any_kind_in_any_section_counts(sections: list[Cut], value: float, kind: str) -> None:
    found = rigidity(sections)
    assert found.value == pytest.approx(value)
    assert found.items["weakest_in"] == kind


def test_above_35_percent_the_risk_is_high() -> None:
    low, high = (rigidity([cut(100 * (1 - loss), 100, 200)]) for loss in (LOSS_LIMIT_SHARE - 1e-9, 0.351))
    assert "not above 35 %: low risk" in low.band
    assert "above 35 %: high risk" in high.band
    assert "recalled" in high.band


def test_without_a_section_there_is_no_score() -> None:
    assert rigidity([]).value is None
