"""Images that were added to a folder of a person's own: they are kept in the workspace, one folder
a class, since that folder is only read.

In the index their paths begin with ``home:`` (:mod:`core.datasets.places`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from core.datasets.formats import has_image_name
from core.datasets.layout import FoundFile, Split
from core.errors import disk_errors
from core.workspace import Workspace


def added_folder(workspace: Workspace, dataset_id: str) -> Path:
    """Where they lie; it may not be there yet."""
    return workspace.dataset(dataset_id) / "added"


def added_files(
    workspace: Workspace, dataset_id: str, beside: Sequence[FoundFile]
) -> list[FoundFile]:
    """All of them.

    Args:
        beside: the images of the folder itself; where it came with a test set, what is added is
            trained on.
    """
    folder = added_folder(workspace, dataset_id)
    if not folder.is_dir():
        return []
    split: Split = "train" if any(file.split == "train" for file in beside) else ""
    found = []
    with disk_errors("reading what was added"):
        for label in sorted(os.scandir(folder), key=lambda entry: entry.name):
            for file in sorted(Path(label.path).rglob("*")) if label.is_dir() else ():
                if has_image_name(file.name):
                    facts = file.stat()
                    path = workspace.store_path(file)
                    found.append(
                        FoundFile(path, label.name, split, facts.st_size, facts.st_mtime_ns)
                    )
    return found
