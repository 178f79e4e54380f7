"""The repository of what was done at the doors: appended, never changed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.catalog.models import AuditRow, ChangeRow, DatasetRow


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


class Audit:
    """Append to the log, and read it together with the decisions about datasets."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def note(self, who: str, what: str, subject: str = "", detail: str = "") -> None:
        """Add an entry."""
        with self._sessions.begin() as session:
            session.add(
                AuditRow(
                    at=time.time(),
                    who=who[:255],
                    what=what[:64],
                    subject=subject[:255],
                    detail=detail[:2000],
                )
            )

    def entries(self, *, since: float = 0.0, most: int = 1000) -> list[Entry]:
        """What was done, newest first, decisions about datasets included."""
        doors = select(AuditRow).where(AuditRow.at >= since).order_by(AuditRow.seq.desc())
        decisions = (
            select(ChangeRow, DatasetRow.name)
            .join(DatasetRow, DatasetRow.id == ChangeRow.dataset_id)
            .where(ChangeRow.at >= since)
            .order_by(ChangeRow.at.desc())
        )
        with self._sessions() as session:
            found = [
                Entry(row.at, row.who, row.what, row.subject, row.detail)
                for row in session.scalars(doors.limit(most)).all()
            ]
            found += [
                Entry(row.at, row.author, row.action, name, row.why)
                for row, name in session.execute(decisions.limit(most)).all()
            ]
        return sorted(found, key=lambda entry: -entry.at)[:most]
