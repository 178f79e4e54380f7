"""Links to a run for others: to see its results, or to try its model; and to change nothing.

A link is a name that nobody can guess, kept as one small file a link below ``shares/`` in the
workspace, so that it is found at once and is gone as soon as it is revoked.
"""

from __future__ import annotations

import hmac
import re
import time
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from core.access.audit import note
from core.access.in_force import ends_at
from core.catalog import Catalog, RunRecord, open_catalog
from core.errors import InvalidInput, NotFound
from core.runs.files import RunFiles
from core.runs.reading import value_in
from core.who import acting, author, require
from core.workspace import Workspace, new_token, write_json

# What a link lets somebody do: read the results, or try the model.
Kind = Literal["results", "demo"]
_PAGES: dict[Kind, str] = {"results": "/shared", "demo": "/demo"}
MOST_TITLE, MOST_PURPOSE = 80, 300
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


class Link(BaseModel, frozen=True, extra="ignore"):
    """One link.

    Attributes:
        made_at: seconds since 1970.
        by: who made it.
        ends_at: from then on it leads nowhere; ``None`` for until it is taken back.
        title, purpose: what its page is headed with, and what it says the model is for; "" for the
            model's own name, and what was said of the model.
    """

    token: str
    run_id: str
    made_at: float
    by: str = ""
    kind: Kind = "results"
    ends_at: float | None = None
    title: str = ""
    purpose: str = ""

    @property
    def address(self) -> str:
        """Where the page is, below the address of the app."""
        return f"{_PAGES[self.kind]}?token={self.token}"


def create_link(
    catalog: Catalog,
    run_id: str,
    kind: Kind = "results",
    days: float | None = None,
    *,
    title: str = "",
    purpose: str = "",
) -> Link:
    """A new link to a finished run.

    Args:
        days: for so many it is in force; ``None`` for until it is taken back.
        title, purpose: as in :class:`Link`.

    Raises:
        NotAllowed: whoever acts may make none.
        InvalidInput: that is no number of days, or a text is too long.
        NotFound: there is no such run, or it has no results, or for a demo no model.
    """
    from core.evaluation.predictions import load_evaluation

    require("trainer")
    end = ends_at(days, "a link")
    title, purpose = (" ".join(each.split()) for each in (title, purpose))
    for what, text, most in (("title", title, MOST_TITLE), ("purpose", purpose, MOST_PURPOSE)):
        if len(text) > most:
            raise InvalidInput(f"The {what} has {len(text):,} characters; {most} are the most.")
    run = catalog.runs.get(run_id)
    # A model can be tried before it was ever tested.
    if kind == "results":
        load_evaluation(catalog.workspace, run.id)
    else:
        RunFiles(catalog.workspace, run.id).model()
    link = Link(
        token=new_token(),
        run_id=run.id,
        made_at=time.time(),
        by=author(),
        kind=kind,
        ends_at=end,
        title=title,
        purpose=purpose,
    )
    write_json(_file(catalog.workspace, link.token), link.model_dump())
    note(catalog, "made a link", run.name, kind)
    return link


def links(workspace: Workspace, run_id: str, kind: Kind = "results") -> list[Link]:
    """The links of a kind to a run that are in force, newest first."""
    return [each for each in all_links(workspace) if (each.run_id, each.kind) == (run_id, kind)]


def all_links(workspace: Workspace) -> list[Link]:
    """All links that are in force, newest first."""
    found = [_read(file.stem, workspace) for file in _folder(workspace).glob("*.json")]
    return sorted((link for link in found if link), key=lambda link: -link.made_at)


def find_link(catalog: Catalog, token: str, kind: Kind = "results") -> tuple[Link, RunRecord]:
    """What a token of a kind leads to; one of another kind opens nothing here.

    Raises:
        NotFound: it was revoked, or never given; or the run has gone.
    """
    link = _read(token, catalog.workspace)
    who = acting()
    theirs = who.role != "guest" or token in who.links
    if link is not None and link.kind == kind and theirs:
        try:
            # Neither one that was removed nor one in the bin, nor one that is the team's alone.
            run = catalog.runs.find(link.run_id)
            if not who.may("viewer") and catalog.visibility.of("run", run.id)[1] != "link":
                raise NotFound("It is not for guests.")
            return link, run
        except NotFound:
            pass
    raise NotFound(
        "This link leads nowhere: it was taken back, or is not complete.",
        remedy="Ask whoever sent it for a new one.",
    )


def link_is_open(workspace: Workspace, token: str, kind: Kind) -> bool:
    """Whether a link of a kind is in force; only a small file is read."""
    link = _read(token, workspace)
    return link is not None and link.kind == kind


def revoke_link(workspace: Workspace, token: str) -> None:
    """Take a link back: it leads nowhere from now on.

    Raises:
        NotFound: there is no such link.
    """
    require("trainer")
    link = _read(token, workspace)
    if link is None:
        raise NotFound("There is no such link.", remedy="List those that there are.")
    _file(workspace, token).unlink(missing_ok=True)
    catalog = open_catalog(workspace)
    names = {run.id: run.name for run in catalog.runs.all(archived=True)}
    note(catalog, "took a link back", names.get(link.run_id, link.run_id), link.kind)


def _read(token: str, workspace: Workspace) -> Link | None:
    if not _TOKEN.fullmatch(token):
        return None
    link = value_in(_file(workspace, token), Link)
    if link is None:
        return None
    if link.ends_at is not None and link.ends_at < time.time():
        return None
    # Some disks take capital letters for small ones.
    return link if hmac.compare_digest(link.token, token) else None


def _folder(workspace: Workspace) -> Path:
    return workspace.home / "shares"


def _file(workspace: Workspace, token: str) -> Path:
    return _folder(workspace) / f"{token}.json"
