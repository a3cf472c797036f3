"""What `import femrisk` offers: six steps, of which those that read a folder are tried on one made without a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import foldered
import numpy as np
import pytest

import femrisk
from femrisk.errors import InputError
from femrisk.meshes.labelled import LabelledMesh
from femrisk.notebook import Page
from femrisk.output.folder import ResultFolder

STEPS = ("read_case", "mesh", "run", "compare", "plot", "show")


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    small_mesh: LabelledMesh,
    small_quadratic: tuple[np.ndarray, np.ndarray],
) -> ResultFolder:
    return foldered.write_results(tmp_path_factory.mktemp("walk"), small_mesh, small_quadratic)


def test_every_step_is_documented_and_in_the_list() -> None:
    assert set(STEPS) < set(femrisk.__all__)
    assert [step for step in STEPS if step not in str(femrisk.__doc__)] == []


def test_a_step_can_be_called_whatever_was_imported_before() -> None:
    code = (
        "import femrisk.run, femrisk.compare, femrisk\n"
        f"assert all(callable(getattr(femrisk, step)) for step in {STEPS})\n"
        "print(femrisk.run.__name__, femrisk.run.draw.__name__)\n"
        "from femrisk.run import run\n"
        "print(run.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["femrisk.run", "draw", "femrisk.run"]


def test_asking_for_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'walks'"):
        _ = femrisk.walks  # type: ignore[attr-defined]


@pytest.fixture
def unplaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene that holds its case alone: placing takes seconds."""
    monkeypatch.setattr("femrisk.walk.build", lambda case: SimpleNamespace(case=case.resolved()))


@pytest.mark.usefixtures("unplaced")
def test_run_refuses_an_arm_that_the_case_has_not(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"arms: there is no such name; did you mean pop\?"):
        femrisk.run(foldered.EXAMPLE, tmp_path, arms=["popp"])


@pytest.mark.usefixtures("unplaced")
def test_run_hands_its_options_on_and_gives_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr("femrisk.walk.run_case", lambda scene, place, **options: asked.update(options, place=place))
    assert femrisk.run(foldered.EXAMPLE, tmp_path, jobs=2, loads=["stance"]) == ResultFolder(tmp_path)
    assert (asked["place"], asked["jobs"], asked["loads"], asked["figures"]) == (tmp_path, 2, ("stance",), False)


def test_the_table_has_every_pair_and_says_loads_as_their_status_allows(folder: ResultFolder) -> None:
    lines = femrisk.compare(folder).lines()
    assert len(lines) == 1 + 8
    loads = {(line[1], line[2]): line[3] for line in lines[1:]}
    assert loads["pop_nail", "stance"] == "\u2265 10.24 kN, limit reached"
    assert "stuck" in loads["untreated", "sideways_fall"]
    assert "4.75 kN, collapsed" in loads["intact", "sideways_fall"]


def test_two_folders_stand_under_one_another_and_share_their_caveats(folder: ResultFolder) -> None:
    one, two = femrisk.compare(folder), femrisk.compare(folder, folder.path)
    assert (len(two.rows), two.caveats) == (2 * len(one.rows), one.caveats)


def test_a_table_is_shown_as_html_and_printed_as_text(folder: ResultFolder) -> None:
    answer = femrisk.compare(folder)
    assert answer._repr_html_().count("<tr>") == 9
    assert len(str(answer).splitlines()) == 9


def test_a_folder_without_a_run_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no comparison.json"):
        femrisk.compare(tmp_path)


def test_a_picture_lies_in_the_folder_and_is_shown(folder: ResultFolder) -> None:
    picture = femrisk.plot(folder, "bars")
    assert picture.path.parent == folder.figures
    assert picture._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("figure", "load", "words"), [("scenes", None, "did you mean scene?"), ("curves", "falling", "there is no such")]
)
def test_an_unknown_figure_or_load_is_refused(folder: ResultFolder, figure: str, load: str | None, words: str) -> None:
    with pytest.raises(InputError) as caught:
        femrisk.plot(folder, figure, load)
    assert words in str(caught.value)


def test_a_brief_report_has_the_answer_and_no_evidence(folder: ResultFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = folder.path / "report.html"
    monkeypatch.setattr("femrisk.report.page.write", lambda folder, version: whole)
    page = femrisk.show(folder, brief=True)
    assert 'id="answer"' in page.text
    assert 'id="provenance"' not in page.text
    assert page.path == whole
    assert len(page.text) < 100_000


def test_a_report_is_shown_in_a_frame_that_nothing_of_it_leaves(folder: ResultFolder) -> None:
    page = Page(folder.path / "report.html", '<p title="a">b</p>')
    assert 'srcdoc="&lt;p title=&quot;a&quot;&gt;b&lt;/p&gt;"' in page._repr_html_()
