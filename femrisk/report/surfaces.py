"""Fields in, the surfaces of the interactive scene out: bone, lesion, cement, devices, and stress on and in bone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats
from femrisk.output.plots import viewed_from
from femrisk.output.stresscut import LOOKS, ROLES, across

#: how many triangles all surfaces of a scene have together at most, or nearly: 4 MB of a report
ALL_TRIANGLES = 700_000
#: edges sharper than this keep their edge in the shading, degrees
SHARP_DEG = 40.0
#: radius of the ball at a failure site, mm, in a small bone this share of its diagonal
SITE_MM, SITE_SHARE = 3.5, 0.03


@dataclass(frozen=True)
class Surface:
    """Triangles of the scene and how they are drawn."""

    #: ``MODE/ARM/ROLE`` or ``MODE/ARM/LOAD``
    name: str
    #: (n, 3) mm, and unit normals
    points: Floats
    normals: Floats
    #: (t, 3)
    triangles: NDArray[np.int64]
    colour: str
    opacity: float
    #: (t,) MPa, on a colour scale up to ``top``; None for plain colour
    values: Floats | None = None
    top: float = 1.0


@dataclass(frozen=True)
class View:
    """From where the scene is seen at first."""

    focus: tuple[float, ...]
    #: towards the eye
    direction: tuple[float, ...]
    #: half the height of what is seen, mm
    half_height: float


def surfaces(
    grids: Mapping[tuple[str, str], Any],
    tops: Mapping[str, float],
    sites: Mapping[tuple[str, str], tuple[float, ...] | None],
) -> tuple[Surface, ...]:
    """Every surface of a case.

    Three modes: ``inside`` has each arm's bodies by role, ``surface`` the stress on the outer surface of each pair,
    ``opened`` the stress in the half of it that lies behind the plane of the cut; ``site`` marks where a pair fails.

    Args:
        grids: the fields of every pair, with ``role`` and ``von_mises_MPa`` of each cell.
        tops: upper end of the colour scale of each load, MPa.
        sites: where each pair fails, mm.
    """
    found, seen = [], set()
    most = ALL_TRIANGLES // (2 * len(grids) + len({arm for arm, _ in grids}))
    for (arm, load), grid in grids.items():
        if arm not in seen:
            seen.add(arm)
            found += _bodies(arm, grid, most)
        outer = grid.extract_surface(algorithm="dataset_surface")
        # from where the pictures are seen, so that the half that is kept faces the reader
        half = grid.clip(normal=_towards_eye(grid), origin=(0.0, 0.0, 0.0), invert=True)
        opened = half.extract_surface(algorithm="dataset_surface")
        for mode, surface in (("surface", outer), ("opened", opened)):
            found.append(_surface(f"{mode}/{arm}/{load}", surface, most, top=tops[load]))
        if (site := sites.get((arm, load))) is not None:
            diagonal = float(np.linalg.norm(np.ptp(np.asarray(grid.points), axis=0)))
            found.append(_ball(f"site/{arm}/{load}", site, min(SITE_MM, SITE_SHARE * diagonal)))
    return tuple(found)


def first_view(grids: Mapping[tuple[str, str], Any]) -> View:
    """The view of the printed pictures, wide enough for every arm."""
    grid = next(iter(grids.values()))
    points = np.asarray(grid.points)
    low, high = points.min(axis=0), points.max(axis=0)
    middle, longest = (low + high) / 2, float((high - low).max())
    return View(tuple(middle.tolist()), tuple(viewed_from(grid).tolist()), 0.56 * longest)


def _towards_eye(grid: Any) -> Floats:
    """(3,) normal of the plane of the cut, on the side of the reader."""
    normal = np.cross(across(grid), [0.0, 0.0, 1.0])
    return normal if normal @ viewed_from(grid) > 0 else -normal


def _bodies(arm: str, grid: Any, most: int) -> list[Surface]:
    found = []
    for role, name in enumerate(ROLES):
        cells = np.flatnonzero(np.asarray(grid.cell_data["role"]) == role)
        part = grid if role == 0 else grid.extract_cells(cells)
        if role == 0 or len(cells):
            colour, opacity = LOOKS[name]
            surface = part.extract_surface(algorithm="dataset_surface")
            found.append(_surface(f"inside/{arm}/{name}", surface, most, colour, opacity))
    return found


def _surface(
    name: str, surface: Any, most: int, colour: str = "#ffffff", opacity: float = 1.0, top: float | None = None
) -> Surface:
    """Triangles with normals that break at sharp edges; values are those of the cells behind them."""
    shown = surface.triangulate()
    if shown.n_cells > most:
        shown = _thinned(shown, most)
    shown = shown.compute_normals(
        cell_normals=False, point_normals=True, split_vertices=True, feature_angle=SHARP_DEG, auto_orient_normals=False
    )
    return Surface(
        name=name,
        points=np.asarray(shown.points, dtype=float),
        normals=np.asarray(shown.point_data["Normals"], dtype=float),
        triangles=np.asarray(shown.regular_faces),
        colour=colour,
        opacity=opacity,
        values=None if top is None else np.asarray(shown.cell_data["von_mises_MPa"], dtype=float),
        top=top or 1.0,
    )


def _thinned(surface: Any, most: int) -> Any:
    """A surface of fewer triangles, each with the values of the triangle it lies on."""
    thin = surface.decimate_pro(1 - most / surface.n_cells, preserve_topology=True)
    cells = surface.find_closest_cell(np.asarray(thin.cell_centers().points))
    for name in surface.cell_data:
        thin.cell_data[name] = np.asarray(surface.cell_data[name])[cells]
    return thin


def _ball(name: str, center: tuple[float, ...], radius: float) -> Surface:
    import pyvista

    ball = pyvista.Sphere(radius=radius, center=center, theta_resolution=20, phi_resolution=14)
    return Surface(
        name=name,
        points=np.asarray(ball.points, dtype=float),
        normals=np.asarray(ball.point_data["Normals"], dtype=float),
        triangles=np.asarray(ball.regular_faces),
        colour="#0b6e4f",
        opacity=1.0,
    )
