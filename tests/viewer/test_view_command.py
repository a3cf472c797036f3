"""`femrisk view` as a command: mistakes are one line, it listens where it is told, and ends without a trace."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from femrisk.__main__ import main
from femrisk.errors import InputError
from femrisk.viewer.exports import is_own
from femrisk.viewer.serve import Address, address


@contextmanager
def listening(*words: str) -> Iterator[tuple[Any, str]]:
    """The command at work, and its address; it is ended whatever happens."""
    command = [sys.executable, "-m", "femrisk", "view", *words, "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("femrisk view: http://"), process.communicate()
        yield process, line.split()[2]
    finally:
        process.kill()
        process.communicate()


def answer(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of what a server says."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
            return response.status, response.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{folder}/nowhere"], "no such folder"),
        (["{folder}"], "no finished pair"),
        (["{folder}", "--port", "http"], "must be a port"),
        (["{folder}", "--port", "70000"], "must be a port"),
        ([], "DIR"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    assert main(["view", *(word.format(folder=tmp_path) for word in words)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("femrisk: error: ")
    assert says in lines[0]


def test_a_port_that_is_taken_is_one_line(viewed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["view", str(viewed), "--no-browser", "--port", str(port)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"femrisk: error: 127.0.0.1:{port}: cannot listen there (Address already in use)"
    ]


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(InputError, match="cannot listen there"):
        address("192.0.2.1", None)


def test_this_machine_needs_no_token_and_others_do() -> None:
    assert address("127.0.0.1", 0).token is None
    elsewhere = address("0.0.0.0", 0)
    assert elsewhere.token is not None
    assert len(elsewhere.token) >= 24
    assert elsewhere.url.endswith(f"/?secret={elsewhere.token}")
    assert Address("::1", 8050, None).url == "http://[::1]:8050/"


@pytest.mark.parametrize(
    ("host", "origin", "own"),
    [
        ("127.0.0.1:8050", None, True),
        ("localhost:9000", "http://localhost:9000", True),
        ("127.0.0.1:8050", "http://evil.example", False),
        ("127.0.0.1:8050", "http://127.0.0.1:9999", False),
        ("evil.example:8050", None, False),
        ("", None, False),
    ],
)
def test_only_pages_of_its_own_are_answered_without_a_token(host: str, origin: str | None, own: bool) -> None:
    assert is_own(host, origin) is own


@pytest.mark.slow
def test_ctrl_c_ends_it_without_a_trace(viewed: Path) -> None:
    with listening(str(viewed)) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        status, page = answer(url)
        assert (status, "<html" in page) == (200, True)
        assert answer(url + "export/cells.csv")[1].startswith("arm,load,increment,cell,x_mm")
        assert answer(url, Origin="http://evil.example")[0] == 403
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.slow
def test_elsewhere_it_warns_and_wants_its_token(viewed: Path) -> None:
    with listening(str(viewed), "--host", "0.0.0.0") as (process, url):
        home, token = url.split("/?secret=")
        local = f"http://127.0.0.1:{home.rsplit(':', 1)[1]}"
        assert answer(f"{local}/export/cells.csv")[0] == 403
        assert answer(f"{local}/export/cells.csv?secret=wrong")[0] == 403
        assert answer(f"{local}/end")[0] == 403
        assert answer(f"{local}/export/cells.csv?secret={token}")[0] == 200
        request = urllib.request.Request(f"{local}/paraview/", data=b"{}")
        assert token not in urllib.request.urlopen(request).read().decode()
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err.startswith("femrisk: warning: 0.0.0.0: ")
    assert len(err.splitlines()) == 1
