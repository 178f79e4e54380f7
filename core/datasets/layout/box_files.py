"""Files that say what is in pictures, and where: of COCO, Pascal VOC, LabelMe, Create ML, the VGG
Image Annotator, CVAT and Label Studio, and tables of boxes."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

_MAX_BYTES = 500 * 1024**2
_MAX_XML_BYTES = 100 * 1024**2
# What reading a file raises that is no such file.
_OTHERS = (OSError, ValueError, RecursionError, IndexError, csv.Error, ElementTree.ParseError)
Box = tuple[float, float, float, float]


class Noted(NamedTuple):
    """Something that is annotated in a picture.

    Attributes:
        box: left, top, width and height in pixels; ``None`` where only the class is said.
        percent: whether the box is in per cent of the picture's width and height instead.
    """

    label: str
    box: Box | None
    percent: bool = False


# What each picture has in it, by what the file calls the picture: names to be tried in turn.
Said = list[tuple[tuple[str, ...], list[Noted]]]


def _coco(data: Any) -> Said:
    categories = {each["id"]: str(each["name"]) for each in data["categories"]}
    inside: dict[Any, list[Noted]] = defaultdict(list)
    for each in data["annotations"]:
        # A crowd is a box around many, of which none is meant.
        if each["category_id"] in categories and not each.get("iscrowd"):
            noted = Noted(categories[each["category_id"]], _numbers(each.get("bbox")))
            inside[each["image_id"]].append(noted)
    return [((str(image["file_name"]),), inside[image["id"]]) for image in data["images"]]


def _labelme(data: Any) -> Said:
    noted = []
    for shape in data["shapes"]:
        xs, ys = zip(*shape["points"], strict=True)
        noted.append(Noted(str(shape["label"]), _around(xs, ys) if len(xs) > 1 else None))
    return [((str(data["imagePath"]),), noted)]


def _create_ml(data: Any) -> Said:
    found: Said = []
    for each in data:
        noted = []
        for one in each["annotations"]:
            at = one.get("coordinates")
            # The middle of the box, and its size.
            ends = at and (
                at["x"] - at["width"] / 2,
                at["y"] - at["height"] / 2,
                at["width"],
                at["height"],
            )
            noted.append(Noted(str(one["label"]), _numbers(ends)))
        found.append(((str(each.get("image") or each["imagefilename"]),), noted))
    return found


def _via(data: Any) -> Said:
    """The VGG Image Annotator's: the first attribute of a region that has a value is its class."""
    found: Said = []
    for each in (data.get("_via_img_metadata") or data).values():
        regions = each["regions"]
        noted = []
        for region in regions.values() if isinstance(regions, dict) else regions:
            label = next((str(v) for v in region["region_attributes"].values() if v), "")
            noted.append(Noted(label, _of_shape(region["shape_attributes"])))
        found.append(((str(each["filename"]),), noted))
    return found


def _of_shape(shape: dict[str, Any]) -> Box | None:
    if "width" in shape:
        return _numbers((shape["x"], shape["y"], shape["width"], shape["height"]))
    if "all_points_x" in shape:
        return _around(shape["all_points_x"], shape["all_points_y"])
    return None


def _label_studio(data: Any) -> Said:
    """Choices and rectangles of the first annotation of each task that wasn't given up."""
    found: Said = []
    for task in data:
        done = [each for each in task["annotations"] if not each.get("was_cancelled")]
        noted = []
        for one in done[0]["result"] if done else ():
            value = one["value"]
            labels = value.get(one["type"]) or ()
            ends = [value.get(name) for name in ("x", "y", "width", "height")]
            noted += [Noted(str(label), _numbers(ends), percent=True) for label in labels]
        for place in task["data"].values():
            if isinstance(place, str):
                # ``/data/local-files/?d=cat/1.jpg``, and what was uploaded has a mark before it.
                name = unquote(place.rpartition("?d=")[2])
                found.append(((name, name.rpartition("/")[2].partition("-")[2] or name), noted))
                break
    return found


def _cvat(top: ElementTree.Element) -> Said:
    """CVAT’s own form, for images: tags, boxes and polygons."""
    found: Said = []
    for image in top.iter("image"):
        noted = []
        for each in image:
            label = each.get("label", "")
            if each.tag == "box":
                corners = [float(each.get(name, "nan")) for name in ("xtl", "ytl", "xbr", "ybr")]
                noted.append(Noted(label, _between(corners)))
            elif each.tag == "polygon":
                points = [point.split(",") for point in each.get("points", "").split(";")]
                xs, ys = ([float(point[at]) for point in points] for at in (0, 1))
                noted.append(Noted(label, _around(xs, ys)))
            elif each.tag == "tag":
                noted.append(Noted(label, None))
        found.append(((image.get("name", ""),), noted))
    return found


def _json(path: Path) -> tuple[str, Said]:
    """Whose annotations these are, and what they say; nothing of another kind of .json."""
    data = json.loads(path.read_bytes())
    for name, reader in (
        ("COCO", _coco),
        ("LabelMe", _labelme),
        ("Create ML", _create_ml),
        ("VIA", _via),
        ("Label Studio", _label_studio),
    ):
        try:
            if said := reader(data):
                return name, said
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            continue
    return "", []


CORNERS = ("xmin", "ymin", "xmax", "ymax")
_FILES = ("filename", "file", "image", "image_id", "file_name", "path")
_CLASSES = ("class", "label", "name", "category", "class_name")


def is_of_boxes(columns: Iterable[object]) -> bool:
    """Whether a table with these columns has a box in each row."""
    return set(CORNERS) <= {str(name).strip().lower() for name in columns}


def _csv(path: Path, column: str) -> tuple[str, Said]:
    """A table of boxes: a row each, with its file, class (in ``column``, if that is said) and
    corners."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        head = [name.strip().lower() for name in next(csv.reader(lines), [])]
        file = next((head.index(name) for name in _FILES if name in head), None)
        wanted = (column.strip().lower(),) if column else _CLASSES
        label = next((head.index(name) for name in wanted if name in head), None)
        if file is None or label is None or not is_of_boxes(head):
            return "", []
        ends = [head.index(name) for name in CORNERS]
        found: dict[str, list[Noted]] = defaultdict(list)
        for row in csv.reader(lines):
            if len(row) >= len(head):
                box = _between([row[at] for at in ends])
                found[row[file]].append(Noted(row[label], box))
    return "CSV", [((file,), noted) for file, noted in found.items()]


def _xml(path: Path) -> tuple[str, Said]:
    data = path.read_bytes()
    # Entities are the one thing in XML that can blow a small file up.
    if b"<!ENTITY" in data:
        return "", []
    top = ElementTree.fromstring(data)
    if top.tag == "annotations":
        return "CVAT", _cvat(top)
    return ("Pascal VOC", _voc(top, path.stem)) if top.tag == "annotation" else ("", [])


def _numbers(values: Any) -> Box | None:
    try:
        left, top, width, height = (float(value) for value in values)
    except (TypeError, ValueError):
        return None
    found = (left, top, width, height)
    return found if all(math.isfinite(each) for each in found) else None


def _around(xs: Sequence[float], ys: Sequence[float]) -> Box | None:
    """The box around points."""
    return _numbers((min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))


def _between(corners: Sequence[Any], first: int = 0) -> Box | None:
    """The box from its left, top, right and bottom.

    Args:
        first: from what pixels are counted; where it is 1, the last one belongs to the box.
    """
    if (known := _numbers(corners)) is None:
        return None
    left, top, right, bottom = known
    return left - first, top - first, right - left + first, bottom - top + first


def _voc(top: ElementTree.Element, stem: str) -> Said:
    named = (top.findtext("filename") or stem).strip()
    noted = []
    for each in top.iter("object"):
        corners = [each.findtext(f"bndbox/{name}") for name in CORNERS]
        noted.append(Noted((each.findtext("name") or "").strip(), _between(corners, first=1)))
    # Some name the picture as it was before it was renamed, or what it was made of; it is the one
    # that is called as the file, if there is one.
    return [((stem, named), noted)]


def read_annotations(path: Path, column: str = "") -> tuple[str, Said]:
    """Whose form a file has, and what it says of pictures; "" and nothing if it is none.

    Args:
        column: of classes, where it is a table of boxes; "" for one that is called so.
    """
    suffix = path.suffix.lower()
    most = _MAX_XML_BYTES if suffix == ".xml" else _MAX_BYTES
    with contextlib.suppress(*_OTHERS):
        if suffix not in (".json", ".csv", ".xml") or path.stat().st_size > most:
            return "", []
        if suffix == ".csv":
            return _csv(path, column)
        return _json(path) if suffix == ".json" else _xml(path)
    return "", []
