"""What runs on a Ray cluster: does jobs of one lane, for as long as there are some for it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.catalog import Catalog, open_catalog
from core.catalog.queue import Has
from core.catalog.records import Lane
from core.errors import InvalidInput, LightboxError
from core.jobs.cluster import ray
from core.jobs.crew import check_shared
from core.jobs.execute import execute
from core.jobs.stay import Stay
from core.jobs.worker import claim_next, load_kinds
from core.quiet import load_keras
from core.workspace import open_workspace

# How long a hand waits for the next job: long enough for what a page asks for after the last.
_LINGER_S = 10.0
_POLL_S = 0.15


@dataclass(frozen=True)
class Order:
    """What a hand is for.

    Attributes:
        has: which jobs it takes: those that need exactly this.
        cores: how many it was given.
        environment: settings of the dispatcher, for what the node has not set itself.
        on_server: whether the dispatcher's lists are in a database on a server.
        also: names of modules with more kinds of jobs.
    """

    lane: Lane
    has: Has
    cores: int
    environment: Mapping[str, str]
    on_server: bool
    also: tuple[str, ...] = ()


def hand(order: Order) -> str:
    """Do jobs until there is none for a while; returns why it can do none here, or ""."""
    # A task that has begun is not taken back: its jobs are stopped by way of the database.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ray.begin(order.cores, order.environment)
    try:
        catalog = open_catalog(open_workspace(Path(os.environ["LIGHTBOX_HOME"])))
        _check(catalog, order)
        load_kinds(order.also)
        _serve(catalog, order)
    except LightboxError as error:
        return str(error)
    return ""


def _check(catalog: Catalog, order: Order) -> None:
    if catalog.on_server != order.on_server:
        raise InvalidInput(
            "A node of the Ray cluster keeps other lists than the app.",
            remedy="Start Ray on it with the same LIGHTBOX_DATABASE.",
        )
    check_shared(catalog)


def _serve(catalog: Catalog, order: Order) -> None:
    node, pause = ray.this_node(), threading.Event()
    if order.lane == "train":
        load_keras()
    stay, idle = Stay(order.lane), time.monotonic()
    while time.monotonic() - idle < _LINGER_S:
        job = claim_next(catalog, order.lane, node, order.has)
        if job is None:
            pause.wait(_POLL_S)
            continue
        done = execute(catalog, job)
        if order.lane == "train" and job.kind != "prepare":
            from core.training.fitting.warmup import tidy_up

            tidy_up()
        if not stay.after(done):
            return
        idle = time.monotonic()
