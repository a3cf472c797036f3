"""The report: one file, every number of it is that of the results, and nothing in it asks for the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foldered import VERSION, write_results
from ruamel.yaml import YAML

from femrisk.__main__ import main
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.atomic import read_json, write_json
from femrisk.output.folder import ResultFolder, read_history
from femrisk.output.stresscut import grid_of, scale_of, section_of
from femrisk.report import page


class Parsed(HTMLParser):
    """Elements with their attributes and the text right inside them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[list[str]] = []
        self.open: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append([])
        if tag not in {"meta", "link", "img", "input", "br"}:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.elements[self.open.pop()][0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]].append(data)

    def every(self, tag: str) -> Iterator[tuple[dict[str, str], str]]:
        for (name, attributes), text in zip(self.elements, self.texts, strict=True):
            if name == tag:
                yield attributes, "".join(text)


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, small_mesh: LabelledMesh, small_quadratic: tuple[np.ndarray, np.ndarray]
) -> ResultFolder:
    folder = write_results(tmp_path_factory.mktemp("results"), small_mesh, small_quadratic)
    page.write(folder, VERSION)
    return folder


@pytest.fixture(scope="module")
def text(folder: ResultFolder) -> str:
    return (folder.path / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parsed(text: str) -> Parsed:
    return Parsed(text)


def looked_up(folder: ResultFolder, source: str) -> float:
    """The number a source names: in a file of the folder, or among the constants of the package."""
    if "#" not in source:
        return constant(source)
    file, pointer = source.split("#")
    path = folder.path / file
    here: Any = YAML(typ="safe").load(path) if file.endswith(".yaml") else read_json(path)
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        here = here[int(step)] if isinstance(here, list) else here[step]
    return float(here)


def constant(source: str) -> float:
    from femrisk.materials.density import LAWS
    from femrisk.materials.library import MATERIALS

    module, name, *path = source.split("/")
    if module.endswith("library"):
        return float(getattr(MATERIALS[name], path[0]))
    piece = getattr(LAWS[name], f"{path[0]}_pieces")[int(path[1])]
    return float(getattr(piece, path[2]))


def test_every_number_equals_the_one_it_names_as_its_source(folder: ResultFolder, parsed: Parsed) -> None:
    seen = set()
    for attributes, shown in parsed.every("data"):
        source, value = attributes["data-source"], float(attributes["value"])
        if source.endswith("fields.vtu"):
            continue  # the colour scale, below
        parts = [looked_up(folder, part) for part in source.split(" / ")]
        assert value == (parts[0] if len(parts) == 1 else parts[0] / parts[1]), source
        digits = len(shown.partition(".")[2])
        scaled = value * float(attributes.get("data-factor", 1))
        assert abs(float(shown.replace("\u2212", "-")) - scaled) <= 0.5 * 10.0**-digits * (1 + 1e-9), (source, shown)
        seen.add(source)
    rows = read_json(folder.path / "comparison.json")["rows"]
    keys = ("fracture_load_N", "ratio_to_intact", "ratio_to_untreated", "factor_of_risk", "stiffness_N_per_mm")
    told = {f"comparison.json#/rows/{i}/{key}" for i, row in enumerate(rows) for key in keys if row[key] is not None}
    assert told <= seen
    assert len(seen) > 200


def test_no_number_stands_in_a_table_without_its_source(text: str) -> None:
    body = re.sub(r"<data .*?</data>", "", text[text.index('<section id="answer">') : text.index('id="scores"')])
    for cell in re.findall(r"<td[^>]*>(.*?)</td>", body, re.DOTALL):
        assert not re.search(r"\d", re.sub(r"<[^>]*>", "", cell)), cell


def test_curves_are_those_of_the_histories(folder: ResultFolder, parsed: Parsed) -> None:
    found = [attributes for attributes, _ in parsed.every("polyline")]
    assert len(found) == 8
    for attributes in found:
        arm, load = attributes["data-source"].split("/")[1:3]
        history = read_history(folder, arm, load)
        points = np.array([pair.split(",") for pair in attributes["points"].split()], dtype=float)
        travel = (points[:, 0] - points[0, 0]) / float(attributes["data-per-mm"])
        force = (points[0, 1] - points[:, 1]) / float(attributes["data-per-kn"])
        assert np.allclose(travel, history["displacement_mm"], atol=2e-4)
        assert np.allclose(force, history["force_N"] / 1000, atol=2e-3)


def test_the_colour_scale_is_that_of_the_fields(folder: ResultFolder, parsed: Parsed) -> None:
    cuts = [section_of(grid_of(folder, arm, "stance")) for arm in ("intact", "untreated", "pop", "pop_nail")]
    tops = {
        float(attributes["data-top-mpa"])
        for attributes, _ in parsed.every("div")
        if attributes.get("data-load") == "stance" and "data-top-mpa" in attributes
    }
    assert tops == {scale_of(cuts)}
    ends = [float(one["value"]) for one, _ in parsed.every("data") if one["data-source"] == "arms/*/stance/fields.vtu"]
    assert (min(ends), max(ends)) == (0.0, scale_of(cuts))


def test_nothing_is_fetched_from_elsewhere(parsed: Parsed) -> None:
    for tag, attributes in parsed.elements:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    (style,) = [text for _, text in parsed.every("style")]
    assert "@import" not in style
    assert "url(" not in style


def test_vtk_js_asks_for_no_icon_of_its_makers_page(text: str) -> None:
    assert "kitware.github.io/vtk-js/icon" not in text
    assert "Copyright (c)" in text, "the licence under which vtk.js is passed on"


def test_every_picture_has_a_text(parsed: Parsed) -> None:
    pictures = [attributes for attributes, _ in parsed.every("img")]
    assert len(pictures) == 4 + 8
    assert all(len(one["alt"]) > 30 for one in pictures)
    assert all(len(one["aria-label"]) > 30 for one, _ in parsed.every("svg"))


def test_what_must_be_said_is_said(folder: ResultFolder, text: str, parsed: Parsed) -> None:
    assert text.count("esearch use only") >= 3
    for sentence in read_json(folder.path / "comparison.json")["caveats"]:
        assert sentence.replace("'", "&#39;") in text
    sections = [attributes["id"] for attributes, _ in parsed.every("section")]
    assert sections == [name for name in page.CONTENTS if name != "body"]
    targets = {attributes["href"] for attributes, _ in parsed.every("a")}
    assert targets <= {f"#{name}" for name in (*sections, "details")}
    assert f"femrisk, version {VERSION}" in text


def test_the_file_is_small_and_the_same_results_give_the_same_file(folder: ResultFolder, text: str) -> None:
    assert len(text) < page.LARGEST / 3
    page.write(folder, VERSION)
    assert (folder.path / "report.html").read_text(encoding="utf-8") == text


def test_a_report_that_would_be_too_large_goes_without_its_scene(
    folder: ResultFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "LARGEST", 600_000)
    monkeypatch.setattr(page, "_pictures", lambda reading: {**kept(folder), "code": "x" * 700_000})
    monkeypatch.setattr(page, "write_text", lambda path, text: (tmp_path / "report.html").write_text(text))
    page.write(folder, VERSION)
    assert 'id="scene"' not in (tmp_path / "report.html").read_text()


def kept(folder: ResultFolder) -> dict[str, Any]:
    empty: dict[str, Any] = {"cuts": (), "scenes": (), "roles": (), "flat": False, "scene_arms": (), "scene_loads": ()}
    return {**empty, "scene": "x", "licence": "", "band": "", "scene_first": ""}


def test_a_run_without_any_result_still_has_a_report(folder: ResultFolder, tmp_path: Path) -> None:
    for name in ("case.yaml", "provenance.json"):
        (tmp_path / name).write_bytes((folder.path / name).read_bytes())
    bare = {"case": "x", "version": VERSION, "rows": [], "scores": {}, "ranking": {}, "demands": {}, "caveats": []}
    write_json(tmp_path / "comparison.json", bare)
    page.write(ResultFolder(tmp_path), VERSION)
    assert "What was asked" in (tmp_path / "report.html").read_text()


def test_several_models_stand_side_by_side(folder: ResultFolder, tmp_path: Path) -> None:
    one = {"status": "collapsed", "fracture_load_N": 9000.0, "fracture_load_bracket_N": None, "ratio_to_intact": 1.0}
    open_ended = {**one, "status": "limit_reached", "ratio_to_intact": None}
    models = [
        {"arm": "pop", "load": "stance", "largest_over_smallest": 1.25, "by_model": {"a_b": one, "c": open_ended}}
    ]
    for name in ("case.yaml", "provenance.json"):
        (tmp_path / name).write_bytes((folder.path / name).read_bytes())
    bare = {"rows": [], "scores": {}, "demands": {}, "caveats": [], "model": "a_b", "models": models}
    write_json(tmp_path / "comparison.json", bare)
    page.write(ResultFolder(tmp_path), VERSION)
    text = re.sub(r"<[^>]*>", "", (tmp_path / "report.html").read_text())
    assert "a b, kN" in text
    assert "at least 9.0still rising" in text


def test_the_verb_writes_the_report_and_refuses_another_folder(
    folder: ResultFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_pictures", lambda reading: {**kept(folder), "scene": None, "code": ""})
    assert main(["report", str(folder.path)]) == 0
    assert "report.html written" in capsys.readouterr().out
    assert main(["report", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"femrisk: error: {tmp_path}: has no case.yaml")


def test_a_report_that_fails_costs_a_run_one_line_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from femrisk.commands.folders import write_report

    monkeypatch.setattr(page, "read", lambda folder: 1 / 0)
    assert not write_report(tmp_path)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("femrisk: error: report: not written (division by zero); try femrisk report")
