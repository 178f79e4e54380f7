"""The computers that do the work, and what each is at: the same on the page and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from core import settings
from core.catalog import Catalog, JobRecord
from core.catalog.database import refuse_network_disk
from core.catalog.machines import Machine
from core.errors import InvalidInput
from core.jobs.cluster.news import trouble
from core.jobs.kinds import named
from core.text import size

START_ONE = "python -m core worker"


@dataclass(frozen=True)
class Doing:
    """What a computer is at: in words, and since when, in seconds since 1970."""

    job_id: str
    what: str
    since: float


@dataclass(frozen=True)
class Member:
    """A computer, and what it is at."""

    machine: Machine
    doing: tuple[Doing, ...]


def crew(catalog: Catalog) -> list[Member]:
    """All computers that work for the catalog, the one that came first first."""
    running = catalog.jobs.all(states=("running",), parts=True)
    words = named(catalog, running)
    found = []
    for machine in catalog.machines.all():
        doing = [
            Doing(job.id, words[job.id].whole, job.started_at or 0.0)
            for job in running
            if job.machine == machine.id
        ]
        found.append(Member(machine, tuple(doing)))
    return found


def is_shared(catalog: Catalog) -> bool:
    """Whether more than this computer may do the work. A Lightbox that has just ended here, and is
    not forgotten yet, is no second one."""
    if settings.ray():
        return True
    return catalog.on_server or len({machine.host for machine in catalog.machines.all()}) > 1


def check_shared(catalog: Catalog) -> None:
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


def nobody_for(catalog: Catalog, job: JobRecord) -> str:
    """Why a waiting job has no computer that could take it, and what to do; "" if it has one."""
    machines = catalog.machines.all()
    if job.home:
        host = job.home.rpartition("-")[0]
        return f"its files are on {host} only, which sends them while Lightbox is open there"
    if any(machine.can(job) for machine in machines):
        return ""
    needs = ["a GPU"] if job.needs_gpu else []
    needs += [f"{size(job.needs_memory)} of memory"] if job.needs_memory else []
    lane = "trains" if job.lane == "train" else "does this kind of work"
    if settings.ray():
        has = f" with {' and '.join(needs)}" if needs else ""
        away = trouble(catalog.workspace)
        return away or f"the Ray cluster has no node{has} for it now. It adds one where it can"
    if not machines:
        return f"no computer works here now. Open Lightbox, or start one with: {START_ONE}"
    if needs and any(job.lane in machine.lanes for machine in machines):
        return f"no computer here has {' and '.join(needs)}. Start one that has with: {START_ONE}"
    return f"no computer here {lane}. Start one with: {START_ONE} --lane {job.lane}"


def nobody_trains(catalog: Catalog) -> str:
    """Where other computers do the work: that a training would wait now, since none trains; ""
    where one does."""
    machines = catalog.machines.all()
    if settings.ray() or not is_shared(catalog):
        return ""
    if any("train" in machine.lanes for machine in machines):
        return ""
    return f"No computer trains now, so a training waits. Start one with: {START_ONE} --lane train"
