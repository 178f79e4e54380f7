"""How a folder is to be read, and what belongs together in it: said, shown and changed."""

from __future__ import annotations

import dataclasses
import math
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
from core.errors import InvalidInput, LightboxError
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
    argument(
        "--margin",
        type=float,
        metavar="PERCENT",
        help="around annotated boxes, in per cent of their size (10)",
    ),
    argument(
        "--page",
        type=int,
        metavar="N",
        help="of TIFF and DICOM files of several pages (1); what is excluded is so on one page",
    ),
    argument(
        "--greys",
        metavar="BLACK:WHITE",
        help="the range of greys of more than eight bits, for example 0:4095; auto for the range "
        "that the dataset uses",
    ),
    argument(
        "--masks",
        choices=("out", "images"),
        help="whether files called like masks of pictures beside them (1_mask.png) are left out, "
        "or are images, too",
    ),
)


def choice_of(options: Options) -> Choice:
    """How the person wants a folder to be read; a table or its column implies the table."""
    kind = parse_kind(options.layout) if options.layout not in (None, "auto") else None
    if kind is None and (options.table or options.labels):
        kind = "table"
    together = options.together if options.together not in (None, "nothing") else None
    margin = options.margin
    if margin is not None:
        kind = kind or "boxes"
        if not 0 <= margin <= 200:
            raise InvalidInput("A margin is from 0 to 200 per cent of a box.")
        margin /= 100
    if options.page is not None and options.page < 1:
        raise InvalidInput("Pages are counted from 1 on.")
    return Choice(
        kind,
        options.table,
        options.labels,
        together,
        margin,
        options.page,
        _greys(options.greys),
        options.masks,
    )


def _greys(text: str | None) -> tuple[float, float] | None:
    if text is None or text == "auto":
        return None
    try:
        low, high = (float(end) for end in text.split(":"))
    except ValueError:
        low, high = 0.0, 0.0
    if not (low < high and math.isfinite(high - low)):
        raise InvalidInput(
            f"“{text}” is no range of greys.",
            remedy="Say what is black and what is white, for example --greys 0:4095.",
        )
    return low, high


def is_chosen(options: Options) -> bool:
    """Whether anything is said about how a folder is to be read."""
    given = (options.layout, options.table, options.labels, options.together, options.masks)
    return any((*given, options.greys, options.page, options.margin is not None))


@command(
    "Data",
    "dataset layout",
    "how a dataset's folder is read, and other ways to read it",
    NAME,
    *LAYOUT,
    examples=("hands", "hands --layout auto", "hands --together nothing", "hands --greys auto"),
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
    output.text(f"{kept.outline.meaning}: {kept.outline.sentence()}")
    for line in (kept.reason, kept.doubt, *kept.notes):
        if line:
            output.text(line)
    for other in kept.others:
        output.text(f"  {other.options}  {other.meaning}: {other.sentence()}")
    say_together(kept, output)
    return {"layout": dataclasses.asdict(kept)}


def _changed(before: Choice, options: Options) -> Choice:
    """What was chosen, with what is chosen now."""
    now = choice_of(options)
    changed: dict[str, Any] = {}
    if now.kind or options.layout:
        changed |= {"kind": now.kind, "table": now.table, "labels": now.labels, "masks": now.masks}
    for name in ("together", "margin", "page", "greys", "masks"):
        if getattr(options, name) is not None:
            changed[name] = getattr(now, name)
    return dataclasses.replace(before, **changed)


def say_together(kept: KeptLayout, output: Output) -> None:
    """What belongs together, or what may say so."""
    if kept.together is not None:
        output.text(f"Kept together by {kept.together.sentence()}")
    elif kept.ways:
        output.text("If images of one patient, camera, day or video belong together, say by what:")
        for way in kept.ways:
            output.text(f"  --together {way.key}  {way.sentence()}")
