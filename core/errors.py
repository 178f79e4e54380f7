"""What a person can cause, said in a sentence.

Every error that somebody can cause by what they typed, chose or uploaded derives from
:class:`LightboxError` and carries three parts: what happened, in which file, and what to do.
A page shows it as a sentence, the command line as a sentence with exit code 2. Anything else
that escapes is a defect of ours: logged with its traceback, exit code 1.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from core.addresses import shown
from core.text import as_text, meant

T = TypeVar("T")


class LightboxError(Exception):
    """A mistake or a circumstance that the person can put right.

    Args:
        what: what happened, as a sentence for someone who is not a programmer.
        file: the file, folder or name that it happened to, shown as given; ``None`` when there
            is no single one.
        remedy: what to do about it, as a sentence.

    ``str(error)`` is the whole sentence; ``error.title`` is only what happened.
    """

    def __init__(self, what: str, *, file: object = None, remedy: str = "") -> None:
        self.title = what
        self.file = None if file is None else shown(file)
        self.remedy = remedy
        super().__init__(what, self.file, remedy)

    def __str__(self) -> str:
        what = self.title if self.file is None else f"{self.title.rstrip('.')} ({self.file})."
        return f"{what} {self.remedy}".strip()


class NotFound(LightboxError):
    """A dataset, run, image or file that was asked for is not there."""


class Damaged(NotFound):
    """A file that Lightbox keeps is missing or can't be read; ``remedy`` says how it is made
    again."""


class InvalidInput(LightboxError):
    """Something given by the person can't be used as it is."""


def unknown(what: str, key: str, known: Iterable[str]) -> InvalidInput:
    """There is no ``what`` of this name; which one may have been meant, and which there are."""
    names = list(known)
    return InvalidInput(
        f"There is no {what} “{key}”.",
        remedy=f"{meant(key, names)} There are: {', '.join(names)}.".strip(),
    )


def named(what: str, key: str, known: Mapping[str, T]) -> T:
    """The one of this name.

    Raises:
        InvalidInput: there is none; see :func:`unknown`.
    """
    if key not in known:
        raise unknown(what, key, known)
    return known[key]


class NotAllowed(LightboxError):
    """The configuration forbids it (a folder outside the allowed roots, for example)."""


class UnreadableImage(LightboxError):
    """One file that should be an image can't be read as one.

    ``kind`` says which way: ``"empty"``, ``"unreadable"``, ``"truncated"``, ``"too_large"``.
    """

    def __init__(self, kind: str, what: str, *, file: object = None, remedy: str = "") -> None:
        super().__init__(what, file=file, remedy=remedy)
        self.kind = kind


class NoSpace(LightboxError):
    """The disk is full, or would be."""


class Unreachable(LightboxError):
    """What Lightbox works with can't be reached just now (the database's server, for example);
    trying again may do."""


class WeightsMissing(LightboxError):
    """Pretrained weights are not installed, not in Keras's cache, and can't be downloaded."""


class DataMissing(LightboxError):
    """A known dataset's files are not in Keras's cache and can't be downloaded."""


class Conflict(LightboxError):
    """Somebody else changed the same thing first, or the name is taken."""


class Cancelled(Exception):
    """The person asked for the work to stop. Not an error, and never shown as one."""


@contextmanager
def disk_errors(doing: str, place: object = None) -> Iterator[None]:
    """Turn a full disk or a refused write, anywhere inside, into the sentence of
    :func:`disk_error`."""
    try:
        yield
    except OSError as error:
        said = disk_error(error, doing, place)
        if said is None:
            raise
        raise said from error


def disk_error(error: OSError, doing: str, place: object = None) -> LightboxError | None:
    """The sentence about a full disk or a refused write; ``None`` for any other error.

    Args:
        doing: what was being done, to complete "The disk is full, so … could not be finished".
        place: where, if a person chose that place and not the configuration.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NoSpace(
            f"The disk is full, so {doing} could not be finished.",
            file=place or error.filename,
            remedy="Free some space, then try again; what was there before is untouched.",
        )
    if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
        return None
    if place is not None:
        return not_writable(place)
    return NotAllowed(
        f"Lightbox may not write there, so {doing} could not be finished.",
        file=error.filename,
        remedy="Give it the right to write, or set LIGHTBOX_HOME to another folder.",
    )


def not_writable(place: object) -> NotAllowed:
    """What is said of a place to write to that a person chose, and that is closed to Lightbox."""
    return NotAllowed(
        "No file can be written there: Lightbox doesn't have the right to.",
        file=place,
        remedy="Choose another place, or give it the right to write.",
    )


def no_folder(folder: object, named: object) -> InvalidInput:
    """What is said of a place to write to that lies in no folder that there is.

    Args:
        named: the place, as the person wrote it.
    """
    return InvalidInput(
        f"There is no folder “{as_text(shown(folder))}” to write into.",
        file=named,
        remedy="Check how it is written, or make it first.",
    )
