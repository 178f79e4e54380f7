"""The log of what was done at the doors: written by whoever does it, read by administrators."""

from __future__ import annotations

import datetime

from core.catalog import Catalog
from core.catalog.audit import Entry
from core.errors import LightboxError
from core.text import as_csv, cell
from core.who import author, require


def note(catalog: Catalog, what: str, subject: str = "", detail: str = "", who: str = "") -> None:
    """Write down that whoever acts has done something; what can't be written stops nobody.

    Args:
        who: somebody else, where nobody acts yet.
    """
    try:
        catalog.audit.note(who or author(), what, subject, detail)
    except LightboxError:
        return


def entries(catalog: Catalog, *, since: float = 0.0, most: int = 1000) -> list[Entry]:
    """What was done, newest first, decisions about datasets included.

    Raises:
        NotAllowed: whoever acts is no administrator.
    """
    require("administrator")
    return catalog.audit.entries(since=since, most=most)


def to_csv(found: list[Entry]) -> str:
    """A table of entries; no cell is taken for a formula."""
    rows = []
    for each in found:
        at = datetime.datetime.fromtimestamp(each.at, datetime.UTC).isoformat(timespec="seconds")
        rows.append([at, *map(cell, (each.who, each.what, each.subject, each.detail))])
    return as_csv(["time", "who", "what", "subject", "detail"], rows)
