"""The commands of compose.yaml as processes here: a scheduler and two workers see a sweep of stubs through."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from stubbed_sweep import many

HERE = Path(__file__).parent
SERVICES: dict[str, Any] = YAML(typ="safe").load(HERE.parents[1] / "compose.yaml")["services"]

pytestmark = pytest.mark.slow


def words(name: str, port: int) -> list[str]:
    """A service's command, but for who it runs as and where the scheduler is."""
    service = SERVICES[name]
    caller, dask, *rest = service["entrypoint"] + service["command"]
    assert (caller, dask) == ("as-caller", "dask")
    defaults = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in rest]
    own = [word.replace("scheduler:8786", f"127.0.0.1:{port}").replace("8786", str(port)) for word in defaults]
    return [sys.executable, "-m", "dask", *own, "--host", "127.0.0.1"]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[str, int], None]]:
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str, port: int) -> None:
        environment = {**os.environ, **SERVICES[name].get("environment", {})}
        with (tmp_path / f"{name}_{len(running)}.log").open("wb") as log:
            running.append(
                subprocess.Popen(words(name, port), env=environment, stdout=log, stderr=log, start_new_session=True)
            )

    yield start
    for process in reversed(running):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_scheduler_and_two_workers_see_a_sweep_through(tmp_path: Path, started: Callable[[str, int], None]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("scheduler", "worker", "worker"):
        started(name, port)
    deadline = time.monotonic() + 120
    while not answers(port) and time.monotonic() < deadline:
        time.sleep(0.2)
    stub = ["{python}", str(HERE / "stub_case.py"), "{case}", "{folder}"]
    driver = subprocess.run(
        [sys.executable, str(HERE / "stubbed_sweep.py"), str(many(tmp_path, 6)), str(tmp_path / "out"), "2",
         f"tcp://127.0.0.1:{port}", "0", *stub],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert driver.returncode == 0, driver.stdout + driver.stderr
    assert len(list((tmp_path / "out" / "cases").rglob("outcome.json"))) == 6


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
