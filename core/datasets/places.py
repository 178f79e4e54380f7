"""Where an image lies of which the index has a path.

Most paths are relative to the dataset's root. Images that were added to a folder of a person's own
lie in the workspace (:mod:`core.datasets.added`), and have paths that begin with ``home:``, so that
they are found wherever the workspace is moved to. Earlier versions had whole paths there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core import settings

if TYPE_CHECKING:  # helper processes of a scan start three times as soon without
    import pandas as pd

# As ``Workspace.store_path`` writes them; "home:" alone may be a person's own folder.
_INSIDE = "home:"
_ADDED = "home:datasets/"
# What earlier versions wrote: the whole path of a file that was added.
_WHOLE = re.compile(r"^(?:/|[A-Za-z]:/)(?:.*/)?(datasets/[^/]+/added/.+)$", re.DOTALL)


def image_file(root: str | os.PathLike[str], path: str) -> Path:
    """The file of an image, or of what it is a part of (:mod:`core.datasets.content`).

    Args:
        root: the dataset's, or that of any other folder of images.
        path: as the index has it.
    """
    file = Path(root, path)
    # A person's own folder may be called so.
    if path.startswith(_ADDED) and not os.path.lexists(file.parent):
        return settings.load().home / path[len(_INSIDE) :]
    return file


def outside(path: str) -> str:
    """A path for whoever knows no workspace: a whole one, where it begins with ``home:``."""
    return image_file("", path).as_posix() if path.startswith(_ADDED) else path


def as_kept(path: str) -> str:
    """A path as this version keeps it."""
    whole = _WHOLE.match(path)
    return _INSIDE + whole[1] if whole else path


def all_as_kept(paths: Iterable[str]) -> list[str]:
    """Paths as this version keeps them."""
    return [as_kept(path) if "/added/" in path else path for path in paths]


def column_as_kept(table: pd.DataFrame) -> pd.DataFrame:
    """A table with ``path`` as this version keeps it; itself if nothing changes."""
    paths = table["path"]
    whole = paths.str.contains("/added/", regex=False) & ~paths.str.startswith(_INSIDE)
    if not whole.any():
        return table
    import pandas as pd

    return table.assign(path=pd.Series(all_as_kept(paths), index=table.index, dtype=paths.dtype))
