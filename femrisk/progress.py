"""Progress of a run on a terminal: news of the workers in, bars with arm, load and force out; silent elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from femrisk.crew import Job


class Progress:
    """A bar over the pairs and a line per worker; does nothing without a terminal."""

    def __init__(self, console: Console | None, wanted: Sequence[object], missing: Sequence[object]) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[news]}"),
            console=console,
            transient=True,
            disable=console is None or not console.is_terminal,
        )
        self._all = self._bars.add_task("pairs", total=len(wanted), completed=len(wanted) - len(missing), news="")
        self._lines: dict[str, TaskID] = {}

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def hear(self, job: Job, news: dict[str, Any]) -> None:
        """Show what a worker said."""
        if job.name not in self._lines:
            self._lines[job.name] = self._bars.add_task(job.name, total=None, news="")
        line = self._lines[job.name]
        if "finished" in news:
            self._bars.advance(self._all)
            self._bars.update(line, news=f"{news['arm']}: {news['finished']}")
        elif "arm" in news:
            text = f"{news['arm']}: {news['displacement']:.2f} mm, {news['force'] / 1000:.2f} kN"
            self._bars.update(line, advance=1, news=text)
        else:
            self.say(str(news.get("doing", "")), line)

    def say(self, text: str, line: TaskID | None = None) -> None:
        """Show what is being done."""
        self._bars.update(self._all if line is None else line, news=text)
