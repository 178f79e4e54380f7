"""The repository of people, of browsers that are signed in, and of invitations.

What opens a door (a session's or an invitation's secret) is never kept, only its SHA-256.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from core.catalog.datasets import clean_name, new_id
from core.catalog.models import InvitationRow, PersonRow, SessionRow
from core.catalog.repository import Repository, as_record
from core.errors import Conflict, NotFound


@dataclass(frozen=True)
class PersonRecord:
    """One person who may sign in.

    Attributes:
        source: who vouches for them: ``password``, ``oidc`` or ``proxy``.
        password: its argon2id hash, or "".
        made_at, disabled_at: seconds since 1970.
    """

    id: str
    name: str
    role: str
    source: str
    password: str
    made_at: float
    by: str
    disabled_at: float | None


@dataclass(frozen=True)
class SessionRecord:
    """One browser that is signed in.

    Attributes:
        id: SHA-256 of its secret; its first twelve digits name it to people.
        person_id: whose it is; ``None`` for the person at the computer itself.
        made_at, seen_at, ends_at: seconds since 1970; ``seen_at`` to ten minutes.
        agent: what the browser calls itself.
    """

    id: str
    person_id: str | None
    made_at: float
    seen_at: float
    ends_at: float
    agent: str


@dataclass(frozen=True)
class InvitationRecord:
    """A link by which somebody becomes a person here, or chooses a new password.

    Attributes:
        person_id: whose password it sets; ``None`` where it makes a new person.
    """

    id: str
    role: str
    person_id: str | None
    made_at: float
    ends_at: float
    by: str


_person = partial(as_record, PersonRecord)
_session = partial(as_record, SessionRecord)
_invitation = partial(as_record, InvitationRecord)


class People(Repository):
    """People, sessions and invitations."""

    def add(
        self, name: str, role: str, *, source: str = "password", password: str = "", by: str = ""
    ) -> PersonRecord:
        """A new person.

        Raises:
            Conflict: the name is taken.
        """
        name = clean_name(name)
        row = PersonRow(
            id=new_id(name),
            name=name,
            role=role,
            source=source,
            password=password,
            made_at=time.time(),
            by=by,
        )
        try:
            with self._sessions.begin() as session:
                session.add(row)
        except IntegrityError as error:
            raise Conflict(
                f"There is somebody named “{name}” already.", remedy="Choose another name."
            ) from error
        return self.get(row.id)

    def all(self) -> list[PersonRecord]:
        """Everybody, by name."""
        return [_person(row) for row in self._every(select(PersonRow))]

    def get(self, name_or_id: str) -> PersonRecord:
        """One person.

        Raises:
            NotFound: there is none of this name or id.
        """
        query = select(PersonRow).where(
            (PersonRow.id == name_or_id) | (PersonRow.name == name_or_id)
        )
        row = self._first(query)
        if row is None:
            raise NotFound(
                f"There is nobody named “{name_or_id}”.", remedy="List the people that there are."
            )
        return _person(row)

    def change(
        self,
        person_id: str,
        *,
        role: str | None = None,
        password: str | None = None,
        disabled: bool | None = None,
    ) -> PersonRecord:
        """Give somebody another role or password, or shut or open the door for them.

        A new password, and a door that is shut, end all of their sessions.
        """
        values: dict[str, object] = {}
        if role is not None:
            values["role"] = role
        if password is not None:
            values["password"] = password
        if disabled is not None:
            values["disabled_at"] = time.time() if disabled else None
        with self._sessions.begin() as session:
            if values:
                session.execute(update(PersonRow).where(PersonRow.id == person_id).values(**values))
            if password is not None or disabled:
                session.execute(delete(SessionRow).where(SessionRow.person_id == person_id))
        return self.get(person_id)

    def remove(self, person_id: str) -> None:
        """Forget a person, with their sessions and invitations."""
        self._do(
            delete(SessionRow).where(SessionRow.person_id == person_id),
            delete(InvitationRow).where(InvitationRow.person_id == person_id),
            delete(PersonRow).where(PersonRow.id == person_id),
        )

    def begin_session(
        self, session_id: str, person_id: str | None, ends_at: float, agent: str = ""
    ) -> None:
        """Remember that a browser is signed in; sessions that are over are forgotten."""
        now = time.time()
        self._remember(
            SessionRow(
                id=session_id,
                person_id=person_id,
                made_at=now,
                seen_at=now,
                ends_at=ends_at,
                agent=agent[:255],
            )
        )

    def _remember(self, row: SessionRow | InvitationRow) -> None:
        """Add what ends one day; those of its kind that are over are forgotten."""
        kind = type(row)
        with self._sessions.begin() as session:
            session.execute(delete(kind).where(kind.ends_at < row.made_at))
            session.add(row)

    def session(self, session_id: str) -> tuple[SessionRecord, PersonRecord | None] | None:
        """A session that isn't over, and whose it is; ``None`` if there is none."""
        query = (
            select(SessionRow, PersonRow)
            .outerjoin(PersonRow, PersonRow.id == SessionRow.person_id)
            .where(SessionRow.id == session_id, SessionRow.ends_at > time.time())
        )
        with self._sessions() as session:
            found = session.execute(query).first()
        if found is None:
            return None
        row, person = found
        return _session(row), None if person is None else _person(person)

    def prolong(self, session_id: str, ends_at: float) -> None:
        """Note that a session is in use."""
        self._do(
            update(SessionRow)
            .where(SessionRow.id == session_id)
            .values(seen_at=time.time(), ends_at=ends_at)
        )

    def sessions(self, person_id: str | None = None) -> list[SessionRecord]:
        """Sessions that aren't over, the last used first; of one person if asked."""
        query = select(SessionRow).where(SessionRow.ends_at > time.time())
        if person_id is not None:
            query = query.where(SessionRow.person_id == person_id)
        return [_session(row) for row in self._every(query.order_by(SessionRow.seen_at.desc()))]

    def end_session(self, session_id: str) -> None:
        """End a session; the first twelve digits of its id do."""
        self._do(delete(SessionRow).where(SessionRow.id.startswith(session_id, autoescape=True)))

    def invite(
        self, invitation_id: str, role: str, ends_at: float, *, by: str, person_id: str | None
    ) -> None:
        """Remember an invitation; those that are over are forgotten."""
        self._remember(
            InvitationRow(
                id=invitation_id,
                role=role,
                person_id=person_id,
                made_at=time.time(),
                ends_at=ends_at,
                by=by,
            )
        )

    def invitation(self, invitation_id: str) -> InvitationRecord | None:
        """An invitation that is in force."""
        with self._sessions() as session:
            row = session.get(InvitationRow, invitation_id)
        if row is None or row.ends_at < time.time():
            return None
        return _invitation(row)

    def invitations(self) -> list[InvitationRecord]:
        """Invitations in force, newest first."""
        query = select(InvitationRow).where(InvitationRow.ends_at > time.time())
        newest = query.order_by(InvitationRow.made_at.desc())
        return [_invitation(row) for row in self._every(newest)]

    def take_invitation(self, invitation_id: str) -> bool:
        """Use an invitation up, or take it back; whether it was still there."""
        its = InvitationRow.id.startswith(invitation_id, autoescape=True)
        return (
            self._changed(delete(InvitationRow).where(its).returning(InvitationRow.id)) is not None
        )
