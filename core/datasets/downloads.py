"""Files that others publish (datasets, pretrained weights), kept in Keras's cache so that Keras and
Lightbox share one copy.

A file is what it should be only if its digest is that which was published: one that was cut off,
damaged or swapped is as good as missing, and is downloaded afresh.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from core.errors import DataMissing, LightboxError, NotAllowed, disk_errors
from core.progress import Reporter
from core.workspace import atomic_path, ensure_space

_TIMEOUT_S = 15
_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Published:
    """A file on the network, and what it is called here.

    Attributes:
        url: where it is published.
        names: paths below the folder of its kind (:func:`cache_folder`) under which it may lie; the
            first is where a download goes.
        digest: of the whole file, in hexadecimal: SHA-256, or MD5 if nothing better is published.
            Empty where nothing is: then a file is right if it is not much smaller than ``bytes``.
        bytes: its size.
    """

    url: str
    names: tuple[str, ...]
    digest: str
    bytes: int


def cache_folder(kind: str = "datasets") -> Path:
    """Where Keras keeps ``datasets``, or the weights of ``models``."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / kind


def seems_here(files: Sequence[Published]) -> bool:
    """Whether files of these names are in the cache; quick, since no digest is taken."""
    return all(any((cache_folder() / name).is_file() for name in file.names) for file in files)


def find(file: Published, folder: Path) -> Path | None:
    """The file in a folder, if it is what was published; reads all of it once after a change."""
    for name in file.names:
        path = folder / name
        try:
            facts = path.stat()
            if _is_right(path, facts.st_size, facts.st_mtime_ns, file):
                return path
        except OSError:
            continue
    return None


def bring(
    files: Sequence[Published],
    what: str,
    report: Reporter,
    kind: str = "datasets",
    missing: Callable[[Published, Path], LightboxError] | None = None,
) -> list[Path]:
    """The files, in their order; those that are not in the cache are downloaded.

    Args:
        what: what they are, for people: "CIFAR-10".
        kind: of :func:`cache_folder`.
        missing: makes the error for a file that should lie in a folder; by default a
            :class:`DataMissing`.

    Raises:
        DataMissing: one is not here and can't be downloaded; says which file to put where.
        NoSpace, NotAllowed: they don't fit on the disk, or may not be written there.
        Cancelled: the person asked to stop; nothing half done is left.
    """
    folder = cache_folder(kind)
    found = [find(file, folder) for file in files]
    needed = sum(file.bytes for file, path in zip(files, found, strict=True) if path is None)
    if needed:
        ensure_space(folder, needed, f"downloading {what}")
    paths: list[Path] = []
    done = 0
    for file, path in zip(files, found, strict=True):
        if path is None:
            path = folder / file.names[0]
            try:
                _download(file, path, what, report, done, needed)
            except (OSError, http.client.HTTPException, ValueError) as error:
                if missing is not None:
                    raise missing(file, path.parent) from error
                raise DataMissing(
                    f"{what} is not on this computer, and could not be downloaded.",
                    remedy=f"{by_hand(file, path.parent)} Or try again later.",
                ) from error
            done += file.bytes
        paths.append(path)
    return paths


def is_reachable(file: Published) -> bool:
    """Whether there seems to be a network that leads to a file; asks for a second at most."""
    host = urllib.parse.urlsplit(file.url).hostname or ""
    try:
        with socket.create_connection((host, 443), timeout=1):
            return True
    except OSError:
        return False


def by_hand(file: Published, folder: Path) -> str:
    """What to do without a network, as a sentence."""
    return f"Download {file.url} on a computer with internet access, and put it into {folder}."


@lru_cache(maxsize=64)
def _is_right(path: Path, size: int, changed_ns: int, file: Published) -> bool:  # noqa: ARG001
    """Whether a file is what was published; remembered until its size or its time changes."""
    if not file.digest:
        return size >= _least(file)
    with path.open("rb") as content:
        return hashlib.file_digest(content, partial(_new_digest, file)).hexdigest() == file.digest


def _download(
    file: Published, target: Path, what: str, report: Reporter, before: int, total: int
) -> None:
    digest = _new_digest(file)
    done = 0
    try:
        with (
            disk_errors(f"downloading {what}"),
            urllib.request.urlopen(file.url, timeout=_TIMEOUT_S) as answer,
            atomic_path(target) as part,
        ):
            promised = int(answer.headers.get("Content-Length") or 0)
            with part.open("wb") as out:
                while chunk := answer.read(_CHUNK):
                    report.check()
                    out.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    report.progress(
                        "download", min(before + done, total), total, f"Downloading {what}"
                    )
            if promised and done != promised:
                raise ConnectionError("the download was cut off")
            right = digest.hexdigest() == file.digest if file.digest else done >= _least(file)
            if not right:
                raise ConnectionError("what came is not what was published")
    except NotAllowed as error:
        raise NotAllowed(
            f"Lightbox may not write into Keras's cache, so {what} can't be downloaded.",
            file=error.file or target.parent,
            remedy="Give it the right to write there, or set KERAS_HOME to another folder.",
        ) from error


def _least(file: Published) -> float:
    return 0.95 * file.bytes


def _new_digest(file: Published) -> hashlib._Hash:
    if len(file.digest) == 64:
        return hashlib.sha256()
    return hashlib.md5(usedforsecurity=False)
