"""The command line: what each verb prints, its exit code, and how it ends when something outside goes wrong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from femrisk import __version__
from femrisk.__main__ import main
from femrisk.case import read_case
from femrisk.commands import VERBS
from femrisk.commands.verb import Verb, result_folder
from femrisk.errors import InputError, MeshError, SolverError

EXAMPLE = Path(__file__).parents[2] / "cases" / "femur_neck_lytic.yaml"


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code when the verb ``doctor`` ends with ``error``."""

    def execute(options: Any) -> int:
        raise error

    verbs = tuple(
        Verb(verb.name, verb.summary, verb.options, execute) if verb.name == "doctor" else verb for verb in VERBS
    )
    monkeypatch.setattr("femrisk.__main__.VERBS", verbs)
    return main(["doctor"])


def test_every_verb_of_the_contract_is_there() -> None:
    names = [
        "init",
        "check",
        "run",
        "report",
        "view",
        "figures",
        "mesh",
        "export",
        "sweep",
        "score",
        "verify",
        "schema",
        "doctor",
    ]
    assert [verb.name for verb in VERBS] == names


@pytest.mark.parametrize("words", [["--help"], *([verb.name, "--help"] for verb in VERBS)])
def test_help_is_printed_and_is_no_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert "usage: femrisk" in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"femrisk {__version__}\n"


def test_init_writes_a_case_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "femur"]) == 0
    assert read_case(Path("femur.yaml")).name == "my_femur"


def test_init_prints_the_case_when_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["init", "femur", "-"]) == 0
    (tmp_path / "a.yaml").write_text(capsys.readouterr().out)
    assert read_case(tmp_path / "a.yaml").name == "my_femur"


def test_init_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine")
    assert main(["init", "femur", str(path)]) == 2
    assert path.read_text() == "mine"
    assert "exists already" in capsys.readouterr().err


def test_schema_prints_a_json_schema_that_names_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["additionalProperties"] is False
    assert schema["properties"]["loads"]["items"]["discriminator"]["mapping"].keys() == {
        "stance",
        "sideways_fall",
        "axial_compression",
        "flexion",
    }


def test_results_go_to_a_folder_of_the_cases_name() -> None:
    assert result_folder(None, "neck") == Path("results", "neck")
    assert result_folder(Path("there"), "neck") == Path("there")


@dataclass(frozen=True)
class Row:
    arm: str
    load: str
    status: str


@dataclass(frozen=True)
class Answer:
    """What ``run`` reads of a comparison."""

    rows: tuple[Row, ...]
    by_model: Mapping[str, Answer] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("rows", "code", "lines"),
    [
        ((Row("pop", "stance", "collapsed"), Row("intact", "stance", "limit_reached")), 0, []),
        (
            (Row("pop", "stance", "stuck"), Row("intact", "stance", "collapsed")),
            1,
            ["femrisk: error: pop / stance: no fracture load (stuck)"],
        ),
        (
            (Row("pop", "stance", "plateau"),),
            1,
            ["femrisk: error: intact / stance: no fracture load (no result)"],
        ),
    ],
)
def test_run_passes_its_options_on_and_says_what_could_not_be_computed(
    rows: tuple[Row, ...],
    code: int,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given: dict[str, Any] = {}

    def run(scene: Any, folder: Path, **options: Any) -> Answer:
        given.update(options, case=scene.case.name, folder=folder)
        return Answer(rows)

    monkeypatch.setattr("femrisk.run.run", run)
    monkeypatch.setattr("femrisk.commands.results.write_report", lambda folder: given.update(reported=folder) is None)
    monkeypatch.setattr("femrisk.scene.build", lambda case: SimpleNamespace(case=case.resolved()))
    words = ["-o", "there", "-j", "2", "--ranks", "3", "--arm", "intact", "pop", "--load", "stance", "--force"]
    assert main(["run", str(EXAMPLE), *words]) == code
    assert capsys.readouterr().err.splitlines() == lines
    del given["console"]
    assert given == {
        "case": "femur_neck_lytic",
        "folder": Path("there"),
        "jobs": 2,
        "ranks": 3,
        "arms": ("intact", "pop"),
        "loads": ("stance",),
        "force": True,
        "reported": Path("there"),
        "shelf": None,
        "figures": True,
    }


def test_a_run_whose_report_fails_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "femrisk.run.run", lambda case, folder, **options: Answer((Row("intact", "stance", "collapsed"),))
    )
    monkeypatch.setattr("femrisk.scene.build", lambda case: SimpleNamespace(case=case.resolved()))
    codes = []
    for written in (True, False):
        monkeypatch.setattr("femrisk.commands.results.write_report", lambda folder, written=written: written)
        codes.append(main(["run", str(EXAMPLE), "--arm", "intact", "--load", "stance"]))
    assert codes == [0, 1]


def test_run_names_the_model_that_gave_no_load(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done, stuck = Answer((Row("intact", "stance", "collapsed"),)), Answer((Row("intact", "stance", "stuck"),))
    answer = Answer(done.rows, {"linear": done, "damage": stuck, "keyak_plasticity": Answer(())})
    monkeypatch.setattr("femrisk.run.run", lambda case, folder, **options: answer)
    monkeypatch.setattr("femrisk.commands.results.write_report", lambda folder: True)
    monkeypatch.setattr("femrisk.scene.build", lambda case: SimpleNamespace(case=case.resolved()))
    assert main(["run", str(EXAMPLE), "--arm", "intact", "--load", "stance"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "femrisk: error: intact / stance / damage: no fracture load (stuck)",
        "femrisk: error: intact / stance / keyak_plasticity: no fracture load (no result)",
    ]


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (InputError("bone", "is wrong"), 2, ["bone: is wrong"]),
        (MeshError("cell 3", "is flat"), 1, ["cell 3: is flat"]),
        (SolverError("pop / stance", "no equilibrium"), 1, ["pop / stance: no equilibrium"]),
        (OSError(errno.ENOSPC, "No space left on device", "out/a.vtu"), 1, ["out/a.vtu: No space left on device"]),
        (PermissionError(errno.EACCES, "Permission denied", "out"), 1, ["out: Permission denied"]),
        (MemoryError(), 1, ["out of memory (use -j 1, or a larger analysis.mesh_size_mm)"]),
        (KeyboardInterrupt(), 130, ["interrupted (finished pairs of arm and load are kept)"]),
        (ValueError("a\nb"), 1, ["internal: ValueError: a b (a defect of femrisk; --debug shows where)"]),
        (InputError("a\x1b[31m\nb", "is wrong"), 2, ["a\\x1b[31m\\nb: is wrong"]),
    ],
)
def test_every_end_is_one_line_and_its_exit_code(
    error: BaseException,
    code: int,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert failing(error, monkeypatch) == code
    assert capsys.readouterr().err.splitlines() == [f"femrisk: error: {line}" for line in lines]


@pytest.mark.parametrize("words", [["--debug", "check", "/nowhere.yaml"], ["check", "/nowhere.yaml", "--debug"]])
def test_debug_shows_the_traceback_and_keeps_the_exit_code(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert "femrisk: error: /nowhere.yaml: no such file" in printed


def test_check_loads_no_mesher_solver_or_renderer() -> None:
    heavy = ["gmsh", "dolfinx", "dolfinx_solver", "petsc4py", "mpi4py", "pyvista", "vtk", "matplotlib"]
    code = (
        "import sys; from femrisk.__main__ import main; code = main(['check', sys.argv[1]]);"
        f"print(code, [name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(EXAMPLE)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_reader_that_goes_away_is_no_error_message() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "femrisk", "schema"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_one_line() -> None:
    command = [sys.executable, "-m", "femrisk", "schema"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "femrisk: error: No space left on device\n"


def test_an_interrupt_is_one_line() -> None:
    # the signal comes where a case is built, whatever the machine is busy with
    code = (
        "import signal, sys; import femrisk.scene; from femrisk.__main__ import main;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"  # a job in the background ignores it
        "femrisk.scene.build = lambda case: signal.raise_signal(signal.SIGINT); sys.exit(main(['check', sys.argv[1]]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(EXAMPLE)], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "femrisk: error: interrupted (finished pairs of arm and load are kept)\n"
