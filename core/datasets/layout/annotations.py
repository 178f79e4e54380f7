"""Labels in annotations: COCO (one .json) and Pascal VOC (an .xml a picture), for whole images.

A picture is of a class if all that is annotated in it is of that class; pictures of several
classes, or of none, are left out and listed.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path
from typing import Any

from core.datasets.layout.names import clean_label, split_of
from core.datasets.layout.tables import Index
from core.datasets.layout.values import Entry, FoundFile, Reading, Skipped, Split

MAX_JSON_BYTES = 500 * 1024**2
_MAX_XML_BYTES = 1024**2


def by_annotations(root: Path, entries: list[Entry], names: list[str]) -> Reading | None:
    """Classes from COCO or Pascal VOC annotations; none where there are none of these pictures."""
    index = Index(entries)
    labels: dict[str, set[str]] = defaultdict(set)
    splits: dict[str, Split] = {}
    kinds = set()
    for name in names:
        if name.lower().endswith(".json"):
            found = _coco(root / name)
            if found:
                kinds.add("COCO")
        elif name.lower().endswith(".xml"):
            found = _voc(root / name)
            if found:
                kinds.add("Pascal VOC")
        else:
            continue
        for file, inside in found:
            entry = index.find(file)
            if entry is not None:
                labels[entry.path] |= {clean_label(label) for label in inside if label}
                if split := _split_named(name, entry):
                    splits[entry.path] = split
    files: list[FoundFile] = []
    skipped: list[Skipped] = []
    for entry in entries:
        inside = labels.get(entry.path, set())
        if len(inside) == 1:
            files.append(entry.found(next(iter(inside)), splits.get(entry.path, "")))
        elif inside:
            named = ", ".join(sorted(inside)[:4])
            skipped.append(entry.skipped(f"Several classes are annotated in it: {named}."))
        else:
            skipped.append(entry.skipped("Nothing is annotated in it."))
    if not files:
        return None
    reason = f"{' and '.join(sorted(kinds))} annotations say what is in each image."
    return Reading("annotations", files, skipped, reason)


def _split_named(name: str, entry: Entry) -> Split:
    for part in [*entry.parts[:-1], *name.rpartition(".")[0].split("/")]:
        if split := split_of(part):
            return split
    return ""


def _coco(path: Path) -> list[tuple[str, set[str]]]:
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            return []
        data: Any = json.loads(path.read_bytes())
        categories = {each["id"]: str(each["name"]) for each in data["categories"]}
        inside: dict[Any, set[str]] = defaultdict(set)
        for each in data["annotations"]:
            if each["category_id"] in categories:
                inside[each["image_id"]].add(categories[each["category_id"]])
        return [(str(image["file_name"]), inside[image["id"]]) for image in data["images"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []  # another kind of .json


def _voc(path: Path) -> list[tuple[str, set[str]]]:
    try:
        data = path.read_bytes()
        # Entities are the one thing in XML that can blow a small file up.
        if len(data) > _MAX_XML_BYTES or b"<!ENTITY" in data:
            return []
        top = ElementTree.fromstring(data)
    except (OSError, ElementTree.ParseError, ValueError):
        return []
    if top.tag != "annotation":
        return []
    named = (top.findtext("filename") or path.stem).strip()
    labels = {(each.findtext("name") or "").strip() for each in top.iter("object")}
    return [(named, labels - {""})]
