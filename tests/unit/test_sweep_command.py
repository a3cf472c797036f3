"""The verb ``sweep``: its dry run, where cases are run, and what a mistake on the command line says."""

from __future__ import annotations

from pathlib import Path

import pytest

from femrisk.__main__ import main
from femrisk.errors import CaseError, InputError
from femrisk.sweep.cluster import job
from femrisk.sweep.estimate import Estimate
from femrisk.sweep.profile import SCHEDULERS, Address, Local, Profile, place
from femrisk.sweep.run import ask, command_of
from femrisk.sweep.store import Store
from femrisk.sweep.sweepfile import EachCase

BASE = """\
name: base
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur}
lesions: [{kind: sphere, site: femoral_neck, quadrant: inferomedial, radius_mm: 10}]
arms: [{kind: intact}, {kind: pop, fill_fraction: 0.9}]
loads: [{kind: stance}]
"""
SWEEP = """\
name: it
case: base.yaml
design: {kind: grid}
axes: [{kind: list, path: arms.pop.fill_fraction, values: [0.5, 0.9, 1.4]}]
"""


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE)
    file = tmp_path / "sweep.yaml"
    file.write_text(SWEEP)
    return file


def test_a_dry_run_counts_cases_time_and_disk_and_writes_nothing(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Estimate(2, 49_000, 1800.0, 5e7, 24e3, 0.6)
    monkeypatch.setattr("femrisk.sweep.dryrun.estimate", lambda case, each: one)
    assert main(["sweep", str(sweep), "-o", str(sweep.parent / "out"), "--dry-run", "-j", "2"]) == 0
    said = capsys.readouterr().out
    assert "3 points, 2 different cases, 0 of them finished" in said
    assert "1 points make no case: arms[1].fill_fraction: out of range" in said
    # 2 cases of half an hour
    assert "2 cases: 60.0 min of a core, 30.0 min with 2 at once" in said
    assert "disk: 48 kB kept (numbers), 100.0 MB more while they run" in said
    assert not (sweep.parent / "out").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("grid", "grdi"), "sweep.yaml:3: design: unknown kind; did you mean grid?"),
        (("pop.fill", "pip.fill"), "sweep.yaml:4: axes[0].path: unknown item; did you mean pop?"),
        (("[0.5, 0.9, 1.4]", "[1.4, 2]"), "axes: no point makes a case: arms[1].fill_fraction: out of range"),
    ],
)
def test_a_mistake_is_told_in_a_line_and_is_bad_input(
    sweep: Path, change: tuple[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.write_text(SWEEP.replace(*change))
    assert main(["sweep", str(sweep), "-o", str(sweep.parent / "out")]) == 2
    assert told in capsys.readouterr().err


def test_the_folder_of_a_single_case_is_refused(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sweep.parent / "provenance.json").write_text("{}")
    assert main(["sweep", str(sweep), "-o", str(sweep.parent)]) == 2
    assert "holds the results of one case" in capsys.readouterr().err


def test_a_word_says_where_cases_are_run(tmp_path: Path) -> None:
    assert place(None, tmp_path, 3) == place("local", tmp_path, 3) == Local(3)
    assert place("tcp://host:8786", tmp_path, 3) == Address("tcp://host:8786")
    assert place("slurm", tmp_path, 3) == Profile(kind="slurm")
    (tmp_path / "slurm.yaml").write_text('kind: slurm\nqueue: short\nwalltime: "02:00:00"\njobs: 4\n')
    for word in ("slurm", str(tmp_path / "slurm.yaml")):
        assert place(word, tmp_path, 3) == Profile(kind="slurm", queue="short", walltime="02:00:00", jobs=4)


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("slurm", ["#SBATCH -A bones", "#SBATCH --cpus-per-task=12", "#SBATCH --mem=24G", "#SBATCH -t 02:00:00"]),
        ("pbs", ["#PBS -A bones", "#PBS -l select=1:ncpus=12:mem=24GB", "#PBS -l walltime=02:00:00"]),
        ("lsf", ['#BSUB -P "bones"', "#BSUB -n 12", "#BSUB -W 02:00"]),
        ("sge", ["#$ -P bones", "#$ -l h_rt=02:00:00"]),
    ],
)
def test_a_job_is_as_large_as_its_cases_need(
    kind: str, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask_jobqueue
    import dask_jobqueue.lsf

    # it would ask LSF itself
    monkeypatch.setattr(dask_jobqueue.lsf, "lsf_detect_units", lambda: "mb")
    profile = Profile(kind=kind, account="bones", walltime="02:00:00", cases_per_job=3, setup=("module load gcc",))  # type: ignore[arg-type]
    words = job(profile, EachCase(ranks=2, jobs=2), tmp_path)
    cls = getattr(dask_jobqueue, SCHEDULERS[kind]).job_cls
    script = cls(scheduler="tcp://head:8786", name="worker", **words).job_script().splitlines()
    assert [line for line in [*lines, "module load gcc"] if line not in script] == []
    # three cases at once on twelve cores
    assert script[-1].endswith("--nthreads 3")


def test_what_is_no_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as unknown:
        place("slrum", tmp_path, 3)
    assert str(unknown.value).startswith(
        "--cluster: unknown; did you mean slurm? (allowed: local, slurm, pbs, lsf, sge"
    )
    (tmp_path / "mine.yaml").write_text("kind: slrum\nwaltime: 1:00:00\nwalltime: 12:00\n")
    with pytest.raises(CaseError) as wrong:
        place("mine", tmp_path, 3)
    assert [line.split(": ", 1)[1] for line in wrong.value.lines()] == [
        "kind: unknown value; did you mean slurm? (allowed: slurm, pbs, lsf, sge, got: slrum)",
        "waltime: unknown key; did you mean walltime?",
        "walltime: must be hours:minutes:seconds (got: 12:00)",
    ]


def test_a_case_is_run_by_the_verb_run_on_the_meshes_of_the_sweep(sweep: Path) -> None:
    words = command_of(ask(sweep).sweep, Store(sweep.parent / "out"))
    assert words[:7] == ("{python}", "-m", "femrisk", "run", "{case}", "-o", "{folder}")
    assert words[-3:] == ("--meshes", str(sweep.parent / "out" / "meshes"), "--no-figures")
