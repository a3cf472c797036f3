"""Figures for papers: named as the pictures of a run, plots as vectors with text, pictures at 300 dpi."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from foldered import write_results
from matplotlib import rcParams
from PIL import Image

from femrisk.__main__ import main
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output import paper
from femrisk.output.folder import ResultFolder


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, small_mesh: LabelledMesh, small_quadratic: tuple[np.ndarray, np.ndarray]
) -> ResultFolder:
    """Two arms under one load: pictures are dear."""
    folder = write_results(tmp_path_factory.mktemp("results"), small_mesh, small_quadratic)
    for arm, load in set(folder.finished()) - {("intact", "stance"), ("pop_nail", "stance")}:
        folder.forget(arm, load)
    return folder


def test_every_figure_has_its_files_and_the_style_is_put_back(
    folder: ResultFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "SHARPNESS", 1)  # without a graphics card a finer scene takes seconds
    before = rcParams["savefig.dpi"]
    written = [path.name for path in paper.draw(folder)]
    plots = ("force_displacement_stance", "load_share_stance", "fracture_loads")
    vectors = [f"{name}.{kind}" for name in plots for kind in ("pdf", "svg")]
    assert written == [*vectors, "stress_stance.pdf", "stress_stance.png", "scene.png"]
    assert sorted(path.name for path in (folder.figures / "paper").iterdir()) == sorted(written)
    assert rcParams["savefig.dpi"] == before
    for name in ("stress_stance.png", "scene.png"):
        with Image.open(folder.figures / "paper" / name) as image:
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    chart = (folder.figures / "paper" / "force_displacement_stance.svg").read_text()
    assert ">force (kN)</text>" in chart, "text of a vector figure stays text"
    assert "<image" not in chart


def test_shares_that_pull_stand_left_of_nothing_and_the_rest_right(folder: ResultFolder) -> None:
    figure = paper.shares_figure(folder, "stance")
    assert figure is not None
    bars = [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches][:3]
    # bone 45 %, tumour -2 %, cement 57 %
    assert bars == [pytest.approx(one) for one in ((0, 45), (0, -2), (45, 57))]


def test_a_folder_without_results_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", str(tmp_path)]) == 2
    assert "holds no finished results" in capsys.readouterr().err
