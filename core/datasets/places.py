"""Where an image lies of which the index has a path.

Most paths are relative to the dataset's root. Images that were added to a folder of a person's own
lie in the workspace (:mod:`core.datasets.added`), and have paths that begin with ``home:``, so that
they are found wherever the workspace is moved to. Earlier versions had whole paths there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core import settings
from core.addresses import is_address
from core.datasets.content import hash_bytes, marked, read_regular, split_path

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


def read_together(root: str | os.PathLike[str], paths: Sequence[str]) -> dict[str, bytes | str]:
    """What is better read many at once than one by one: images in a bucket, as they are there now.
    Each one's bytes, or a sentence why it can't be read; nothing of a folder of this computer.

    Raises:
        LightboxError: the bucket can't be read at all.
    """
    if not is_address(root):
        return {}
    from core.files import objects  # nothing else needs what asks a store

    parts = {path: split_path(path) for path in paths if not path.startswith(_ADDED)}
    found = objects.read_many(root, [file for file, _ in parts.values()], trusted_s=0)
    read: dict[str, bytes | str] = {}
    for path, (file, part) in parts.items():
        data = found[file]
        read[path] = marked(data, part) if isinstance(data, bytes) else str(data)
    return read


def is_folder(root: Path) -> bool:
    """Whether a folder is there, or anything at that place in a bucket.

    Raises:
        LightboxError: it is in a bucket that can't be asked.
    """
    if not is_address(root):
        return root.is_dir()
    from core.files import objects

    return objects.is_there(root)


def readers(root: str | os.PathLike[str]) -> int:
    """How many threads are worth it to read and decode images: as many as there are processors,
    more where each waits for a network."""
    return 16 if is_address(root) else os.cpu_count() or 2


def sample(root: str | os.PathLike[str], path: str) -> str:
    """The hash of one file's content, by which another computer sees that it has the same folder at
    that place; "" where it can't be read."""
    try:
        return hash_bytes(read_regular(image_file(root, path)))
    except OSError:
        return ""


def stamps(root: Path, paths: Iterable[str]) -> Iterator[tuple[int, int] | None]:
    """Each image's size and time of change, as a scan notes them; ``None`` for what is gone."""
    listed: dict[str, tuple[int, int]] = {}
    if is_address(root):
        from core.files import objects

        listed = {each.path: (each.bytes, each.stamp) for each in objects.listing(root)}
    for path in paths:
        if is_address(root) and not path.startswith(_ADDED):
            yield listed.get(split_path(path)[0])
            continue
        try:
            facts = image_file(root, path).stat()
            yield facts.st_size, facts.st_mtime_ns
        except OSError:
            yield None


def outside(path: str) -> str:
    """A path for whoever knows no workspace: a whole one, where it begins with ``home:``."""
    return image_file("", path).as_posix() if path.startswith(_ADDED) else path


def as_kept(path: str) -> str:
    """A path as this version keeps it."""
    whole = _WHOLE.match(path) if "/added/" in path else None
    return _INSIDE + whole[1] if whole else path


def column_as_kept(table: pd.DataFrame) -> pd.DataFrame:
    """A table with ``path`` as this version keeps it; itself if nothing changes."""
    paths = table["path"]
    whole = paths.str.contains("/added/", regex=False) & ~paths.str.startswith(_INSIDE)
    if not whole.any():
        return table
    import pandas as pd

    return table.assign(
        path=pd.Series([*map(as_kept, paths)], index=table.index, dtype=paths.dtype)
    )
