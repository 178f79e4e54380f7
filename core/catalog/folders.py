"""The repository of folders that lie in a store: which list of files is whose, for all computers at
once (:class:`core.files.depot.depot.Ledger`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import StaticPool, create_engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from core.catalog.models import Base, FolderRow, JobRow
from core.catalog.records import JobRecord
from core.catalog.repository import Repository, still_held
from core.errors import Cancelled

# The row that says which store it is.
_STORE = ""


class Folders(Repository):
    """Folders by their names."""

    def find(self, unit: str) -> str | None:
        """Name of a folder's list; ``None`` if it lies in no store."""
        return self._first(select(FolderRow.manifest).where(FolderRow.unit == unit))

    def move(
        self,
        unit: str,
        was: str | None,
        now: str,
        size: tuple[int, int],
        claim: tuple[str, int] | None = None,
    ) -> bool:
        """Give a folder another list of files; false, and nothing happens, unless it has ``was``
        still.

        Args:
            was: ``None`` if it had none.
            size: how many files, and their bytes.
            claim: a job's id and claims, for as long as which holds this may be done.

        Raises:
            Cancelled: the job is another process's by now, or has ended.
        """
        values = {"manifest": now, "files": size[0], "bytes": size[1]}
        try:
            with self._sessions.begin() as session:
                if claim is not None and not still_held(session, *claim):
                    raise Cancelled
                if was is None:
                    session.execute(insert(FolderRow).values(unit=unit, **values))
                    return True
                moved = session.scalar(
                    update(FolderRow)
                    .where(FolderRow.unit == unit, FolderRow.manifest == was)
                    .values(**values)
                    .returning(FolderRow.unit)
                )
                return moved is not None
        except IntegrityError:
            return False

    def forget(self, unit: str) -> None:
        """A folder isn't there any more."""
        self._do(delete(FolderRow).where(FolderRow.unit == unit))

    def busy(self) -> set[str]:
        """Words that the specs of running jobs hold: ids of datasets and runs among them."""
        query = select(JobRow.subject, JobRow.spec).where(JobRow.state == "running")
        with self._sessions() as session:
            rows = session.execute(query).all()
        return {word for subject, spec in rows for word in (subject, *_words(spec))}

    def whose(self, claim: tuple[str, int]) -> tuple[bool, set[str]]:
        """Whether a job was claimed by nobody else since, and its words as :meth:`busy` has them;
        none where there is no such job.

        Args:
            claim: the job's id and claims.
        """
        job_id, claims = claim
        query = select(JobRow.claims, JobRow.subject, JobRow.spec).where(JobRow.id == job_id)
        with self._sessions() as session:
            found = session.execute(query).one_or_none()
        if found is None:
            return True, set()
        return found.claims == claims, {found.subject, *_words(found.spec)}

    @staticmethod
    def names_of(job: JobRecord) -> set[str]:
        """Words of one job, as :meth:`busy` has them of all."""
        return {job.subject, *_words(job.spec)}

    def all(self) -> dict[str, tuple[str, int]]:
        """Each folder's list and bytes."""
        query = select(FolderRow).where(FolderRow.unit != _STORE)
        return {row.unit: (row.manifest, row.bytes) for row in self._every(query)}

    def sizes(self) -> list[tuple[int, int]]:
        """Files and bytes of each folder."""
        query = select(FolderRow.files, FolderRow.bytes).where(FolderRow.unit != _STORE)
        with self._sessions() as session:
            return [(files, size) for files, size in session.execute(query)]

    def place(self) -> tuple[str, str] | None:
        """Mark and name of the store; ``None`` if files lie in none."""
        noted = self.find(_STORE)
        if noted is None:
            return None
        mark, _, shown = noted.partition(" ")
        return mark, shown

    def settle_in(self, mark: str, shown: str) -> None:
        """Say in which store files lie, where nobody has yet."""
        self.move(_STORE, None, f"{mark} {shown}"[:255], (0, 0))

    def replace(self, others: Folders | None) -> None:
        """Have all folders lie in another store at once, where ``others`` say, or in none."""
        columns = FolderRow.__table__.columns.keys()
        rows = others._every(select(FolderRow)) if others is not None else []
        with self._sessions.begin() as session:
            session.execute(delete(FolderRow))
            for row in rows:
                session.add(FolderRow(**{name: getattr(row, name) for name in columns}))


def folders_of_nobody() -> Folders:
    """Folders in a database of their own that nobody else sees, for what is only planned yet."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    return Folders(sessionmaker(engine, expire_on_commit=False))


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
