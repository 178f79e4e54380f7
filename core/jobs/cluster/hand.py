"""What runs on a Ray cluster: does jobs of one lane, for as long as there are some for it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core import settings
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
    for name, value in order.environment.items():
        os.environ.setdefault(name, value)
    _keep_to(order.cores)
    try:
        catalog = open_catalog(open_workspace(Path(os.environ["LIGHTBOX_HOME"])))
        _check(catalog, order)
        load_kinds(order.also)
        _serve(catalog, order)
    except LightboxError as error:
        return str(error)
    return ""


def _keep_to(cores: int) -> None:
    """Have libraries use no more threads than the task has cores; Ray tells only OpenMP."""
    os.environ["LIGHTBOX_CORES"] = str(cores)  # OpenVINO, and helpers of ours
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(cores)
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(cores)
    # As PYTHON_CPU_COUNT does from Python 3.13 on.
    os.cpu_count = lambda: cores


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


def environment(home: Path) -> dict[str, str]:
    """What a hand is told of the settings here: nothing that is secret, or about pages."""
    given = settings.without_secrets()
    kept = {name: value for name, value in given.items() if name in _TOLD}
    return {**kept, "LIGHTBOX_HOME": str(home)}


_TOLD = {
    *("KERAS_HOME", "LIGHTBOX_BFLOAT16", "LIGHTBOX_CACHE_GB", "LIGHTBOX_FILES"),
    *("LIGHTBOX_MAX_FILES", "LIGHTBOX_MAX_PIXELS", "LIGHTBOX_MAX_UNPACKED_GB"),
    *("LIGHTBOX_RAY_CORES", "LIGHTBOX_ROOTS", "LIGHTBOX_STORES", "LIGHTBOX_USER"),
}
