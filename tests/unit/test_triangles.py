"""Closed surfaces pass, small defects are mended with a message, and each large one is refused with its place."""

import numpy as np
import pytest

from femrisk.errors import GeometryError
from femrisk.meshes.surfaces.crossings import crossings, refuse_crossing
from femrisk.meshes.surfaces.sections import sections
from femrisk.meshes.surfaces.soliddistance import interior, sampled, solid_distance, triangle_distance
from femrisk.meshes.surfaces.triangles import Triangles, close, encloses

#: corners of a cube in the order of ``itertools.product``, and its sides seen from outside
CUBE_SIDES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


def cube(low=(0.0, 0.0, 0.0), side=20.0, cuts=4):
    """A cube of 12 * cuts^2 triangles, faces outwards."""
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    points, faces = [], []
    for quad in CUBE_SIDES:
        a, b, _, d = corners[list(quad)]
        for i in range(cuts):
            for j in range(cuts):
                start = len(points)
                for u, v in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)):
                    points.append(a + (b - a) * u / cuts + (d - a) * v / cuts)
                faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    return Triangles(np.array(low) + side * np.array(points), np.array(faces, dtype=np.int64))


def together(*surfaces):
    shift = np.cumsum([0] + [len(surface.points) for surface in surfaces])
    return Triangles(
        np.vstack([surface.points for surface in surfaces]),
        np.vstack([surface.faces + s for surface, s in zip(surfaces, shift[:-1], strict=True)]),
    )


def ball(radius=20.0, subdivisions=3):
    """An icosahedron, halved and blown up."""
    g = (1 + 5**0.5) / 2
    points = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    points += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    text = "0 11 5 0 5 1 0 1 7 0 7 10 0 10 11 1 5 9 5 11 4 11 10 2 10 7 6 7 1 8 "
    text += "3 9 4 3 4 2 3 2 6 3 6 8 3 8 9 4 9 5 2 4 11 6 2 10 8 6 7 9 8 1"
    faces = np.array([*map(int, text.split())]).reshape(-1, 3)
    corners = np.array(points, float)[faces]
    for _ in range(subdivisions):
        a, b, c = np.moveaxis(corners, 1, 0)
        ab, bc, ca = a + b, b + c, c + a
        corners = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])
        corners /= np.linalg.norm(corners, axis=2, keepdims=True)
    flat = radius * corners.reshape(-1, 3) / np.linalg.norm(corners.reshape(-1, 3), axis=1)[:, None]
    return Triangles(flat, np.arange(len(flat)).reshape(-1, 3))


def test_a_cube_of_separate_triangles_is_closed_without_a_word(caplog):
    closed = close(cube(), "cube")
    # 6 n^2 + 2 corners of n cuts a side share their points
    assert len(closed.points) == 6 * 16 + 2
    assert closed.volume() == pytest.approx(8000)
    assert not caplog.records


def test_turned_triangles_are_turned_back_with_a_message(caplog):
    surface = cube()
    faces = surface.faces.copy()
    faces[::3] = faces[::3, ::-1]
    assert close(Triangles(surface.points, faces), "cube").volume() == pytest.approx(8000)
    assert "turned 64 of 192" in caplog.text


def test_a_surface_inside_out_is_turned(caplog):
    surface = cube()
    assert close(Triangles(surface.points, surface.faces[:, ::-1]), "cube").volume() == pytest.approx(8000)
    assert "turned 192 of 192" in caplog.text


def test_doubled_and_collapsed_triangles_are_dropped(caplog):
    surface = cube()
    collapsed = np.array([[0, 0, 1]])
    faces = np.vstack([surface.faces, surface.faces[:2], collapsed])
    closed = close(Triangles(surface.points, faces), "cube")
    assert len(closed.faces) == 192
    assert "dropped 1 collapsed" in caplog.text
    assert "dropped 2 doubled" in caplog.text


def test_a_loose_flap_of_two_triangles_back_to_back_vanishes():
    surface = cube()
    flap = Triangles(surface.points, np.vstack([surface.faces, [[0, 1, 60]], [[1, 0, 60]]]))
    assert len(close(flap, "cube").faces) == 192


def test_a_tiny_hole_is_closed_and_a_wide_one_refused_with_its_place(caplog):
    fine = cube(cuts=10)  # triangles of 2 mm
    assert close(Triangles(fine.points, fine.faces[1:]), "cube").volume() == pytest.approx(8000)
    assert "closed a hole of 3 edges" in caplog.text
    # triangles of 5 mm: the first lies in x = 0 with corners (0, 0), (0, 5), (5, 5) in y and z, across 5 sqrt 2
    coarse = cube()
    with pytest.raises(GeometryError, match=r"open: a gap of 7\.1 mm at \(0\.0, 1\.7, 3\.3\) mm"):
        close(Triangles(coarse.points, coarse.faces[1:]), "cube")


def test_a_speck_is_ignored_and_a_second_bone_refused(caplog):
    speck = cube((40, 0, 0), 4)
    assert close(together(cube(), speck), "cube").volume() == pytest.approx(8000)
    assert "loose piece of 0.1 ml" in caplog.text
    with pytest.raises(GeometryError, match=r"several pieces of comparable volume: 8\.0 ml, and 5\.8 ml"):
        close(together(cube(), cube((40, 0, 0), 18)), "cubes")


def test_an_inner_surface_however_large_is_ignored(caplog):
    closed = close(together(cube(), cube((2, 2, 2), 16)), "cube")
    assert closed.volume() == pytest.approx(8000)
    assert "inner surface" in caplog.text


@pytest.mark.parametrize("faces", [np.empty((0, 3), int), np.array([[0, 1, 2]])])
def test_what_is_no_surface_is_refused(faces):
    with pytest.raises(GeometryError, match="not a surface"):
        close(Triangles(np.eye(3), faces), "nothing")


def test_a_moebius_strip_closed_to_a_klein_bottle_has_one_side():
    # the Klein bottle: a grid that closes straight round v, and mirrored in v round u; a figure eight in space
    n = 12
    grid = np.arange(n * n).reshape(n, n)
    right = np.vstack([grid[1:], grid[:1, ::-1]])
    # mirroring maps column j to n - 1 - j: the next column of the mirrored row is one back
    quads = [grid, right, np.roll(right, -1, axis=1), np.roll(grid, -1, axis=1)]
    a, b, c, d = (q.ravel() for q in quads)
    faces = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    points = np.random.default_rng(0).uniform(0, 50, (n * n, 3))
    with pytest.raises(GeometryError, match="only one side"):
        close(Triangles(points, faces), "bottle")


def test_cubes_that_cross_are_found_at_their_crossing():
    # the corner of one inside the other: both surfaces meet only between about 10 and 20 mm
    crossed = together(close(cube(), "a"), close(cube((10.3, 10.2, 10.1)), "b"))
    pairs, at = crossings(crossed)
    assert len(pairs)
    assert (at > 10).all()
    assert (at <= 20 + 1e-9).all()
    with pytest.raises(GeometryError, match=r"crosses itself over 1\d\.\d mm at \(1\d\.\d, 1\d\.\d, 1\d\.\d\) mm"):
        refuse_crossing(crossed, "cubes")


def test_no_crossing_where_there_is_none():
    refuse_crossing(close(ball(), "ball"), "ball")
    assert not len(crossings(together(close(cube(), "a"), close(cube((20.001, 0, 0)), "b")))[0])


def test_a_crossing_below_half_a_millimetre_is_only_mentioned(caplog):
    # a spike pushed 0.2 mm through the opposite side of the cube
    surface = close(cube(cuts=4), "cube")
    points = surface.points.copy()
    spike = np.argmin(np.linalg.norm(points - [10, 10, 20], axis=1))
    points[spike] = [10.1, 10.2, -0.05]
    refuse_crossing(Triangles(points, surface.faces), "cube")
    assert "too little to matter" in caplog.text


def test_sections_of_a_tilted_cube_have_its_area_and_centre():
    spun = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    closed = close(cube(), "cube")
    turned = Triangles(closed.points @ spun.T, closed.faces)
    found = sections(turned, spun @ [3.0, 4.0, 5.0], spun[:, 2])
    assert len(found) == 1
    assert found[0].area == pytest.approx(400)
    np.testing.assert_allclose(spun.T @ found[0].center, [10, 10, 5], atol=1e-9)
    assert found[0].width(spun[:, 0]) == pytest.approx(20)


def test_winding_says_inside_and_outside():
    closed = close(cube(), "cube")
    assert encloses(closed, np.array([1.0, 2, 3]))
    assert not encloses(closed, np.array([21.0, 2, 3]))


def test_distance_from_a_triangle_over_its_inside_edges_and_corners():
    corners = np.array([[0.0, 0, 0], [4, 0, 0], [0, 3, 0]])
    points = np.array([[1.0, 1, 2], [2, -1, 0], [-3, -4, 0], [4, 3, 0]])
    # the last one lies 12 / 5 mm from the hypotenuse: twice the area of the triangle (4, 3), (4, 0), (0, 3) over 5
    expected = [2, 1, 5, 12 / 5]
    np.testing.assert_allclose(triangle_distance(points, np.repeat(corners[None], 4, axis=0)), expected)


def test_sampled_distance_of_a_cube_is_exact_near_its_surface():
    closed = close(cube(side=20.0), "cube")
    origin, shape = np.array([-3.5] * 3), np.array([28] * 3)
    values = sampled(closed, origin, 1.0, shape)
    inside = interior(closed, origin, 1.0, shape)
    assert inside.sum() == 20**3
    axis = origin[0] + np.arange(28)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    out = np.stack([np.abs(p - 10) - 10 for p in (x, y, z)])
    true = np.linalg.norm(np.maximum(out, 0), axis=0) + np.minimum(out.max(axis=0), 0)
    near = np.abs(true) < 3
    np.testing.assert_allclose(values[near], true[near], atol=1e-9)


def test_rounding_keeps_the_volume_and_the_place():
    closed = close(ball(), "ball")
    box = np.array([[-20.0] * 3, [20.0] * 3])
    distance, feet = solid_distance(closed, box, 1.0)
    inside = np.random.default_rng(2).uniform(-22, 22, (200_000, 3))
    volume = (distance.distance(inside) < 0).mean() * 44**3
    # 200000 throws: standard deviation 0.26 % of the volume
    assert volume == pytest.approx(closed.volume(), rel=0.01)
    radius = np.cbrt(closed.volume() * 3 / 4 / np.pi)
    assert np.abs(np.linalg.norm(feet, axis=1) - radius).max() < 0.2
