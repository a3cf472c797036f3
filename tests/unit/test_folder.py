"""The result folder: whole files or none, one case, one run at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from femrisk.errors import InputError
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.atomic import read_json, replacing, write_columns, write_json, write_text
from femrisk.output.folder import (
    ResultFolder,
    add_provenance,
    claim,
    identity,
    locked,
    mesh_file,
    read_history,
    read_labelled,
    write_labelled,
)

HISTORY = {"displacement_mm": [0.0, 0.1, 0.2], "force_N": [0.0, 1 / 3, 2e3]}


@pytest.fixture
def folder(tmp_path: Path) -> ResultFolder:
    return ResultFolder(tmp_path / "results")


def finish(folder: ResultFolder, arm: str = "intact", load: str = "stance") -> None:
    folder.write_pair(arm, load, {"arm": arm, "fracture_load_N": 1.5}, HISTORY)


def test_a_pair_is_complete_only_when_its_result_is_there(folder: ResultFolder) -> None:
    pair = folder.pair("intact", "stance")
    write_columns(pair.history, HISTORY)
    write_text(pair.fields, "x")
    assert not folder.is_complete("intact", "stance")
    finish(folder)
    assert folder.is_complete("intact", "stance")
    assert folder.finished() == (("intact", "stance"),)
    folder.forget("intact", "stance")
    assert folder.finished() == ()


def test_a_pair_reads_back_to_the_last_digit(folder: ResultFolder) -> None:
    finish(folder)
    assert folder.read_result("intact", "stance") == {"arm": "intact", "fracture_load_N": 1.5}
    history = read_history(folder, "intact", "stance")
    assert {name: column.tolist() for name, column in history.items()} == HISTORY


def test_an_empty_history_reads_back_empty(folder: ResultFolder) -> None:
    folder.write_pair("intact", "stance", {}, {"displacement_mm": [], "force_N": []})
    assert read_history(folder, "intact", "stance")["force_N"].shape == (0,)


def test_columns_of_different_length_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_columns(tmp_path / "a.csv", {"a": [1.0], "b": [1.0, 2.0]})
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_does_not_exist_is_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": float("nan"), "b": [np.inf, np.float64(2)], "c": np.arange(2), "d": (None,)})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": None, "b": [None, 2.0], "c": [0, 1], "d": [None]}


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a b", "a\n"])
def test_a_name_that_is_no_folder_is_refused(folder: ResultFolder, name: str) -> None:
    with pytest.raises(InputError):
        folder.pair(name, "stance")
    with pytest.raises(InputError):
        folder.pair("intact", name)


def test_a_failed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    write_json(file, {"a": 1})
    with pytest.raises(RuntimeError), replacing(file) as temporary:
        temporary.write_text('{"a"')
        raise RuntimeError
    assert read_json(file) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


KILLED = """
import sys, time
from pathlib import Path
from femrisk.output.atomic import replacing
from femrisk.output.folder import ResultFolder, claim, locked
folder = ResultFolder(Path(sys.argv[1]))
with locked(folder):
    claim(folder, "name: a", "1")
    folder.write_pair("intact", "stance", {"n": 1}, {"force_N": [1.0]})
    with replacing(folder.pair("untreated", "stance").result) as temporary:
        temporary.write_text('{"n": ')
        print("half", flush=True)
        time.sleep(60)
"""


def test_a_kill_in_the_middle_keeps_what_was_finished_and_nothing_else(folder: ResultFolder) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder.path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    with pytest.raises(InputError, match=f"process {process.pid}"), locked(folder):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    assert folder.finished() == (("intact", "stance"),)
    with locked(folder):  # the lock went with its owner
        claim(folder, "name: a", "1")
    assert folder.read_result("intact", "stance") == {"n": 1}
    assert list((folder.path / "arms" / "untreated" / "stance").iterdir()) == []


def test_no_reader_ever_sees_half_a_file_of_a_writer_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    code = (
        "import sys, itertools; from pathlib import Path; from femrisk.output.atomic import write_json\n"
        "for i in itertools.count(): write_json(Path(sys.argv[1]), {'i': i, 'all': [i] * 20000})"
    )
    for delay in (0.02, 0.05, 0.11):
        process = subprocess.Popen([sys.executable, "-c", code, str(file)])
        while not file.exists():
            time.sleep(0.01)
        time.sleep(delay)
        process.kill()
        process.wait()
        value = read_json(file)
        assert value["all"] == [value["i"]] * 20000
        file.unlink()


def test_a_case_is_continued_and_another_is_refused(folder: ResultFolder) -> None:
    claim(folder, "name: a", "1")
    add_provenance(folder, {"cells": 3})
    finish(folder)
    claim(folder, "name: a", "1")
    known = {"case_id": identity("name: a", "1"), "version": "1", "cells": 3}
    assert read_json(folder.path / "provenance.json") == known
    with pytest.raises(InputError, match="another case"):
        claim(folder, "name: b", "1")
    with pytest.raises(InputError, match=r"femrisk 1 \(this is 2\)"):
        claim(folder, "name: a", "2")
    assert (folder.path / "case.yaml").read_text() == "name: a"
    assert folder.is_complete("intact", "stance")


def test_what_no_result_depends_on_may_change_and_a_near_case_is_named(folder: ResultFolder) -> None:
    claim(folder, "a, models: [x]", "1", question="a")
    finish(folder)
    claim(folder, "a, models: [x, y]", "1", question="a", rivals={"b": "case b"})
    assert folder.is_complete("intact", "stance")
    assert (folder.path / "case.yaml").read_text() == "a, models: [x, y]"
    with pytest.raises(InputError, match="holds results of case a; use another -o, or --force"):
        claim(folder, "b", "1", question="b", rivals={"a": "case a"})


def test_the_results_of_a_further_model_lie_beside_and_do_not_count_as_those_of_the_first(folder: ResultFolder) -> None:
    claim(folder, "name: a", "1")
    finish(folder.beside("damage"))
    assert (folder.path / "models" / "damage" / "arms" / "intact" / "stance" / "result.json").is_file()
    assert folder.finished() == ()
    claim(folder, "name: b", "1", force=True)
    assert folder.beside("damage").finished() == ()


def test_force_replaces_the_results_of_another_case_and_leaves_other_files(folder: ResultFolder) -> None:
    claim(folder, "name: a", "1")
    finish(folder)
    write_text(mesh_file(folder, "nail"), "x")
    write_text(folder.path / "my_notes.txt", "keep")
    claim(folder, "name: b", "1", force=True)
    assert folder.finished() == ()
    assert sorted(path.name for path in folder.path.iterdir()) == ["case.yaml", "my_notes.txt", "provenance.json"]
    assert read_json(folder.path / "provenance.json")["case_id"] == identity("name: b", "1")


def test_a_folder_of_somebody_else_is_refused_even_with_force(folder: ResultFolder) -> None:
    write_text(folder.path / "arms" / "mine.txt", "keep")
    with pytest.raises(InputError):
        claim(folder, "name: a", "1", force=True)
    write_text(folder.path / "provenance.json", "{")
    with pytest.raises(InputError):
        claim(folder, "name: a", "1", force=True)
    assert (folder.path / "arms" / "mine.txt").read_text() == "keep"


def test_a_folder_that_is_a_file_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), locked(ResultFolder(tmp_path / "file")):
        pass


def test_two_runs_do_not_share_a_folder(folder: ResultFolder) -> None:
    with locked(folder), pytest.raises(InputError, match="another run"), locked(folder):
        pass
    with locked(folder):
        assert folder.path.is_dir()


def test_a_mesh_is_kept_exactly(folder: ResultFolder, small_mesh: LabelledMesh) -> None:
    assert read_labelled(folder, "nail") is None
    write_labelled(folder, "nail", small_mesh)
    kept = read_labelled(folder, "nail")
    assert kept is not None
    assert kept.solids == small_mesh.solids
    for name in ("points", "tets", "membership", "region", "density"):
        assert np.array_equal(getattr(kept, name), getattr(small_mesh, name)), name
        assert getattr(kept, name).dtype == getattr(small_mesh, name).dtype, name
    assert mesh_file(folder, "base").name == "mesh.vtu"
    assert mesh_file(folder, "nail").name == "mesh_nail.vtu"
