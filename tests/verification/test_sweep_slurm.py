"""A sweep through a real Slurm: two nodes on this machine (``scripts/slurm.sh``), a job cancelled, a worker killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from stubbed_sweep import many

pytestmark = [pytest.mark.slow, pytest.mark.peer]

STUB = Path(__file__).with_name("stubbed_sweep.py")
SCRIPT = Path(__file__).parents[2] / "scripts" / "slurm.sh"
PROFILE = 'kind: slurm\njobs: 2\nmemory_GB: 1\nwalltime: "00:10:00"\n'


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which Slurm's commands find the two nodes."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    lacking = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if not shutil.which(name, path=path)]
    if lacking or os.geteuid():
        pytest.skip(f"no Slurm here: {', '.join(lacking) or 'root'} is missing (Debian: slurm-wlm munge libpmi2-0)")
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([str(SCRIPT), "start", str(folder)], capture_output=True, text=True)
    if started.returncode:
        pytest.skip(f"Slurm does not start here: {started.stderr.strip()}")
    yield {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
    subprocess.run([str(SCRIPT), "stop", str(folder)], check=True)


def start(sweep: Path, slurm: dict[str, str], cases_per_job: int, *command: str) -> subprocess.Popen[str]:
    folder = sweep.parent
    (folder / "slurm.yaml").write_text(f"{PROFILE}cases_per_job: {cases_per_job}\n")
    words = [sys.executable, str(STUB), str(sweep), str(folder / "out"), "2", "slurm", "1"]
    return subprocess.Popen(
        [*words, *command], env=slurm, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
    )


def wait_for(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 200
    while process.poll() is None and time.monotonic() < deadline:
        if len(list(folder.glob("out/cases/*/*/outcome.json"))) >= count:
            return
        time.sleep(0.05)


def nodes(folder: Path) -> set[str]:
    """Where cases have run, or begun to."""
    return {node for file in folder.glob("out/cases/*/*/ran") for node in file.read_text().split()}


def workers_in_jobs() -> list[psutil.Process]:
    """Dask's workers inside jobs."""
    found = []
    for one in psutil.process_iter(["cmdline"]):
        try:
            if "spawn_main" in " ".join(one.info["cmdline"] or ()) and one.environ().get("SLURM_JOB_ID"):
                found.append(one)
        except psutil.Error:
            continue
    return found


def test_all_come_home_when_a_job_is_cancelled_and_a_worker_killed(tmp_path: Path, slurm: dict[str, str]) -> None:
    # the first cases hold on until both nodes have some
    note = f"echo $SLURMD_NODENAME >> {{folder}}/ran; until test -e {tmp_path}/go; do sleep 0.1; done; sleep 1.5"
    process = start(many(tmp_path, 12), slurm, 2, "sh", "-c", note)
    deadline = time.monotonic() + 200
    while nodes(tmp_path) != {"n1", "n2"} and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    (tmp_path / "go").touch()
    wait_for(tmp_path, 2, process)
    jobs = subprocess.run(["squeue", "-h", "-o", "%i"], env=slurm, capture_output=True, text=True, timeout=20)
    subprocess.run(["scancel", jobs.stdout.split()[0]], env=slurm, check=True, timeout=20)
    wait_for(tmp_path, 6, process)
    workers_in_jobs()[0].kill()
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    runs = [file.read_text().split() for file in tmp_path.glob("out/cases/*/*/ran")]
    assert len(runs) == len(list(tmp_path.glob("out/cases/*/*/outcome.json"))) == 12
    # two cases to a job: the cancelled job and the killed worker had two in flight each
    assert sum(len(run) for run in runs) <= 12 + 4
    assert nodes(tmp_path) == {"n1", "n2"}
    left = subprocess.run(["squeue", "-h", "-t", "RUNNING"], env=slurm, capture_output=True, text=True, timeout=20)
    assert left.stdout == ""


def test_cases_of_two_ranks_run_in_its_jobs(tmp_path: Path, slurm: dict[str, str]) -> None:
    launcher = Path(sysconfig.get_path("scripts"), "mpiexec")
    count = "comm = MPI.COMM_WORLD; total = comm.allreduce(comm.rank + 1); comm.rank or print(comm.size, total)"
    code = f"import femrisk.wheel; from mpi4py import MPI; {count}"
    command = (str(launcher), "-n", "2", "{python}", "-c", code)
    process = start(many(tmp_path, 3, ", ranks: 2, time_limit_s: 120"), slurm, 1, *command)
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    logs = [file.read_text() for file in tmp_path.glob("out/cases/*/*/attempt_1.log")]
    # two ranks, whose numbers and one each make 1 + 2
    assert logs == ["2 3\n"] * 3


def test_jobs_that_no_node_can_hold_are_refused_in_a_line(tmp_path: Path, slurm: dict[str, str]) -> None:
    process = start(many(tmp_path, 2, ", ranks: 2"), slurm, 2, "true")
    said = process.communicate(timeout=120)[0].splitlines()
    assert process.returncode == 1, said
    assert said[-1].startswith("femrisk: error: --cluster: could not be started (sbatch: error: ")
