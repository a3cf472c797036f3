"""One command on a leash: in goes a line of JSON that says what to run, out comes a line that says how it ended.

``python leash.py`` starts the command, and ends it with everything it has started when it takes too long, holds too
much memory, or when whoever holds the other end of standard input is gone, however that one ended: nothing outlives
its case. On Linux it adopts what the command leaves behind, so that an MPI rank or a daemon is found too.

Only the standard library is imported here, and psutil once memory is to be measured: it starts with every case.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

#: of Linux's prctl
SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36
#: seconds between two looks at the memory
SAMPLE_S = 1.0


def main() -> int:
    """Read the order, run it, tell how it ended."""
    order = json.loads(sys.stdin.buffer.readline())
    prctl(SET_CHILD_SUBREAPER, 1)
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    start = time.monotonic()
    with open(order["log"], "ab") as log:
        try:
            process = subprocess.Popen(
                order["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=order["environment"],
                start_new_session=True, preexec_fn=lambda: prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL),
            )  # fmt: skip
        except OSError as error:
            return tell(ended="not started", code=None, what=str(error), seconds=0.0, peak_memory_MB=None)
    ended, peak = watch(process, woken, start + order["time_s"], order["memory_bytes"])
    end(process)
    seconds = time.monotonic() - start
    return tell(ended=ended, code=process.returncode, seconds=seconds, peak_memory_MB=peak and peak / 1e6)


def watch(process: subprocess.Popen[bytes], woken: int, deadline: float, memory_bytes: float) -> tuple[str, int]:
    """Wait until the command ends or must; how it ended, and the most memory that was seen, bytes."""
    peak, sample = 0, time.monotonic() + SAMPLE_S
    while process.poll() is None:
        now = time.monotonic()
        if now >= deadline:
            return "time", peak
        if now >= sample:
            held = memory()
            peak, sample = max(peak, held), now + SAMPLE_S
            if held > memory_bytes:
                return "memory", peak
        ready, _, _ = select.select([0, woken], [], [], min(deadline, sample) - now)
        if 0 in ready and not os.read(0, 1):
            return "left alone", peak
        if woken in ready and set(os.read(woken, 64)) & {signal.SIGTERM, signal.SIGINT}:
            return "left alone", peak
    return "exit", peak


def memory() -> int:
    """Bytes that everything below this process holds; pages that processes share count for each of them."""
    import psutil

    held = 0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            held += child.memory_info().rss
    return held


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left, until nothing is."""
    while True:
        process.poll()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        try:
            if process.returncode is None:
                process.wait()
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        import psutil

        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
        time.sleep(0.01)


def prctl(option: int, value: int) -> None:
    """Set an option of Linux's process control; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def tell(**news: Any) -> int:
    """One line for whoever holds the leash, if there is anyone."""
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(news), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
