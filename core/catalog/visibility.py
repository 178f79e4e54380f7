"""What is whose, and who may see it: ``private`` (its owner and administrators), ``team`` (whoever
is signed in), ``link`` (guests with a link too, which is how things begin)."""

from __future__ import annotations

from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog.models import RunRow, VisibilityRow
from core.catalog.repository import Repository
from core.who import Who, acting

Kind = Literal["dataset", "run"]
Level = Literal["private", "team", "link"]
LEVELS: tuple[Level, ...] = get_args(Level)


def own(session: Session, kind: Kind, item_id: str, who: Who) -> None:
    """Remember whose something new is; what is made at the computer itself is everybody's."""
    if who.name:
        session.add(VisibilityRow(kind=kind, id=item_id, owner=who.name, level="link"))


def hidden(session: Session, kind: Kind) -> set[str]:
    """Ids that whoever acts doesn't get to see. A run on a dataset that is hidden is hidden too."""
    who = acting()
    if who.may("administrator"):
        return set()
    query = select(VisibilityRow.kind, VisibilityRow.id).where(
        VisibilityRow.level == "private", VisibilityRow.owner != who.name
    )
    rows = [(row[0], row[1]) for row in session.execute(query).all()]
    out = {item for sort, item in rows if sort == kind}
    datasets = [item for sort, item in rows if sort == "dataset"]
    if kind == "run" and datasets:
        out |= set(session.scalars(select(RunRow.id).where(RunRow.dataset_id.in_(datasets))).all())
    return out


class Visibility(Repository):
    """Owners and levels."""

    def of(self, kind: Kind, item_id: str) -> tuple[str, Level]:
        """Whose something is ("" for everybody's), and who may see it."""
        with self._sessions() as session:
            row = session.get(VisibilityRow, (kind, item_id))
        if row is None:
            return "", "link"
        return row.owner, next((each for each in LEVELS if each == row.level), "private")

    def set(self, kind: Kind, item_id: str, owner: str, level: Level) -> None:
        """Say whose it is, and who may see it."""
        with self._sessions.begin() as session:
            session.merge(VisibilityRow(kind=kind, id=item_id, owner=owner, level=level))
