"""The viewer in a browser: controls change the picture, the legend is the data's, nothing is asked of elsewhere."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from viewed import FORCE, PEAK, SHARE, TRAVEL, tensor

from femrisk.film import von_mises
from femrisk.meshes.labelled import LabelledMesh

pytestmark = [pytest.mark.slow, pytest.mark.peer]

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), "")
WORDS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True)
class Opened:
    """The viewer's page, its process, what went wrong and what was asked for."""

    page: Any
    process: subprocess.Popen[str]
    url: str
    faults: list[str]
    asked: list[str]

    def picture(self) -> str:
        """What the picture shows now."""
        return hashlib.sha256(self.page.locator(".picture").screenshot()).hexdigest()

    def settled(self, before: str | None = None) -> str:
        """The picture when it no longer changes, after it has changed from ``before``."""
        last, end = self.picture(), time.monotonic() + 20
        while time.monotonic() < end:
            time.sleep(0.25)
            now = self.picture()
            if now == last != before:
                return now
            last = now
        assert last != before, "the picture did not change"
        return last

    def check_told(self, part: str, words: str) -> None:
        """Wait until a part of the page says so."""
        self.page.locator(part).filter(has_text=words).first.wait_for(timeout=20_000)

    def control(self, label: str) -> Any:
        return self.page.get_by_label(label, exact=True)

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def reset(self) -> None:
        """One arm at its largest force, whole, from the front."""
        self.control("Drag it in the picture").set_checked(False, force=True)
        self.control("Plane").select_option("off")
        self.control("Beside it").select_option("")
        self.control("Arm").select_option("untreated")
        self.control("Field").select_option("von_mises")
        self.control("Scale").select_option("auto")
        self.control("Deformation ×").fill("1")
        self.button("Largest force").click()
        self.button("usual").click()
        self.check_told("h2", "Untreated, stance")
        self.settled()


@pytest.fixture(scope="module")
def opened(viewed: Path) -> Iterator[Opened]:
    if not BROWSER:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    command = [sys.executable, "-m", "femrisk", "view", str(viewed), "--no-browser", "--port", "0"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        playwright.sync_playwright() as driver,
    ):
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[2]
            browser = driver.chromium.launch(executable_path=BROWSER, args=WORDS)
            page = browser.new_page(viewport={"width": 1400, "height": 900}, accept_downloads=True)
            page.set_default_timeout(10_000)
            found = Opened(page, process, url, [], [])
            page.on("console", lambda said: found.faults.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: found.faults.append(str(error)))
            page.on("request", lambda request: found.asked.append(request.url))
            page.goto(url)
            page.wait_for_selector("h2", timeout=60_000)
            found.settled()
            yield found
            browser.close()
        finally:
            process.kill()


def test_it_begins_with_the_untreated_arm_cut_open_at_its_largest_force(opened: Opened) -> None:
    opened.check_told("h2", "Untreated, stance")
    opened.check_told(".increment", f"increment {PEAK} of 4: 2,500 N at 0.300 mm of travel (largest force)")
    assert opened.control("Field").input_value() == "von_mises"
    assert opened.control("Plane").input_value() == "coronal"


def test_every_field_changes_the_picture_and_the_legend(opened: Opened) -> None:
    opened.reset()
    seen, titles = [opened.picture()], []
    for field in ("stress_1", "stress_3", "displacement", "region", "material", "risk"):
        opened.control("Field").select_option(field)
        opened.check_told(".scale h3", opened.page.locator(f'option[value="{field}"]').first.inner_text())
        seen.append(opened.settled(seen[-1]))
        titles.append(opened.page.locator(".scale h3").inner_text())
    assert len(set(titles)) == len(titles)
    assert len(set(seen)) == len(seen)


def test_the_legend_is_the_data_s(opened: Opened, small_mesh: LabelledMesh) -> None:
    opened.reset()
    opened.control("Scale").select_option("full")
    values = von_mises(tensor(small_mesh, "untreated", PEAK))
    low, high = f"{values.min():.4g}", f"{values.max():.4g}"
    opened.check_told(".scale .note", f"Untreated: {low} to {high} in the cells shown")
    opened.check_told(".ticks", low)
    ticks = opened.page.locator(".ticks span")
    assert (ticks.first.inner_text(), ticks.last.inner_text()) == (low, high)


def test_two_arms_share_scale_and_camera(opened: Opened) -> None:
    opened.reset()
    before = opened.picture()
    opened.control("Beside it").select_option("pop")
    opened.check_told("h2", "POP, stance")
    after = opened.settled(before)
    assert opened.page.locator(".scale .note").count() == 2
    box = opened.page.locator(".picture").bounding_box()
    opened.page.mouse.move(box["x"] + 100, box["y"] + 80)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 180, box["y"] + 140, steps=5)
    opened.page.mouse.up()
    turned = opened.settled(after)
    for _ in range(4):
        opened.page.mouse.wheel(0, 240)
        time.sleep(0.2)
    opened.settled(turned)
    assert opened.page.locator(".curve circle").count() == 2
    halves = halves_of(opened)
    # the left view was turned and made smaller, and so was the right one: what is not white is the same
    assert (halves[0] == halves[1]).mean() > 0.98
    assert 0.05 < halves[0].mean() < 0.99


def halves_of(opened: Opened) -> tuple[np.ndarray, np.ndarray]:
    """Where the left and the right half of the picture are not white, but for the corner with the axes."""
    image = matplotlib.image.imread(io.BytesIO(opened.page.locator(".picture").screenshot()))[:, :, :3]
    image = image[: int(0.75 * len(image))]
    middle = image.shape[1] // 2
    drawn = image.min(axis=2) < 0.97
    return drawn[:, 2 : middle - 2], drawn[:, middle + 2 : 2 * middle - 2]


def test_the_increment_s_slider_works_by_keyboard(opened: Opened) -> None:
    opened.reset()
    slider = opened.page.locator('label:has-text("Increment") input')
    slider.focus()
    slider.press("Home")
    opened.check_told(".increment", "increment 1 of 4: 1,000 N at 0.100 mm of travel")
    slider.press("ArrowRight")
    opened.check_told(".increment", "increment 2 of 4: 2,000 N")
    opened.button("Largest force").click()
    opened.check_told(".increment", "increment 3 of 4")


def test_the_march_is_played_to_its_end(opened: Opened) -> None:
    opened.reset()
    opened.button("Play").click()
    opened.check_told(".increment", "increment 1 of 4")
    seen = []
    end = time.monotonic() + 30
    while opened.button("Stop").count() and time.monotonic() < end:
        seen.append(opened.page.locator(".increment").inner_text().split(":")[0])
        time.sleep(0.05)
    assert list(dict.fromkeys(seen))[-1] == "increment 4 of 4"
    assert len(set(seen)) >= 3
    assert opened.button("Play").count() == 1


def test_a_clip_plane_moves_by_its_slider(opened: Opened) -> None:
    opened.reset()
    whole = opened.picture()
    opened.control("Plane").select_option("sagittal")
    cut = opened.settled(whole)
    slider = opened.page.locator('label:has-text("Position") input')
    slider.focus()
    slider.press("PageUp")
    moved = opened.settled(cut)
    opened.control("Other side").check()
    assert opened.settled(moved) not in (cut, whole)
    opened.control("Other side").uncheck()


def test_a_clip_plane_is_dragged_in_the_picture(opened: Opened) -> None:
    opened.reset()
    opened.control("Plane").select_option("coronal")
    opened.button("top").click()
    opened.control("Drag it in the picture").check()
    before = opened.settled()
    box = opened.page.locator(".picture").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x + 10, y + 60, steps=8)
    opened.page.mouse.up()
    opened.settled(before)
    assert opened.control("Plane").input_value() == "oblique"


def test_dragging_beside_the_plane_turns_the_camera(opened: Opened) -> None:
    opened.reset()
    before = opened.picture()
    box = opened.page.locator(".picture").bounding_box()
    opened.page.mouse.move(box["x"] + 200, box["y"] + 80)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 300, box["y"] + 120, steps=5)
    opened.page.mouse.up()
    opened.settled(before)
    assert opened.page.locator(".probed .note").first.inner_text() == "No point probed yet."


def test_a_threshold_leaves_fewer_cells(opened: Opened, small_mesh: LabelledMesh) -> None:
    opened.reset()
    values = von_mises(tensor(small_mesh, "untreated", PEAK))
    before = opened.picture()
    opened.control("Only values between").check()
    low = opened.control("From")
    low.fill(f"{np.median(values):.6g}")
    low.press("Enter")
    count = int((values >= float(f"{np.median(values):.6g}") * (1 - 1e-6)).sum())
    opened.check_told("header .note", f"{count} of 162 cells")
    opened.settled(before)
    opened.control("Only values between").uncheck()
    opened.check_told("header .note", "162 of 162 cells")


def test_bodies_are_hidden_and_deformation_is_scaled(opened: Opened) -> None:
    opened.reset()
    before = opened.picture()
    opened.control("bone").uncheck()
    alone = opened.settled(before)
    opened.control("bone").check()
    opened.settled(alone)
    opened.control("Deformation ×").fill("5")
    assert opened.settled(before) not in (before, alone)


def test_a_click_and_coordinates_probe_the_same_values(opened: Opened, small_mesh: LabelledMesh) -> None:
    opened.reset()
    box = opened.page.locator(".picture").bounding_box()
    opened.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.check_told(".probed h3", "Untreated, stance, increment 3")
    clicked = opened.page.locator(".probed").inner_text()
    cell = int(clicked.split("cell ")[1].split()[0])
    value = f"{von_mises(tensor(small_mesh, 'untreated', PEAK))[cell]:.4g}"
    assert f"{value} MPa" in opened.page.locator(".probed table tr").first.inner_text()
    for axis, where in zip("xyz", small_mesh.centroids()[17], strict=True):
        opened.control(axis).fill(f"{where:.6f}")
    opened.button("Read values").click()
    opened.check_told(".probed .note", "cell 17")
    opened.control("x").fill("99")
    opened.button("Read values").click()
    opened.check_told("[role=alert]", "outside of: untreated")
    opened.button("Clear").click()
    opened.check_told(".probed .note", "No point probed yet.")


def test_what_is_exported_is_what_is_shown(opened: Opened, small_mesh: LabelledMesh) -> None:
    opened.reset()
    with opened.page.expect_download() as download:
        opened.page.get_by_text("Cells shown (CSV)").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    values = von_mises(tensor(small_mesh, "untreated", PEAK))
    assert [float(row["von_mises_MPa"]) for row in rows] == pytest.approx(values, rel=1e-5)
    with opened.page.expect_download() as download:
        opened.page.get_by_text("Picture (PNG)").click()
    image = matplotlib.image.imread(download.value.path(), format="png")
    window = opened.page.locator(".picture").bounding_box()
    assert image.shape[:2] == pytest.approx((2 * window["height"], 2 * window["width"]), abs=6)


def test_every_control_has_a_name(opened: Opened) -> None:
    nameless = opened.page.evaluate(
        """() => [...document.querySelectorAll('select, input, button, a')].filter((one) =>
            !(one.labels?.length || one.innerText?.trim() || one.getAttribute('aria-label')))
            .map((one) => one.outerHTML)"""
    )
    assert nameless == []


def test_the_curve_tells_where_on_it_the_picture_is(opened: Opened) -> None:
    opened.reset()
    label = opened.page.locator(".curve svg").get_attribute("aria-label")
    assert label == f"Force over travel: Untreated at {SHARE['untreated'] * FORCE[PEAK]:.0f} N"
    assert opened.page.locator(".curve svg text").filter(has_text=f"{TRAVEL[-1]:.2f}").count() == 1


def test_closing_the_page_ends_the_viewer_and_loading_it_anew_does_not(opened: Opened) -> None:
    assert opened.faults == []
    assert [url for url in opened.asked if not url.startswith((opened.url, "data:", f"blob:{opened.url}"))] == []
    opened.page.reload()
    opened.page.wait_for_selector("h2")
    time.sleep(1)
    assert opened.process.poll() is None
    opened.page.get_by_text("End the viewer").click()
    opened.check_told("body", "The viewer has ended")
    out, err = opened.process.communicate(timeout=20)
    assert (opened.process.returncode, out.strip(), err) == (0, "", "")
    with pytest.raises(ProcessLookupError):
        os.kill(opened.process.pid, signal.SIG_DFL)
