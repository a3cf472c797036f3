"""What is kept of a march to be looked at: few frames, and those that matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from femrisk.film import Frame, filmed, principal, von_mises

NONE = np.zeros((1, 3), dtype=np.float32)
ONE = Frame(1, 0.1, 100.0, NONE[None], NONE, NONE, NONE[0], NONE[0])


def film(forces: list[float], most: int) -> tuple[Frame, ...]:
    frames: tuple[Frame, ...] = ()
    for number, force in enumerate(forces, 1):
        frames = filmed(frames, replace(ONE, number=number, travel=0.1 * number, force=force), most)
    return frames


def test_the_first_the_last_and_the_largest_stay() -> None:
    forces = [*np.linspace(10, 1000, 20), *np.linspace(990, 700, 20)]
    kept = film(forces, 6)
    assert [kept[0].number, kept[-1].number, len(kept)] == [1, 40, 6]
    assert 20 in [frame.number for frame in kept]


def test_a_short_march_is_kept_whole() -> None:
    assert [frame.number for frame in film([1.0, 2.0, 3.0], 3)] == [1, 2, 3]


def test_what_is_least_missed_goes() -> None:
    # two increments lie close together: the one between close neighbours goes
    frames: tuple[Frame, ...] = ()
    for number, travel in enumerate((0.1, 0.5, 0.52, 0.54, 1.0), 1):
        frames = filmed(frames, replace(ONE, number=number, travel=travel, force=travel), 4)
    assert [frame.number for frame in frames] == [1, 2, 4, 5]


def test_a_second_march_is_filmed_anew() -> None:
    again = filmed(film([1.0, 2.0, 3.0], 5), replace(ONE, number=1, travel=0.05), 5)
    assert [frame.travel for frame in again] == [0.05]


def test_principal_values_are_those_of_the_tensor_the_largest_first() -> None:
    # a shear of 3 in the plane of x and y: 3, 0, -3, and a pressure moves all of them
    assert np.allclose(principal(np.array([-1.0, -1, -1, 3, 0, 0])), [2, -1, -4])


def test_von_mises_stress_of_tension_and_of_shear() -> None:
    stress = np.array([[5.0, 0, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0], [7, 7, 7, 0, 0, 0]])
    assert np.allclose(von_mises(stress), [5, 2 * np.sqrt(3), 0])
