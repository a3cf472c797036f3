"""What a sweep found: the table of its folders, the indices read from it, and the pictures."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
from rich.console import Console

from femrisk.sweep.attend import attend
from femrisk.sweep.gather import gather
from femrisk.sweep.indices import first_order, swings, variance_shares
from femrisk.sweep.run import ask, orders, points_of
from femrisk.sweep.store import Store, opened
from femrisk.sweep.table import read_table, write_table

STUB = Path(__file__).parents[1] / "verification" / "stub_case.py"
sys.path.insert(0, str(STUB.parent))
from stub_case import INTACT_N  # noqa: E402

BASE = """\
name: base
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur, density_scale: 0.8}
lesions: [{kind: sphere, site: femoral_neck, quadrant: inferomedial, radius_mm: 10}]
arms: [{kind: intact}, {kind: untreated}, {kind: pop, fill_fraction: 0.9}]
loads: [{kind: stance}]
"""
GRID = """\
name: grid
case: base.yaml
design: {kind: grid}
axes:
  - {kind: list, path: lesions.0.radius_mm, values: [5, 10, 200]}
  - {kind: list, path: bone.density_scale, values: [0.6, 0.9]}
"""
RANDOM = """\
name: random
case: base.yaml
design: {kind: saltelli, samples: 8}
axes:
  - {kind: uniform, path: lesions.0.radius_mm, low: 4, high: 16, name: radius_mm}
  - {kind: choice, path: lesions.0.nature, values: [lytic, mixed]}
each_case: {retries: 0}
"""


def finished(folder: Path, text: str, leave: int = 0) -> tuple[Store, Path]:
    """A sweep of which all but ``leave`` cases were run by the stub, in this process."""
    import stub_case

    from femrisk.sweep.outcome import Outcome, write_outcome

    (folder / "base.yaml").write_text(BASE)
    file = folder / "sweep.yaml"
    file.write_text(text)
    asked, store = ask(file), opened(folder / "out")
    cases = [point for point in points_of(store, asked) if point.case_id]
    for order in list(orders(asked, store, cases, ()))[: len(cases) - leave]:
        place = Path(order.folder)
        place.mkdir(parents=True, exist_ok=True)
        (place / "case.yaml").write_text(order.text)
        stub_case.main([str(place / "case.yaml"), str(place)])
        write_outcome(place, Outcome("done", None, 1, 2.0, None, "here"))
    return store, file


def test_the_table_has_a_row_for_each_point_arm_and_load(tmp_path: Path) -> None:
    store, _ = finished(tmp_path, GRID, leave=1)
    table = write_table(store)
    # 3 cases of 3 arms, one that is missing, 2 points of a lesion that no case may have
    assert len(table) == 3 * 3 + 1 + 2
    assert list(table["state"].value_counts()[["done", "missing", "invalid"]]) == [9, 1, 2]
    row = table[(table["point"] == 0) & (table["arm"] == "intact")].iloc[0]
    assert (row["sweep"], row["lesions.0.radius_mm"], row["bone.density_scale"]) == ("grid", 5, 0.6)
    assert row["fracture_load_N"] == pytest.approx(INTACT_N * 0.36)
    assert row["fracture_load_low_N"] == pytest.approx(0.9 * row["fracture_load_N"])
    assert (row["seconds"], row["mirels_low"], row["mirels_high"], row["failure_z_mm"]) == (0.5, 8, 10, 3)
    assert table[table["state"] == "invalid"]["reason"].str.startswith("lesions[0].radius_mm: out of range").all()


def test_both_files_hold_the_table_and_can_be_made_again(tmp_path: Path) -> None:
    store, _ = finished(tmp_path, GRID, leave=2)
    first = write_table(store)
    read = pandas.read_parquet(store.path / "table.parquet")
    pandas.testing.assert_frame_equal(read, first, check_dtype=False)
    assert len(pandas.read_csv(store.path / "table.csv")) == len(first)
    (store.path / "table.csv").unlink()
    write_table(store)
    assert (store.path / "table.csv").is_file()


def test_the_table_holds_every_sweep_of_the_folder(tmp_path: Path) -> None:
    finished(tmp_path, GRID)
    store, _ = finished(tmp_path, RANDOM)
    table = read_table(store)
    assert set(table["sweep"]) == {"grid", "random"}
    assert {"radius_mm", "lesions.0.radius_mm"} <= set(table.columns)


def test_a_list_is_one_cell_and_a_column_has_one_type(tmp_path: Path) -> None:
    axis = "{kind: list, path: bone.side, values: [left, right, 3]}"
    store, _ = finished(tmp_path, GRID.replace("{kind: list, path: lesions.0.radius_mm, values: [5, 10, 200]}", axis))
    table = write_table(store)
    assert set(table["bone.side"]) == {"left", "right", "3"}


def test_gathering_draws_every_picture_and_tells_why_points_have_no_result(tmp_path: Path) -> None:
    store, file = finished(tmp_path, GRID)
    console = Console(width=160, record=True, quiet=False, file=open(tmp_path / "said", "w"))  # noqa: SIM115
    gather(ask(file), store.path, console)
    said = console.export_text()
    assert "4 done, 2 invalid" in said
    assert "2 x lesions[0].radius_mm: out of range" in said
    names = {picture.name for picture in (store.path / "figures" / "grid").glob("*.png")}
    axes = {"strength_lesions_0_radius_mm.png", "strength_bone_density_scale.png"}
    assert names == {*axes, "map_stance.png", "bands.png", "mirels.png"}
    assert all(picture.stat().st_size > 5000 for picture in (store.path / "figures" / "grid").glob("*.png"))
    tables = {file.stem for file in (store.path / "figures" / "grid").glob("*.csv")}
    assert tables == {"states", "loads", "effort", "caveats"}


def test_random_designs_get_tornadoes_and_indices(tmp_path: Path) -> None:
    store, file = finished(tmp_path, RANDOM)
    gather(ask(file), store.path, Console(file=open(tmp_path / "said", "w")))  # noqa: SIM115
    folder = store.path / "figures" / "random"
    assert (folder / "tornado_stance.png").stat().st_size > 5000
    lines = list(csv.DictReader((folder / "indices.csv").open()))
    radius, nature = (line for line in lines if line["arm"] == "untreated")
    assert float(radius["kN_lowest_fifth"]) > float(radius["kN_highest_fifth"])
    # the formula knows no nature: it moves nothing, alone or with others
    assert abs(float(nature["total"])) < 1e-9


def test_swings_find_the_axis_that_matters_and_hold_its_medians() -> None:
    positions = np.random.default_rng(1).random((400, 2))
    steep, flat = swings(positions, 10 * positions[:, 0])
    # medians of a uniform axis in its lowest and highest fifth: 0.1 and 0.9
    assert (steep.low, steep.high) == pytest.approx((1.0, 9.0), abs=0.3)
    assert steep.low_interval[0] <= steep.low <= steep.low_interval[1]
    assert flat.width < 1.5 < steep.width


def test_variance_shares_are_those_of_a_formula_and_leave_out_broken_groups() -> None:
    from femrisk.sweep.design import Saltelli

    shares = Saltelli(kind="saltelli", samples=512).shares(2)
    # variance of 2x + y of uniform numbers: 4/12 and 1/12
    found = 2 * shares[:, 0] + shares[:, 1]
    found[5] = np.nan
    (first, second), groups = variance_shares(found, 2)
    assert groups == 511
    assert (first.first, second.first) == pytest.approx((0.8, 0.2), abs=0.05)
    assert (first.total, second.total) == pytest.approx((0.8, 0.2), abs=0.05)


def test_first_order_indices_come_from_any_random_design() -> None:
    positions = np.random.default_rng(2).random((300, 2))
    first, second = first_order(positions, 2 * positions[:, 0] + positions[:, 1])
    assert (first.first, second.first) == pytest.approx((0.8, 0.2), abs=0.12)
    assert first_order(positions[:20], positions[:20, 0]) == ()


def test_the_stub_is_a_case_like_any_other(tmp_path: Path) -> None:
    """The crash tests rest on it: as a command it ends well and leaves a comparison."""
    store, file = finished(tmp_path, GRID, leave=1)
    asked = ask(file)
    (left,) = [point for point in points_of(store, asked) if point.case_id and not store.outcome(point.case_id)]
    (order,) = orders(asked, store, [left], ("{python}", str(STUB), "{case}", "{folder}"))
    assert attend(order).state == "done"
    assert len(json.loads(Path(order.folder, "comparison.json").read_text())["rows"]) == 3
