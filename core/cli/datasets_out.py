"""The commands that write something of a dataset: export, report."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from core.catalog import Catalog
from core.cli.command import NAME, Options, argument, command
from core.cli.output import Output
from core.quality.export import LAYOUTS, ExportOptions, export_dataset
from core.quality.report import write_report
from core.text import images, plural


@command(
    "Data",
    "dataset export",
    "write the cleaned images as something new",
    NAME,
    argument("target", type=Path, metavar="TARGET", help="a new folder or .zip"),
    argument("--layout", choices=LAYOUTS, default="classes", help="what is in it"),
    argument("--zip", action="store_true", help="write one .zip"),
    examples=("hands clean-hands", "hands clean-hands.zip --layout splits"),
)
def export(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    archive = options.zip or options.target.suffix.lower() == ".zip"
    done = export_dataset(
        catalog,
        record.id,
        options.target,
        ExportOptions(layout=options.layout, archive=archive),
        report=output.progress,
    )
    output.text(
        f"Exported {images(done.images)} in {plural(len(done.classes), 'class', 'classes')} of "
        f"“{record.name}” to {done.path}"
    )
    for number, what in (
        (done.excluded, "excluded, so not in it"),
        (done.unreadable, "can't be read, so not in it"),
        (len(done.left_out), "gone or changed since the last scan, so not in it"),
    ):
        if number:
            output.text(f"{number:,} {what}")
    for path, why in done.left_out[:5]:
        output.text(f"  {path}: {why}")
    for label, folder in done.renamed.items():
        output.text(f"“{label}” is in the folder “{folder}”, since no folder can have its name")
    return {
        "dataset": record.id,
        "version": record.version,
        "layout": options.layout,
        **dataclasses.asdict(done),
        "path": str(done.path),
        "left_out": [{"path": path, "why": why} for path, why in done.left_out],
    }


@command(
    "Data",
    "dataset report",
    "write a health report to share",
    NAME,
    argument("file", type=Path, metavar="FILE.html"),
    examples=("hands hands.html",),
)
def report(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    written = write_report(catalog, record.id, options.file)
    output.text(f"Wrote the health report of “{record.name}” to {written}")
    return {
        "dataset": record.id,
        "version": record.version,
        "path": str(written),
        "bytes": written.stat().st_size,
    }
