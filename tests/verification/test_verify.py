"""The problems of ``femrisk verify``: each within its bound, and each out of it when something is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from femrisk.__main__ import main
from femrisk.banded import BandedEquilibrium
from femrisk.equilibrium import Equilibrium
from femrisk.errors import SolverError
from femrisk.history import Attempt, State
from femrisk.materials.plastic import update
from femrisk.verification.bars import balances
from femrisk.verification.blocks import octant
from femrisk.verification.catalogue import PROBLEMS, Problem, complaint, solve
from femrisk.verification.checks import Check, Effort, absolute
from femrisk.verification.inhomogeneity import Inhomogeneity
from femrisk.verification.laws import equivalent, every_curve, sizes

NAMES = [problem.__name__ for problem in PROBLEMS]
#: what a uniform factor on stiffness and strength can spoil: a balance holds in every material
SCALED = [problem for problem in PROBLEMS if problem is not balances]


def lines(checks: tuple[Check, ...]) -> list[str]:
    return [complaint(check) for check in checks if not check.ok]


@pytest.mark.parametrize("problem", PROBLEMS, ids=NAMES)
def test_every_check_is_within_its_bound(problem: Problem) -> None:
    checks = problem(Effort())
    assert checks
    assert lines(checks) == []


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS, ids=NAMES)
def test_every_check_is_within_the_tighter_bound_of_the_finer_mesh(problem: Problem) -> None:
    coarse, fine = problem(Effort()), problem(Effort(full=True))
    assert lines(fine) == []
    assert all(one.bound <= other.bound for one, other in zip(fine, coarse, strict=True))


@pytest.mark.parametrize("problem", SCALED, ids=[problem.__name__ for problem in SCALED])
def test_a_material_five_per_cent_too_stiff_and_strong_is_found(problem: Problem) -> None:
    assert lines(problem(Effort(factor=1.05)))


@pytest.mark.parametrize("problem", PROBLEMS, ids=NAMES)
def test_no_bound_lets_a_share_of_five_per_cent_pass(problem: Problem) -> None:
    # rates are not shares
    assert all(check.bound < 0.025 for check in problem(Effort()) if not check.quantity.startswith("rate"))


def test_work_booked_wrongly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    booked = Equilibrium.energies

    def energies(self: Equilibrium, state: State) -> tuple[float, float]:
        stored, plastic = booked(self, state)
        return stored, 0.99 * plastic

    monkeypatch.setattr(Equilibrium, "energies", energies)
    assert len(lines(balances(Effort()))) == 1


def test_a_newton_that_stops_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    careful = BandedEquilibrium.attempt

    def attempt(self: BandedEquilibrium, state: State, guess: np.ndarray, travel: float) -> Attempt:
        return careful(self, state, guess, travel, 1e-3)

    monkeypatch.setattr(BandedEquilibrium, "attempt", attempt)
    assert "out-of-balance" in lines(balances(Effort()))[0]


def test_the_states_of_the_tangents_are_where_they_are_said_to_be() -> None:
    direction = np.random.default_rng(1).normal(size=(1, 4, 6))
    for curve in every_curve():
        for state, size in sizes(curve).items():
            strain = direction * (size / equivalent(direction))[..., None]
            plastic = update(curve, strain, np.zeros((1, 4, 6)), np.zeros((1, 4)))[2]
            with np.errstate(divide="ignore", invalid="ignore"):
                end = curve.plateau + (curve.residual - curve.strength) / curve.softening
            low, high = {
                "elastic": (-1.0, 0.0),
                "plateau": (0.0, curve.plateau),
                "softening": (curve.plateau, end),
                "residual": (end, np.inf),
            }[state]
            assert ((plastic > low) & (plastic <= high)).all()


@pytest.mark.parametrize("inner", [0.0, 2500.0])
def test_the_endless_matrix_is_continuous_and_in_equilibrium_with_its_ball(inner: float) -> None:
    problem = Inhomogeneity(10.0, 500.0, 0.3, inner, 1.0)
    points = 10.0 * np.array([[1.0, 0, 0], [0.6, 0, 0.8], [0, 0, 1.0], [0.48, 0.6, 0.64]])
    if inner:
        assert problem.displacement(points) == pytest.approx(points * problem.inner_strain(), rel=1e-12)

    def stress(young: float, strain: np.ndarray) -> np.ndarray:
        trace = np.trace(strain, axis1=-2, axis2=-1)[..., None, None] * np.eye(3)
        return young / 1.3 * (strain + 0.75 * trace)

    step = 1e-4 * np.eye(3)
    slope = np.stack(
        [(problem.displacement(points + d) - problem.displacement(points - d)) / 2e-4 for d in step], axis=-1
    )
    outside = stress(500.0, (slope + np.swapaxes(slope, 1, 2)) / 2)
    traction = np.einsum("nij,nj->ni", outside, points / 10)
    within = stress(inner, np.diag(problem.inner_strain()))
    assert traction == pytest.approx(points / 10 @ within, abs=1e-6)
    if not inner:
        assert outside[0, 2, 2] == pytest.approx(22.5 / 11, abs=1e-6)


@pytest.mark.parametrize("first", [0.0, 1.0])
def test_an_eighth_of_a_ball_or_shell_is_filled_once(first: float) -> None:
    mesh = octant(np.array([first, 2.0, 3.0]), 8)
    assert (mesh.volumes() > 0).all()
    # r^3 lacks 1.5 t^2 / 4 (``facets``); the middle triangles are a quarter wider than those along the rim
    full = np.pi / 6 * (27 - first**3)
    assert full * (1 - 0.4 * (1.25 * np.pi / 16) ** 2) < mesh.volumes().sum() < full
    faces = np.sort(mesh.tets[:, [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]].reshape(-1, 3), axis=1)
    _, times = np.unique(faces, axis=0, return_counts=True)
    assert times.max() == 2


def test_what_is_out_of_bounds_or_not_solved_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def wrong(effort: Effort) -> tuple[Check, ...]:
        return (absolute("a beam", "its force, N", 3.0, 2.0, 0.5), absolute("a beam", "fine", 2.0, 2.0, 0.5))

    def nothing(effort: Effort) -> tuple[Check, ...]:
        return (absolute("a beam", "no number", float("nan"), 2.0, 0.5),)

    def lost(effort: Effort) -> tuple[Check, ...]:
        raise SolverError("a bar", "no equilibrium")

    found = solve(Effort(), Console(width=160), (wrong, nothing, lost))
    assert [line.split(":")[0] for line in found] == ["a beam", "a beam", "lost"]
    assert "its force, N: 3 (exact: 2, error: 1.0e+00, bound: 5.0e-01)" in found[0]
    assert "3 out of bounds" in capsys.readouterr().out


def test_the_verb_ends_with_1_when_a_check_is_out_of_bounds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("femrisk.verification.catalogue.solve", lambda effort, console: ["a beam: its force"])
    assert main(["verify"]) == 1
    assert capsys.readouterr().err == "femrisk: error: a beam: its force\n"


@pytest.mark.slow
def test_the_verb_prints_every_problem_and_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "0 out of bounds" in printed.out
    assert "NO" not in printed.out
