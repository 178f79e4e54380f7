"""The commands about cleaning: scan, decide, take back, look back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any

from core.catalog import Catalog
from core.catalog.changes import DECISIONS
from core.cli.command import NAME, Options, argument, command
from core.cli.output import Output, when
from core.cli.running import run_job
from core.datasets.layout import kept_layout
from core.errors import InvalidInput, NotFound, unknown
from core.jobs import kinds
from core.quality import curation, findings
from core.quality.classes import images_of
from core.quality.curation import curated, usable
from core.quality.detectors import DETECTORS
from core.quality.findings import Finding
from core.quality.versions import diff as compare
from core.text import images, plural

in_clean = partial(command, "Clean")


@in_clean(
    "scan",
    "look at a dataset's files again; list findings",
    NAME,
    argument(
        "--threshold",
        action="append",
        default=[],
        metavar="DETECTOR=SCORE",
        dest="thresholds",
        help="flag images from this score (0 to 1) on",
    ),
    examples=("hands", "hands --threshold blurry=0.4"),
)
def scan(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    run_job(catalog, kinds.submit_scan(catalog, record.id), output)
    table = curated(catalog, record.id)
    thresholds = _thresholds(options.thresholds)
    found = _found(catalog, record.id, thresholds).values()
    output.text(f"{plural(len(table), 'image')}, {len(usable(table)):,} of them usable")
    kept = kept_layout(catalog.workspace, record.id)
    doubt = kept.doubt if kept is not None and not kept.chosen else ""
    if doubt:
        output.text(f'{doubt} Say which is meant: dataset layout "{record.name}"')
    if not found:
        output.text("Nothing deserves a look.")
    for finding in found:
        output.text(f"\n{finding.title}: {len(finding.paths):,}  [{finding.key}]")
        output.text(f"  {finding.sentence} {finding.suggestion}")
        for path in finding.paths[:5]:
            output.text(f"  {path}")
    kinds_of = findings.taken_as_kind(table, thresholds)
    for finding in kinds_of:
        output.text(f"\n{findings.say_kind(finding)}  [{finding.key}]")
    return {
        "dataset": record.id,
        "version": catalog.datasets.get(record.id).version,
        "images": len(table),
        "usable": len(usable(table)),
        "doubt": doubt,
        "findings": [finding.as_json() for finding in found],
        "kind_of_picture": [finding.as_json() for finding in kinds_of],
        "skipped": curation.skipped(catalog, record.id),
    }


def _found(
    catalog: Catalog, dataset_id: str, thresholds: Mapping[str, float] | None = None
) -> dict[str, Finding]:
    """What deserves a look in a dataset as it is now, by key, what hurts most first."""
    alike = curation.known_alike(catalog, dataset_id)
    found = findings.find(curated(catalog, dataset_id), thresholds, alike)
    return {finding.key: finding for finding in found}


def _thresholds(settings: list[str]) -> dict[str, float]:
    chosen = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key.strip() not in DETECTORS:
            raise unknown("detector", key.strip(), DETECTORS)
        try:
            score = float(value)
        except ValueError:
            score = -1.0
        if not 0 <= score <= 1:
            raise InvalidInput(f"“{setting}” is not of the form detector=0.5, from 0 to 1.")
        chosen[key.strip()] = score
    return chosen


@in_clean("suspects", "look for wrong labels and images out of place", NAME)
def suspects(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    run_job(catalog, kinds.submit_suspects(catalog, record.id), output)
    table = curated(catalog, record.id)
    found = [
        finding
        for key, finding in _found(catalog, record.id).items()
        if key in (*findings.SUSPECTED, "outliers")
    ]
    judged = int(table["label_doubt"].notna().sum())
    output.text(f"{plural(judged, 'image was', 'images were')} judged")
    for finding in found:
        output.text(f"\n{finding.title}: {len(finding.paths):,}  [{finding.key}]")
        for path, reason in list(zip(finding.paths, finding.reasons, strict=True))[:10]:
            output.text(f"  {path}  {reason}")
    return {
        "dataset": record.id,
        "version": catalog.datasets.get(record.id).version,
        "judged": judged,
        "findings": [finding.as_json() for finding in found],
    }


@in_clean(
    "relabel",
    "move images, or whole classes, to a class",
    NAME,
    argument("label", metavar="CLASS", help="a present class, or a new one"),
    argument("paths", nargs="*", metavar="IMAGE"),
    argument(
        "--class",
        action="append",
        default=[],
        metavar="CLASS",
        dest="classes",
        help="all images of this class: renames it, or merges it into the other",
    ),
    argument("--why", default=""),
    examples=("hands three 2/a.jpg", "hands three --class 3"),
)
def relabel(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    paths = [*options.paths, *images_of(catalog, record.id, options.classes)]
    change = curation.decide(
        catalog, record.id, "relabel", paths, why=options.why, label=options.label
    )
    if change is None:
        raise InvalidInput("No image was named.", remedy="Name images, or use --class NAME.")
    count = len(change.payload["paths"])
    output.text(
        f"Moved to “{change.payload['label']}”: {images(count)}. "
        f'Take it back with: undo "{record.name}" {change.version}'
    )
    return {"dataset": record.id, "version": change.version, "changed": count}


_DECIDED = (
    NAME,
    argument("paths", nargs="*", metavar="IMAGE", help="paths as scan lists them"),
    argument("--finding", help="all images of a finding, by its key"),
    argument("--extra-copies", action="store_true", help="all but one of each group"),
    argument("--why", default=""),
)


@in_clean(
    "keep",
    "mark images as fine, never to be flagged again",
    *_DECIDED,
    examples=("hands 2/a.jpg", "hands --finding exact_duplicates"),
)
@in_clean("restore", "take excluded images back", *_DECIDED, examples=("hands 2/a.jpg",))
@in_clean(
    "exclude",
    "leave images out of training",
    *_DECIDED,
    examples=("hands 2/a.jpg", "hands --finding exact_duplicates --extra-copies"),
)
def decide(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record, action = catalog.datasets.find(options.name), options.command.name
    paths = list(options.paths)
    why = options.why
    if options.finding:
        found = _found(catalog, record.id)
        if options.finding not in found:
            raise NotFound(
                f"There is no finding “{options.finding}” in this dataset now.",
                remedy=("There are: " + ", ".join(found) + ".") if found else "",
            )
        finding = found[options.finding]
        extra, table = options.extra_copies, curated(catalog, record.id)
        paths += findings.extra_copies(finding, table) if extra else finding.paths
        why = why or finding.title
    change = curation.decide(catalog, record.id, action, paths, why=why)
    if change is None:
        raise InvalidInput("No image was named.", remedy="Name images, or use --finding KEY.")
    now = catalog.datasets.get(record.id)
    count = len(change.payload["paths"])
    output.text(
        f"{DECISIONS[action]}: {images(count)}. "
        f'{now.images:,} are usable now. Take it back with: undo "{record.name}" {change.version}'
    )
    if (
        options.finding
        and action == "exclude"
        and not extra
        and findings.extra_copies(finding, table)
    ):
        output.text(
            "That was every copy of them. To keep the best of each group, take it back and add "
            "--extra-copies."
        )
    return {"dataset": record.id, "version": change.version, "images": now.images, "changed": count}


@in_clean(
    "undo",
    "take decisions back",
    NAME,
    argument("versions", nargs="*", type=int, metavar="VERSION"),
    argument("--all", action="store_true", help="every decision"),
    examples=("hands", "hands --all"),
)
def undo(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    lines = curation.history(catalog, record.id)
    standing = [
        x.version for x in lines if x.action not in (*curation.FACTS, "undo") and not x.undone
    ]
    versions = standing if options.all else options.versions or standing[:1]
    change = curation.undo(catalog, record.id, versions)
    undone = len(change.payload["versions"]) if change else 0
    output.text(f"Taken back: {plural(undone, 'decision')}.")
    if change:
        for line in lines:
            if line.version in change.payload["versions"]:
                about = f", {images(line.images)}" if line.images else ""
                output.text(f"  {line.version}: {line.what}{about}")
    return {"dataset": record.id, "undone": change.payload["versions"] if change else []}


@in_clean("history", "what was decided about a dataset", NAME)
def history(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    record = catalog.datasets.find(options.name)
    lines = curation.history(catalog, record.id)
    output.table(
        ("version", "when", "who", "what", "images", "why"),
        [
            (
                x.version,
                when(x.at),
                x.author,
                x.what + (" (undone)" if x.undone else ""),
                x.images,
                x.why,
            )
            for x in lines
        ],
    )
    return [dataclasses.asdict(line) for line in lines]


@in_clean(
    "diff",
    "what changed between two versions of a dataset",
    NAME,
    argument("old", type=int, metavar="OLD", help="a version, as history lists them"),
    argument("new", nargs="?", type=int, metavar="NEW", help="default: as it is now"),
    examples=("hands 1",),
)
def diff(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    new = record.version if options.new is None else options.new
    found = compare(catalog, record.id, options.old, new)
    output.text(f"{record.name}, from version {found.old} to {found.new}")
    if found.empty:
        output.text("No image changed.")
    for what, paths in (
        ("added", found.added),
        ("removed", found.removed),
        ("with other content", found.changed),
        ("excluded", found.excluded),
        ("restored", found.restored),
        ("moved", [f"{each.path}: “{each.before}” → “{each.after}”" for each in found.moved]),
    ):
        if paths:
            output.text(f"\n{len(paths):,} {what}")
        for path in paths[:10]:
            output.text(f"  {path}")
        if len(paths) > 10:
            output.text(f"  … and {len(paths) - 10:,} more")
    if found.before != found.after:
        output.text()
        output.table(
            ("class", "before", "after"),
            [
                (label, found.before.get(label, 0), found.after.get(label, 0))
                for label in found.classes
            ],
        )
    return {"dataset": record.id, **dataclasses.asdict(found)}
