"""What a folder of images means: which files are images, of which class, in which split.

A layout is a judgement. Every reading that makes sense is looked at, one is chosen for a reason,
and where another is as likely the doubt is said, so that a person can choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.addresses import is_address
from core.datasets.content import Part
from core.datasets.layout import folders, tables
from core.datasets.layout.judgement import Judgement
from core.datasets.layout.labels import cleaned
from core.datasets.layout.table import SUFFIXES
from core.datasets.layout.together import looks_together, values_by, way_of
from core.datasets.layout.values import Choice, FoundFile, Layout, Split, Way
from core.datasets.layout.walk import walk
from core.datasets.layout.walk_bucket import copied, walk_bucket
from core.datasets.layout.walked import Walked, nothing_found
from core.progress import SILENT, Reporter

_OF_PAGES = (".tif", ".tiff", ".dcm", ".dicom", ".ima")


def read_layout(
    root: Path,
    *,
    max_files: int = 1_000_000,
    report: Reporter = SILENT,
    choice: Choice | None = None,
    allowed: Sequence[Path] = (),
    had: Callable[[], dict[str, str]] = dict,
) -> Layout:
    """Find the images below ``root`` and what class and split each belongs to.

    Args:
        choice: what a person said about how to read it; judged where they didn't.
        allowed: folders besides ``root`` that links in it may lead into, resolved.
        had: what says which images the dataset had at its last scan: their classes by their paths.

    Raises:
        NotFound, NotAllowed: there is no such folder, or it can't be read.
        InvalidInput: nothing says what the images' classes are, the chosen reading isn't possible,
            or there are more than ``max_files`` images.
        Unreachable: the bucket can't be asked.
    """
    with _what_lies_below(root, allowed, max_files, report) as (walked, tables_at):
        if not walked.entries:
            raise nothing_found(root, walked)
        return _layout(Judgement(root, walked, choice or Choice(), tables_at, had))


def outline(root: Path) -> tuple[Path, str, dict[str, Split]]:
    """Where the class or split folders lie, for whoever adds images to them: that folder, its path
    below ``root`` (or ""), and the split folders by name (none for class folders)."""
    top = folders.tree(walk(root, (), 10_000_000, Reporter()).entries)
    prefix = folders.wrapping(top)
    return root.joinpath(*prefix), "/".join(prefix), folders.split_folders(top.at(prefix))


@contextmanager
def _what_lies_below(
    root: Path, allowed: Sequence[Path], max_files: int, report: Reporter
) -> Iterator[tuple[Walked, Path]]:
    """What was found, and where its tables can be read: in the folder itself, or in a copy of those
    in a bucket."""
    if is_address(root):
        walked = walk_bucket(root, max_files, report)
        with copied(root, walked.tables, report) as tables_at:
            yield walked, tables_at
    else:
        yield walk(root, allowed, max_files, report), root


def _layout(judgement: Judgement) -> Layout:
    walked, choice = judgement.walked, judgement.choice
    chosen, others = judgement.read()
    # What a table or an annotation is, is no longer a file to be wondered at.
    kept = [item for item in walked.skipped if item.path not in chosen.used]
    files, notes = cleaned(chosen.files)
    files.sort(key=lambda file: file.path)
    files, together, ways = _belonging(judgement, files)
    as_read = {
        **vars(chosen),
        "files": _paged(files, choice.page or 1),
        "skipped": sorted([*kept, *chosen.skipped], key=lambda item: item.path),
    }
    return Layout(
        **as_read,
        prefix="/".join(judgement.prefix),
        doubt=judgement.doubt,
        others=tuple(reading.outline() for reading in others),
        notes=(*notes, *walked.sentences()),
        together=together,
        ways=ways,
    )


def _paged(files: list[FoundFile], number: int) -> list[FoundFile]:
    """The images with the page that was chosen, where they may have several."""
    if number < 2:
        return files
    page = str(Part(number))
    return [
        file._replace(path=file.path + page) if file.path.lower().endswith(_OF_PAGES) else file
        for file in files
    ]


def _belonging(
    judgement: Judgement, files: list[FoundFile]
) -> tuple[list[FoundFile], Way | None, tuple[Way, ...]]:
    """The images with what they belong to, as chosen; or what may say so."""
    columns: dict[str, dict[str, str]] = {}
    beside = judgement.walked.tables
    if any(name.lower().endswith(SUFFIXES) for name in beside):
        columns = tables.columns(judgement.tables_at, beside, judgement.entries)
    depth = len(judgement.prefix)
    key = judgement.choice.together
    if not key:
        return files, None, looks_together(files, columns, depth)
    values = values_by(key, files, columns, depth)
    found = [file._replace(together=values.get(file.path, file.together)) for file in files]
    return found, way_of(key, values), ()
