"""Files that others publish, kept in Keras's cache so that Keras and Lightbox share one copy.

A file is what it should be only if its digest is that which was published: one that was cut off,
damaged or swapped is as good as missing, and is downloaded afresh.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import DataMissing, NotAllowed, disk_errors
from core.progress import Reporter
from core.workspace import atomic_path, ensure_space

_TIMEOUT_S = 15
_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Published:
    """A file on the network, and what it is called here.

    Attributes:
        url: where it is published.
        names: paths below :func:`cache_folder` under which it may lie; the first is where a
            download goes.
        digest: of the whole file, in hexadecimal: SHA-256, or MD5 if nothing better is published.
        bytes: its size.
    """

    url: str
    names: tuple[str, ...]
    digest: str
    bytes: int


def cache_folder() -> Path:
    """Where Keras keeps datasets."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / "datasets"


def seems_here(files: Sequence[Published]) -> bool:
    """Whether files of these names are in the cache; quick, since no digest is taken."""
    return all(any((cache_folder() / name).is_file() for name in file.names) for file in files)


def bring(files: Sequence[Published], what: str, report: Reporter) -> list[Path]:
    """The files, in their order; those that are not in the cache are downloaded.

    Args:
        what: what they are, for people: "CIFAR-10".

    Raises:
        DataMissing: one is not here and can't be downloaded; says which file to put where.
        NoSpace, NotAllowed: they don't fit on the disk, or may not be written there.
        Cancelled: the person asked to stop; nothing half done is left.
    """
    found = [_find(file) for file in files]
    missing = sum(file.bytes for file, path in zip(files, found, strict=True) if path is None)
    if missing:
        ensure_space(cache_folder(), missing, f"downloading {what}")
    paths: list[Path] = []
    done = 0
    for file, path in zip(files, found, strict=True):
        if path is None:
            path = _download(file, what, report, done, missing)
            done += file.bytes
        paths.append(path)
    return paths


def _find(file: Published) -> Path | None:
    for name in file.names:
        path = cache_folder() / name
        try:
            with path.open("rb") as content:
                found = hashlib.file_digest(content, partial(_new_digest, file)).hexdigest()
        except OSError:
            continue
        if found == file.digest:
            return path
    return None


def _download(file: Published, what: str, report: Reporter, before: int, total: int) -> Path:
    target = cache_folder() / file.names[0]
    digest = _new_digest(file)
    done = 0
    try:
        with (
            disk_errors(f"downloading {what}"),
            urllib.request.urlopen(file.url, timeout=_TIMEOUT_S) as answer,
            atomic_path(target) as part,
        ):
            with part.open("wb") as out:
                while chunk := answer.read(_CHUNK):
                    report.check()
                    out.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    report.progress(
                        "download", min(before + done, total), total, f"Downloading {what}"
                    )
            if digest.hexdigest() != file.digest:
                raise ConnectionError("what came is not what was published")
    except NotAllowed as error:
        raise NotAllowed(
            f"Lightbox may not write into Keras's cache, so {what} can't be downloaded.",
            file=error.file or target.parent,
            remedy="Give it the right to write there, or set KERAS_HOME to another folder.",
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataMissing(
            f"{what} is not on this computer, and could not be downloaded.",
            remedy=f"Download {file.url} on a computer with internet access, and put it into "
            f"{target.parent}. Or try again later.",
        ) from error
    return target


def _new_digest(file: Published) -> hashlib._Hash:
    if len(file.digest) == 64:
        return hashlib.sha256()
    return hashlib.md5(usedforsecurity=False)
