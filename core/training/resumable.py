"""Whether a training that has ended without success could go on where it was; without Keras.

What is looked at is written by :mod:`core.training.fitting.checkpoint`, and of a search by
:mod:`core.training.auto.kept`.
"""

from __future__ import annotations

from zipfile import is_zipfile

from core.errors import LightboxError
from core.runs.files import RunFiles
from core.workspace import Workspace, read_json


def resumable(workspace: Workspace, run_id: str) -> int | None:
    """How many epochs of a run are finished and kept, or ``None`` if it would begin anew.

    A file that is missing or was cut off (a full disk) is noticed; whether a disk has altered what
    is in it shows when it is read.
    """
    folder = RunFiles(workspace, run_id).checkpoint
    try:
        kept = read_json(folder / "state.json")
        files, epochs = kept["files"].values(), int(kept["standing"]["epoch"])
    except (LightboxError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return None
    if epochs < 1 or not all(is_zipfile(folder / str(name)) for name in files):
        return None
    return epochs


def ways_kept(workspace: Workspace, run_id: str) -> int:
    """How many ways a search by Auto had tried, which it need not try again; 0 if it would begin
    anew."""
    try:
        return len(read_json(workspace.run(run_id) / "checkpoint" / "search.json")["lines"])
    except (LightboxError, OSError, KeyError, TypeError, ValueError):
        return 0
