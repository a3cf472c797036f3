"""Signed distances are distances: sign, gradient bound, volume, box, feet."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.meshes.sampled import GridDistance, lattice, resample
from femrisk.meshes.shapes import (
    Ball,
    Capsule,
    Cylinder,
    Difference,
    Ellipsoid,
    EllipticTube,
    HalfSpace,
    Intersection,
    Offset,
    RoundCone,
    Shape,
    SmoothUnion,
    Union,
)

START, END = np.array([-5.0, 3.0, -8.0]), np.array([9.0, -4.0, 11.0])
LENGTH = float(np.linalg.norm(END - START))
# rotation by 0.7 rad about (1, 1, 1) / sqrt(3), rows orthonormal
TURN = np.array([[0.843228, -0.293544, 0.450316], [0.450316, 0.843228, -0.293544], [-0.293544, 0.450316, 0.843228]])
BALL, OTHER = Ball(np.array([2.0, 1.0, -3.0]), 9.0), Ball(np.array([8.0, 1.0, -3.0]), 7.0)
SOLIDS: dict[str, tuple[Shape, float]] = {
    "ball": (BALL, 4 / 3 * np.pi * 9**3),
    "ellipsoid": (Ellipsoid(np.array([1.0, 2.0, 3.0]), np.array([14.0, 9.0, 5.0]), TURN), 4 / 3 * np.pi * 14 * 9 * 5),
    "cylinder": (Cylinder(START, END, 6.0), np.pi * 36 * LENGTH),
    "capsule": (Capsule(START, END, 6.0), np.pi * 36 * LENGTH + 4 / 3 * np.pi * 216),
    # the tube's radii fall on straight lines from 10 and 6 to 8 and 6: pi 6 x mean 9 x length
    "tube": (
        EllipticTube(START, END, np.array([1.0, 0, 0]), np.array([10.0, 8.0]), np.array([6.0, 6.0])),
        np.pi * 54 * LENGTH,
    ),
    # half of the ball
    "cut ball": (Intersection((BALL, HalfSpace(BALL.center, np.array([0.0, 1.0, 1.0])))), 2 / 3 * np.pi * 9**3),
    "grown ball": (Offset(BALL, 2.0), 4 / 3 * np.pi * 11**3),
    "shell": (Difference(BALL, Ball(BALL.center, 6.0)), 4 / 3 * np.pi * (9**3 - 6**3)),
    "union": (
        Union((BALL, OTHER)),
        4 / 3 * np.pi * (9**3 + 7**3) - np.pi * (16 - 6) ** 2 * (36 + 12 * 16 - 3 * 4) / 72,
    ),
    "round cone": (RoundCone(START, END, 9.0, 4.0), None),  # type: ignore[dict-item]
    "smooth union": (SmoothUnion(BALL, OTHER, 6.0), None),  # type: ignore[dict-item]
}


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    # one random point in each of 48^3 cubes: the error of a volume falls with the surface's share of them
    corners = lattice([np.arange(-26, 26, 52 / 48)] * 3)
    return np.asarray(corners + np.random.default_rng(7).uniform(0, 52 / 48, corners.shape))


@pytest.mark.parametrize("name", SOLIDS)
def test_a_step_changes_the_distance_by_no_more_than_its_length(name: str, points: np.ndarray) -> None:
    shape = SOLIDS[name][0]
    points = points[::4]
    rng = np.random.default_rng(8)
    moved = points + rng.normal(size=points.shape) * rng.choice([0.01, 1.0, 10.0], (len(points), 1))
    change = np.abs(shape.distance(moved) - shape.distance(points))
    assert np.all(change <= np.linalg.norm(moved - points, axis=1) * (1 + 1e-6) + 1e-6)


@pytest.mark.parametrize("name", [name for name in SOLIDS if SOLIDS[name][1] is not None])
def test_the_volume_where_the_distance_is_negative_follows_the_formula(name: str, points: np.ndarray) -> None:
    shape, volume = SOLIDS[name]
    # some 1200 cubes of 1.27 mm3 are cut by a surface, each a coin toss: 1.27 x sqrt(1200) / 2 = 22 mm3 of 2000
    assert np.mean(shape.distance(points) < 0) * 52**3 == pytest.approx(volume, rel=0.025)


@pytest.mark.parametrize("name", SOLIDS)
def test_the_box_holds_the_shape(name: str, points: np.ndarray) -> None:
    shape = SOLIDS[name][0]
    low, high = shape.bounds()
    inside = points[shape.distance(points) < 0]
    assert len(inside) > 500
    assert np.all(inside >= low)
    assert np.all(inside <= high)


@pytest.mark.parametrize("name", ["ball", "ellipsoid", "cylinder", "capsule", "round cone"])
def test_walking_the_distance_down_its_gradient_lands_on_the_surface(name: str, points: np.ndarray) -> None:
    shape = SOLIDS[name][0]
    near = points[np.abs(shape.distance(points) - 4) < 3.9]
    step = 1e-4
    slope = np.stack([shape.distance(near + step * e) - shape.distance(near - step * e) for e in np.eye(3)], axis=1)
    feet = near - shape.distance(near)[:, None] * slope / (2 * step)
    # a few steps straddle a crease of a flat end, where the central difference is short
    assert np.quantile(np.abs(shape.distance(feet)), 0.99) < 1e-3


def test_a_round_cone_is_the_hull_of_its_balls(points: np.ndarray) -> None:
    shares = np.linspace(0, 1, 400)[:, None]
    some = points[:1500]
    centers, radii = START + shares * (END - START), 9 + shares[:, 0] * (4 - 9)
    nearest = (np.linalg.norm(some[:, None] - centers, axis=2) - radii).min(axis=1)
    assert RoundCone(START, END, 9.0, 4.0).distance(some) == pytest.approx(nearest, abs=0.002)


def test_an_ellipsoid_measures_the_nearest_of_its_surface_points() -> None:
    axes = np.array([14.0, 9.0, 5.0])
    directions = np.random.default_rng(3).normal(size=(200_000, 3))
    surface = axes * directions / np.linalg.norm(directions, axis=1)[:, None]
    probes = np.array([[20.0, 3, 1], [1, 1, 0.5], [0, 0, 0], [0, 0, 9], [10, 0, 0], [-4, 6, -2]])
    measured = np.abs(Ellipsoid(np.zeros(3), axes, np.eye(3)).distance(probes))
    nearest = np.array([np.linalg.norm(surface - probe, axis=1).min() for probe in probes])
    assert measured == pytest.approx(nearest, abs=0.02)


def test_a_resampled_blend_is_a_true_distance() -> None:
    """The polynomial blend of two balls is off by up to blend / 4; resampled, it must give the distance to its feet."""
    blend = SmoothUnion(BALL, OTHER, 8.0)
    grid, feet = resample(blend.distance, blend.bounds())
    assert isinstance(grid, GridDistance)
    assert np.abs(grid.distance(feet)).max() < 0.02
    probes = np.random.default_rng(4).uniform(grid.bounds()[0] - 3, grid.bounds()[1] + 3, (1000, 3))
    nearest = np.array([np.linalg.norm(feet - probe, axis=1).min() for probe in probes])
    # feet lie up to 0.74 mm apart: beside the surface point, the nearest is up to 0.74^2 / (2 x 1) mm farther from 1 mm
    off = (nearest > 1) & (nearest < 4)
    assert np.count_nonzero(off) > 300
    assert np.abs(grid.distance(probes[off])) == pytest.approx(nearest[off], abs=0.28)
    assert np.array_equal(np.sign(grid.distance(probes[off])), np.sign(blend.distance(probes[off])))


def test_a_resampled_ball_is_still_that_ball() -> None:
    grid, _ = resample(BALL.distance, BALL.bounds())
    probes = lattice([np.linspace(-7, 11, 13), np.linspace(-8, 10, 13), np.linspace(-12, 6, 13)])
    # the crease of the distance lies in the centre, and far outside it is coarse
    probes = probes[(BALL.distance(probes) > -5) & (BALL.distance(probes) < 2)]
    assert grid.distance(probes) == pytest.approx(BALL.distance(probes), abs=0.03)
    assert grid.bounds() == pytest.approx(BALL.bounds(), abs=0.1)
