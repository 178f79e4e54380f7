"""The commands about classes: what there is, add, rename, remove, and photos for one."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from core.catalog import Catalog, DatasetRecord
from core.cli.command import Options, argument, command
from core.cli.output import Output
from core.cli.running import run_job
from core.datasets import removal
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, NotFound
from core.jobs import kinds
from core.quality import by_hand, curation
from core.quality.class_names import called, renamed, why_called
from core.text import images

in_data = partial(command, "Data")

_DATASET = argument("name", metavar="DATASET", example="hands")
_CLASS = argument("label", metavar="CLASS")


@in_data("class list", "list a dataset's classes, empty ones too", _DATASET)
def list_all(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    return _classes(catalog, catalog.datasets.find(options.name), output)


@in_data(
    "class add",
    "add a class, or images to one; a new dataset too",
    _DATASET,
    _CLASS,
    argument("files", nargs="*", type=Path, metavar="FILE", help="images, or folders of images"),
    examples=("hands fist", "hands 2 a.jpg"),
)
def add(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    stage = _taken(catalog, options.files) if options.files else None
    try:
        record, is_new = catalog.datasets.find(options.name), False
    except NotFound:
        record, is_new = by_hand.start(catalog, options.name, classes=[]), True
    labels = [each.label for each in by_hand.classes_of(catalog, record.id)]
    label, why = called(options.label), why_called(options.label)
    if why:
        output.text(why)
    added: list[str] = []
    unread: dict[str, str] = {}
    if stage is None or label not in labels:
        by_hand.add_class(catalog, record.id, options.label)
    if stage is not None:
        for item in stage.refused:
            output.text(f"{item.path}: {item.why}")
        stage.gather(label)
        added = stage.add_to(catalog, record.id)
        run_job(catalog, kinds.submit_scan(catalog, record.id), output)
        unread = _unread(catalog, record, added)
        if added and len(unread) == len(added):
            if is_new:
                removal.forget(catalog, record.id)
            else:
                curation.decide(catalog, record.id, "exclude", added, why="can’t be read")
                if label not in labels:
                    by_hand.remove_class(catalog, record.id, label)
            raise InvalidInput(
                "None of these can be read; they are left out.",
                remedy=next(iter(unread.values())),
            )
        for path, why in unread.items():
            output.text(f"{PurePosixPath(path).name}: {why}")
        output.text(f"Added to “{label}”: {images(len(added) - len(unread))}")
    return {**_classes(catalog, record, output), "added": added, "unreadable": list(unread)}


@in_data(
    "class rename",
    "give a class another name",
    _DATASET,
    _CLASS,
    argument("new_name", metavar="NEW"),
    examples=("hands 2 two",),
)
def rename(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    versions = by_hand.rename_class(catalog, record.id, options.label, options.new_name)
    if versions:
        output.text(renamed(options.label, options.new_name))
    return _changed(catalog, record, versions, output)


@in_data(
    "class remove",
    "leave a class out; nothing is deleted",
    _DATASET,
    _CLASS,
    examples=("hands 2",),
)
def remove(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    versions = by_hand.remove_class(catalog, record.id, options.label)
    return _changed(catalog, record, versions, output)


def _taken(catalog: Catalog, files: list[Path]) -> UploadStage:
    """Copies of images on their way in."""
    stage = UploadStage(catalog.workspace)
    for given in (each.expanduser() for each in files):
        if not given.exists():
            raise NotFound("That file is not there.", file=given)
        inside = sorted(given.rglob("*")) if given.is_dir() else [given]
        for file in inside:
            if file.is_file():
                with file.open("rb") as source:
                    stage.add(file.name, source)
    if not stage.kept:
        stage.abandon()
        why = stage.refused[0].why if stage.refused else ""
        raise InvalidInput(f"There is no image among these. {why}".strip(), file=files[0])
    return stage


def _unread(catalog: Catalog, record: DatasetRecord, paths: list[str]) -> dict[str, str]:
    """Which of these the scan couldn't read → why."""
    table = curation.curated(catalog, record.id).set_index("path").reindex(paths)
    bad = table[table["status"] != "ok"]
    return {str(path): str(why) for path, why in bad["problem"].items()}


def _changed(
    catalog: Catalog, record: DatasetRecord, versions: list[int], output: Output
) -> dict[str, Any]:
    document = _classes(catalog, record, output)
    if versions:
        numbers = " ".join(map(str, versions))
        output.text(f'Take it back with: undo "{record.name}" {numbers}')
    return {**document, "versions": versions}


def _classes(catalog: Catalog, record: DatasetRecord, output: Output) -> dict[str, Any]:
    found = by_hand.classes_of(catalog, record.id)
    output.table(("class", "images"), [(each.label, f"{each.images:,}") for each in found])
    return {
        "dataset": record.id,
        "version": catalog.datasets.get(record.id).version,
        "classes": [{"label": each.label, "images": each.images} for each in found],
    }
