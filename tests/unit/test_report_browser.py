"""The report in a browser, from a file: switches change the picture, the legend is the data's, nothing is fetched."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foldered import VERSION, write_results

from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.stresscut import grid_of, scale_of, section_of
from femrisk.report import page as report_page

pytestmark = [pytest.mark.slow, pytest.mark.peer]

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), "")
#: as root, without a screen or a graphics card, and quiet
WORDS = [
    *("--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
NAMES = ("intact", "untreated", "pop", "pop_nail")


@dataclass(frozen=True)
class Opened:
    """The report in a browser, what went wrong in it, and what it asked for elsewhere."""

    page: Any
    faults: list[str]
    asked: list[str]

    def picture(self) -> str:
        """What the scene shows now."""
        return hashlib.sha256(self.page.locator(".canvas canvas").screenshot()).hexdigest()

    def changes_from(self, before: str) -> bool:
        """Whether the scene comes to show something else: what a mouse does is drawn with the frames to come."""
        for _ in range(50):
            if self.picture() != before:
                return True
            self.page.wait_for_timeout(100)
        return False

    def choose(self, group: str, value: str) -> None:
        """Click a switch as a reader would: on its words."""
        self.page.locator(f'label:has(input[name="{group}"][value="{value}"])').click()

    def press(self, move: str) -> None:
        self.page.locator(f'button[data-move="{move}"]').click()

    def visible(self) -> list[str]:
        """Names of the surfaces that are drawn."""
        script = """() => global.renderWindow.getRenderers().flatMap((one) => one.getActors())
            .filter((one) => one.getVisibility()).map((one) => one.get("remoteId").remoteId)"""
        return sorted(self.page.evaluate(script))


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, small_mesh: LabelledMesh, small_quadratic: tuple[np.ndarray, np.ndarray]
) -> Path:
    folder = write_results(tmp_path_factory.mktemp("results"), small_mesh, small_quadratic)
    report_page.write(folder, VERSION)
    return folder.path


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[Opened]:
    if not BROWSER:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=WORDS)
        page = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="light")
        found = Opened(page, [], [])
        page.on("console", lambda said: found.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: found.faults.append(str(error)))
        page.on("request", lambda request: found.asked.append(request.url))
        page.goto((folder / "report.html").as_uri())
        if not page.evaluate("() => !!document.createElement('canvas').getContext('webgl2')"):
            pytest.skip("this browser draws no WebGL")
        page.locator(".canvas").scroll_into_view_if_needed()
        page.wait_for_selector(".canvas[data-ready]", timeout=60_000)
        yield found
        browser.close()


def test_the_scene_begins_with_the_untreated_bone(opened: Opened) -> None:
    opened.choose("arm", "untreated")
    opened.choose("show", "inside")
    opened.choose("load", "stance")
    assert opened.visible() == ["inside/untreated/bone", "inside/untreated/lesion", "site/untreated/stance"]


def test_every_switch_changes_the_picture(opened: Opened) -> None:
    seen = [opened.picture()]
    for group, value in (("arm", "pop_nail"), ("show", "surface"), ("show", "opened"), ("arm", "intact")):
        opened.choose(group, value)
        seen.append(opened.picture())
    assert len(set(seen)) == len(seen)
    assert opened.visible() == ["opened/intact/stance", "site/intact/stance"]
    opened.choose("load", "sideways_fall")
    assert opened.visible() == ["opened/intact/sideways_fall", "site/intact/sideways_fall"]


def test_the_scene_turns_and_comes_back(opened: Opened) -> None:
    opened.choose("arm", "pop_nail")
    opened.choose("show", "inside")
    opened.press("reset")
    before = opened.picture()
    for move in ("left", "up", "near", "top", "side"):
        opened.press(move)
        assert opened.picture() != before, move
    opened.press("reset")
    assert opened.picture() == before


def test_dragging_turns_it(opened: Opened) -> None:
    opened.press("reset")
    before = opened.picture()
    box = opened.page.locator(".canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x + 120, y + 30, steps=4)
    opened.page.mouse.up()
    assert opened.changes_from(before)


def test_the_wheel_turns_the_page_and_not_the_scene(opened: Opened) -> None:
    opened.press("reset")
    scale = "() => global.renderWindow.getRenderers()[0].getActiveCamera().getParallelScale()"
    before, top = opened.page.evaluate(scale), opened.page.evaluate("() => scrollY")
    opened.page.locator(".canvas").hover()
    opened.page.mouse.wheel(0, 200)
    opened.page.wait_for_function(f"() => scrollY !== {top}")
    assert opened.page.evaluate(scale) == before


def test_the_legend_is_the_scale_of_what_is_drawn_and_of_the_fields(opened: Opened, folder: Path) -> None:
    from femrisk.output.folder import ResultFolder

    opened.choose("show", "surface")
    for load in ("stance", "sideways_fall"):
        opened.choose("load", load)
        legend = opened.page.locator(".under .legend:not([hidden])")
        assert legend.count() == 1
        ticks = [float(text.rstrip("+")) for text in legend.locator(".ticks > span").all_inner_texts()]
        ranges = opened.page.evaluate(
            """() => global.renderWindow.getRenderers().flatMap((one) => one.getActors())
                .filter((one) => one.getVisibility() && one.getMapper().getScalarVisibility())
                .map((one) => [one.getMapper().getScalarRange(), one.getMapper().getLookupTable().getMappingRange()])"""
        )
        expected = scale_of([section_of(grid_of(ResultFolder(folder), arm, load)) for arm in NAMES])
        assert ranges == [[[0, expected], [0, pytest.approx(expected)]]]
        assert (ticks[0], ticks[-1]) == (0, expected)


def test_what_is_drawn_has_the_stress_of_the_fields(opened: Opened, folder: Path) -> None:
    from femrisk.output.folder import ResultFolder

    opened.choose("show", "surface")
    opened.choose("load", "stance")
    opened.choose("arm", "untreated")
    values = opened.page.evaluate(
        """() => { const one = global.renderWindow.getRenderers().flatMap((one) => one.getActors())
            .find((one) => one.get("remoteId").remoteId === "surface/untreated/stance");
            return Array.from(one.getMapper().getInputData().getCellData().getScalars().getData()); }"""
    )
    grid = grid_of(ResultFolder(folder), "untreated", "stance")
    surface = np.asarray(grid.extract_surface(algorithm="dataset_surface").cell_data["von_mises_MPa"])
    assert np.sort(values) == pytest.approx(np.sort(surface), rel=1e-3)


def test_dark_and_print_are_drawn_too(opened: Opened) -> None:
    opened.choose("show", "inside")
    ground = (
        "() => [getComputedStyle(document.body).backgroundColor, global.renderWindow.getRenderers()[0].getBackground()]"
    )
    light = opened.page.evaluate(ground)
    opened.page.emulate_media(color_scheme="dark")
    opened.page.wait_for_function(f"() => ({ground})()[1][0] < 0.5")
    dark = opened.page.evaluate(ground)
    assert dark[0] != light[0]
    opened.page.emulate_media(media="print", color_scheme="dark")
    assert opened.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not opened.page.locator("#scene").is_visible()
    opened.page.emulate_media(media="screen", color_scheme="light")
    assert opened.page.pdf(format="A4").startswith(b"%PDF")


def test_nothing_went_wrong_and_nothing_was_asked_of_the_network(opened: Opened) -> None:
    assert opened.faults == []
    assert [url for url in opened.asked if not url.startswith(("file:", "data:", "blob:"))] == []
