"""The driver with a client that is a fake: what is given out again, what is given up, and how much is out at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from femrisk.errors import ComputationError
from femrisk.sweep import engine
from femrisk.sweep.attend import Order, Report
from femrisk.sweep.cluster import Workforce
from femrisk.sweep.engine import Room, drive


class KilledWorker(Exception):
    """As Dask calls it."""


@dataclass
class Future:
    """Lands at once, with a report or an exception."""

    key: str
    answer: Report | Exception

    def result(self) -> Report:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def add_done_callback(self, call: Callable[[Future], None]) -> None:
        call(self)


@dataclass
class Client:
    """Answers the n-th time that a case is handed out as ``answers`` says, and done after that."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    status: str = "running"
    handed_out: list[str] = field(default_factory=list)

    def submit(self, function: object, order: Order, *, key: str, pure: bool) -> Future:
        self.handed_out.append(order.case_id)
        told = self.answers.get(order.case_id, [])
        return Future(key, told.pop(0) if told else Report(order.case_id, "done"))


def orders(*names: str) -> Iterator[Order]:
    return (Order(name, "", "", (), {}, 1, 1.0, 1.0, 1, False) for name in names)


def driven(client: Client, folder: Path, *names: str, spare: float = 0.0) -> list[tuple[str, str]]:
    heard: list[tuple[str, str]] = []
    force = Workforce(client, "", 2)
    drive(force, orders(*names), Room(folder, spare), lambda report: heard.append((report.case_id, report.state)))
    return heard


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PAUSE_S", 0.0)
    monkeypatch.setattr(engine, "LOOK_S", 0.01)
    monkeypatch.setattr(engine, "GIVE_UP_S", 0.05)


def test_every_case_is_heard_of_once(tmp_path: Path) -> None:
    assert driven(Client(), tmp_path, "a", "b", "c") == [("a", "done"), ("b", "done"), ("c", "done")]


def test_a_case_that_another_sweep_is_at_is_looked_at_again_after_the_others(tmp_path: Path) -> None:
    client = Client({"a": [Report("a", "busy"), Report("a", "busy")]})
    assert driven(client, tmp_path, "a", "b") == [("b", "done"), ("a", "done")]
    assert client.handed_out == ["a", "b", "a", "a"]


def test_a_case_whose_worker_died_is_given_to_another(tmp_path: Path) -> None:
    client = Client({"a": [KilledWorker()]})
    assert driven(client, tmp_path, "a", "b") == [("b", "done"), ("a", "done")]


def test_a_case_whose_workers_die_again_and_again_is_given_up(tmp_path: Path) -> None:
    client = Client({"a": [KilledWorker()] * 9})
    assert driven(client, tmp_path, "a") == [("a", "failed")]
    assert len(client.handed_out) == 4


def test_a_report_that_does_not_arrive_is_asked_for_again(tmp_path: Path) -> None:
    client = Client({"a": [ConnectionResetError("by peer")]})
    assert driven(client, tmp_path, "a") == [("a", "done")]


def test_a_defect_costs_one_case_and_is_named(tmp_path: Path) -> None:
    client, heard = Client({"a": [KeyError("x")]}), []
    drive(Workforce(client, "", 1), orders("a", "b"), Room(tmp_path, 0), heard.append)
    assert [(report.state, report.reason) for report in heard] == [
        ("failed", "internal: KeyError: 'x'"),
        ("done", None),
    ]


def test_only_a_few_more_cases_than_can_run_are_out_at_once(tmp_path: Path) -> None:
    taken: list[str] = []

    def watched() -> Iterator[Order]:
        for order in orders(*(f"{index}" for index in range(100))):
            taken.append(order.case_id)
            yield order

    out: list[int] = []
    drive(Workforce(Client(), "", 2), watched(), Room(tmp_path, 0), lambda report: out.append(len(taken) - len(out)))
    assert max(out) <= 2 * 2 + 8
    assert len(out) == 100


def test_a_disk_that_is_nearly_full_begins_no_case(tmp_path: Path) -> None:
    client = Client()
    with pytest.raises(ComputationError) as caught:
        driven(client, tmp_path, "a", spare=1e18)
    assert str(caught.value) == f"{tmp_path}: the disk is full; what is finished is kept, the same command goes on"
    assert client.handed_out == []


def test_a_case_that_found_no_room_stops_the_rest(tmp_path: Path) -> None:
    names = [f"{index}" for index in range(40)]
    client = Client({"0": [Report("0", "no room", "No space left")]})
    with pytest.raises(ComputationError):
        driven(client, tmp_path, *names)
    assert len(client.handed_out) <= 2 * 2 + 8


def test_a_scheduler_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    client = Client({"a": [KilledWorker()]}, status="connecting")
    with pytest.raises(ComputationError) as caught:
        driven(client, tmp_path, "a")
    assert str(caught.value) == "the scheduler: is gone; what is finished is kept, the same command goes on"
