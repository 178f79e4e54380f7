"""For whom a program acts that brings a key: for the person who made it, as long as they may."""

from __future__ import annotations

import time

from core import settings
from core.access.browsers import as_role
from core.catalog import open_catalog
from core.errors import NotFound
from core.who import MACHINE, NOBODY, Who
from core.workspace import Workspace

_REMEMBERED_S = 0.5
_known: dict[tuple[str, str, bool], tuple[float, Who]] = {}


def owner(workspace: Workspace, name: str, *, person: bool = False) -> Who:
    """Who somebody of this name is now; nobody, once they were shut out or removed.

    What was made where nobody signs in was made at the computer itself.

    Args:
        person: whether they were signed in then; others may be the person at the computer.
    """
    if settings.access() == "local":
        return MACHINE
    place = (str(workspace.home), name, person)
    at, who = _known.get(place, (0.0, NOBODY))
    if time.monotonic() - at > _REMEMBERED_S:
        try:
            found = open_catalog(workspace).people.get(name)
            shut = found.disabled_at is not None
            who = NOBODY if shut else Who(as_role(found.role), found.name)
        except NotFound:
            who = MACHINE if not person and name == settings.load().author else NOBODY
        _known[place] = (time.monotonic(), who)
    return who
