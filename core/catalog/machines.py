"""The repository of machines: which computers work for this catalog, and which of them live."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update

from core.catalog.models import MachineRow
from core.catalog.records import JobRecord
from core.catalog.repository import Repository, as_record, now
from core.errors import Conflict

# One that was not heard of for so long is not there; it says that it is every few seconds.
GONE_S = 30.0
# What ids of nodes of a Ray cluster begin with.
RAY = "ray-"


@dataclass(frozen=True)
class Machine:
    """A program that keeps workers on some computer.

    Attributes:
        lanes: which kinds of work it does.
        cores: of the processor, as many as it may use.
        memory: bytes of the computer.
        gpu: names of its GPUs, "" without.
        since: when it came, in seconds since 1970; 0 before.
        silent_s: how long ago it was last heard of, in seconds.
    """

    id: str
    host: str
    lanes: tuple[str, ...]
    cores: int
    memory: int
    gpu: str = ""
    since: float = 0.0
    silent_s: float = 0.0

    @property
    def on_ray(self) -> bool:
        """Whether it is a node of a Ray cluster."""
        return self.id.startswith(RAY)

    def hands(self, cores: int) -> int:
        """How many jobs of a kind that asks a Ray cluster for so many cores it can do at once."""
        return max(1, self.cores // cores) if self.on_ray else 1

    def can(self, job: JobRecord) -> bool:
        """Whether it does work of the job's lane, and has what the job needs."""
        enough = job.needs_memory <= self.memory and (bool(self.gpu) or not job.needs_gpu)
        return job.lane in self.lanes and enough


class Machines(Repository):
    """Machines that live, by the database's clock."""

    def beat(self, machine: Machine) -> None:
        """Say that a machine lives, the first time too; those that have gone are forgotten."""
        with self._sessions.begin() as session:
            at = now(session)
            session.execute(delete(MachineRow).where(MachineRow.seen_at < at - GONE_S))
            known = session.scalar(
                update(MachineRow)
                .where(MachineRow.id == machine.id)
                .values(seen_at=at)
                .returning(MachineRow.id)
            )
            if known is None:
                row = MachineRow(id=machine.id, host=machine.host, lanes=" ".join(machine.lanes))
                row.cores, row.memory, row.gpu = machine.cores, machine.memory, machine.gpu
                row.since = row.seen_at = at
                session.add(row)

    def refuse_at_work(self) -> None:
        """Refuse to take the lists away from computers that work for them.

        Raises:
            Conflict: there are some.
        """
        hosts = sorted({each.host for each in self.all()})
        if hosts:
            raise Conflict(
                f"Lightbox is running on {', '.join(hosts)}.",
                remedy="Close the app and end the workers; what was cut off is forgotten after "
                "half a minute.",
            )

    def remove(self, machine_id: str) -> None:
        """Forget a machine that ends in order."""
        self._do(delete(MachineRow).where(MachineRow.id == machine_id))

    def all(self) -> list[Machine]:
        """Machines that live, the one that came first first."""
        with self._sessions() as session:
            silent = (now(session) - MachineRow.seen_at).label("silent")
            query = select(MachineRow, silent).where(MachineRow.seen_at >= now(session) - GONE_S)
            rows = session.execute(query.order_by(MachineRow.since, MachineRow.id)).all()
        return [
            as_record(
                Machine, row, lanes=tuple(row.lanes.split()), silent_s=max(0.0, float(silent_s))
            )
            for row, silent_s in rows
        ]
