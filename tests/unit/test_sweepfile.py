"""Sweep files: what they may say, how every mistake is told, and which points and cases they make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import lognorm, truncnorm

from femrisk.case import read_case
from femrisk.errors import CaseError
from femrisk.sweep.axes import ChoiceAxis, LognormalAxis, NormalAxis, RangeAxis, UniformAxis
from femrisk.sweep.design import Grid, LatinHypercube, Saltelli, Sobol
from femrisk.sweep.paths import keys_of, value_at, with_value
from femrisk.sweep.points import Questions, identity_of, text_of
from femrisk.sweep.sweepfile import read_sweep

BASE = """\
name: base
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur}
lesions:
  - {kind: ellipsoid, site: femoral_neck, quadrant: inferomedial, semi_axes_mm: [14, 11, 11]}
  - {kind: sphere, name: low, site: shaft, radius_mm: 8}
arms: [{kind: intact}, {kind: untreated}, {kind: pop, fill_fraction: 0.9}, {kind: pop_nail}]
loads: [{kind: stance}]
"""


YEARS_AND_KG = ("age_years", "mass_kg")


@pytest.fixture
def case(tmp_path: Path) -> dict[str, object]:
    """The base case, resolved, as plain values."""
    (tmp_path / "base.yaml").write_text(BASE)
    return read_case(tmp_path / "base.yaml").resolved().model_dump(mode="json")


def questions(folder: Path, design: str, *axes: str, more: str = "") -> Questions:
    (folder / "base.yaml").write_text(BASE)
    lines = "".join(f"  - {axis}\n" for axis in axes)
    (folder / "sweep.yaml").write_text(f"name: it\ncase: base.yaml\ndesign: {design}\naxes:\n{lines}{more}")
    return Questions.of(*read_sweep(folder / "sweep.yaml"))


def mistakes(folder: Path, *arguments: str, more: str = "") -> list[str]:
    with pytest.raises(CaseError) as caught:
        questions(folder, *arguments, more=more)
    return [line.removeprefix(f"{folder}/") for line in caught.value.lines()]


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("patient.mass_kg", (("patient", "mass_kg"),)),
        ("lesions.0.semi_axes_mm", (("lesions", 0, "semi_axes_mm"),)),
        ("lesions.0.semi_axes_mm.1", (("lesions", 0, "semi_axes_mm", 1),)),
        ("lesions.low.radius_mm", (("lesions", 1, "radius_mm"),)),
        ("arms.pop.fill_fraction", (("arms", 2, "fill_fraction"),)),
        ("arms.*.fill_fraction", (("arms", 2, "fill_fraction"), ("arms", 3, "fill_fraction"))),
        ("arms.pop_nail.nail.neck_angle_deg", (("arms", 3, "nail", "neck_angle_deg"),)),
        ("bone.density_scale", (("bone", "density_scale"),)),
    ],
)
def test_a_dotted_path_names_keys_also_such_as_the_file_leaves_out(
    case: dict[str, object], path: str, keys: tuple[object, ...]
) -> None:
    assert keys_of(path, case) == keys


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("patient.mass", "unknown key; did you mean mass_kg?"),
        ("arms.pip.fill_fraction", "unknown item; did you mean pop? (allowed: intact, untreated, pop, pop_nail, *"),
        ("lesions.2.radius_mm", "unknown item (allowed: ellipsoid, low, *, got: 2)"),
        ("lesions.0.radius_mm", "unknown key (allowed: name, site,"),
        ("patient.mass_kg.0", "nothing lies below mass_kg (got: 0)"),
        ("name", "name is not a question"),
        ("arms.*.no", "unknown key"),
    ],
)
def test_a_path_that_leads_nowhere_says_what_is_there(case: dict[str, object], path: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        keys_of(path, case)
    assert str(caught.value).startswith(words)


def test_a_value_is_put_into_a_copy() -> None:
    before = {"a": [{"b": 1}, {"b": 2}], "c": {"d": 3}}
    after = with_value(before, ("a", 1, "b"), 5)
    assert (value_at(after, ("a", 1, "b")), value_at(before, ("a", 1, "b"))) == (5, 2)
    assert after["c"] is before["c"]
    assert with_value({}, ("x", "y"), 1) == {"x": {"y": 1}}


def test_ranges_hold_both_ends_and_count_in_whole_numbers() -> None:
    assert RangeAxis(kind="range", path="p", first=2, last=4, count=3).levels() == (2, 3, 4)
    assert RangeAxis(kind="range", path="p", first=1, last=100, count=3, spacing="logarithmic").levels() == (1, 10, 100)


def test_distributions_give_the_quantiles_of_scipy() -> None:
    shares = (0.01, 0.25, 0.5, 0.9)
    normal = NormalAxis(kind="normal", path="p", mean=70, sd=15, low=50, high=90)
    exact = truncnorm.ppf(shares, -20 / 15, 20 / 15, 70, 15)
    assert [normal.at(share) for share in shares] == pytest.approx(list(exact), rel=1e-5)
    free = LognormalAxis(kind="lognormal", path="p", median=9, log_sd=0.3)
    assert [free.at(share) for share in shares] == pytest.approx(list(lognorm.ppf(shares, 0.3, scale=9)), rel=1e-5)
    cut = LognormalAxis(kind="lognormal", path="p", median=9, log_sd=0.3, low=7, high=12)
    assert (cut.at(0), cut.at(1)) == (7, 12)
    assert UniformAxis(kind="uniform", path="p", low=2, high=4).at(0.25) == 2.5


def test_choices_are_drawn_by_their_weights() -> None:
    axis = ChoiceAxis(kind="choice", path="p", values=("a", "b"), weights=(1, 3))
    assert [axis.at(share) for share in (0, 0.24, 0.26, 1)] == ["a", "a", "b", "b"]


def test_a_grid_has_every_combination_and_zipped_axes_move_together(tmp_path: Path) -> None:
    zipped = (
        "{kind: zipped, axes: [{kind: list, path: patient.mass_kg, values: [50, 90]},"
        " {kind: list, path: patient.height_cm, values: [150, 180]}]}"
    )
    made = questions(tmp_path, "{kind: grid}", zipped, "{kind: list, path: lesions.low.radius_mm, values: [6, 8, 10]}")
    rows = [point.values for point in made.points()]
    assert rows == [(50, 150, 6), (50, 150, 8), (50, 150, 10), (90, 180, 6), (90, 180, 8), (90, 180, 10)]
    assert made.sweep.size() == 6


@pytest.mark.parametrize(
    "design", [LatinHypercube(kind="latin_hypercube", samples=16, seed=1), Sobol(kind="sobol", samples=16, seed=1)]
)
def test_random_points_are_even_and_the_same_for_a_seed(design: LatinHypercube | Sobol) -> None:
    shares = design.shares(3)
    assert np.array_equal(shares, design.shares(3))
    assert not np.array_equal(shares, design.model_copy(update={"seed": 2}).shares(3))
    # one point in each of 16 slices of every axis
    assert np.array_equal(np.sort(np.floor(16 * shares), axis=0), np.tile(np.arange(16.0)[:, None], 3))


def test_a_saltelli_design_changes_one_axis_at_a_time() -> None:
    design = Saltelli(kind="saltelli", samples=4)
    shares = design.shares(2)
    assert len(shares) == design.size(["a", "b"]) == 16
    for first, second_first, first_second, second in shares.reshape(4, 4, 2):
        # SALib's order: A, A with column 0 of B, A with column 1 of B, B
        assert np.array_equal(second_first, [second[0], first[1]])
        assert np.array_equal(first_second, [first[0], second[1]])


def test_points_that_make_no_case_carry_their_reason(tmp_path: Path) -> None:
    made = questions(tmp_path, "{kind: grid}", "{kind: list, path: arms.pop.fill_fraction, values: [0.5, 1.4, half]}")
    good, out_of_range, word = made.points()
    assert good.reason is None
    assert len(str(good.case_id)) == 16
    assert (out_of_range.case_id, word.case_id) == (None, None)
    assert out_of_range.reason is not None
    assert out_of_range.reason.startswith("arms[2].fill_fraction: out of range (allowed: more than 0 and at most 1")
    assert str(word.reason).startswith("arms[2].fill_fraction: must be a number")


def test_a_factor_multiplies_what_the_base_case_has(tmp_path: Path) -> None:
    axis = "{kind: list, path: lesions.0.semi_axes_mm, values: [0.5], relative: true}"
    made = questions(tmp_path, "{kind: grid}", axis)
    assert made.case_at((0.5,)).lesions[0].semi_axes_mm == (7.0, 5.5, 5.5)  # type: ignore[union-attr]


def test_defaults_follow_what_an_axis_changes(tmp_path: Path) -> None:
    made = questions(tmp_path, "{kind: grid}", "{kind: list, path: patient.age_years, values: [30, 80]}")
    young, old = (made.case_at((age,)).resolved().bone.density_scale for age in (30, 80))  # type: ignore[union-attr]
    assert young > old


def test_a_case_is_named_by_its_content_alone(tmp_path: Path) -> None:
    made = questions(tmp_path, "{kind: grid}", "{kind: list, path: arms.pop.fill_fraction, values: [0.9, 0.8]}")
    same, other = (point.case_id for point in made.points())
    assert same == identity_of(made.case)
    assert same == identity_of(made.case.model_copy(update={"name": "renamed"}))
    assert other != same
    (tmp_path / "copy.yaml").write_text(text_of(made.case_at((0.9,))))
    assert identity_of(read_case(tmp_path / "copy.yaml")) == same


def test_a_bone_from_a_file_is_named_by_what_the_file_holds(tmp_path: Path) -> None:
    surface = "{kind: surface, file: bone.stl, units: mm, side: left}"
    names = []
    for folder, content in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bone.stl").write_text(content)
        (tmp_path / folder / "case.yaml").write_text(BASE.replace("{kind: proximal_femur}", surface))
        names.append(identity_of(read_case(tmp_path / folder / "case.yaml")))
    assert names[0] == names[1] != names[2]


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        "{kind: grdi}",
        "{kind: range, path: patient.mass_kg, first: 40, last: 90, cuont: 5}",
        "{kind: uniform, path: patient.height_cm, low: 180, high: 150}",
        more="each_case: {rank: 2}\n",
    )
    assert found == [
        "sweep.yaml:3: design: unknown kind; did you mean grid? "
        "(allowed: grid, latin_hypercube, sobol, saltelli, got: grdi)",
        "sweep.yaml:5: axes[0].cuont: unknown key; did you mean count?",
        "sweep.yaml:6: axes[1].high: must lie above low (allowed: more than 180, got: 150)",
        "sweep.yaml:7: each_case.rank: unknown key; did you mean ranks?",
    ]


@pytest.mark.parametrize(
    ("design", "axes", "told"),
    [
        (
            "{kind: sobol, samples: 8}",
            ["{kind: list, path: patient.mass_kg, values: [50]}"],
            "sweep.yaml:5: axes[0].kind: not for a sobol (allowed: uniform, normal, lognormal, choice, depending, got",
        ),
        (
            "{kind: grid}",
            ["{kind: list, path: patient.mass, values: [50]}"],
            "sweep.yaml:5: axes[0].path: unknown key; did you mean mass_kg?",
        ),
        (
            "{kind: grid}",
            ["{kind: list, path: bone.side, values: [2], relative: true}"],
            "sweep.yaml:5: axes[0].path: there is no number to multiply (got: left)",
        ),
        (
            "{kind: grid}",
            ["{kind: list, path: patient.mass_kg, values: [50]}", "{kind: list, path: patient.mass_kg, values: [60]}"],
            "sweep.yaml:6: axes[1]: two axes of this name (got: patient.mass_kg)",
        ),
        (
            "{kind: grid}",
            [f"{{kind: list, path: arms.{arm}.fill_fraction, values: [1]}}" for arm in ("pop", "*")],
            "sweep.yaml:6: axes[1].path: two axes set this key (the other: arms.pop.fill_fraction)",
        ),
        (
            "{kind: grid}",
            [f"{{kind: range, path: patient.{key}, first: 1, last: 9, count: 999}}" for key in YEARS_AND_KG],
            "sweep.yaml:4: axes: too many cases (allowed: 250000, got: 998001)",
        ),
        (
            "{kind: grid}",
            ["{kind: list, path: patient.mass_kg, values: [50], name: fracture_load_N}"],
            "sweep.yaml:5: axes[0].name: the table has another column of this name (got: fracture_load_N)",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(tmp_path: Path, design: str, axes: list[str], told: str) -> None:
    assert any(line.startswith(told) for line in mistakes(tmp_path, design, *axes))


def test_mistakes_of_the_base_case_are_its_own(tmp_path: Path) -> None:
    questions(tmp_path, "{kind: grid}", "{kind: list, path: patient.mass_kg, values: [50]}")
    (tmp_path / "base.yaml").write_text(BASE.replace("mass_kg: 70", "mass_kg: 7000"))
    with pytest.raises(CaseError) as caught:
        read_sweep(tmp_path / "sweep.yaml")
    assert caught.value.lines()[0].startswith(f"{tmp_path}/base.yaml:2: patient.mass_kg: out of range")
    (tmp_path / "base.yaml").unlink()
    with pytest.raises(CaseError) as caught:
        read_sweep(tmp_path / "sweep.yaml")
    assert "sweep.yaml:2: case: no such file" in caught.value.lines()[0]


def test_a_grid_of_one_axis_is_a_grid() -> None:
    axis = RangeAxis(kind="range", path="p", first=0, last=1, count=2)
    assert list(Grid(kind="grid").rows([axis])) == [(0,), (1,)]
