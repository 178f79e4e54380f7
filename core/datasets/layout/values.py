"""What is said of a folder: values that the readings make and everybody else reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from core.text import listed, plural

Split = Literal["", "train", "validation", "test"]
Kind = Literal["classes", "splits", "inner", "joined", "names", "table", "annotations", "boxes"]
# What is to be done with files that are called like masks of pictures beside them.
Masks = Literal["out", "images"]
# Around a box that somebody annotated, as a part of its size.
MARGIN = 0.1
# Images, and classes, that are shown of a reading.
_SHOWN, _SHOWN_CLASSES = 4, 4
# What each reading means, for people who choose between them.
MEANINGS: dict[Kind, str] = {
    "classes": "Each folder is a class",
    "splits": "Folders say what is trained on and what is tested; the folders inside are classes",
    "inner": "The folders inside are the classes",
    "joined": "Each folder inside a folder is a class of its own",
    "names": "The class is in each file's name",
    "table": "A table says the class of each file",
    "annotations": "Annotations say what is in each image",
    "boxes": "Each annotated box is an image, cut out of its photo",
}


class FoundFile(NamedTuple):
    """An image file by its name.

    Attributes:
        path: relative to the root, with forward slashes.
        label: the class.
        split: the split that it came in, or "".
        bytes: size of the file.
        mtime_ns: time of its last modification, in nanoseconds since 1970.
        together: what it belongs to (a patient, a video …); images of the same are never torn
            apart. "" where nothing says so.
    """

    path: str
    label: str
    split: Split
    bytes: int
    mtime_ns: int
    together: str = ""


class Skipped(NamedTuple):
    """A file that was left out, and why, as a sentence."""

    path: str
    why: str


class Entry(NamedTuple):
    """A picture that was found, before anybody says what it is of.

    Attributes:
        path: relative to the root, with forward slashes.
        parts: names of folders, and of the file last, below the wrapping folders.
    """

    path: str
    parts: tuple[str, ...]
    bytes: int
    mtime_ns: int

    def found(self, label: str, split: Split = "") -> FoundFile:
        """It as an image of a class."""
        return FoundFile(self.path, label, split, self.bytes, self.mtime_ns)

    def skipped(self, why: str) -> Skipped:
        """It as a file that is left out."""
        return Skipped(self.path, why)


@dataclass(frozen=True)
class Choice:
    """What a person said about how a folder is to be read.

    Attributes:
        kind: the reading; none lets Lightbox judge.
        table: name of the table of labels, relative to the root; none for the one that fits.
        labels: the table's column of classes; none for the one that looks like it.
        together: what says which images belong together, as in :class:`Way`; none for nothing.
        margin: around annotated boxes, as a part of their size; none for :data:`MARGIN`.
        page: of TIFF and DICOM files of several, from 1 on; none for the first.
        greys: what is black and what is white in greys of more than eight bits; none for the range
            that the dataset uses.
        masks: whether files that are called like masks of pictures beside them are left out or are
            images, too; none where nobody said.
    """

    kind: Kind | None = None
    table: str | None = None
    labels: str | None = None
    together: str | None = None
    margin: float | None = None
    page: int | None = None
    greys: tuple[float, float] | None = None
    masks: Masks | None = None


@dataclass(frozen=True)
class Way:
    """One way to say which images belong together: to a patient, a camera, a day, a video.

    Attributes:
        key: as it is chosen: a column's name, ``folder``, ``folder:2``, ``name`` or ``name:2``.
        title: what it is, for people.
        groups: how many there are of it.
        largest: images of the largest.
        example: one of its values, and a file that has it.
    """

    key: str
    title: str
    groups: int
    largest: int
    example: tuple[str, str]

    def sentence(self) -> str:
        """``the column “patient”: 12 groups, up to 9 images each (“p03”: a/1.jpg)``."""
        value, path = self.example
        many = f"{plural(self.groups, 'group')}, up to {plural(self.largest, 'image')} each"
        return f"{self.title}: {many} (“{value}”: {path})"


@dataclass(frozen=True)
class Reading:
    """One way to read a folder.

    Attributes:
        files: the images with their classes, in no order.
        skipped: images that this reading leaves out.
        reason: what speaks for it, in a sentence.
        used: files beside the images that say so; relative to the root.
        labels: the table's column of classes, where it takes a person to know which it is.
        masks: what it does with masks, where it takes a person to say that.
    """

    kind: Kind
    files: list[FoundFile] = field(repr=False)
    skipped: list[Skipped] = field(repr=False)
    reason: str = ""
    used: frozenset[str] = frozenset()
    labels: str = ""
    masks: Masks | None = None

    def outline(self) -> Outline:
        """What it would come to."""
        return Outline(
            self.kind,
            dict(Counter(file.label for file in self.files)),
            dict(Counter(file.split for file in self.files if file.split)),
            len(self.skipped),
            self._examples(),
            self.labels,
            self.masks,
        )

    def _examples(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for file in self.files:
            mine = found.setdefault(file.label, [])
            if len(mine) < _SHOWN and len(found) <= _SHOWN_CLASSES:
                mine.append(file.path)
        return {label: tuple(paths) for label, paths in found.items() if paths}


@dataclass(frozen=True)
class Outline:
    """What a reading comes to: images by class and by split, how many it leaves out, paths of a
    few images of some classes, and the table's column of classes and what is done with masks where
    a person must say it."""

    kind: Kind
    classes: dict[str, int]
    splits: dict[str, int]
    left_out: int
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: str = ""
    masks: Masks | None = None

    @property
    def meaning(self) -> str:
        """What it means, for people who choose: ``A table says the class of each file, in its
        column “breed”``."""
        column = f", in its column “{self.labels}”" if self.labels else ""
        masks = {None: "", "out": "; masks are left out", "images": "; masks are images, too"}
        return MEANINGS[self.kind] + column + masks[self.masks]

    @property
    def options(self) -> str:
        """How it is chosen on the command line."""
        column = f' --labels "{self.labels}"' if self.labels else ""
        masks = f" --masks {self.masks}" if self.masks else ""
        return f"--layout {self.kind}{column}{masks}"

    def sentence(self, most: int = 4) -> str:
        """``3 classes (cat 20, dog 18, fox 2)``, with splits and what is left out if there is."""
        largest = sorted(self.classes.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{label} {count:,}" for label, count in largest[:most])
        more = ", …" if len(largest) > most else ""
        text = f"{plural(len(largest), 'class', 'classes')} ({named}{more})"
        if self.splits:
            text += "; " + ", ".join(f"{name} {count:,}" for name, count in self.splits.items())
        return text + (f"; {self.left_out:,} left out" if self.left_out else "")


@dataclass(frozen=True)
class Layout(Reading):
    """What a folder holds: as it was read, with images and what was left out in the order of their
    paths.

    Attributes:
        prefix: the wrapping folder (or folders) that was looked through, or "".
        doubt: why it may be meant otherwise, so that a person should say; "" where it is clear.
        others: other readings that make sense.
        notes: what was put right on the way, or deserves a look, as sentences.
        together: what says which images belong together, as a person chose.
        ways: what may say it, where nobody chose.
    """

    prefix: str = ""
    doubt: str = ""
    others: tuple[Outline, ...] = ()
    notes: tuple[str, ...] = ()
    together: Way | None = None
    ways: tuple[Way, ...] = ()

    def outline(self) -> Outline:
        """What it comes to, to be shown beside the others; not what was left out of the folder."""
        return replace(super().outline(), left_out=0)


def named(names: Iterable[str]) -> str:
    """``“a”, “b” and “c”``, and how many others where there are more than four."""
    return listed(list(names), others="others")
