"""Exports that wait to be fetched by a browser, each in a folder whose name nobody can guess."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from core.catalog import Catalog
from core.errors import disk_errors
from core.progress import SILENT, Reporter
from core.quality.export import ExportOptions, ExportResult, Layout, export_dataset
from core.quality.safe_names import Names
from core.workspace import Workspace

# A day is enough to fetch a file, and disks are small.
KEPT_S = 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")


def pack(
    catalog: Catalog, dataset_id: str, token: str, layout: Layout, report: Reporter = SILENT
) -> ExportResult:
    """Write a dataset as a .zip to be fetched under ``token``; older exports are cleared away.

    Raises:
        NoSpace, Cancelled, InvalidInput: as :func:`core.quality.export.export_dataset`.
    """
    target = place_for(catalog.workspace, token, catalog.datasets.get(dataset_id).name)
    options = ExportOptions(layout=layout, archive=True)
    return export_dataset(catalog, dataset_id, target, options, report)


def place_for(workspace: Workspace, token: str, name: str) -> Path:
    """Where a .zip goes that a browser fetches under a token; older ones are cleared away."""
    sweep(workspace)
    folder = workspace.export(token)
    with disk_errors("the export"):
        # Done anew, it takes the place of one that was packed and not reported any more.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{Names().take(name)}.zip"


def find(workspace: Workspace, token: str) -> Path | None:
    """The file that waits under a token, or ``None``."""
    if not _TOKEN.fullmatch(token):
        return None
    return next(iter(sorted(workspace.export(token).glob("*.zip"))), None)


def sweep(workspace: Workspace) -> None:
    """Delete exports that nobody has fetched for a while; they are Lightbox's own copies."""
    now = time.time()
    for folder in workspace.home.glob("exports/*"):
        if folder.is_dir() and now - folder.stat().st_mtime > KEPT_S:
            workspace.forget(f"exports/{folder.name}")
