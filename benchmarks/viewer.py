"""A result folder in, what the viewer takes at a million cells out: seconds to read, milliseconds per picture.

``python benchmarks/viewer.py DIR`` cuts cells of two arms of DIR into 8, and some into 4, until there are ``--cells``,
writes that as a result folder of its own, opens it with the viewer's own code, and turns, clips, thresholds and plays
it without a browser; every picture is drawn as the browser gets it. ``-o FILE`` writes a page of it.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import meshio
import numpy as np

from femrisk.output.fields import EDGES, write_fields
from femrisk.output.folder import ResultFolder
from femrisk.output.series import increments_in
from femrisk.output.vtu import write_vtu
from femrisk.viewer.app import MOVING_RATIO
from femrisk.viewer.choice import first_choice, fitted, timeline, usual_plane
from femrisk.viewer.picture import Picture
from femrisk.viewer.shown import Gallery
from femrisk.viewer.study import Study, open_study

#: what `make demo` leaves
DEMO = Path(__file__).parents[1] / "results" / "femur_neck_lytic"
HEAD = """# The viewer at a million cells

By `python benchmarks/viewer.py DIR -o benchmarks/viewer.md`: each picture from the change to the drawn image, which VTK
packs beside; without the browser. The first column of times is on the clock; the last is the work of a processor, which
other programs on the machine do not lengthen.

"""
TABLE = "| what | pictures | median ms | 95 % ms | median ms of a processor |\n|---|---|---|---|---|"
#: a tetrahedron's eight children: corners, then the octahedron in its middle; numbers above 3 are middles of EDGES
EIGHT = (
    *((0, 4, 6, 7), (4, 1, 5, 8), (6, 5, 2, 9), (7, 8, 9, 3)),
    *((4, 5, 6, 7), (4, 8, 5, 7), (5, 9, 6, 7), (5, 8, 9, 7)),
)


def refined(points: np.ndarray, tets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The points, the cells and two parents of each point of a mesh whose cells are cut into eight."""
    ends = np.sort(tets[:, np.array(EDGES)].reshape(-1, 2), axis=1)
    keys, edge = np.unique(ends[:, 0] * len(points) + ends[:, 1], return_inverse=True)
    parents = np.stack([keys // len(points), keys % len(points)], axis=1)
    ten = np.hstack([tets, len(points) + edge.reshape(-1, 6)])
    own = np.arange(len(points))
    everybody = np.concatenate([np.stack([own, own], axis=1), parents])
    return points[everybody].mean(axis=1), ten[:, np.array(EIGHT)].reshape(-1, 4), everybody


def grown(source: Path, target: Path, cells: int) -> int:
    """Write a finer copy of two arms of a folder; returns its number of cells."""
    study = open_study(source)
    load = study.loads[0]
    for name in ("case.yaml", "provenance.json", "comparison.json"):
        shutil.copy(source / name, target / name)
    for arm in study.arms(load)[:2]:
        old, new = ResultFolder(source).pair(arm, load), ResultFolder(target).pair(arm, load)
        new.path.mkdir(parents=True)
        for file in (old.result, old.history, old.series):
            shutil.copy(file, new.path)
        files = {old.fields: new.fields, **{old.increment(i): new.increment(i) for i in increments_in(old)}}
        for one, other in files.items():
            count = refine_file(one, other, cells)
    return count


def refine_file(source: Path, target: Path, cells: int) -> int:
    """Write a finer copy of one file of fields."""
    mesh = meshio.read(source)
    tets = mesh.cells[0].data[:, :4].astype(np.int64)
    used, vertex = np.unique(tets, return_inverse=True)
    points, tets = mesh.points[used].astype(float), vertex.reshape(tets.shape)
    moved = mesh.point_data["displacement_mm"][used].astype(float)
    data = {name: values[0] for name, values in mesh.cell_data.items()}
    while 8 * len(tets) <= cells:
        points, tets, parents = refined(points, tets)
        moved = moved[parents].mean(axis=1)
        data = {name: np.repeat(values, 8, axis=0) for name, values in data.items()}
    # the rest of the way: cells that are cut into four at their middle, evenly spread
    split = np.linspace(0, len(tets) - 1, min(-(-max(cells - len(tets), 0) // 3), len(tets))).astype(int)
    middle = len(points) + np.arange(len(split))[:, None]
    parts = [np.hstack([np.delete(tets[split], corner, axis=1), middle]) for corner in range(4)]
    points = np.concatenate([points, points[tets[split]].mean(axis=1)])
    moved = np.concatenate([moved, moved[tets[split]].mean(axis=1)])
    data = {
        name: np.concatenate([np.delete(values, split, axis=0), *[values[split]] * 4]) for name, values in data.items()
    }
    tets = np.concatenate([np.delete(tets, split, axis=0), *parts])
    inverted = np.linalg.det(points[tets[:, 1:]] - points[tets[:, :1]]) < 0
    tets[inverted] = tets[inverted][:, [0, 1, 3, 2]]
    if target.name == "fields.vtu":
        ends = np.sort(tets[:, np.array(EDGES)].reshape(-1, 2), axis=1)
        keys, edge = np.unique(ends[:, 0] * len(points) + ends[:, 1], return_inverse=True)
        both = np.stack([keys // len(points), keys % len(points)], axis=1)
        ten = np.hstack([tets, len(points) + edge.reshape(-1, 6)])
        everything = np.concatenate([points, points[both].mean(axis=1)])
        write_fields(
            target, everything, ten, {"displacement_mm": np.concatenate([moved, moved[both].mean(axis=1)])}, data
        )
    else:
        write_vtu(target, points.astype(np.float32), tets, 10, {"displacement_mm": moved.astype(np.float32)}, data)
    return len(tets)


@dataclass(frozen=True)
class Row:
    """What was done, and how long each picture of it took, ms: on the clock, and of a processor."""

    what: str
    times: tuple[float, ...]
    worked: tuple[float, ...]

    def line(self) -> str:
        """A line of the page's table."""
        ordered = sorted(self.times)
        worst = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
        clock, worked = statistics.median(ordered), statistics.median(self.worked)
        return f"| {self.what} | {len(ordered)} | {clock:.0f} | {worst:.0f} | {worked:.0f} |"


def timed(what: str, frames: Iterator[None]) -> Row:
    """Time each of some pictures."""
    times, worked, start, begun = [], [], time.perf_counter(), time.process_time()
    for _ in frames:
        now, used = time.perf_counter(), time.process_time()
        times.append(1000 * (now - start))
        worked.append(1000 * (used - begun))
        start, begun = now, used
    print(Row(what, tuple(times), tuple(worked)).line(), flush=True)
    return Row(what, tuple(times), tuple(worked))


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    """How long something takes, and what it gives."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def measure(folder: Path, size: tuple[int, int]) -> tuple[list[str], list[Row]]:
    """Facts and rows of one folder."""
    from vtkmodules.vtkWebCore import vtkWebApplication

    study = open_study(folder)
    assert isinstance(study, Study)
    load = study.loads[0]
    gallery = Gallery(study, 6e9)
    one = fitted(first_choice(study), study)
    two = fitted(replace(one, arms=study.arms(load)[:2]), study)
    read_still, still = seconds(lambda: gallery.still(one.arms[0], load))
    read_state, _ = seconds(lambda: gallery.state(one.arms[0], load, study.marches[one.arms[0], load].peak))
    first = study.marches[one.arms[0], load].numbers[0]
    read_increment, _ = seconds(lambda: gallery.state(one.arms[0], load, first))
    plane = usual_plane(still, "coronal")
    one, two = replace(one, plane=plane), replace(two, plane=plane)
    picture = Picture(lambda plane: None, lambda *_: None)
    picture.window.SetSize(*size)
    picture.look(still)
    web = vtkWebApplication()
    camera = picture.plotter.renderers[0].GetActiveCamera()

    moving = tuple(round(MOVING_RATIO * side) for side in size)

    def draw(choice, quality: int = 95) -> None:
        shown = gallery.shown(choice)
        picture.show(shown, gallery.scale(choice, shown))
        send(quality)

    def send(quality: int = 70) -> None:
        web.InvalidateCache(picture.window)
        web.StillRender(picture.window, quality)

    def turn(choice) -> Iterator[None]:
        draw(choice)
        picture.window.SetSize(*moving)
        for _ in range(30):
            camera.Azimuth(6)
            picture.plotter.renderers[0].ResetCameraClippingRange()
            send()
            yield
        picture.window.SetSize(*size)

    def clip(choice) -> Iterator[None]:
        picture.window.SetSize(*moving)
        for at in np.linspace(-12, 12, 20):
            draw(replace(choice, plane=plane.moved_to(plane.position + at)), 70)
            yield
        picture.window.SetSize(*size)

    def threshold(choice) -> Iterator[None]:
        for low in np.linspace(1, 40, 15):
            draw(replace(choice, threshold=(low, 1e9)))
            yield

    def play(choice) -> Iterator[None]:
        marches = [study.marches[arm, load] for arm in choice.arms]
        for step in range(len(timeline(marches))):
            draw(replace(choice, step=step))
            yield

    def fields(choice) -> Iterator[None]:
        for field in ("stress_1", "strain_3", "risk", "region", "displacement", "density", "von_mises"):
            draw(replace(choice, field=field))
            yield

    off = replace(one, clip="off")
    draw(one)
    draw(two)
    rows = [
        timed("turn, one arm whole", turn(off)),
        timed("turn, one arm clipped", turn(one)),
        timed("turn, two arms clipped", turn(two)),
        timed("drag the plane, one arm", clip(one)),
        timed("drag the plane, two arms", clip(two)),
        timed("threshold, one arm, not clipped", threshold(off)),
        timed("another field, one arm clipped", fields(one)),
        timed("deformation, two arms clipped", (draw(replace(two, deformation=x)) for x in np.linspace(0, 10, 10))),
        timed("play, one arm, read from the disk", play(one)),
        timed("play, one arm, once more", play(one)),
    ]
    triangles = len(gallery.shown(off)[0].triangles)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    facts = [
        f"{still.body.cells:,} cells per arm, {len(still.body.points):,} vertices, {triangles:,} triangles in the skin",
        f"window {size[0]} x {size[1]}, {moving[0]} x {moving[1]} while something is dragged",
        f"{platform.machine()}, drawn by {renderer(picture.window)}",
        f"read an arm {read_still:.1f} s, its state at the largest force {read_state:.1f} s, another increment "
        f"{read_increment:.1f} s",
        f"peak memory {memory / 1e6:.1f} GB, every increment of an arm kept",
        f"{os.cpu_count()} cores; {os.getloadavg()[0]:.1f} processes were at work on them, this one included",
    ]
    return facts, rows


def renderer(window) -> str:
    """Who draws: the graphics card or a program in its place."""
    words = dict(line.split(":", 1) for line in window.ReportCapabilities().splitlines() if ":" in line)
    return words.get("OpenGL renderer string", "unknown").strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", type=Path, nargs="?", default=DEMO, help="results with a series (default: the demo's)"
    )
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, nargs=2, default=(1100, 800), metavar=("W", "H"))
    parser.add_argument("-o", "--output", type=Path, help="page to write")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="femrisk-viewer-") as folder:
        grown(options.folder, Path(folder), options.cells)
        facts, rows = measure(Path(folder), tuple(options.size))
    text = "\n".join([*(f"- {fact}" for fact in facts), "", TABLE])
    text += "\n" + "\n".join(row.line() for row in rows) + "\n"
    print(text)
    if options.output:
        options.output.write_text(HEAD + text)


if __name__ == "__main__":
    main()
