"""How a folder is to be read, and what belongs together in it: said, shown and changed."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.catalog import Catalog
from core.cli.command import NAME, Options, argument, command
from core.cli.output import Output
from core.cli.running import run_job
from core.datasets.layout import (
    MEANINGS,
    Choice,
    KeptLayout,
    kept_layout,
    load_choice,
    parse_kind,
    save_choice,
)
from core.errors import LightboxError
from core.jobs import kinds

# How a folder is to be read;
LAYOUT = (
    argument(
        "--layout",
        metavar="LAYOUT",
        help="how to read the folder: " + ", ".join(["auto", *MEANINGS]),
    ),
    argument("--table", metavar="FILE", help="the table of file names and classes, in the folder"),
    argument("--labels", metavar="COLUMN", help="the table's column of classes"),
    argument(
        "--together",
        metavar="WHAT",
        help="what says which images belong together (patient, camera, day …), so that they are "
        "never torn apart: a table's column, folder, folder:2, name (what stands before its last "
        "number), name:2 (its second part), or nothing",
    ),
)


def choice_of(options: Options) -> Choice:
    """How the person wants a folder to be read; a table or its column implies the table."""
    kind = parse_kind(options.layout) if options.layout not in (None, "auto") else None
    if kind is None and (options.table or options.labels):
        kind = "table"
    together = options.together if options.together not in (None, "nothing") else None
    return Choice(kind, options.table, options.labels, together)


def is_chosen(options: Options) -> bool:
    """Whether anything is said about how a folder is to be read."""
    return any((options.layout, options.table, options.labels, options.together))


@command(
    "dataset layout",
    "Data",
    "how a dataset's folder is read, and other ways to read it",
    NAME,
    *LAYOUT,
    examples=("hands", "hands --layout auto", "hands --together nothing"),
)
def layout(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    if is_chosen(options):
        before = load_choice(catalog.workspace, record.id)
        save_choice(catalog.workspace, record.id, _changed(before, options))
        try:
            run_job(catalog, kinds.submit_scan(catalog, record.id), output)
        except LightboxError:
            save_choice(catalog.workspace, record.id, before)
            raise
    kept = kept_layout(catalog.workspace, record.id)
    if kept is None:
        output.text("It was read by an earlier version; scan it again to see how.")
        return {"layout": None}
    output.text(f"{MEANINGS[kept.outline.kind]}: {kept.outline.sentence()}")
    for line in (kept.reason, kept.doubt, *kept.notes):
        if line:
            output.text(line)
    for other in kept.others:
        output.text(f"  --layout {other.kind}  {MEANINGS[other.kind]}: {other.sentence()}")
    say_together(kept, output)
    return {"layout": dataclasses.asdict(kept)}


def _changed(before: Choice, options: Options) -> Choice:
    """What was chosen, with what is chosen now."""
    now = choice_of(options)
    if options.layout or options.table or options.labels:
        before = Choice(now.kind, now.table, now.labels, before.together)
    return dataclasses.replace(before, together=now.together) if options.together else before


def say_together(kept: KeptLayout, output: Output) -> None:
    """What belongs together, or what may say so."""
    if kept.together is not None:
        output.text(f"Kept together by {kept.together.sentence()}")
    elif kept.ways:
        output.text("If images of one patient, camera, day or video belong together, say by what:")
        for way in kept.ways:
            output.text(f"  --together {way.key}  {way.sentence()}")
