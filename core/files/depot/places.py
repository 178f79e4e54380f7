"""Where a depot lies: a folder that all computers see, or a place in a bucket.

``s3://`` goes through the same requests as datasets in a bucket (:mod:`core.files.store`); what
else fsspec knows (``gs://``, ``az://``) through its package for it, if that is installed.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from core.errors import Cancelled, InvalidInput, LightboxError, NotAllowed, Unreachable, disk_errors

# Before each try but the first: about five seconds in all, as long as a store is restarted.
_WAITS = (0.3, 1.0, 3.0)
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://(.*)$")
_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}

_PIECE = 8 * 1024**2

T = TypeVar("T")
# Hears how many bytes of a file have gone, in this try; what it raises ends the sending.
Tell = Callable[[int], None]


class Gone(OSError):
    """There is nothing under that name."""


class Place(ABC):
    """Bytes by name, below one place. What may pass is tried again; errors are sentences.

    Attributes:
        shown: the place as people write it.
    """

    shown: str

    @abstractmethod
    def read(self, name: str) -> bytes:
        """What lies under a name.

        Raises:
            Gone: nothing does.
            LightboxError: the store is gone, or lets nobody in.
        """

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Put something under a name: all of it or nothing; errors as :meth:`read`."""

    @abstractmethod
    def fetch(self, name: str, target: Path) -> None:
        """Write what lies under a name to a file of this disk; errors as :meth:`read`."""

    @abstractmethod
    def read_range(self, name: str, start: int, end: int) -> bytes:
        """What lies under a name from byte ``start`` to before ``end``; less, or nothing, where it
        is shorter. Errors as :meth:`read`."""

    @abstractmethod
    def send(self, source: Path, name: str, tell: Tell = lambda _: None) -> None:
        """Put a file of this disk under a name; errors as :meth:`write`, and those of ``tell``."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Forget what lies under a name, if anything does."""

    @abstractmethod
    def names(self, prefix: str) -> list[str]:
        """All names that begin with ``prefix``, which ends in a slash."""


def open_place(address: str) -> Place:
    """The place that ``LIGHTBOX_FILES`` names; nothing is asked of it yet.

    Raises:
        InvalidInput: it can't be a place, or takes a package that isn't installed.
    """
    found = _SCHEME.match(address.strip())
    if found is None or found[1] == "file":
        folder = Path(found[2] if found else address).expanduser()
        if not folder.is_absolute():
            raise _no_place(address)
        return FolderPlace(folder)
    scheme, rest = found[1], found[2].strip("/")
    if not rest:
        raise _no_place(address)
    if scheme == "s3":
        return _of_amazon(rest)
    try:
        from fsspec import filesystem, get_filesystem_class

        get_filesystem_class(scheme)
    except ValueError as error:
        raise _no_place(address) from error
    except ImportError as error:
        package = _PACKAGES.get(scheme, "fsspec")
        raise InvalidInput(
            "Keeping files there takes a package that is not installed.",
            file=address,
            remedy=f"Install it: .venv/bin/python -m pip install {package}",
        ) from error
    return RemotePlace(lambda: filesystem(scheme), rest, f"{scheme}://{rest}")


def _no_place(address: str) -> InvalidInput:
    return InvalidInput(
        "Files can’t be kept at such a place.",
        file=address,
        remedy="Set LIGHTBOX_FILES to a bucket (s3://bucket/folder, gs://…, az://…) or to the "
        "whole path of a folder that all computers share.",
    )


class FolderPlace(Place):
    """A folder that all computers see."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.shown = folder, str(folder)

    def read(self, name: str) -> bytes:
        return self._tried(lambda: (self._folder / name).read_bytes())

    def write(self, name: str, data: bytes) -> None:
        self._put(name, lambda part: part.write_bytes(data))

    def fetch(self, name: str, target: Path) -> None:
        self._tried(lambda: shutil.copyfile(self._folder / name, target))

    def read_range(self, name: str, start: int, end: int) -> bytes:
        def read() -> bytes:
            with (self._folder / name).open("rb") as content:
                content.seek(start)
                return content.read(end - start)

        return self._tried(read)

    def send(self, source: Path, name: str, tell: Tell = lambda _: None) -> None:
        def copy(part: Path) -> None:
            with source.open("rb") as content, part.open("wb") as out:
                while piece := content.read(_PIECE):
                    out.write(piece)
                    tell(out.tell())

        self._put(name, copy)

    def remove(self, name: str) -> None:
        place = self._folder / name
        with contextlib.suppress(OSError):
            place.unlink()
            # Folders are nothing of their own here, as in a bucket.
            for above in list(place.relative_to(self._folder).parents)[:-1]:
                (self._folder / above).rmdir()

    def names(self, prefix: str) -> list[str]:
        found = (self._folder / prefix).rglob("*")
        return [
            file.relative_to(self._folder).as_posix()
            for file in found
            if file.is_file() and not file.name.startswith(".")
        ]

    def _put(self, name: str, fill: Callable[[Path], object]) -> None:
        target = self._folder / name
        part = target.with_name(f".{uuid.uuid4().hex}.part")

        def put() -> None:
            # Its top is whoever's it is who shares it: where a disk isn't there, none is made.
            if not self._folder.is_dir():
                raise self._away()
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                fill(part)
                with part.open("rb") as written:
                    os.fsync(written.fileno())
                part.replace(target)
            finally:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)

        with disk_errors("writing to the shared folder", self._folder):
            self._tried(put)

    def _tried(self, do: Callable[[], T]) -> T:
        try:
            return do()
        except FileNotFoundError as error:
            if self._folder.is_dir():
                raise Gone(str(error)) from error
            raise self._away() from error
        except PermissionError as error:
            raise NotAllowed(
                "Lightbox has no right to the folder for shared files.", file=self._folder
            ) from error

    def _away(self) -> Unreachable:
        return Unreachable(
            "The folder for shared files is not there.",
            file=self._folder,
            remedy="Make it, or mount the disk that it is on.",
        )


class RemotePlace(Place):
    """A place that fsspec knows.

    Args:
        files: gives its file system; asked once.
        base: bucket and folder.
        shown: see :class:`Place`.
        passes: whether it is worth it to try again after an error.
        sentence: what an error means for people; ``None`` if that isn't known.
        is_beyond: whether an error says that a range begins after an object's end.
    """

    def __init__(
        self,
        files: Callable[[], Any],
        base: str,
        shown: str,
        passes: Callable[[BaseException], bool] = lambda error: isinstance(error, OSError),
        sentence: Callable[[Exception], LightboxError | None] = lambda _: None,
        is_beyond: Callable[[Exception], bool] = lambda _: False,
    ) -> None:
        self.shown, self._base = shown, base
        self._open, self._fs = files, None
        self._passes, self._sentence, self._is_beyond = passes, sentence, is_beyond

    def read(self, name: str) -> bytes:
        return self._tried(lambda fs: fs.cat_file(self._at(name)))

    def write(self, name: str, data: bytes) -> None:
        self._tried(lambda fs: fs.pipe_file(self._at(name), data))

    def fetch(self, name: str, target: Path) -> None:
        self._tried(lambda fs: fs.get_file(self._at(name), str(target)))

    def read_range(self, name: str, start: int, end: int) -> bytes:
        return self._tried(lambda fs: self._range(fs, self._at(name), start, end))

    def send(self, source: Path, name: str, tell: Tell = lambda _: None) -> None:
        from fsspec.callbacks import Callback

        class Telling(Callback):
            def relative_update(self, inc: int = 1) -> None:
                super().relative_update(inc)
                tell(self.value)

        self._tried(lambda fs: fs.put_file(str(source), self._at(name), callback=Telling()))

    def remove(self, name: str) -> None:
        with contextlib.suppress(Gone):
            self._tried(lambda fs: fs.rm_file(self._at(name)))

    def names(self, prefix: str) -> list[str]:
        try:
            found = self._tried(lambda fs: fs.find(self._at(prefix.rstrip("/"))))
        except Gone:
            return []
        above = len(self._base.strip("/")) + 1
        return [each.lstrip("/")[above:] for each in found]

    def _range(self, fs: Any, at: str, start: int, end: int) -> bytes:
        try:
            return fs.cat_file(at, start=start, end=end)
        except Exception as error:
            if self._is_beyond(error):
                return b""
            raise

    def _at(self, name: str) -> str:
        return f"{self._base}/{name}"

    def _tried(self, do: Callable[[Any], Any]) -> Any:
        for wait in (*_WAITS, None):
            try:
                if self._fs is None:
                    self._fs = self._open()
                return do(self._fs)
            except (LightboxError, Cancelled):
                raise
            except FileNotFoundError as error:
                said = self._sentence(error)
                if said is not None:
                    raise said from error
                raise Gone(str(error)) from error
            except Exception as error:
                refused = isinstance(error, PermissionError)
                if wait is None or refused or not self._passes(error):
                    raise self._said(error) from error
            time.sleep(wait * random.uniform(0.7, 1.3))
        raise AssertionError("the last try returns or raises")

    def _said(self, error: Exception) -> LightboxError:
        said = self._sentence(error)
        if said is not None:
            return said
        if isinstance(error, PermissionError):
            return NotAllowed(
                "The store of files doesn’t let Lightbox in.",
                file=self.shown,
                remedy="Check the credentials that it was started with.",
            )
        return Unreachable(
            f"The store of files can’t be reached, or answers with errors ({error}).",
            file=self.shown,
            remedy="Check the network and LIGHTBOX_FILES, then try again.",
        )


def _of_amazon(rest: str) -> RemotePlace:
    # Whoever keeps files in a folder needs none of this.
    from core.files.store import bucket_is_named_well, store
    from core.files.troubles import code_of, may_pass, sentence_of

    bucket = rest.partition("/")[0]
    if not bucket_is_named_well(bucket):
        raise _no_place(f"s3://{rest}")

    def sentence(error: Exception) -> LightboxError | None:
        if isinstance(error, FileNotFoundError) and code_of(error)[1] != "NoSuchBucket":
            return None  # one object
        return sentence_of(error, bucket)

    return RemotePlace(
        lambda: store().files(bucket),
        rest,
        f"s3://{rest}",
        may_pass,
        sentence,
        is_beyond=lambda error: code_of(error)[0] == 416,
    )
