"""From controls to pictures and words, without a browser: choices that fit, scales, thresholds, probes, tables."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from viewed import FORCE, PEAK, TRAVEL

from femrisk.meshes.labelled import FEMUR_REGIONS
from femrisk.output.charts import COLOURS
from femrisk.viewer.choice import Choice, Plane, first_choice, fitted, increment_of, step_at_peak, timeline, usual_plane
from femrisk.viewer.fields import BY_KEY, Scale, coloured, full_scale, quantile, usual_scale
from femrisk.viewer.shown import Gallery, Shelf, colour_table
from femrisk.viewer.study import open_study
from femrisk.viewer.wishes import CONTROLS, VIEWS, Wish, controls_of, limits_of, views_of, wished
from femrisk.viewer.words import cells_csv, curve_of, head_of, legend_of, number, probe_of, probes_csv, ticks_of, told

ONE = Choice("stance", ("untreated",), clip="off")
TWO = replace(ONE, arms=("untreated", "pop"))


@pytest.fixture(scope="module")
def gallery(viewed: Path) -> Gallery:
    return Gallery(open_study(viewed))


def controls(gallery: Gallery, choice: Choice, **changed: Any) -> tuple[Wish, dict[str, Any]]:
    """The controls of a choice, and the same with some changed by hand."""
    held = {**CONTROLS, **controls_of(choice, gallery.shown(choice), gallery)}
    held["field"], held["shown_roles"] = choice.field, list(choice.roles)
    return Wish(choice, held), {**held, **changed}


def test_the_untreated_arm_comes_first(gallery: Gallery) -> None:
    assert first_choice(gallery.study) == Choice("stance", ("untreated",))


def test_a_choice_is_fitted_to_what_there_is(gallery: Gallery) -> None:
    wild = replace(ONE, load="gone", arms=("gone", "pop", "pop"), step=99)
    assert fitted(wild, gallery.study) == replace(wild, load="stance", arms=("pop",), step=3)


def test_arms_side_by_side_share_a_timeline_of_travel(gallery: Gallery) -> None:
    marches = [gallery.study.marches[arm, "stance"] for arm in TWO.arms]
    assert timeline(marches) == TRAVEL[1:]
    assert [increment_of(marches[1], marches, step) for step in (0, 3, None)] == [1, 4, PEAK]
    assert step_at_peak(marches) == PEAK - 1


def test_the_first_plane_goes_through_the_lesion(gallery: Gallery) -> None:
    still = gallery.still("untreated", "stance")
    plane = usual_plane(still, "axial")
    assert plane.origin == pytest.approx((0, 0, 0), abs=1e-6)
    assert plane.normal == (0, 0, 1)
    assert plane.moved_to(2.0).position == pytest.approx(2.0)
    assert plane.moved_to(2.0).flipped().position == pytest.approx(-2.0)
    assert np.dot(usual_plane(still, "sagittal").normal, usual_plane(still, "coronal").normal) == pytest.approx(0)


def test_a_threshold_leaves_the_cells_between(gallery: Gallery) -> None:
    whole = gallery.shown(ONE)[0]
    low, high = np.quantile(whole.values, [0.3, 0.6])
    some = gallery.shown(replace(ONE, threshold=(low, high)))[0]
    assert np.array_equal(some.visible, (whole.values >= low) & (whole.values <= high))
    assert low <= some.range[0] <= some.range[1] <= high * (1 + 1e-5)
    assert some.visible[some.cells].all()


def test_a_threshold_follows_the_increment(gallery: Gallery) -> None:
    limits = (5.0, 1e6)
    early, late = (gallery.shown(replace(ONE, threshold=limits, step=step))[0] for step in (0, 3))
    assert early.visible.sum() < late.visible.sum()
    assert np.array_equal(late.visible, late.values >= 5.0)


def test_bodies_are_hidden_by_role(gallery: Gallery) -> None:
    shown = gallery.shown(replace(ONE, roles=("lesion",)))[0]
    assert shown.visible.sum() == (shown.still.role == 1).sum() > 0


def test_deformation_moves_points_by_so_many_times_the_displacement(gallery: Gallery) -> None:
    shown = gallery.shown(replace(ONE, deformation=10.0))[0]
    assert np.allclose(shown.points, shown.still.body.points + 10 * shown.state.displacement)


def test_arms_side_by_side_have_one_scale_that_a_march_keeps(gallery: Gallery) -> None:
    pictures = gallery.shown(TWO)
    scale = gallery.scale(TWO, pictures)
    both = np.concatenate([one.values[one.still.bone] for one in pictures])
    # cells of one size: 98 % of the volume are 98 % of the cells
    assert scale.high == pytest.approx(np.quantile(both, 0.98), rel=0.06)
    assert scale.low == 0
    assert gallery.scale(replace(TWO, step=0), gallery.shown(replace(TWO, step=0))) == scale
    assert gallery.scale(ONE, gallery.shown(ONE)).high < scale.high


def test_the_full_scale_is_the_range_of_all_arms(gallery: Gallery) -> None:
    choice = replace(TWO, scale="full", field="stress_3")
    pictures = gallery.shown(choice)
    scale = gallery.scale(choice, pictures)
    both = np.concatenate([one.values for one in pictures])
    assert (scale.low, scale.high, scale.down) == (both.min(), both.max(), True)


def test_a_scale_by_hand_holds_unless_it_is_upside_down(gallery: Gallery) -> None:
    choice = replace(ONE, scale="hand", ends=(3.0, 7.0))
    assert gallery.scale(choice, gallery.shown(choice)) == Scale(3.0, 7.0)
    wrong = replace(choice, ends=(7.0, 3.0))
    assert gallery.scale(wrong, gallery.shown(wrong)) == gallery.scale(ONE, gallery.shown(ONE))


def test_a_quantile_is_one_of_volume() -> None:
    values, volumes = np.array([3.0, 1.0, np.nan, 2.0]), np.array([1.0, 8.0, 50.0, 1.0])
    assert [quantile(values, volumes, share) for share in (0.5, 0.85, 1.0)] == [1.0, 2.0, 3.0]


def test_next_to_no_plastic_strain_still_has_a_scale() -> None:
    field = BY_KEY["plastic_strain"]
    values = np.zeros(1000)
    values[7] = 0.02
    assert usual_scale(field, [(values, np.ones(1000))]).high == 0.02
    assert usual_scale(field, [(np.zeros(5), np.ones(5))]).high > 0
    assert full_scale(field, [(np.nan, np.nan)]).high > 0


def test_colours_are_those_of_the_table_and_grey_without_a_value() -> None:
    table = colour_table()
    found = coloured(np.array([0.0, 10.0, -5.0, 99.0, np.nan]), Scale(0.0, 10.0), table)
    assert np.array_equal(found[[0, 1, 2, 3]], table[[0, -1, 0, -1]])
    assert tuple(found[4]) == (200, 200, 200)
    assert np.array_equal(coloured(np.array([0.0]), Scale(0.0, 10.0, down=True), table)[0], table[-1])


def test_the_legend_tells_the_scale_and_the_values_shown(gallery: Gallery) -> None:
    choice = replace(TWO, scale="hand", ends=(0.0, 40.0))
    pictures = gallery.shown(choice)
    legend = legend_of(BY_KEY["von_mises"], gallery.scale(choice, pictures), pictures, colour_table())
    assert legend["title"] == "von Mises stress (MPa)"
    assert legend["ticks"] == ["0", "10", "20", "30", "40"]
    assert [(one["arm"], one["high"]) for one in legend["ranges"]] == [
        ("Untreated", f"{pictures[0].values.max():.4g}"),
        ("POP", f"{pictures[1].values.max():.4g}"),
    ]


def test_the_legend_of_names_has_those_that_are_shown(gallery: Gallery) -> None:
    choice = replace(ONE, field="material")
    pictures = gallery.shown(choice)
    legend = legend_of(BY_KEY["material"], gallery.scale(choice, pictures), pictures, colour_table())
    assert [one["name"] for one in legend["names"]] == ["cancellous", "tumour lytic"]


def test_the_head_tells_arm_load_status_and_force(gallery: Gallery) -> None:
    head = head_of(gallery.shown(replace(ONE, step=1))[0])
    assert head["title"] == "Untreated, stance"
    assert head["status"].startswith("collapsed: a peak was passed; 2.50 kN")
    assert head["increment"] == "increment 2 of 4: 2,000 N at 0.200 mm of travel"
    assert head_of(gallery.shown(ONE)[0])["increment"].endswith("(largest force)")


def test_the_curve_has_a_disc_at_each_arm_s_increment(gallery: Gallery) -> None:
    marches = [gallery.study.marches[arm, "stance"] for arm in TWO.arms]
    drawn = curve_of(marches, [1, PEAK])
    assert drawn.count("<polyline") == drawn.count("<circle") == 2
    assert COLOURS[1] in drawn
    assert 'aria-label="Force over travel: Untreated at 1000 N; POP at 5000 N"' in drawn
    # the highest force of all lies at the top of the drawing
    assert 'cy="10.0"' in drawn


def test_a_probe_has_the_values_of_its_cell_and_the_displacement_of_its_point(gallery: Gallery) -> None:
    picture = gallery.shown(ONE)[0]
    point = np.array([1.3, -0.4, 2.2])
    cell = picture.still.body.find(point)[0]
    probe = probe_of(picture, cell, point)
    assert probe.values["von_mises"] == picture.values[cell]
    # travel 0.3 at the largest force: 0.03 x along x, 0.3 along z
    assert [probe.values[f"displacement_{axis}"] for axis in "xyz"] == pytest.approx([0.039, 0, 0.3], abs=1e-5)
    text = told(probe, [BY_KEY["von_mises"], BY_KEY["region"]], gallery.study.materials)
    assert text["rows"][1]["value"] in ("neck", "intertrochanteric")
    assert text["place"] == f"(1.3, -0.4, 2.2) mm, cell {cell}"


def test_probes_are_exported_with_units(gallery: Gallery) -> None:
    picture = gallery.shown(ONE)[0]
    probe = probe_of(picture, 5, picture.still.body.centroids()[5])
    rows = list(csv.DictReader(io.StringIO(probes_csv([probe], [BY_KEY["von_mises"]], gallery.study.materials))))
    assert len(rows) == 1
    assert float(rows[0]["von_mises_MPa"]) == pytest.approx(picture.values[5], rel=1e-6)
    assert (rows[0]["arm"], rows[0]["increment"], rows[0]["cell"]) == ("untreated", "3", "5")


def test_cells_are_exported_as_they_are_shown(gallery: Gallery) -> None:
    choice = replace(TWO, clip="axial", plane=Plane((0, 0, 0), (0, 0, 1)), deformation=0.0)
    pictures = gallery.shown(choice)
    rows = list(csv.DictReader(io.StringIO("".join(cells_csv(pictures, gallery.study.materials)))))
    below = pictures[0].still.body.centroids()[:, 2] <= 0
    assert len(rows) == 2 * below.sum()
    assert [int(row["cell"]) for row in rows[: below.sum()]] == list(np.flatnonzero(below))
    assert [float(row["von_mises_MPa"]) for row in rows[: below.sum()]] == pytest.approx(
        pictures[0].values[below], rel=1e-6
    )
    assert {row["material"] for row in rows} == {"cancellous", "tumour_lytic", "pmma"}
    assert {row["risk"] == "" for row in rows if row["material"] == "pmma"} == {True}


def test_controls_left_alone_mean_the_same_choice(gallery: Gallery) -> None:
    last, held = controls(gallery, replace(TWO, clip="coronal"))
    choice = wished(last, held, gallery)
    assert (choice.arms, choice.step, choice.plane, choice.threshold) == (TWO.arms, None, last.choice.plane, None)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"arm": "pop", "beside": ""}, {"arms": ("pop",)}),
        ({"step": 1}, {"step": 1}),
        ({"field": "risk"}, {"field": "risk"}),
        ({"deformation": ""}, {"deformation": 1.0}),
        ({"deformation": 25}, {"deformation": 25.0}),
        ({"shown_roles": ["lesion"]}, {"roles": ("lesion",)}),
        ({"scale": "hand", "scale_low": "1", "scale_high": 5}, {"scale": "hand", "ends": (1.0, 5.0)}),
        ({"clip": "off"}, {"clip": "off"}),
    ],
)
def test_a_control_changes_what_it_is_for(gallery: Gallery, changed: dict[str, Any], expected: dict[str, Any]) -> None:
    last, held = controls(gallery, TWO, **changed)
    choice = wished(last, held, gallery)
    assert {name: getattr(choice, name) for name in expected} == expected


def test_the_plane_moves_and_turns_round_by_its_controls(gallery: Gallery) -> None:
    start = replace(ONE, clip="axial", plane=Plane((0, 0, 0), (0, 0, 1)))
    last, held = controls(gallery, start, clip_mm=1.5)
    assert wished(last, held, gallery).plane.origin == pytest.approx((0, 0, 1.5))
    last, held = controls(gallery, start, flip=True)
    flipped = wished(last, held, gallery)
    assert flipped.plane.normal == (0, 0, -1)
    # the position is told along the same direction on either side
    last, held = controls(gallery, flipped, clip_mm=1.5)
    assert held["flip"] is True
    assert wished(last, held, gallery).plane.origin == pytest.approx((0, 0, 1.5))


def test_a_threshold_begins_with_everything_and_ends_with_its_field(gallery: Gallery) -> None:
    last, held = controls(gallery, ONE, limited=True)
    assert wished(last, held, gallery).threshold is None
    low, high = limits_of(gallery.shown(ONE), ONE.roles)
    assert (low, high) == gallery.shown(ONE)[0].range
    last = Wish(ONE, {**held})
    assert wished(last, {**held, "low": 2.0, "high": 9.0}, gallery).threshold == (2.0, 9.0)
    assert wished(last, {**held, "low": 2.0, "field": "risk"}, gallery).threshold is None


def test_what_was_used_longest_ago_goes_from_the_shelf() -> None:
    shelf, made = Shelf(10.0), []
    for key in (1, 2, 1, 3, 1, 2):
        shelf.keep(key, lambda _: 5.0, lambda key=key: made.append(key))
    assert made == [1, 2, 3, 2]


def test_the_peak_of_the_march_is_the_largest_force(gallery: Gallery) -> None:
    assert gallery.shown(ONE)[0].march.force_at(PEAK) == max(FORCE)


def test_a_legend_knows_no_zero_below_nothing() -> None:
    assert (number(-0.0), number(-0.25), number(None), number(float("nan"))) == ("0", "-0.25", "–", "–")


def test_long_numbers_under_the_legend_leave_each_other_room() -> None:
    assert ticks_of(Scale(-0.00093, 0.0012)) == ["-0.00093", "0.000135", "0.0012"]
    assert ticks_of(Scale(0.0, 99.0)) == ["0", "24.75", "49.5", "74.25", "99"]


def test_a_vertebra_is_seen_from_right_and_left_and_a_femur_from_medial_and_lateral(gallery: Gallery) -> None:
    still = gallery.still("untreated", "stance")
    assert list(views_of(still)) == list(VIEWS)
    vertebra = views_of(replace(still, region=np.full_like(still.region, len(FEMUR_REGIONS))))
    assert (vertebra["right"], vertebra["left"]) == ((1, 0, 0), (-1, 0, 0))
    assert {"medial", "lateral"}.isdisjoint(vertebra)
