"""Progress of a sweep: reports in, a bar with rate and time left out; without a terminal a line now and then."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from femrisk.sweep.attend import Report

#: seconds between two lines without a terminal
QUIET_S = 30.0


class Watching:
    """A bar over the cases; the rate is that of this run, so what was finished before does not flatter it."""

    def __init__(self, console: Console, total: int, finished: int) -> None:
        self._console, self._total, self._before = console, total, finished
        self._counts: Counter[str] = Counter()
        self._start = self._said = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[news]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("cases", total=total, completed=finished, news="")

    def __enter__(self) -> Watching:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    @property
    def counts(self) -> Counter[str]:
        """How many cases of this run ended in which state."""
        return self._counts

    def hear(self, report: Report) -> None:
        """Count a case."""
        self._counts[report.state] += 1
        self._bar.update(self._task, advance=1, news=self.news())
        if report.state == "failed":
            self._console.print(f"case {report.case_id}: {report.reason}", style="red", markup=False)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._said > QUIET_S:
            self._said = now
            self._console.print(f"{self._before + self._counts.total()} of {self._total} cases, {self.news()}")

    def news(self) -> str:
        """Rate and time left, and what did not work."""
        count = self._counts.total()
        rate = count / max(time.monotonic() - self._start, 1e-9)
        left = (self._total - self._before - count) / rate if rate else 0.0
        bad = [f"{self._counts[state]} {state}" for state in ("refused", "failed") if self._counts[state]]
        return ", ".join((f"{span(1 / rate) if rate else '?'} per case, {span(left)} left", *bad))


def span(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def amount(count: float) -> str:
    """Bytes in the unit that suits them."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"
