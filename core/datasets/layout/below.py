"""What lies below a folder of this computer, or a place in a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.addresses import is_address
from core.datasets.layout.walk import walk
from core.datasets.layout.walk_bucket import copied, walk_bucket
from core.datasets.layout.walked import Walked
from core.errors import NotAllowed, NotFound
from core.progress import Reporter


@contextmanager
def what_lies_below(
    root: Path, allowed: Sequence[Path], max_files: int, report: Reporter
) -> Iterator[tuple[Walked, Path]]:
    """What was found, and where its tables can be read: in the folder itself, or in a copy of those
    in a bucket.

    Raises:
        NotFound, NotAllowed: there is no such folder, or it can't be read.
        InvalidInput: there are more than ``max_files`` pictures.
        Unreachable: the bucket can't be asked.
    """
    if is_address(root):
        walked = walk_bucket(root, max_files, report)
        with copied(root, walked.tables, report) as tables_at:
            yield walked, tables_at
    else:
        yield _walked(root, allowed, max_files, report), root


def _walked(root: Path, allowed: Sequence[Path], max_files: int, report: Reporter) -> Walked:
    if not root.is_dir():
        raise NotFound(
            "That folder is not there.", file=root, remedy="Check its name and try again."
        )
    try:
        return walk(root, allowed, max_files, report)
    except PermissionError as error:
        raise NotAllowed(
            "Lightbox may not read this folder.",
            file=error.filename or root,
            remedy="Give it the right to, or choose another folder.",
        ) from error
    except OSError as error:
        raise NotFound(
            "This folder can't be read to its end, or was changed meanwhile.",
            file=error.filename or root,
            remedy="Try again.",
        ) from error
