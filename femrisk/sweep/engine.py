"""Orders in, reports out: Dask's workers attend to every case, whatever dies on the way."""

from __future__ import annotations

import queue
import shutil
import time
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from femrisk.errors import ComputationError
from femrisk.sweep.attend import Order, Report, attend
from femrisk.sweep.cluster import Workforce

#: seconds: between two looks at cases that others are at, between two looks at the scheduler, until it is given up
PAUSE_S, LOOK_S, GIVE_UP_S = 2.0, 1.0, 15.0
#: Dask's errors that say nothing of a case: its workers died, or nobody knows any more where its report is
LOST = ("KilledWorker", "FutureCancelledError", "ClosedClientError")
#: how often a case is given to another worker after its own died
DEATHS = 3


@dataclass(frozen=True)
class Room:
    """The disk that results go to."""

    folder: Path
    #: what must stay free for a case to be begun, so that those in flight can finish
    spare_bytes: float

    def left(self) -> bool:
        """Whether another case may be begun."""
        return shutil.disk_usage(self.folder).free > self.spare_bytes


@dataclass
class Flight:
    """What is with the workers now, and what must be tried again; of one ``drive``."""

    client: Any
    landed: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    orders: dict[str, Order] = field(default_factory=dict)
    futures: dict[str, Any] = field(default_factory=dict)
    again: list[Order] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    started: int = 0
    token: str = field(default_factory=lambda: uuid4().hex[:8])

    def start(self, order: Order) -> None:
        """Hand an order to a worker."""
        self.started += 1
        # one word for all, as Dask keeps a record of each word for ever; another driver of its scheduler has other keys
        key = f"case-{self.token}-{self.started}"
        try:
            future = self.client.submit(attend, order, key=key, pure=False)
        except Exception:
            self.look()
            raise
        self.orders[key], self.futures[key] = order, future
        future.add_done_callback(self.landed.put)

    def next(self) -> Report | None:
        """The next report; None after a while without one, or where the case is to be tried again.

        Raises:
            ComputationError: the scheduler is gone.
        """
        try:
            future = self.landed.get(timeout=LOOK_S)
        except queue.Empty:
            self.look()
            return None
        order = self.orders.pop(future.key)
        del self.futures[future.key]
        try:
            report: Report = future.result()
        except (Exception, CancelledError) as error:
            return self.lose(order, error)
        if report.state != "busy":
            return report
        self.again.append(order)
        return None

    def lose(self, order: Order, error: BaseException) -> Report | None:
        """Try a case again whose worker died or whose report did not arrive, a few times; any other error is ours."""
        if not isinstance(error, OSError | CancelledError) and type(error).__name__ not in LOST:
            return Report(order.case_id, "failed", f"internal: {type(error).__name__}: {error}")
        self.look()
        self.deaths[order.case_id] += 1
        if self.deaths[order.case_id] > DEATHS:
            return Report(order.case_id, "failed", "the workers that ran it died again and again")
        self.again.append(order)
        return None

    def look(self) -> None:
        """See that the scheduler is there; wait a little for one that is not."""
        deadline = time.monotonic() + GIVE_UP_S
        while self.client.status != "running":
            if self.client.status == "closed" or time.monotonic() > deadline:
                raise ComputationError("the scheduler", "is gone; what is finished is kept, the same command goes on")
            time.sleep(LOOK_S)


def drive(force: Workforce, orders: Iterable[Order], room: Room, hear: Callable[[Report], None]) -> None:
    """Have every order attended to; ``hear`` is told of each once.

    Only a few more cases than can run are with the scheduler, so that memory does not grow with their number.

    Raises:
        ComputationError: the disk is full or the scheduler is gone; cases in flight were finished if they could be.
    """
    flight = Flight(force.client)
    waiting: Iterator[Order] = iter(orders)
    full = False
    while True:
        while not full and len(flight.orders) < 2 * force.cases + 8:
            if not room.left():
                full = True
            elif (order := next(waiting, None)) is not None:
                flight.start(order)
            else:
                break
        if flight.orders:
            report = flight.next()
            if report is not None:
                full = full or report.state == "no room"
                hear(report)
        elif full:
            raise ComputationError(
                str(room.folder), "the disk is full; what is finished is kept, the same command goes on"
            )
        elif flight.again:
            time.sleep(PAUSE_S)
            waiting, flight.again = iter(flight.again), []
        else:
            return
