"""A result folder in, what a user of the viewer's page waits for pictures of a million cells out, in milliseconds.

``python benchmarks/viewer_page.py DIR`` refines two arms of DIR as ``viewer.py`` does, starts ``femrisk view`` on them,
and turns, clips, thresholds and steps in Chromium. The clock is the page's own: from the event of mouse or key to the
first decoded picture that differs, and to the last one, after which nothing comes for a second. ``-o FILE`` writes a
page of it; ``--keep DIR`` keeps the refined results there, and takes them from there when they are there.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewer import DEMO, grown

HEAD = """# The viewer's page at a million cells

By `python benchmarks/viewer_page.py DIR -o benchmarks/viewer_page.md`: `femrisk view` in Chromium, both on one machine.
From the event of mouse or key to the first decoded picture that differs, and to the last one that follows from it.

"""
TABLE = "| what | times | first picture, median ms | 95 % ms | last picture, median ms |\n|---|---|---|---|---|"
BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), "")
WORDS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
#: seconds without a picture after which the last has come, and after which none will
STILL_S, NEVER_S = 1.0, 60.0
#: keeps when the last event came, and of each decoded picture when it was there and what it shows
WATCH = """() => {
    window.seen = {event: 0, pictures: []};
    for (const kind of ['pointermove', 'input', 'change', 'click'])
        window.addEventListener(kind, (event) => { window.seen.event = event.timeStamp; }, true);
    const small = new OffscreenCanvas(283, 147), pen = small.getContext('2d', {willReadFrequently: true});
    const look = async (image) => {
        await image.decode().catch(() => null);
        const at = performance.now();
        pen.drawImage(image, 0, 0, 283, 147);
        const sum = pen.getImageData(0, 0, 283, 147).data.reduce((sum, one) => (31 * sum + one) | 0, 7);
        window.seen.pictures.push([at, sum]);
    };
    new MutationObserver((all) => all.filter((one) => one.target.tagName === 'IMG').forEach((one) => look(one.target)))
        .observe(document.querySelector('.picture'), {subtree: true, attributes: true, attributeFilter: ['src']});
}"""


@dataclass(frozen=True)
class Row:
    """What was done, and how long its first and its last picture took, ms, each time."""

    what: str
    first: tuple[float, ...]
    last: tuple[float, ...]

    def line(self) -> str:
        """A line of the page's table."""
        ordered = sorted(self.first)
        worst = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
        middle, end = statistics.median(ordered), statistics.median(self.last)
        return f"| {self.what} | {len(ordered)} | {middle:.0f} | {worst:.0f} | {end:.0f} |"


class Page:
    """The viewer's page in a browser, with a clock in it."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def control(self, label: str) -> Any:
        """A control by its label."""
        return self.page.get_by_label(label, exact=True)

    def pictures(self) -> list[list[float]]:
        """Every picture since it was last asked for."""
        found: list[list[float]] = self.page.evaluate("() => window.seen.pictures.splice(0)")
        return found

    def quiet(self) -> list[list[float]]:
        """Wait until no more pictures come; those that came."""
        came: list[list[float]] = []
        still = time.monotonic()
        while time.monotonic() < still + STILL_S:
            time.sleep(0.05)
            if new := self.pictures():
                came, still = came + new, time.monotonic()
        return came

    def timed(self, what: str, deeds: Iterator[Callable[[], object]]) -> Row:
        """Do things one after another, each when the pictures of the one before have come."""
        first, last, shown = [], [], self.page.evaluate("() => null")
        self.quiet()
        for deed in deeds:
            deed()
            begun, new, end = self.page.evaluate("() => window.seen.event"), [], time.monotonic() + NEVER_S
            while not new and time.monotonic() < end:
                time.sleep(0.01)
                new = [one for one in self.pictures() if one[0] > begun and one[1] != shown]
            if not new:
                raise SystemExit(f"{what}: no other picture within {NEVER_S:.0f} s")
            came = [*new, *self.quiet()]
            shown = came[-1][1]
            changes = [
                one[0] for one, before in zip(came, [None, *came], strict=False) if not before or one[1] != before[1]
            ]
            first.append(came[0][0] - begun)
            last.append(changes[-1] - begun)
        row = Row(what, tuple(first), tuple(last))
        print(row.line(), flush=True)
        return row

    def dragged(self, box: dict[str, float], steps: int, dx: float, nudges: int = 1) -> Iterator[Callable[[], object]]:
        """The mouse pressed in the middle of a box and moved to the right; let go at the end."""
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for step in range(1, steps + 1):
            yield lambda step=step: self.page.mouse.move(x + step * dx, y, steps=nudges)
        self.page.mouse.up()


def turns(page: Page) -> Iterator[Callable[[], object]]:
    """Turn the bone, a little each time; not through its middle, where the plane's handle may lie."""
    box = page.page.locator(".picture").bounding_box()
    # the first move after a rest only tells the picture that the mouse moves
    return page.dragged(box | {"height": 0.3 * box["height"]}, 15, 9, nudges=2)


def slid(page: Page, label: str, steps: int, share: float) -> Iterator[Callable[[], object]]:
    """Move a slider from where it stands by a share of its length in so many steps."""
    slider = page.control(label)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    low, high, value = (float(slider.evaluate(f"(one) => one.{key}")) for key in ("min", "max", "value"))
    # the thumb's middle runs from one end to the other but for half of it
    at = box["x"] + 8 + (box["width"] - 16) * (value - low) / (high - low)
    return page.dragged(box | {"x": at, "width": 0}, steps, share * box["width"] / steps)


def fields(page: Page) -> Iterator[Callable[[], object]]:
    """One field after another."""
    for field in ("stress_1", "strain_3", "risk", "region", "displacement", "density", "von_mises"):
        yield lambda field=field: page.control("Field").select_option(field)


def steps(page: Page, first: str, then: str) -> Iterator[Callable[[], object]]:
    """To one end of the march, then increment by increment; the first, which may be where it stands, is not timed."""
    page.control("Increment").focus()
    page.page.keyboard.press(first)
    page.quiet()
    count = int(page.control("Increment").evaluate("(one) => one.max"))
    for _ in range(min(count, 6)):
        yield lambda: page.page.keyboard.press(then)


def rows(page: Page) -> list[Row]:
    """Everything that is timed."""
    found = [page.timed("turn, one arm clipped", turns(page))]
    found.append(page.timed("drag the plane, one arm", slid(page, "Position (mm)", 12, 0.3)))
    found.append(page.timed("another field, one arm clipped", fields(page)))
    found.append(page.timed("another increment, read from the disk", steps(page, "Home", "ArrowRight")))
    found.append(page.timed("another increment, once more", steps(page, "End", "ArrowLeft")))
    page.page.get_by_role("button", name="Largest force", exact=True).click()
    page.control("Plane").select_option("off")
    page.quiet()
    found.append(page.timed("turn, one arm whole", turns(page)))
    page.control("Only values between").check()
    page.quiet()
    found.append(page.timed("threshold, one arm, not clipped", slid(page, "Threshold from", 8, 0.3)))
    page.control("Only values between").uncheck()
    page.control("Plane").select_option("coronal")
    page.quiet()
    options = page.control("Beside it").locator("option:not([disabled])").all()
    page.control("Beside it").select_option(options[-1].get_attribute("value"))
    page.page.locator("header section").nth(1).wait_for(timeout=300_000)
    page.quiet()
    found.append(page.timed("turn, two arms clipped", turns(page)))
    found.append(page.timed("drag the plane, two arms", slid(page, "Position (mm)", 8, 0.2)))
    return found


@contextmanager
def viewed(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The viewer at work, and its address."""
    command = [sys.executable, "-m", "femrisk", "view", str(folder), "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[2]
        finally:
            process.kill()


def peak_gb(process: int) -> float:
    """Most memory a process has held."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1e6 if found else float("nan")


def measure(folder: Path, cells: int, size: tuple[int, int]) -> tuple[list[str], list[Row]]:
    """Facts and rows of one folder."""
    from playwright.sync_api import sync_playwright

    busy, start = os.getloadavg()[0], time.monotonic()
    with viewed(folder) as (process, url), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=WORDS)
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.set_default_timeout(300_000)
        tab.goto(url)
        tab.wait_for_selector(".picture img[src^=blob]")
        opened = time.monotonic() - start
        tab.evaluate(WATCH)
        page = Page(tab)
        box = tab.locator(".picture").bounding_box()
        found = rows(page)
        facts = [
            f"{cells:,} cells per arm; page {size[0]} x {size[1]}, picture {box['width']:.0f} x {box['height']:.0f}",
            f"{platform.machine()}, {os.cpu_count()} cores, no graphics card",
            f"{busy:.1f} processes at work before the start",
            f"{opened:.0f} s from the command to the first picture",
            f"peak memory {peak_gb(process.pid):.1f} GB (without the browser)",
        ]
        browser.close()
    return [
        *facts,
        f"{os.getloadavg()[0]:.1f} processes at work at the end, the viewer and the browser among them",
    ], found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", type=Path, nargs="?", default=DEMO, help="results with a series (default: the demo's)"
    )
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, nargs=2, default=(1400, 900), metavar=("W", "H"))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the refined results are kept")
    parser.add_argument("-o", "--output", type=Path, help="page to write")
    options = parser.parse_args()
    if not BROWSER:
        raise SystemExit("no chromium on this machine (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory(prefix="femrisk-viewer-") as scratch:
        folder = options.keep or Path(scratch)
        if not (folder / "arms").exists():
            folder.mkdir(parents=True, exist_ok=True)
            grown(options.folder, folder, options.cells)
        facts, found = measure(folder, options.cells, tuple(options.size))
    text = "\n".join([*(f"- {fact}" for fact in facts), "", TABLE, *(row.line() for row in found)]) + "\n"
    print(text)
    if options.output:
        options.output.write_text(HEAD + text)


if __name__ == "__main__":
    main()
