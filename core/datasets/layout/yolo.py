"""Labels as YOLO has them: a .txt a picture, of a line a box, and names of classes beside them.

A line is the class's number and, as shares of the upright picture's width and height, the box's
middle and size; or the corners of an outline, of which the box around it is taken. Labels lie
beside their pictures, or in a folder ``labels`` where the pictures lie in ``images``. Names are in
``data.yaml`` or in a list (``classes.txt``, ``obj.names``); without, classes are called by their
numbers.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from core.datasets.layout.box_files import Noted
from core.datasets.layout.lists import lines_of, named_classes
from core.datasets.layout.names import nearest_first
from core.datasets.layout.values import Entry

_LIST_NAMES = ("classes", "obj", "names", "_darknet", "labels", "predefined_classes")
# Corners may lie a little outside, by rounding.
_LEAST, _MOST = -0.01, 1.01
# So many of the label files that aren't empty must be such.
_MUST_BE = 0.9


def labels_of(
    root: Path, entries: list[Entry], names: list[str], is_here: Callable[[str], bool]
) -> tuple[dict[str, list[Noted]], set[str]]:
    """What is in each picture that has a label file.

    Args:
        names: files that may say something, relative to ``root``.
        is_here: whether a name is one of a picture.

    Returns:
        By the picture's path the classes and boxes in it; and the files that say so. Both are empty
        where these are no such labels.
    """
    texts = {name for name in names if name.lower().endswith(".txt")}
    found: dict[str, list[Noted]] = {}
    used: set[str] = set()
    posed = _has_points(root, names)
    good = bad = 0
    for entry in entries:
        name = next((each for each in _beside(entry.path) if each in texts), None)
        if name is None:
            continue
        boxes = _boxes(lines_of(root / name), posed=posed)
        if boxes is None:
            bad += 1
            continue
        good += bool(boxes)
        used.add(name)
        found[entry.path] = boxes
    if not good or good < _MUST_BE * (good + bad):
        return {}, set()
    known, where = _class_names(root, names, is_here)
    for path, boxes in found.items():
        found[path] = [each._replace(label=known.get(each.label, each.label)) for each in boxes]
    return found, used | where


def _beside(path: str) -> Iterable[str]:
    """Where the labels of a picture may lie."""
    stem = path.rpartition(".")[0] or path
    yield f"{stem}.txt"
    folders, _, name = stem.rpartition("/")
    parts = folders.split("/") if folders else []
    for at in range(len(parts) - 1, -1, -1):
        if parts[at].lower() in ("images", "image", "imgs", "jpegimages", "img"):
            for word in ("labels", "label", "annotations"):
                yield "/".join([*parts[:at], word, *parts[at + 1 :], f"{name}.txt"])
    yield "/".join([*parts, "labels", f"{name}.txt"])
    yield "/".join(["labels", f"{name}.txt"])


def _boxes(lines: list[str] | None, *, posed: bool) -> list[Noted] | None:
    """The boxes of a label file; ``None`` if it is no such file."""
    if lines is None:
        return None
    boxes = []
    for line in lines:
        number, *rest = line.split()
        try:
            values = [float(value) for value in rest]
        except ValueError:
            return None
        if not number.isdigit() or len(values) < 4:
            return None
        if not posed and len(values) >= 6 and len(values) % 2 == 0:
            xs, ys = values[::2], values[1::2]
            left, top = min(xs), min(ys)
            box = (left, top, max(xs) - left, max(ys) - top)
        elif posed or len(values) in (4, 5):  # a fifth is how sure somebody's model was
            across, down, width, height = values[:4]
            box = (across - width / 2, down - height / 2, width, height)
        else:
            return None
        ends = (box[0], box[1], box[0] + box[2], box[1] + box[3])
        if not all(_LEAST <= end <= _MOST for end in ends):
            return None
        left, top, width, height = (100 * each for each in box)
        boxes.append(Noted(number, (left, top, width, height), percent=True))
    return boxes


def _class_names(
    root: Path, names: list[str], is_here: Callable[[str], bool]
) -> tuple[dict[str, str], set[str]]:
    """Classes by their numbers, and the files that say so."""
    for name in nearest_first(names):
        if name.lower().endswith((".yaml", ".yml")) and (known := _of_yaml(root / name)):
            return known, {name}
    return named_classes(root, names, is_here, _LIST_NAMES)


# ``names`` is all that is needed of a data.yaml (and whether there are points of poses), and takes
# one of four forms; a reader of all of YAML would be one more package for that.
_NAMES = re.compile(r"^names[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_POINTS = re.compile(r"^kpt_shape[ \t]*:", re.MULTILINE)
_IN_BLOCK = re.compile(r"^[ \t]*(?:-|(\d+)[ \t]*:)[ \t]*(.*)$")


def _of_yaml(path: Path) -> dict[str, str]:
    text = "\n".join(lines_of(path, comments=False) or ())
    start = _NAMES.search(text)
    if start is None:
        return {}
    if (flow := start[1].lstrip())[:1] in ("[", "{"):
        close = "]" if flow[0] == "[" else "}"
        inside = text[start.start(1) :].lstrip()[1:].partition(close)[0].replace("\n", " ")
        items = next(csv.reader([inside.replace("'", '"')], skipinitialspace=True), [])
        pairs = [item.partition(":")[::2] if close == "}" else ("", item) for item in items]
    else:
        pairs = []
        for line in text[start.end() + 1 :].split("\n"):
            if line.strip() and not (found := _IN_BLOCK.match(line)):
                break
            if line.strip() and found:
                pairs.append((found[1] or "", found[2]))
    plain = [(key.strip(), _plain(value)) for key, value in pairs]
    return {key or str(at): value for at, (key, value) in enumerate(plain) if value}


def _plain(value: str) -> str:
    value = value.strip()
    if value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1:
        return value[1:-1]
    return value.partition(" #")[0].strip()


def _has_points(root: Path, names: list[str]) -> bool:
    return any(
        _POINTS.search("\n".join(lines_of(root / name, comments=False) or ()))
        for name in names
        if name.lower().endswith((".yaml", ".yml"))
    )
