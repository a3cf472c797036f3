"""A skin on several ranks, each with the facets of its own cells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

import femrisk

pytestmark = pytest.mark.slow


def found(ranks: int, name: str = "skinned_bar.py", *words: str) -> dict[str, Any]:
    """What a script, by default that of the bar in a skin, says on so many ranks."""
    beside = Path(sysconfig.get_path("scripts"), "mpiexec")
    launcher = str(beside) if beside.exists() else shutil.which("mpiexec") or "mpiexec"
    start = [] if ranks == 1 else [launcher, "-n", str(ranks)]
    script = str(Path(__file__).with_name(name))
    path = os.pathsep.join([str(Path(femrisk.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*start, sys.executable, script, *words], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert said.pop("ranks") == ranks
    return said


@pytest.mark.mpi
def test_ranks_change_no_number_of_a_skin() -> None:
    one, two = found(1), found(2)
    print(one, two, sep="\n")
    assert two.pop("status") == one.pop("status") != "stuck"
    assert one["skin_work"] > 0.1 * one["plastic_work"] > 0
    assert one["whole_over_force"] == pytest.approx(1.0, rel=1e-5)
    # two different linear solvers; Newton stops at 1e-6 of the force
    assert two == pytest.approx(one, rel=1e-4)
    assert two["stiffness"] == pytest.approx(one["stiffness"], rel=1e-7)
