"""What a folder of images means: which files are images, of which class, in which split.

Understood are class folders (``cats/a.jpg``), train / validation / test folders of class folders
(``train/cats/a.jpg``), and a single wrapping folder around either. Folders inside a class folder
belong to that class. Nothing is opened here: names and sizes only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.datasets.images import SUFFIXES
from core.errors import InvalidInput, NotAllowed, NotFound
from core.progress import Reporter, Throttle

Split = Literal["", "train", "validation", "test"]
SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
# What operating systems leave behind; not worth a line in a report.
_LITTER = {"thumbs.db", "desktop.ini", "__macosx", "icon\r"}
_WANTED = (
    "Lightbox needs one folder a class, with that class's images inside: "
    "for example photos/cats/1.jpg and photos/dogs/1.jpg."
)


@dataclass(frozen=True)
class FoundFile:
    """An image file by its name.

    Attributes:
        path: relative to the root, with forward slashes.
        label: the class, as the folder is named.
        split: the split whose folder it lies in, or "".
        bytes: size of the file.
        mtime_ns: time of its last modification, in nanoseconds since 1970.
    """

    path: str
    label: str
    split: Split
    bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why, as a sentence."""

    path: str
    why: str


@dataclass(frozen=True)
class Layout:
    """What a folder holds.

    Attributes:
        files: images in the order of their paths.
        skipped: what else was found there.
        kind: ``classes`` for class folders, ``splits`` for split folders of class folders.
        prefix: the wrapping folder (or folders) that was looked through, or "".
    """

    files: list[FoundFile]
    skipped: list[Skipped]
    kind: Literal["classes", "splits"]
    prefix: str


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is the operating system's, not the person's."""
    return name.startswith((".", "._")) or name.lower() in _LITTER


def is_text(name: str) -> bool:
    """Whether a name is valid Unicode; others can be on a disk, but not in a table or a page."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_text(name: str) -> str:
    """``name`` with what isn't valid Unicode written out (``caf\\udce9``), to be shown."""
    return name.encode("utf-8", "backslashreplace").decode()


def read_layout(
    root: Path, *, max_files: int = 1_000_000, report: Reporter | None = None
) -> Layout:
    """Find the images below ``root`` and what class and split each belongs to.

    Raises:
        NotFound: there is no such folder, or it can't be read.
        InvalidInput: it holds no class folders with images, or more than ``max_files`` files.
    """
    report = report or Reporter()
    if not root.is_dir():
        raise NotFound(
            "That folder is not there.", file=root, remedy="Check its name and try again."
        )
    try:
        base, prefix, split_folders = outline(root)
        found, skipped = _walk(base, root, bool(split_folders), max_files, report)
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
    if not found:
        raise _nothing_found(root, base, skipped)
    found.sort(key=lambda file: file.path)
    return Layout(found, skipped, "splits" if split_folders else "classes", prefix)


def outline(root: Path) -> tuple[Path, str, dict[str, Split]]:
    """Where the class or split folders lie: that folder, its path below ``root`` (or ""), and the
    split folders by name (none for class folders). Quick: looks at the topmost folders only."""
    base, prefix = _unwrap(root)
    return base, prefix, _split_folders(base)


def _unwrap(root: Path) -> tuple[Path, str]:
    """Go down through folders that hold nothing but one folder of folders."""
    base = root
    while True:
        entries = [entry for entry in os.scandir(base) if not is_litter(entry.name)]
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        if len(folders) != 1 or any(_is_image_name(entry.name) for entry in entries):
            break
        inner = Path(folders[0].path)
        if folders[0].name.lower() in SPLIT_NAMES and not _holds_images(inner):
            break
        if _holds_images(inner) or not _holds_folders(inner):
            break
        base = inner
    return base, "" if base == root else base.relative_to(root).as_posix()


def _split_folders(base: Path) -> dict[str, Split]:
    """The split folders in ``base``; none unless all its folders with a class are splits."""
    names = [
        entry.name
        for entry in os.scandir(base)
        if entry.is_dir(follow_symlinks=False) and not is_litter(entry.name)
    ]
    splits = {name: SPLIT_NAMES[name.lower()] for name in names if name.lower() in SPLIT_NAMES}
    if "train" not in splits.values() or len(splits) < len(names):
        return {}
    # A class may be called "test": split folders hold folders, not images.
    if any(_holds_images(base / name) for name in splits):
        return {}
    return splits


def _walk(
    base: Path, root: Path, splits: bool, max_files: int, report: Reporter
) -> tuple[list[FoundFile], list[Skipped]]:
    found: list[FoundFile] = []
    skipped: list[Skipped] = []
    now_and_then = Throttle(0.2)
    depth_of_label = 1 if splits else 0
    inside = root.resolve()
    # Sliced, since making a Path of each of 60,000 names takes a second.
    below_root, below_base = (len(os.path.join(folder, "")) for folder in (root, base))  # noqa: PTH118
    for entry in _files(base):
        relative = as_text(entry.path[below_root:].replace(os.sep, "/"))
        parts = entry.path[below_base:].replace(os.sep, "/").split("/")
        if len(found) >= max_files:
            raise InvalidInput(
                f"This folder holds more than {max_files:,} images.",
                file=root,
                remedy="Choose a smaller folder, or raise LIGHTBOX_MAX_FILES.",
            )
        if len(parts) <= depth_of_label + 1:
            skipped.append(Skipped(relative, "It lies outside the class folders."))
            continue
        if not _is_image_name(entry.name):
            skipped.append(Skipped(relative, _why_not_an_image(entry.name)))
            continue
        if not is_text(entry.path[len(str(root)) :]):
            skipped.append(Skipped(relative, "Its name is not valid text (UTF-8); rename it."))
            continue
        try:
            facts = entry.stat()
            outside = entry.is_symlink() and not (Path(entry.path).resolve().is_relative_to(inside))
        except (OSError, RuntimeError):
            # Up to Python 3.12, resolving links that go in a circle is a RuntimeError.
            skipped.append(Skipped(relative, "It is a link to a file that is not there."))
            continue
        if outside:
            skipped.append(Skipped(relative, "It is a link to a file outside this folder."))
            continue
        if not stat.S_ISREG(facts.st_mode):
            # Opening a pipe or a device could wait for ever.
            skipped.append(Skipped(relative, "It is a pipe or a device, not a file."))
            continue
        split: Split = SPLIT_NAMES[parts[0].lower()] if splits else ""
        found.append(
            FoundFile(relative, parts[depth_of_label], split, facts.st_size, facts.st_mtime_ns)
        )
        if now_and_then():
            report.check()
            report.progress("find", len(found), None, "Looking for images")
    return found, skipped


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All files below, without following links to folders and without litter."""
    folders: list[os.PathLike[str] | str] = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if is_litter(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif not _is_folder_link(entry):
                    yield entry


def _is_folder_link(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link to itself, which is no folder


def _holds_images(folder: Path) -> bool:
    return any(_is_image_name(entry.name) for entry in os.scandir(folder))


def _holds_folders(folder: Path) -> bool:
    return any(
        entry.is_dir(follow_symlinks=False) and not is_litter(entry.name)
        for entry in os.scandir(folder)
    )


def _is_image_name(name: str) -> bool:
    return not is_litter(name) and os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122


def _why_not_an_image(name: str) -> str:
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122
    if suffix in {".heic", ".heif", ".avif", ".svg", ".psd", ".raw", ".cr2", ".nef", ".jp2"}:
        return f"Lightbox can't read {suffix} images; save it as JPEG or PNG."
    if suffix in {".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"}:
        return "It is an archive inside the folder; unpack it first."
    return f"It is not an image ({suffix or 'no file type'})."


def _nothing_found(root: Path, base: Path, skipped: list[Skipped]) -> InvalidInput:
    if not any(not is_litter(entry.name) for entry in os.scandir(root)):
        return InvalidInput("This folder is empty.", file=root, remedy=_WANTED)
    if _holds_images(base):
        return InvalidInput(
            "The images lie directly in this folder, so it doesn't say which class each is.",
            file=root,
            remedy=_WANTED,
        )
    what = f"{len(skipped):,} other files" if len(skipped) > 1 else "one other file"
    return InvalidInput(
        f"There are no images in this folder{f', only {what}' if skipped else ''}.",
        file=root,
        remedy=_WANTED,
    )
