"""Which dataset a person had open last, so that a plain address leads back to it.

Of somebody who signs in by name it is theirs in any browser; else it is the browser's own.
"""

from __future__ import annotations

import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from core.access.browsers import KEPT_S
from core.errors import LightboxError, NotFound
from core.who import acting
from core.workspace import Workspace, read_json, write_json


def last_opened(workspace: Workspace) -> str | None:
    """The id of the dataset that whoever acts had open last; it may be gone by now."""
    try:
        kept = read_json(_file(workspace))
    except NotFound:
        return None
    return str(kept["dataset"]) if isinstance(kept, dict) and "dataset" in kept else None


def keep_opened(workspace: Workspace, dataset_id: str) -> None:
    """Keep what whoever acts has open now. Where it can't be kept, nothing else is the worse."""
    file = _file(workspace)
    _forget_old(file.parent)
    with suppress(LightboxError):
        write_json(file, {"dataset": dataset_id})


def _file(workspace: Workspace) -> Path:
    who = acting()
    # A name may hold anything, and a session's id opens doors to nobody who reads a folder.
    whose = blake2b(f"{who.name}\n{'' if who.name else who.session}".encode(), digest_size=12)
    return workspace.home / "opened" / f"{whose.hexdigest()}.json"


def _forget_old(folder: Path) -> None:
    """No more of browsers than their sessions live."""
    for each in folder.glob("*.json"):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > KEPT_S:
                each.unlink()
