"""Exports that were made: where they lie, what is known of them, and who may fetch them.

Below the run's folder::

    exports/<format>/<name> <format>.zip
    exports/<format>/export.json          what is known of it: an :class:`Export`

Whoever knows an export's token may fetch it; making it again gives it another.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from pydantic import BaseModel

from core.delivery.exports.formats import FORMATS
from core.runs.derived import AsJson, Derived
from core.runs.files import RunFiles
from core.workspace import Workspace

RECORD = "export.json"


class Export(BaseModel, frozen=True):
    """An export that was made.

    Attributes:
        format: its key in :data:`core.delivery.exports.formats.FORMATS`.
        file: name of the .zip.
        bytes: of the .zip.
        model_bytes: of the model alone, as it lies on a disk.
        images, same, largest_difference, milliseconds: see
            :class:`core.delivery.exports.check.Check`.
        made_at: in seconds since the epoch.
        seconds: that making it took.
        token: part of its address.
    """

    format: str
    file: str
    bytes: int
    model_bytes: int
    images: int
    same: int
    largest_difference: float
    milliseconds: float
    made_at: float
    seconds: float
    token: str


def find_exports(workspace: Workspace, run_id: str) -> list[Export]:
    """What there is of a run, in the order in which formats are offered."""
    found = (_read(workspace, run_id, key) for key in FORMATS)
    return [export for export in found if export is not None]


def export_file(workspace: Workspace, run_id: str, export: Export) -> Path:
    """Where an export lies."""
    return exports_folder(workspace, run_id) / export.format / export.file


def find(workspace: Workspace, run_id: str, key: str, token: str) -> Path | None:
    """The file that waits under a token, or ``None``."""
    if key not in FORMATS or run_id != Path(run_id).name or run_id in ("", ".", ".."):
        return None
    export = _read(workspace, run_id, key)
    if export is None or not hmac.compare_digest(export.token.encode(), token.encode()):
        return None
    return export_file(workspace, run_id, export)


def _read(workspace: Workspace, run_id: str, key: str) -> Export | None:
    export = record(workspace, run_id, key).kept()
    if export is None or not export_file(workspace, run_id, export).is_file():
        return None
    return export


def record(workspace: Workspace, run_id: str, key: str) -> Derived[Export]:
    """What is known of an export, which is made of the run's model."""
    files = RunFiles(workspace, run_id)
    path = exports_folder(workspace, run_id) / key / RECORD
    return Derived(path, AsJson(Export), 1, (files.keras, *files.network))


def exports_folder(workspace: Workspace, run_id: str) -> Path:
    """Where a run's exports are kept; may not exist yet."""
    return workspace.run(run_id) / "exports"
