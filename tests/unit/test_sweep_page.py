"""The report of a sweep: one file, every number of it is that of the table, and nothing in it asks for the network."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import pandas
import pytest
from rich.console import Console

from femrisk.__main__ import main
from femrisk.sweep import page
from femrisk.sweep.gather import gather
from femrisk.sweep.lines import read_lines, write_lines
from femrisk.sweep.run import ask, orders, points_of
from femrisk.sweep.store import opened

STUB = Path(__file__).parents[1] / "verification" / "stub_case.py"
BASE = """\
name: base
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur, density_scale: 0.8}
lesions: [{kind: sphere, site: femoral_neck, quadrant: inferomedial, radius_mm: 10}]
arms: [{kind: intact}, {kind: untreated}, {kind: pop, fill_fraction: 0.9}]
loads: [{kind: stance}]
scores: [mirels]
"""
SWEEP = """\
# How often is <Mirels> wrong?
#
# Twenty bones.
name: random
case: base.yaml
design: {kind: sobol, samples: 20, seed: 1}
axes:
  - {kind: uniform, path: lesions.0.radius_mm, low: 4, high: 19, name: radius_mm}
  - {kind: choice, path: lesions.0.nature, values: [lytic, mixed], name: nature}
  - {kind: choice, path: arms.pop.fill_fraction, values: [0.9, 1.4], weights: [9, 1], name: fill}
each_case: {retries: 0}
agreement:
  truths: [{name: walking, body_weights: 2.4}, {name: stumbling, body_weights: 6}]
  rules: [{name: Mirels, score: mirels, at_least: 9, drawn: [1, 1, 1]}]
  cement_rules: [{name: Mirels, score: mirels, at_least: 9}]
  by: [nature, radius_mm]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gathered sweep of a formula, which ran in this process."""
    sys.path.insert(0, str(STUB.parent))
    from stub_case import main as stub

    place = tmp_path_factory.mktemp("sweep")
    (place / "base.yaml").write_text(BASE)
    (place / "sweep.yaml").write_text(SWEEP)
    asked, store = ask(place / "sweep.yaml"), opened(place / "out")
    from femrisk.sweep.outcome import Outcome, write_outcome

    points = [point for point in points_of(store, asked) if point.case_id]
    for order in orders(asked, store, points, ("none",)):
        case = Path(order.folder)
        case.mkdir(parents=True)
        (case / "case.json").write_text(order.text)
        stub([str(case / "case.json"), str(case)])
        write_outcome(case, Outcome("done", None, 1, 2.0, 100.0, "here"))
    with (place / "said").open("w") as said:
        gather(asked, store.path, Console(file=said, width=160))
    page.write(store.path, "9.9.9")
    return store.path


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


DATA = re.compile(
    r'<data value="([^"]+)" data-source="([^"#]+)#/(\d+)/(\w+)"(?: data-factor="([^"]+)")?>([^<]+)</data>'
)


def test_every_number_is_the_one_it_names_as_its_source(folder: Path, text: str) -> None:
    found = DATA.findall(text)
    assert len(found) == text.count("<data ") > 150
    for value, file, line, key, factor, shown in found:
        with (folder / file).open(newline="") as stream:
            cell = float(list(csv.DictReader(stream))[int(line)][key])
        assert float(value) == cell
        digits = len(shown.partition(".")[2])
        scaled = cell * float(factor or 1)
        assert abs(float(shown.replace("\u2212", "-")) - scaled) <= 0.5 * 10.0**-digits * (1 + 1e-9), (file, key, shown)


def test_no_number_stands_in_a_table_without_its_source(text: str) -> None:
    body = re.sub(r"<data .*?</data>", "", text)
    for cell in re.findall(r'<td class="n[^>]*>(.*?)</td>', body, re.DOTALL):
        assert not re.search(r"\d", re.sub(r"<[^>]*>", "", cell)), cell


def test_the_small_tables_are_those_of_the_table(folder: Path) -> None:
    table = pandas.read_csv(folder / "table.csv")
    place = folder / "figures" / "random"
    loads = {line["arm"]: line for line in read_lines(place / "loads.csv")}
    bare = table[table["arm"] == "untreated"]
    assert loads["untreated"]["kN_median"] == pytest.approx(bare["fracture_load_N"].median() / 1000, rel=1e-12)
    assert loads["untreated"]["cases"] == len(bare)
    states = {line["state"]: line["points"] for line in read_lines(place / "states.csv") if not line["reason"]}
    assert states == dict(table.groupby("point")["state"].first().value_counts())
    walking, *_ = (line for line in read_lines(place / "truths.csv") if line["arm"] == "untreated")
    assert walking["break"] == int((bare["fracture_load_BW"] <= 2.4).sum()) > 0
    line = next(one for one in read_lines(place / "agreement.csv") if one["reading"] == "highest")
    called, breaks = bare["mirels_high"] >= 9, bare["fracture_load_BW"] <= 2.4
    assert [line[key] for key in ("tp", "fp", "fn", "tn")] == [
        int((one & other).sum()) for one in (called, ~called) for other in (breaks, ~breaks)
    ]


def test_what_was_asked_is_told_and_escaped(text: str) -> None:
    assert '<p class="lead">How often is &lt;Mirels&gt; wrong?</p>' in text
    assert "<p>Twenty bones.</p>" in text
    assert "arms[2].fill_fraction: out of range" in text


def test_nothing_is_fetched_and_every_picture_has_a_text(text: str) -> None:
    assert set(re.findall(r'(?:src|href)="(?!#|data:)([^"]*)', text)) == set()
    assert "url(" not in text
    assert "<script" not in text
    pictures = re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]+)"', text)
    # ROC, strengths, cement, bands, Mirels, tornado, and an axis each for radius and nature
    assert len(pictures) == 8
    assert all(len(words) > 30 for words in pictures)


def test_every_sweep_of_a_folder_is_in_its_report(folder: Path, text: str) -> None:
    assert text.count("Research use only") >= 2
    ids = re.findall(r'<section id="([^"]+)"', text)
    targets = re.findall(r'href="#([^"]+)"', text)
    assert ids[0] == "sweep-random"
    assert set(targets) <= set(ids)
    assert {f"sweep-random-{name}" for name in ("agreement", "cement", "figures", "indices", "caveats")} <= set(ids)


def test_a_report_that_would_be_too_large_goes_without_the_pictures_of_axes(
    folder: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "LARGEST", 100_000)
    written: list[str] = []
    monkeypatch.setattr(page, "write_text", lambda path, content: written.append(content))
    page.write(folder, "9.9.9")
    assert "strength_radius_mm.png" in written[0]
    assert len(written[0]) < len(text)


def test_the_verb_writes_the_report_of_a_sweep_and_refuses_one_without_a_table(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(folder)]) == 0
    assert "report.html written" in capsys.readouterr().out
    (tmp_path / "sweeps" / "it").mkdir(parents=True)
    assert main(["report", str(tmp_path)]) == 2
    assert "has no gathered sweep" in capsys.readouterr().err


def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    lines = [{"name": "a, b", "share": 1 / 3, "count": 4, "none": None}]
    assert read_lines(write_lines(tmp_path / "lines.csv", lines)) == lines
