"""The commands about cleaning: scan, decide, take back, look back."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from core.catalog import Catalog
from core.cli.output import Output, when
from core.cli.running import run_job
from core.errors import InvalidInput, NotFound
from core.jobs import handlers
from core.quality import curation, findings
from core.quality.curation import curated, usable

Options = argparse.Namespace


def scan(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    run_job(catalog, handlers.submit_scan(catalog, record.id), output)
    table = curated(catalog, record.id)
    found = findings.find(table)
    output.text(f"{len(table):,} images, {len(usable(table)):,} of them usable")
    if not found:
        output.text("Nothing deserves a look.")
    for finding in found:
        output.text(f"\n{finding.title}: {len(finding.paths):,}  [{finding.key}]")
        output.text(f"  {finding.sentence} {finding.suggestion}")
        for path in finding.paths[:5]:
            output.text(f"  {path}")
    return {
        "dataset": record.id,
        "version": catalog.datasets.get(record.id).version,
        "images": len(table),
        "usable": len(usable(table)),
        "findings": [dataclasses.asdict(finding) for finding in found],
        "skipped": curation.skipped(catalog, record.id),
    }


def decide(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    paths = list(options.paths)
    why = options.why
    if options.finding:
        table = curated(catalog, record.id)
        found = {finding.key: finding for finding in findings.find(table)}
        if options.finding not in found:
            raise NotFound(
                f"There is no finding “{options.finding}” in this dataset now.",
                remedy=("There are: " + ", ".join(found) + ".") if found else "",
            )
        finding = found[options.finding]
        extra = options.extra_copies
        paths += findings.extra_copies(finding, table) if extra else finding.paths
        why = why or finding.title
    change = curation.decide(catalog, record.id, options.action, paths, why=why)
    if change is None:
        raise InvalidInput("No image was named.", remedy="Name images, or use --finding KEY.")
    now = catalog.datasets.get(record.id)
    count = len(change.payload["paths"])
    output.text(
        f"{curation.DECISIONS[options.action]}: {count:,} image{'s' if count != 1 else ''}. "
        f"{now.images:,} are usable now. Take it back with: undo “{record.name}” {change.version}"
    )
    return {"dataset": record.id, "version": change.version, "images": now.images, "changed": count}


def undo(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    lines = curation.history(catalog, record.id)
    standing = [x.version for x in lines if x.action not in ("index", "undo") and not x.undone]
    versions = standing if options.all else options.versions or standing[:1]
    change = curation.undo(catalog, record.id, versions)
    undone = len(change.payload["versions"]) if change else 0
    output.text(f"Taken back: {undone} decision{'s' if undone != 1 else ''}.")
    return {"dataset": record.id, "undone": change.payload["versions"] if change else []}


def history(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    record = catalog.datasets.find(options.name)
    lines = curation.history(catalog, record.id)
    output.table(
        ("version", "when", "who", "what", "images", "why"),
        [
            (x.version, when(x.at), x.author, x.what + (" (undone)" if x.undone else ""), x.images,
             x.why)
            for x in lines
        ],
    )  # fmt: skip
    return [dataclasses.asdict(line) for line in lines]
