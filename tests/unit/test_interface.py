"""The law of weak interfaces alone: onset, energy, contact, and a tangent that is the derivative."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.materials.interface import LEAST, SHEAR_OVER_TENSION, STIFFNESS, Interface, energies, tractions

UP = np.array([[0.0, 0.0, 1.0]])
STRENGTH, ENERGY = 1.0, 0.1
LAW = Interface(np.array([STRENGTH]), np.array([ENERGY]))


def pulled(law: Interface, jump: np.ndarray, opened: float = 0.0) -> tuple[np.ndarray, float]:
    """Traction (3,) and largest separation at a jump (3,)."""
    traction, largest, *_ = tractions(law, UP, jump[None, None], np.full((1, 1), opened))
    return traction[0, 0], float(largest[0, 0])


def onset(direction: np.ndarray) -> float:
    """Size of the jump along a unit direction at which the law's separation is 1."""
    return 1 / pulled(LAW, direction)[1]


@pytest.mark.parametrize("turn", [0.0, 0.4, 1.0, np.pi / 2])
def test_the_interface_fails_on_the_quadratic_criterion(turn: float) -> None:
    direction = np.array([np.sin(turn), 0.0, np.cos(turn)])
    traction, _ = pulled(LAW, direction * onset(direction) * (1 - 1e-12))
    along = np.hypot(*traction[:2])
    assert (traction[2] / STRENGTH) ** 2 + (along / (SHEAR_OVER_TENSION * STRENGTH)) ** 2 == pytest.approx(1, rel=1e-9)
    # beyond, it bears less
    assert np.linalg.norm(pulled(LAW, 1.5 * onset(direction) * direction)[0]) < np.linalg.norm(traction)


@pytest.mark.parametrize("turn", [0.0, 0.4, np.pi / 2])
def test_parting_the_faces_takes_the_energy_whichever_way(turn: float) -> None:
    direction = np.array([np.sin(turn), 0.0, np.cos(turn)])
    first = onset(direction)
    last = first * 2 * ENERGY * STIFFNESS / STRENGTH**2
    way = np.concatenate([[0.0, first], np.linspace(first, last, 200)[1:]])
    opened, bears = 0.0, []
    for size in way:
        traction, opened = pulled(LAW, size * direction, opened)
        bears.append(float(traction @ direction))
    # linear pieces: the trapezium rule is exact but for what is left holding
    assert np.trapezoid(bears, way) == pytest.approx(ENERGY, rel=1e-4)
    _, spent = energies(LAW, UP, last * direction[None, None], np.full((1, 1), opened))
    assert spent[0, 0] == pytest.approx(ENERGY, rel=1e-9)


def test_stored_and_dissipated_energy_are_the_work_at_every_step() -> None:
    random = np.random.default_rng(1)
    jump, opened, work = np.zeros(3), 0.0, 0.0
    traction = np.zeros(3)
    # a path that opens, closes and slips; steps are small beside the jump at the onset
    for goal in 1e-3 * random.normal(size=(6, 3)):
        start = jump
        for share in np.linspace(0, 1, 4001)[1:]:
            following = start + share * (goal - start)
            after, opened = pulled(LAW, following, opened)
            work += float(0.5 * (traction + after) @ (following - jump))
            jump, traction = following, after
        stored, spent = energies(LAW, UP, jump[None, None], np.full((1, 1), opened))
        assert stored[0, 0] + spent[0, 0] == pytest.approx(work, rel=1e-3)


def test_faces_that_touch_are_held_apart_whatever_was_lost() -> None:
    for opened in (0.0, 1e9):
        assert pulled(LAW, np.array([0.0, 0.0, -1e-3]), opened)[0][2] == pytest.approx(-1e-3 * STIFFNESS)


def test_smooth_faces_slide_and_gap_freely() -> None:
    smooth = Interface(np.array([0.0]), np.array([ENERGY]))
    traction, _ = pulled(smooth, np.array([0.01, 0.02, 0.05]))
    assert np.abs(traction).max() <= SHEAR_OVER_TENSION**2 * LEAST * STIFFNESS * 0.05
    assert pulled(smooth, np.array([0.01, 0.0, -0.01]))[0] == pytest.approx([0, 0, -0.01 * STIFFNESS], abs=1e-4)


def test_the_elastic_interface_never_fails_and_a_smooth_one_stays_smooth() -> None:
    both = Interface(np.array([STRENGTH, 0.0]), np.full(2, ENERGY)).elastic()
    jumps = np.broadcast_to(np.array([0.0, 0.0, 0.1]), (2, 1, 3))
    traction, opened, *_ = tractions(both, np.vstack([UP, UP]), jumps, np.zeros((2, 1)))
    assert traction[:, 0, 2] == pytest.approx([0.1 * STIFFNESS, 0.0], abs=1e-3)
    assert (opened == 0).all()


def test_the_tangent_is_the_derivative_and_symmetric() -> None:
    random = np.random.default_rng(2)
    faces, points = 60, 6
    normals = random.normal(size=(faces, 3))
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    strength = np.repeat([STRENGTH, 3.0, 0.0, np.inf], faces // 4)
    law = Interface(strength, np.full(faces, ENERGY))
    jumps = random.normal(size=(faces, points, 3)) * np.exp(random.uniform(-12, -1, (faces, points, 1)))
    opened = np.exp(random.uniform(-2, 6, (faces, points)))
    _, largest, tangent, flat = tractions(law, normals, jumps, opened)
    step = 1e-6 * np.linalg.norm(jumps, axis=-1, keepdims=True)
    columns = [
        (
            tractions(law, normals, jumps + step * axis, opened)[0]
            - tractions(law, normals, jumps - step * axis, opened)[0]
        )
        / (2 * step)
        for axis in np.eye(3)
    ]
    error = np.abs(np.stack(columns, axis=-1) - tangent).max(axis=(-1, -2)) / np.abs(tangent).max(axis=(-1, -2))
    # a step across a kink (of some 1e3 jumps, within 1e-6 of one) would show as a number of order one
    assert error.max() < 1e-5
    assert np.abs(tangent - np.swapaxes(tangent, -1, -2)).max() == pytest.approx(0, abs=1e-9 * STIFFNESS)
    # the flat one is nowhere negative, and the tangent wherever that is not
    assert np.linalg.eigvalsh(flat).min() > -1e-9 * STIFFNESS
    falls = np.linalg.eigvalsh(tangent).min(axis=-1) < 0
    assert (flat[~falls] == tangent[~falls]).all()
    assert falls.any()
    # states of every kind were met: whole, falling, lost, unloading
    breaks = (largest > 1)[: faces // 2]
    assert 0 < breaks.mean() < 1
    assert 0 < (largest > opened)[: faces // 2].mean() < 1


def test_the_history_handed_in_is_left_as_it_was() -> None:
    opened = np.full((1, 1), 0.3)
    tractions(LAW, UP, np.full((1, 1, 3), 0.1), opened)
    assert (opened == 0.3).all()
