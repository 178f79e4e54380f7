"""Whose a browser is that is signed in (a secret in a cookie, its hash in the database), and a
program that brings a key.

A session lives for thirty days after it was last used; a key acts for the person who made it, as
long as they may. Whether that holds is asked at most twice a second, so one that was ended opens
nothing a moment later.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from core import settings
from core.catalog import Catalog, open_catalog
from core.errors import NotFound
from core.who import GIVEN, MACHINE, NOBODY, Role, Who
from core.workspace import Workspace, new_token

KEPT_S = 30 * 24 * 3600
_REMEMBERED_S = 0.5
_PROLONGED_S = 600
_MOST = 10_000
# By home and what it is asked by: when that was, and who it was.
_known: dict[tuple[object, ...], tuple[float, Who | None]] = {}


def digest(secret: str) -> str:
    """What is kept of a secret: its SHA-256, hexadecimal. Secrets are 192 random bits, which nobody
    can guess however fast the guessing is."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def sign_in(catalog: Catalog, person_id: str | None, agent: str = "") -> str:
    """Begin a session; returns its secret, which is seen this once.

    Args:
        person_id: whose; ``None`` for the person at the computer.
        agent: what the browser calls itself.
    """
    secret = new_token()
    catalog.people.begin_session(digest(secret), person_id, time.time() + KEPT_S, agent)
    return secret


def sign_out(catalog: Catalog, secret: str) -> None:
    """End a session."""
    session_id = digest(secret)
    catalog.people.end_session(session_id)
    _known.pop((str(catalog.workspace.home), session_id), None)


def recognised(catalog: Catalog, secret: str, *, people: bool) -> Who | None:
    """Whose browser has this secret, or ``None``.

    Args:
        people: whether people sign in here; sessions of the person at the computer count
            otherwise, and only then.
    """
    session_id = digest(secret)
    place = (str(catalog.workspace.home), session_id)
    who = _remembered(place, lambda: _find(catalog, session_id))
    if who is None or bool(who.name) != people:
        return None
    return who


def owner(workspace: Workspace, name: str, *, person: bool) -> Who:
    """For whom a key of somebody of this name acts now; for nobody, once they were shut out or
    removed.

    What was made where nobody signs in was made at the computer itself.

    Args:
        person: whether they were signed in then; others may be the person at the computer.
    """
    if settings.access() == "local":
        return MACHINE

    def find() -> Who:
        try:
            found = open_catalog(workspace).people.get(name)
        except NotFound:
            return MACHINE if not person and name == settings.load().author else NOBODY
        shut = found.disabled_at is not None
        return NOBODY if shut else Who(as_role(found.role), found.name)

    return _remembered((str(workspace.home), name, person), find) or NOBODY


def _remembered(place: tuple[object, ...], find: Callable[[], Who | None]) -> Who | None:
    at, who = _known.get(place, (0.0, None))
    if time.monotonic() - at > _REMEMBERED_S:
        if len(_known) > _MOST:
            _known.clear()
        who = find()
        _known[place] = (time.monotonic(), who)
    return who


def _find(catalog: Catalog, session_id: str) -> Who | None:
    found = catalog.people.session(session_id)
    if found is None:
        return None
    session, person = found
    if person is not None and person.disabled_at is not None:
        return None
    now = time.time()
    if now - session.seen_at > _PROLONGED_S:
        catalog.people.prolong(session_id, now + KEPT_S)
    if person is None:
        return Who(session=session_id)
    return Who(as_role(person.role), person.name, session_id)


def as_role(text: str) -> Role:
    """A role as it is kept in the database; what isn't one may nothing."""
    return next((role for role in GIVEN if role == text), "nobody")
