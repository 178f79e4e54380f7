"""Faults of ours, in the logs."""

from __future__ import annotations

import traceback
import uuid

from core.errors import LightboxError
from core.text import as_text
from core.workspace import Workspace, open_workspace


def log_defect(error: BaseException, workspace: Workspace | None = None) -> str:
    """Write a fault of ours to the logs, as its traceback; returns its id, for people to name.
    Whoever has to do with it goes on, whatever is wrong with the logs."""
    error_id = f"e-{uuid.uuid4().hex[:8]}"
    try:
        file = (workspace or open_workspace()).logs / f"{error_id}.txt"
        file.parent.mkdir(exist_ok=True, mode=0o700)
        # Names of files may hold what no text has.
        text = as_text("".join(traceback.format_exception(error)))
        file.write_text(text, encoding="utf-8")
    except (OSError, LightboxError):
        traceback.print_exception(error)
    return error_id
