"""The repository of what was done at the doors: appended, never changed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog.changes import DECISIONS
from core.catalog.models import AuditRow, ChangeRow, DatasetRow
from core.catalog.repository import Repository, as_record
from core.text import images
from core.who import author


@dataclass(frozen=True)
class Entry:
    """One thing that somebody did.

    Attributes:
        at: seconds since 1970.
        what: a plain word or two: "signed in", "made a key", "excluded" …
        subject: what it was done to.
    """

    at: float
    who: str
    what: str
    subject: str
    detail: str


class Audit(Repository):
    """Append to the log, and read it together with the decisions about datasets."""

    def note(self, who: str, what: str, subject: str = "", detail: str = "") -> None:
        """Add an entry."""
        with self._sessions.begin() as session:
            write(session, Entry(time.time(), who, what, subject, detail))

    def entries(self, *, since: float = 0.0, most: int = 1000) -> list[Entry]:
        """What was done, newest first, decisions about datasets included."""
        doors = select(AuditRow).where(AuditRow.at >= since).order_by(AuditRow.at.desc())
        decisions = (
            select(ChangeRow, DatasetRow)
            .join(DatasetRow, DatasetRow.id == ChangeRow.dataset_id)
            .where(ChangeRow.at >= since)
            .order_by(ChangeRow.at.desc())
        )
        with self._sessions() as session:
            found = [as_record(Entry, row) for row in session.scalars(doors.limit(most))]
            rows = session.execute(decisions.limit(most))
            found += [decided(row, of.called or of.name) for row, of in rows]
        return sorted(found, key=lambda entry: -entry.at)[:most]


def note(session: Session, what: str, subject: str, detail: str = "") -> None:
    """Add an entry together with what it tells of, so that there is never one without the other."""
    write(session, Entry(time.time(), author(), what, subject, detail))


def write(session: Session, entry: Entry) -> None:
    """Add an entry, cut to what the columns hold."""
    session.add(
        AuditRow(
            at=entry.at,
            who=entry.who[:255],
            what=entry.what[:64],
            subject=entry.subject[:255],
            detail=entry.detail[:2000],
        )
    )


def decided(row: ChangeRow, dataset: str) -> Entry:
    """A change of a dataset as an entry, in the words that people read elsewhere too."""
    what = DECISIONS.get(row.action, row.action)
    said = row.payload
    label = said.get("label") if row.action == "relabel" else None
    count = len(said.get("paths", ())) or int(said.get("images", 0))
    parts = [
        f"to “{label}”" if label else "",
        images(count) if count else "",
        row.why if row.why != "scan" else "",  # no reason, and no word of a person's
    ]
    detail = ", ".join(part for part in parts if part)
    return Entry(row.at, row.author, what[0].lower() + what[1:], dataset, detail)


def keep_decisions(session: Session, dataset_id: str, dataset: str) -> None:
    """Move all changes of a dataset that is being removed into the log, which outlives it."""
    for row in session.scalars(select(ChangeRow).where(ChangeRow.dataset_id == dataset_id)).all():
        write(session, decided(row, dataset))
        session.delete(row)
    session.flush()
