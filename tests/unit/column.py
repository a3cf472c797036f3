"""The column the tests of discs and of the gauge share: a block for a body, another behind it for a lamina."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from femrisk.contacts import Boundary, Embedding, Grip, Plate, Pressed, machine_axes
from femrisk.meshes.labelled import REGIONS, Floats, LabelledMesh
from femrisk.verification.blocks import block

#: Half the height of the body, half its depth and width, and where the lamina begins behind it, mm.
TOP, WALL, SIDE, LAMINA = 6.0, 8.0, 10.0, -20.0


def column() -> LabelledMesh:
    """A body of 20 x 16 x 12 mm and, 12 mm behind it, a lamina of its height."""
    body = block((5, 4, 6), np.array([-SIDE, -WALL, -TOP]), np.array([SIDE, WALL, TOP]))
    lamina = block((5, 1, 6), np.array([-SIDE, LAMINA - 4, -TOP]), np.array([SIDE, LAMINA, TOP]))
    cells = len(body.tets) + len(lamina.tets)
    names = ["vertebral_body"] * len(body.tets) + ["posterior_elements"] * len(lamina.tets)
    return LabelledMesh(
        points=np.concatenate([body.points, lamina.points]),
        cells=np.concatenate([body.tets, lamina.tets + len(body.points)]),
        membership=np.ones(cells, dtype=np.uint32),
        solids=("bone",),
        region=np.array([REGIONS.index(name) for name in names], dtype=np.uint8),
        density=np.full((cells, 4), 0.2),
    )


def body_alone() -> LabelledMesh:
    """The body without the lamina."""
    whole = column()
    cells = whole.region == REGIONS.index("vertebral_body")
    used = whole.tets[cells].max() + 1
    return replace(
        whole,
        points=whole.points[:used],
        cells=whole.tets[cells],
        membership=whole.membership[cells],
        region=whole.region[cells],
        density=whole.density[cells],
    )


def anatomy() -> Any:
    """What the tested rooms ask of a vertebra's anatomy."""

    def endplates(points: Floats) -> tuple[Floats, Floats]:
        return points[:, 2] - TOP, -points[:, 2] - TOP

    def region(points: Floats) -> Any:
        return np.where(points[:, 1] > -WALL - 1, REGIONS.index("vertebral_body"), REGIONS.index("posterior_elements"))

    marks = SimpleNamespace(
        anterior_wall=WALL,
        posterior_wall=-WALL,
        body_depth=2 * WALL,
        canal_width=16.0,
        canal_depth=-WALL - LAMINA,
        height=2 * TOP,
        anterior_height=2 * TOP,
        posterior_height=2 * TOP,
    )
    return SimpleNamespace(endplates=endplates, region=region, landmarks=marks)


def between_discs(disc_height: float, line: float = 0.0) -> Boundary:
    """The column between two discs, its upper plate driven straight down."""
    grips = [
        Grip(name, Plate(Embedding(anatomy(), sign > 0), sign * (TOP + disc_height)), np.zeros(3), motion)
        for name, sign, motion in (
            ("superior_plate", 1, ("held", "held", "driven", "held", "held", "held")),
            ("inferior_plate", -1, ("held",) * 6),
        )
    ]
    axes = machine_axes(np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0]))
    return Boundary(axes, tuple(grips), pressed=Pressed(anatomy(), line))  # type: ignore[arg-type]
