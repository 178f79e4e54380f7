"""The commands about the computers that do the work: worker, machines."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from typing import Any

from core.catalog import Catalog
from core.catalog.database import refuse_network_disk
from core.catalog.machines import Machine
from core.cli.command import Options, argument, command
from core.cli.output import Output
from core.errors import InvalidInput
from core.jobs.crew import crew
from core.jobs.supervisor import Supervisor
from core.settings import LANES
from core.text import plural, size


@command(
    "worker",
    "Queue",
    "let this computer do waiting work too, until Ctrl-C",
    argument(
        "--lane",
        action="append",
        choices=LANES,
        help="train: what needs TensorFlow; light: the rest. Both if it isn't said",
    ),
    examples=("", "--lane train"),
)
def work(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Keep workers until somebody says that it is enough; what they are at goes on elsewhere."""
    lanes = tuple(lane for lane in LANES if lane in (options.lane or LANES))
    _check_shared(catalog)
    enough = threading.Event()
    before = {
        each: signal.signal(each, lambda *_: enough.set())
        for each in (signal.SIGINT, signal.SIGTERM)
    }
    supervisor = Supervisor(catalog.workspace, lanes=lanes, of_app=False)
    supervisor.start()
    try:
        output.text(f"{_in_words(supervisor.machine)} works here now. Ctrl-C ends that.")
        # In steps, so that a signal is heard on every platform.
        while not enough.wait(0.5):
            pass
    finally:
        supervisor.stop()
        for each, handler in before.items():
            signal.signal(each, handler)
    output.text("This computer works here no more.")
    return asdict(supervisor.machine)


@command("machines", "Queue", "the computers that do the work, and what they are at")
def show(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    """Those that were heard of within half a minute; the first that came is the first."""
    entries = [
        {
            **asdict(member.machine),
            "jobs": [each.job_id for each in member.doing],
            "doing": [each.what for each in member.doing],
        }
        for member in crew(catalog)
    ]
    if not entries:
        output.text("No computer works here now. Open Lightbox, or start one with: worker")
    else:
        output.table(
            ("computer", "cores", "memory", "GPU", "does", "heard of", "now"),
            [
                (
                    each["host"],
                    str(each["cores"]),
                    size(each["memory"]) if each["memory"] else "–",
                    each["gpu"] or "–",
                    ", ".join(each["lanes"]),
                    f"{each['silent_s']:.0f} s ago",
                    "; ".join(each["doing"]) or "–",
                )
                for each in entries
            ],
        )
    return entries


def _in_words(machine: Machine) -> str:
    has = [plural(machine.cores, "core")]
    has += [size(machine.memory)] if machine.memory else []
    has += [machine.gpu] if machine.gpu else []
    return f"{machine.host} ({', '.join(has)}; {' and '.join(machine.lanes)})"


def _check_shared(catalog: Catalog) -> None:
    """Refuse a folder that isn't the one that the others use.

    Raises:
        InvalidInput: datasets or runs are in the lists, and nothing of them is in the folder.
        NotAllowed: the lists are in a file on a network's disk.
    """
    refuse_network_disk(catalog.workspace)
    if catalog.workspace.keeper is not None:
        return
    folders = [catalog.workspace.dataset(each.id) for each in catalog.datasets.all()]
    folders += [catalog.workspace.run(each.id) for each in catalog.runs.all()]
    if folders and not any(folder.is_dir() for folder in folders):
        raise InvalidInput(
            "The lists speak of datasets and models that are not in this folder.",
            file=catalog.workspace.home,
            remedy="Set LIGHTBOX_HOME to the folder that the other computers use, shared with this "
            "one.",
        )
