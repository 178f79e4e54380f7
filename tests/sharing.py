"""What takes seconds to make is made once for all workers of a run of tests, and copied."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from core.catalog import Catalog, open_catalog
from core.workspace import Workspace


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that ``make`` fills the first time that anybody asks for it; not to be changed."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, done = base / name, base / f"{name}.done"
    with FileLock(base / f"{name}.lock"):
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def copied(home: Path, workspace: Workspace) -> Catalog:
    """The catalog of a workspace, of which one of the test's own becomes a copy."""
    shutil.copytree(home, workspace.home, dirs_exist_ok=True)
    return open_catalog(workspace)
