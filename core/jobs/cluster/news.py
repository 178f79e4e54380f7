"""What the dispatcher has to say of its Ray cluster, for pages and commands: one small file."""

from __future__ import annotations

import time
from pathlib import Path

from core import settings
from core.errors import NotFound
from core.workspace import Workspace, read_json, write_json

# Whoever was not heard of for so long says nothing any more.
_OLD_S = 30.0


def tell(workspace: Workspace, trouble: str) -> None:
    """Say how it is: what stands in the way, or ""."""
    write_json(_file(workspace), {"at": time.time(), "trouble": trouble})


def trouble(workspace: Workspace) -> str:
    """Why nothing goes to the Ray cluster that ``LIGHTBOX_RAY`` names, and what to do; "" if all
    is well, or none is named."""
    if not settings.ray():
        return ""
    try:
        said = read_json(_file(workspace))
        recent = time.time() - float(said["at"]) < _OLD_S
    except (NotFound, KeyError, TypeError, ValueError):
        recent, said = False, {}
    if not recent:
        return "Nothing was heard of the Ray cluster yet. The app asks it, and says more soon."
    return str(said.get("trouble", ""))


def _file(workspace: Workspace) -> Path:
    return workspace.cache / "ray.json"
