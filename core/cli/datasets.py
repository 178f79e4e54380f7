"""The commands about datasets: add, list, show, rename, remove."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core import settings
from core.catalog import Catalog, DatasetRecord
from core.cli.output import Output
from core.cli.running import run_job
from core.datasets import archives, intake
from core.errors import InvalidInput, LightboxError
from core.jobs import handlers
from core.quality import curation
from core.quality.curation import curated, usable

Options = argparse.Namespace


def add(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    path: Path = options.path.expanduser()
    if path.is_file():
        if not archives.is_archive_name(path.name):
            raise InvalidInput(
                "This is neither a folder nor a .zip or .tar archive.", file=options.path
            )
        record = intake.add_archive(catalog, path, path.name, options.name)
    else:
        record = intake.add_folder(
            catalog, path, options.name, restrict=settings.load().roots_are_set
        )
    return _import(catalog, record, output)


def sample(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = intake.add_sample(catalog)
    if record.state == "ready":
        return _show(catalog, record, output)
    return _import(catalog, record, output)


def _import(catalog: Catalog, record: DatasetRecord, output: Output) -> dict[str, Any]:
    try:
        run_job(catalog, handlers.submit_import(catalog, record.id), output)
    except LightboxError:
        # Nothing of it can be used; leaving it would only take the name.
        intake.remove(catalog, record.id)
        raise
    return _show(catalog, catalog.datasets.get(record.id), output)


def list_all(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    records = catalog.datasets.all()
    if not records:
        output.text("No datasets yet. Add one with: dataset add PATH, or: dataset sample")
    else:
        output.table(
            ("name", "images", "classes", "version", "state", "from"),
            [(r.name, f"{r.images:,}", r.classes, r.version, r.state, r.origin) for r in records],
        )
    return [_dataset(catalog, record) for record in records]


def show(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    return _show(catalog, catalog.datasets.find(options.name), output)


def rename(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    renamed = catalog.datasets.rename(record.id, options.new_name)
    output.text(f"Renamed “{record.name}” to “{renamed.name}”.")
    return _dataset(catalog, renamed)


def remove(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    intake.remove(catalog, record.id)
    output.text(f"Removed “{record.name}”. Your own folder is as it was.")
    return {"removed": record.id}


def _show(catalog: Catalog, record: DatasetRecord, output: Output) -> dict[str, Any]:
    table = curated(catalog, record.id)
    good = usable(table)
    counts = good["label"].value_counts().sort_index()
    skipped = curation.skipped(catalog, record.id)
    output.text(f"{record.name}: {len(good):,} usable images in {len(counts)} classes")
    output.table(("class", "images"), [(label, f"{n:,}") for label, n in counts.items()])
    broken = int((table["status"] != "ok").sum())
    excluded = int(table["excluded"].sum())
    for number, what in (
        (broken, "can't be read"),
        (excluded, "excluded"),
        (len(skipped), "other files skipped"),
    ):
        if number:
            output.text(f"{number:,} {what}")
    for path, why in skipped[:5]:
        output.text(f"  {path}: {why}")
    return {
        **_dataset(catalog, record),
        "class_counts": {str(label): int(n) for label, n in counts.items()},
        "unreadable": broken,
        "excluded": excluded,
        "skipped": [{"path": path, "why": why} for path, why in skipped],
    }


def _dataset(catalog: Catalog, record: DatasetRecord) -> dict[str, Any]:
    root = catalog.workspace.load_path(record.root)
    return {
        **{key: getattr(record, key) for key in ("id", "name", "origin", "state", "version")},
        "images": record.images,
        "classes": record.classes,
        "root": str(root),
        "problem": record.problem,
    }
