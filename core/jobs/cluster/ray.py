"""The Ray cluster as the dispatcher sees it: whether it is there, its nodes, and tasks on it; and
how a process there begins.

Ray is imported by the dispatcher and on the cluster only, never where pages are served.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from core.catalog.machines import RAY, Machine
from core.catalog.records import Lane
from core.errors import InvalidInput, LightboxError, Unreachable

_ANSWER_S = 5.0
_MOST_NAME = 200
_START = (
    "Start Ray on this computer, with the cluster's token (docs/DEPLOY.md), or remove LIGHTBOX_RAY "
    "to do without."
)
# Settings that a process there is told.
_TOLD = {
    *("KERAS_HOME", "LIGHTBOX_BFLOAT16", "LIGHTBOX_CACHE_GB", "LIGHTBOX_FILES"),
    *("LIGHTBOX_MAX_FILES", "LIGHTBOX_MAX_PIXELS", "LIGHTBOX_MAX_UNPACKED_GB"),
    *("LIGHTBOX_RAY_CORES", "LIGHTBOX_ROOTS", "LIGHTBOX_STORES", "LIGHTBOX_USER"),
}


def ray() -> ModuleType:
    """The module.

    Raises:
        InvalidInput: it is not installed.
    """
    try:
        import ray as module
    except ImportError as error:
        raise InvalidInput(
            "LIGHTBOX_RAY is set, and Ray is not installed here.",
            remedy="Run: python -m pip install -r requirements-ray.txt, or remove LIGHTBOX_RAY.",
        ) from error
    return module


def connect(address: str) -> None:
    """Make this process one that starts tasks on the cluster.

    Args:
        address: ``host:port`` of its head, or ``auto`` for the cluster that this computer is in.

    Raises:
        InvalidInput: Ray is not installed, or the address is none.
        Unreachable: there is no cluster, or it lets nobody in without its token (Ray doesn't say
            which).
    """
    module = ray()
    if address != "auto":
        _knock(address)
    try:
        module.init(
            address=address, namespace="lightbox", log_to_driver=False, logging_level="ERROR"
        )
    except (ConnectionError, RuntimeError, ValueError, module.exceptions.RayError) as error:
        raise Unreachable(
            "There is no Ray cluster that this computer is in."
            if address == "auto"
            else "The Ray cluster can't be joined.",
            file=None if address == "auto" else address,
            remedy=_START,
        ) from error


def _knock(address: str) -> None:
    """See whether anybody listens: Ray itself asks for a minute, and then ends the process."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise InvalidInput(
            f"LIGHTBOX_RAY is {address!r}, which is no address of a cluster.",
            remedy="Set it to auto, or to HOST:PORT of its head, as “ray start” takes it.",
        )
    try:
        with contextlib.closing(socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S)):
            pass
    except (OSError, OverflowError) as error:
        raise Unreachable(
            "The Ray cluster does not answer.", file=address, remedy=_START
        ) from error


def leave() -> None:
    """Let go of the cluster; tasks of this process end."""
    ray().shutdown()


def node_id(hexadecimal: str) -> str:
    """The id under which the catalog knows a node."""
    return RAY + hexadecimal[:24]


def this_node() -> str:
    """:func:`node_id` of the node that this task runs on."""
    return node_id(ray().get_runtime_context().get_node_id())


def nodes(lanes: Sequence[Lane]) -> list[Machine]:
    """Living nodes that do work; not a head that has no cores to give.

    Raises:
        Unreachable: the cluster doesn't answer any more.
    """
    module = ray()
    try:
        found = module.nodes()
    except module.exceptions.RayError as error:
        raise Unreachable("The Ray cluster does not answer any more.", remedy=_START) from error
    return [
        Machine(
            id=node_id(node["NodeID"]),
            host=f"{node['NodeManagerHostname'][:_MOST_NAME]} ({node['NodeManagerAddress']})",
            lanes=tuple(lanes),
            cores=int(node["Resources"]["CPU"]),
            memory=int(node["Resources"].get("memory", 0)),
            gpu=_gpu(node["Resources"]),
        )
        for node in found
        if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
    ]


def _gpu(resources: dict[str, float]) -> str:
    """Names of a node's GPUs as Ray says them, and how many where there are several."""
    count = int(resources.get("GPU", 0))
    if not count:
        return ""
    kinds = [name.partition(":")[2] for name in resources if name.startswith("accelerator_type:")]
    return f"{', '.join(kinds) or 'GPU'}{f' × {count}' if count > 1 else ''}"


def start(
    do: Callable[..., str], what: Any, *, cores: int, memory: int = 0, gpu: bool = False
) -> Any:
    """Have ``do(what)`` called on some node, in a process of its own that ends with it.

    Args:
        cores, memory (bytes), gpu: what it is given; it waits until a node has them free.

    Returns:
        What it can be asked about, and taken back with.
    """
    # A new process each time: how many threads libraries have is settled when they are loaded.
    task = ray().remote(max_calls=1, max_retries=0)(do)
    needs = {"num_cpus": cores, "num_gpus": int(gpu), **({"memory": memory} if memory else {})}
    return task.options(name=f"lightbox {getattr(what, 'lane', '')}", **needs).remote(what)


def ended(tasks: Sequence[Any]) -> dict[Any, str]:
    """Tasks that have ended, with what they returned; "" for one that died or was taken back."""
    module = ray()
    if not tasks:
        return {}
    ready, _ = module.wait(list(tasks), num_returns=len(tasks), timeout=0)
    found = {}
    for each in ready:
        try:
            found[each] = module.get(each)
        except LightboxError:
            raise
        except Exception:
            # Whatever became of it, the job that it had is let go of as any other is.
            found[each] = ""
    return found


def take_back(tasks: Sequence[Any]) -> None:
    """Have tasks not begin that wait for a node; those that have begun don't hear it, nor do those
    who work for them."""
    for each in tasks:
        ray().cancel(each, recursive=False)


def environment(home: Path) -> dict[str, str]:
    """What it is told of the settings here: nothing that is secret, or about pages."""
    kept = {name: value for name, value in os.environ.items() if name in _TOLD}
    return {**kept, "LIGHTBOX_HOME": str(home)}


def begin(cores: int, told: Mapping[str, str]) -> None:
    """Take settings that the node has not set itself, and have libraries use no more threads than
    there are cores; Ray tells only OpenMP."""
    for name, value in told.items():
        os.environ.setdefault(name, value)
    os.environ["LIGHTBOX_CORES"] = str(cores)  # OpenVINO, and helpers of ours
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(cores)
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(cores)
    # As PYTHON_CPU_COUNT does from Python 3.13 on.
    os.cpu_count = lambda: cores
