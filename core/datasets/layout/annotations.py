"""Labels in annotations: COCO (one .json), Pascal VOC (an .xml a picture) and others
(:mod:`core.datasets.layout.box_files`), and YOLO (a .txt a picture,
:mod:`core.datasets.layout.yolo`).

As whole images, a picture is of a class if all that is annotated in it is of that class; pictures
of several classes, or of none, are left out and listed. As boxes, each annotated box is an image of
its own (:class:`core.datasets.content.Part`); the photo itself stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from core.datasets.content import Part
from core.datasets.layout import yolo
from core.datasets.layout.box_files import Noted, read_annotations
from core.datasets.layout.lookup import Index
from core.datasets.layout.names import clean_label, split_in
from core.datasets.layout.tables import splits_said
from core.datasets.layout.values import Entry, FoundFile, Reading, Skipped, Split
from core.text import percent, shorten

# So much of the pictures must be in lists of what is for training, for these to count.
_LISTED = 0.8
# So far apart are the ends of one box in two files, in pixels, or as a part of its size.
_ROUNDED, _ROUNDED_SHARE = 2, 0.02
# Sides of a box in pixels; less shows nothing.
_SMALLEST = 2


class Annotations:
    """What annotations say of the pictures that are here.

    Args:
        names: files that may be annotations, relative to ``root``.
        column: of classes, in tables of boxes; "" for one that is called so.

    Attributes:
        kinds: whose form they have: COCO, Pascal VOC.
        noted: by path.
        splits: by path, where folders or the annotations' names say so.
        used: the files that say all this.
        absent: pictures that are annotated and aren't here.
    """

    def __init__(
        self, root: Path, entries: list[Entry], names: list[str], column: str = ""
    ) -> None:
        index = Index(entries)
        self.kinds: set[str] = set()
        self.noted: dict[str, list[Noted]] = defaultdict(list)
        self.splits: dict[str, Split] = {}
        self.used: set[str] = set()
        self.absent: set[str] = set()
        for name in names:
            kind, found = read_annotations(root / name, column)
            near = index.near(name)
            here: dict[str, list[Noted]] = defaultdict(list)
            for files, inside in found:
                entry = next(filter(None, map(near.find, files)), None)
                if entry is None:
                    self.absent.update(files[:1])
                    continue
                self.kinds.add(kind)
                self.used.add(name)
                here[entry.path] += [each for each in map(_cleaned, inside) if each.label]
                if split := split_in([*entry.parts[:-1], *name.rpartition(".")[0].split("/")]):
                    self.splits[entry.path] = split
            for path, inside in here.items():
                known = self.noted[path]
                known += [one for one in inside if not any(_is_again(one, each) for each in known)]
        labels, used = yolo.labels_of(root, entries, names, index.is_here)
        if labels:
            self.kinds.add("YOLO")
            self.used |= used
        for entry in entries:
            # The same boxes again, where a tool wrote both.
            if entry.path in labels and not self.noted.get(entry.path):
                self.noted[entry.path] += map(_cleaned, labels[entry.path])
                if split := split_in(entry.parts[:-1]):
                    self.splits[entry.path] = split
        if self.noted:
            listed, used = splits_said(root, names, index)
            if len(listed) >= _LISTED * len(self.noted):
                self.splits = listed
                self.used |= used

    @property
    def said(self) -> str:
        return f"{' and '.join(sorted(self.kinds))} annotations"

    @property
    def lacking(self) -> str:
        """What follows where some of the pictures aren't here; "" where all are."""
        if not self.absent:
            return ""
        some = (
            f"{len(self.absent):,} images that are" if len(self.absent) > 1 else "one image that is"
        )
        return f"; they name {some} not here: {shorten(min(self.absent))}"


def by_annotations(entries: list[Entry], said: Annotations) -> Reading | None:
    """Whole images of classes from annotations; none where there are none of these pictures."""
    files: list[FoundFile] = []
    skipped: list[Skipped] = []
    for entry in entries:
        inside = {each.label for each in said.noted.get(entry.path, ())}
        if len(inside) == 1:
            files.append(entry.found(next(iter(inside)), said.splits.get(entry.path, "")))
        elif inside:
            named = ", ".join(sorted(inside)[:4])
            skipped.append(entry.skipped(f"Several classes are annotated in it: {named}."))
        else:
            skipped.append(entry.skipped("Nothing is annotated in it."))
    if not files:
        return None
    reason = f"{said.said} say what is in each image{said.lacking}."
    return Reading("annotations", files, skipped, reason, frozenset(said.used))


def by_boxes(entries: list[Entry], said: Annotations, margin: float) -> Reading | None:
    """Annotated boxes as images; none where there are no boxes on these pictures.

    Args:
        margin: around each box, as a part of its width and height.

    Boxes of one photo belong together: they show the same place, and often the same thing.
    """
    files: list[FoundFile] = []
    skipped: list[Skipped] = []
    for entry in entries:
        boxes = [each for each in said.noted.get(entry.path, ()) if each.box is not None]
        parts = {
            str(found): each.label for each in boxes if (found := _part(each, margin)) is not None
        }
        for part, label in parts.items():
            file = entry.found(label, said.splits.get(entry.path, ""))
            photo = entry.path if len(parts) > 1 else ""
            files.append(file._replace(path=entry.path + part, together=photo))
        if not parts:
            small = "Its boxes are smaller than 2 pixels." if boxes else "It has no box."
            skipped.append(entry.skipped(small))
    if not files:
        return None
    around = f", with {percent(margin, 0)} of its size around it" if margin else ""
    reason = (
        f"{said.said} have boxes: each is an image, cut out of its photo{around}{said.lacking}."
    )
    return Reading("boxes", files, skipped, reason, frozenset(said.used))


def _cleaned(noted: Noted) -> Noted:
    return noted._replace(label=clean_label(noted.label))


def _part(noted: Noted, margin: float) -> Part | None:
    if noted.box is None:
        return None
    left, top, width, height = noted.box
    if not (width > 0 and height > 0):
        return None
    across, down = width * margin, height * margin
    if noted.percent:
        x, y = max(0.0, left - across), max(0.0, top - down)
        right, bottom = min(100.0, left + width + across), min(100.0, top + height + down)
        box = tuple(round(each, 4) for each in (x, y, right - x, bottom - y))
        return Part(box=box, percent=True) if min(box[2:]) > 0 else None  # type: ignore[arg-type]
    if width < _SMALLEST or height < _SMALLEST:
        return None
    x, y = max(0, round(left - across)), max(0, round(top - down))
    # What lies beyond the picture's right and lower rim is cut off where it is decoded.
    right, bottom = round(left + width + across), round(top + height + down)
    return Part(box=(x, y, right - x, bottom - y)) if right > x and bottom > y else None


def _is_again(one: Noted, other: Noted) -> bool:
    """Whether two files say the same of one thing, each in its own way to round."""
    if one.label.casefold() != other.label.casefold() or one.percent != other.percent:
        return False
    if one.box is None or other.box is None:
        return one.box is other.box
    (left, top, width, height), (x, y, w, h) = one.box, other.box
    ends = zip(
        (left, top, left + width, top + height), (x, y, x + w, y + h), (w, h, w, h), strict=True
    )
    return all(abs(a - b) <= max(_ROUNDED, _ROUNDED_SHARE * size) for a, b, size in ends)
