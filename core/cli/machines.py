"""The commands about the computers that do the work: worker, machines."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from typing import Any

from core import settings
from core.catalog import Catalog
from core.catalog.machines import Machine
from core.cli.command import Options, argument, command
from core.cli.output import Output
from core.jobs.cluster.news import trouble
from core.jobs.crew import check_shared, crew
from core.jobs.supervisor import Supervisor
from core.settings import LANES
from core.text import plural, size


@command(
    "Queue",
    "worker",
    "let this computer, or Ray, do waiting work until Ctrl-C",
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
    check_shared(catalog)
    enough = threading.Event()
    before = {
        each: signal.signal(each, lambda *_: enough.set())
        for each in (signal.SIGINT, signal.SIGTERM)
    }
    cluster = settings.ray()
    supervisor = Supervisor(
        catalog.workspace,
        lanes=() if cluster else lanes,
        ray_lanes=lanes if cluster else (),
        of_app=False,
    )
    supervisor.start()
    try:
        if cluster:
            output.text(f"What waits goes to the Ray cluster ({cluster}). Ctrl-C ends that.")
        else:
            output.text(f"{_in_words(supervisor.machine)} works here now. Ctrl-C ends that.")
        # In steps, so that a signal is heard on every platform.
        while not enough.wait(0.5):
            pass
    finally:
        supervisor.stop()
        for each, handler in before.items():
            signal.signal(each, handler)
    output.text(f"{'The Ray cluster' if cluster else 'This computer'} works here no more.")
    return asdict(supervisor.machine)


@command("Queue", "machines", "the computers that do the work, and what they are at")
def show(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    """Those that were heard of within half a minute; the first that came is the first."""
    entries = [
        {
            **asdict(member.machine),
            "ray": member.machine.on_ray,
            "jobs": [each.job_id for each in member.doing],
            "doing": [each.what for each in member.doing],
        }
        for member in crew(catalog)
    ]
    if away := trouble(catalog.workspace):
        output.text(away)
    elif not entries:
        output.text("No computer works here now. Open Lightbox, or start one with: worker")
    if entries:
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
