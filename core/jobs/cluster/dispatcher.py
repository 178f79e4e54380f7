"""Sends waiting jobs to a Ray cluster: ``python -m core.jobs.cluster.dispatcher``.

It takes no job itself. As many hands (:mod:`core.jobs.cluster.hand`) as there are jobs to do are
asked for, each with what its jobs need, and Ray places them, on nodes that there are or that it
adds for them; a hand claims its jobs from the queue like any worker. So order, cancelling, progress
and what becomes of the lost are as without Ray.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core import settings
from core.catalog import Catalog
from core.catalog.machines import RAY
from core.catalog.queue import Has
from core.catalog.records import Lane
from core.errors import LightboxError, Unreachable
from core.jobs.cluster import news, ray
from core.jobs.cluster.halving import Halving
from core.jobs.cluster.hand import Order, hand
from core.jobs.worker import die_with_parent, open_patiently

_LOOK_S = 0.3
_BEAT_S = 5.0
_HALVE_S = 1.0
_AGAIN_S = 5.0
# More that wait are asked for once some of these have ended.
_MOST_HANDS = 200
# A hand that is asked for and isn't needed is taken back after this; it may be lingering, too.
_SURPLUS_S = 15.0
_END_S = 5.0

Sort = tuple[Lane, Has]


class Dispatcher:
    """Hands on a cluster that this process is connected to.

    Args:
        lanes: which work they do.
        also: names of modules with more kinds of jobs, for hands to import.
    """

    def __init__(
        self, catalog: Catalog, lanes: tuple[Lane, ...], also: tuple[str, ...] = ()
    ) -> None:
        self._catalog, self._lanes, self._also = catalog, lanes, also
        self._hands: dict[Any, Sort] = {}
        self._surplus: dict[Sort, float] = {}
        self._nodes: set[str] = set()
        self._largest = 0
        self._beaten = self._troubled = -_BEAT_S
        self._trouble = ""
        self._halving, self._halved = Halving(catalog), -_HALVE_S

    def look(self) -> None:
        """Ask for the hands that are wanted now; to be called again and again.

        Raises:
            Unreachable: cluster or database.
        """
        if time.monotonic() - self._beaten >= _BEAT_S:
            self._tell_nodes()
        for task, said in ray.ended(list(self._hands)).items():
            del self._hands[task]
            if said:
                self._trouble, self._troubled = said, time.monotonic()
        demand = self._catalog.jobs.demand(RAY)
        if time.monotonic() - self._halved >= _HALVE_S and any(
            running and lane == "train" for (lane, _), (_, running) in demand.items()
        ):
            self._halving.look()
            self._halved = time.monotonic()
        for sort in {*demand, *self._hands.values()}:
            self._ask(sort, *demand.get(sort, (0, 0)))

    def leave(self) -> None:
        """End what was asked for; nodes do nothing for this catalog from now on."""
        for node in self._nodes:
            self._catalog.machines.remove(node)
        ray.leave()

    def _ask(self, sort: Sort, waiting: int, running: int) -> None:
        lane, has = sort
        mine = [task for task, its in self._hands.items() if its == sort]
        wanted = running + waiting if lane in self._lanes else 0
        if len(mine) <= wanted:
            self._surplus.pop(sort, None)
            if waiting and time.monotonic() - self._troubled > _AGAIN_S:
                for _ in range(min(wanted, _MOST_HANDS) - len(mine)):
                    self._hands[self._start(lane, has)] = sort
        elif time.monotonic() - self._surplus.setdefault(sort, time.monotonic()) > _SURPLUS_S:
            # Which of them wait isn't known. Those that work don't hear it, and if one is taken
            # back that was needed, the next look asks for another.
            del self._surplus[sort]
            ray.take_back(mine)

    def _start(self, lane: Lane, has: Has) -> Any:
        cores = min(settings.ray_cores(lane), self._largest or settings.ray_cores(lane))
        told = ray.environment(self._catalog.workspace.home)
        order = Order(lane, has, cores, told, self._catalog.on_server, self._also)
        return ray.start(hand, order, cores=cores, memory=has.memory, gpu=has.gpu)

    def _tell_nodes(self) -> None:
        found = ray.nodes(self._lanes)
        for machine in found:
            self._catalog.machines.beat(machine)
        for gone in self._nodes - {machine.id for machine in found}:
            self._catalog.machines.remove(gone)
        self._nodes = {machine.id for machine in found}
        self._largest = max((machine.cores for machine in found), default=0)
        self._beaten = time.monotonic()
        recent = self._beaten - self._troubled < 2 * _AGAIN_S
        news.tell(self._catalog.workspace, self._trouble if recent else "")


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="core.jobs.cluster.dispatcher")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--lane", action="append", choices=settings.LANES, required=True)
    parser.add_argument("--also", action="append", default=[], help="module with more kinds")
    options = parser.parse_args(arguments)
    end = threading.Event()
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    threading.Thread(target=_listen, args=(end,), daemon=True, name="parent's pipe").start()
    catalog = open_patiently(options.home)
    while not end.is_set():
        try:
            ray.connect(settings.ray())
        except LightboxError as error:
            news.tell(catalog.workspace, str(error))
            print(error, flush=True)
            end.wait(_AGAIN_S)
            continue
        _dispatch(Dispatcher(catalog, tuple(options.lane), tuple(options.also)), catalog, end)
    return 0


def _dispatch(dispatcher: Dispatcher, catalog: Catalog, end: threading.Event) -> None:
    """Until the end, or until the cluster is there no more."""
    try:
        while not end.wait(_LOOK_S):
            try:
                dispatcher.look()
            except SQLAlchemyError as error:
                print(error, flush=True)  # locked or full: the next look tries again
            except Unreachable as error:
                news.tell(catalog.workspace, str(error))
                print(error, flush=True)
                if not ray.ray().is_initialized():
                    return
                end.wait(_AGAIN_S)
    finally:
        dispatcher.leave()


def _listen(end: threading.Event) -> None:
    """Ends with the parent, whatever Ray is waiting for."""
    while sys.stdin.buffer.read(1):
        pass
    end.set()
    threading.Event().wait(_END_S)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
