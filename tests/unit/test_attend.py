"""One case seen through: what each end of its command becomes, what is tried again, and that nothing outlives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from femrisk.output.atomic import UNFINISHED
from femrisk.sweep import leash
from femrisk.sweep.attend import Order, attend, held, last_words
from femrisk.sweep.outcome import Outcome, read_outcome, write_outcome


def order(folder: Path, *command: str) -> Order:
    """One attempt, ten seconds, 200 MB."""
    return Order("ab12", str(folder / "ab" / "12"), "{}", command, {}, 2, 10.0, 2e8, 1, False)


def shell(folder: Path, script: str) -> Order:
    return order(folder, "sh", "-c", script)


@pytest.mark.parametrize(
    ("script", "state", "reason"),
    [
        ("exit 0", "done", None),
        ("echo fine; echo not >&2; exit 3", "failed", "ended with exit code 3: not"),
        ("kill -9 $$", "failed", "was killed by SIGKILL"),
        ("echo 'femrisk: error: /x/case.yaml:3: bone: is odd'; exit 2", "refused", "bone: is odd"),
        ("echo 'femrisk: error: intact / stance: no fracture load (no result)'; exit 1", "failed",
         "ended with exit code 1: intact / stance: no fracture load (no result)"),
        ("cd {folder}; mkdir -p arms/a/s arms/b/s; touch arms/a/s/result.json arms/b/s/result.json;"
         "echo 'femrisk: error: a / s: no fracture load (stuck)'; exit 1", "done", "a / s: no fracture load (stuck)"),
    ],
)  # fmt: skip
def test_what_a_command_says_becomes_the_outcome(tmp_path: Path, script: str, state: str, reason: str | None) -> None:
    report = attend(shell(tmp_path, script))
    assert (report.state, report.reason) == (state, reason)
    outcome = read_outcome(tmp_path / "ab" / "12")
    assert outcome is not None
    assert (outcome.state, outcome.reason, outcome.attempts) == (state, reason, 1)


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    report = attend(order(tmp_path, "no-such-command"))
    assert (report.state, str(report.reason)[:21]) == ("failed", "could not be started:")


def test_a_case_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    start = time.monotonic()
    report = attend(replace(shell(tmp_path, "echo begun; sleep 60"), time_s=0.3))
    assert time.monotonic() - start < 10
    assert (report.state, report.reason) == ("failed", "took longer than 0.3 s: begun")


def test_a_case_that_holds_too_much_memory_is_ended(tmp_path: Path) -> None:
    script = "import time; held = bytearray(400_000_000); held[::4096] = b'1' * len(held[::4096]); time.sleep(60)"
    report = attend(order(tmp_path, "{python}", "-c", script))
    assert (report.state, report.reason) == ("failed", "held more than 0.2 GB")
    outcome = read_outcome(tmp_path / "ab" / "12")
    assert outcome is not None
    assert (outcome.peak_memory_MB or 0) > 200


def test_a_case_is_tried_again_and_keeps_a_log_of_each_attempt(tmp_path: Path) -> None:
    script = "echo once more >> {folder}/count; test $(wc -l < {folder}/count) -ge 3"
    report = attend(replace(shell(tmp_path, script), attempts=5))
    assert report.state == "done"
    logs = sorted(file.name for file in (tmp_path / "ab" / "12").glob("attempt_*.log"))
    assert logs == ["attempt_1.log", "attempt_2.log", "attempt_3.log"]


def test_a_finished_case_is_not_run_and_a_failed_one_is(tmp_path: Path) -> None:
    again = shell(tmp_path, "touch {folder}/again")
    folder = Path(again.folder)
    for state, runs in (("done", False), ("refused", False), ("failed", True)):
        write_outcome(folder, Outcome(state, None, 1, 1.0, None, "here"))  # type: ignore[arg-type]
        attend(again)
        assert (folder / "again").exists() == runs


def test_what_a_killed_worker_was_writing_is_cleared_away(tmp_path: Path) -> None:
    one = shell(tmp_path, "exit 0")
    left = Path(one.folder, f"{UNFINISHED}77-case.yaml")
    left.parent.mkdir(parents=True)
    left.write_text("name: ha")
    assert attend(one).state == "done"
    assert not left.exists()


def test_half_an_outcome_is_none(tmp_path: Path) -> None:
    (tmp_path / "outcome.json").write_text('{"state": "do')
    assert read_outcome(tmp_path) is None


def test_what_lay_there_and_is_refused_is_cleared_away(tmp_path: Path) -> None:
    # as a run does that finds the results of another version
    script = 'test -e {folder}/provenance.json && {{ echo "femrisk: error: another case"; exit 2; }}; exit 0'
    clear = replace(shell(tmp_path, script), attempts=2)
    Path(clear.folder, "arms").mkdir(parents=True)
    Path(clear.folder, "provenance.json").write_text("{}")
    assert attend(clear).state == "done"
    assert not Path(clear.folder, "arms").exists()


def test_large_files_are_left_out_unless_everything_is_kept(tmp_path: Path) -> None:
    large = "mesh.vtu meshes/base.npz arms/a/s/fields.vtu"
    script = f"cd {{folder}}; mkdir -p arms/a/s meshes; touch {large} comparison.json"
    kept = [replace(order(tmp_path / str(every), "sh", "-c", script), keep_all=every) for every in (False, True)]
    for one in kept:
        attend(one)
    light, whole = ({file.name for file in Path(one.folder).rglob("*") if file.is_file()} for one in kept)
    assert whole - light == {"mesh.vtu", "base.npz", "fields.vtu"}
    assert "comparison.json" in light


def test_two_never_work_on_one_case(tmp_path: Path) -> None:
    one = shell(tmp_path, "exit 0")
    Path(one.folder).mkdir(parents=True)
    with held(Path(one.folder, ".attended")) as lock:
        assert lock is not None
        assert attend(one).state == "busy"
    assert attend(one).state == "done"


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, outcome: Outcome) -> None:
        raise OSError(28, "No space left on device", str(folder / "outcome.json"))

    monkeypatch.setattr("femrisk.sweep.attend.write_outcome", full)
    report = attend(shell(tmp_path, "exit 0"))
    assert report.state == "no room"
    assert "No space left" in str(report.reason)


def test_a_case_ends_with_its_watcher(tmp_path: Path) -> None:
    start = time.monotonic()
    report = attend(shell(tmp_path, "kill -9 $PPID; exec sleep 60"))
    assert time.monotonic() - start < 30
    assert (report.state, report.reason) == ("failed", "lost its watcher, which was killed")


def below(script: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if script in " ".join(one.info["cmdline"] or ())]


def test_what_a_command_leaves_behind_is_ended_with_it(tmp_path: Path) -> None:
    report = attend(shell(tmp_path, f"setsid sleep {os.getpid()}.25 & exit 0"))
    assert report.state == "done"
    assert below(f"sleep {os.getpid()}.25") == []


def test_a_command_ends_when_whoever_holds_the_leash_is_gone(tmp_path: Path) -> None:
    what = {
        "command": ["sh", "-c", f"setsid sleep {os.getpid()}.5 & sleep {os.getpid()}.75"],
        "environment": dict(os.environ), "log": str(tmp_path / "log"), "time_s": 60.0, "memory_bytes": 1e9,
    }  # fmt: skip
    watcher = subprocess.Popen([sys.executable, leash.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert watcher.stdin is not None
    watcher.stdin.write(json.dumps(what).encode() + b"\n")
    watcher.stdin.flush()
    deadline = time.monotonic() + 20
    while not below(f"sleep {os.getpid()}.75") and time.monotonic() < deadline:
        time.sleep(0.02)
    told = json.loads(watcher.communicate()[0])
    assert told["ended"] == "left alone"
    assert below(f"sleep {os.getpid()}") == []


def test_the_last_words_are_the_errors_else_the_last_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("a\nfemrisk: error: b\nfemrisk: error: c\nd\n")
    assert last_words(log) == "b; c"
    log.write_text("a\n\n  b \n\n")
    assert last_words(log) == "b"
    assert last_words(tmp_path / "none") == ""
