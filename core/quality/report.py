"""A dataset's health report: one HTML file for whoever asks what the images are worth.

In: a dataset at its present version. Out: text that needs nothing else: no network, no scripts,
thumbnails within. It says what is there, what deserves a look, and what people decided.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from core import __version__
from core.catalog import Catalog
from core.datasets.splits import SPLITS, Shares, split_counts, split_warnings
from core.errors import InvalidInput
from core.quality import curation, thumbs
from core.quality.belonging import with_groups
from core.quality.curation import curated, is_usable, known_alike
from core.quality.export import split_plan
from core.quality.findings import Finding, find, say_kind, taken_as_kind
from core.quality.report_html import (
    Picture,
    bar,
    document,
    figures,
    legend,
    name,
    scatter,
    section,
    strip,
    table,
    text,
)
from core.text import as_text, percent, plural, size
from core.workspace import atomic_path, writable_place

SUFFIXES = (".html", ".htm")
_EXAMPLES = 12
_LINES = 200
_TINY = 48
_POINTS = 400


def write_report(catalog: Catalog, dataset_id: str, file: Path) -> Path:
    """Write the report to a file, in place of one that is there; returns its full path.

    Raises:
        InvalidInput: it is not the name of an HTML file, or nothing can be written there.
        NotFound, NoSpace, NotAllowed: as for :func:`health_report` and any writing.
    """
    shown = as_text(str(file))
    if file.suffix.lower() not in SUFFIXES:
        raise InvalidInput(
            "A report is an HTML file.", file=shown, remedy="Give it a name that ends in .html."
        )
    target = writable_place(file)
    report = health_report(catalog, dataset_id)
    with atomic_path(target) as part:
        part.write_text(report, encoding="utf-8")
    return target


def health_report(catalog: Catalog, dataset_id: str) -> str:
    """The whole report, as HTML.

    Raises:
        NotFound: there is no such dataset, or it was not scanned yet.
    """
    record = catalog.datasets.get(dataset_id)
    images = curated(catalog, dataset_id, record.version)
    found = find(images, alike=known_alike(catalog, dataset_id, record.version))
    good = images[is_usable(images)]
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    kind = " look" if found or good.empty else ""
    body = [
        f"<header><h1>{name(record.name)}</h1>",
        f'<p class="soft">Health report of {now} · version {record.version} of the dataset · '
        f"Lightbox {text(__version__)}</p></header>",
        f'<p class="verdict{kind}">{text(verdict(images, found))}</p>',
        _figures(images, good),
        _classes(images, good),
        _splits(good),
        *_findings(catalog, dataset_id, images, found),
        _history(catalog, dataset_id),
        _files(good),
        _skipped(catalog, dataset_id),
    ]
    return document(f"{record.name}: health report", body)


def verdict(images: pd.DataFrame, found: Sequence[Finding]) -> str:
    """One sentence on how a dataset is.

    Args:
        images: from :func:`core.quality.curation.curated`.
        found: what deserves a look.
    """
    good = is_usable(images).to_numpy(copy=True)
    present = int((~images["excluded"]).sum())
    if not good.any():
        return "There is no usable image in this dataset."
    if not found:
        return f"All {plural(int(good.sum()), 'image')} look fine."
    for finding in found:
        good[finding.rows] = False
    fine = int(good.sum())
    verb = "deserves" if len(found) == 1 else "deserve"
    return (
        f"{fine:,} of {plural(present, 'image')} look fine; "
        f"{plural(len(found), 'thing')} {verb} a look."
    )


def _figures(images: pd.DataFrame, good: pd.DataFrame) -> str:
    broken = int(((images["status"] != "ok") & ~images["excluded"]).sum())
    return figures(
        [
            ("usable images", f"{len(good):,}"),
            ("classes", f"{good['label'].nunique():,}"),
            ("excluded", f"{int(images['excluded'].sum()):,}"),
            ("can’t be read", f"{broken:,}"),
            ("size", size(int(good["bytes"].sum()))),
        ]
    )


def _classes(images: pd.DataFrame, good: pd.DataFrame) -> str:
    counts = good["label"].value_counts().reindex(sorted(images["label"].unique()), fill_value=0)
    counts = counts.sort_values(ascending=False, kind="stable")
    top = max(1, int(counts.max()))
    rows = [
        [name(label), bar([count / top]), f"{count:,}", percent(count / max(1, len(good)))]
        for label, count in counts.items()
    ]
    sizes = table(("class", "", "images", "share"), rows, "tbnn")
    return section("Classes", f"<p>{_balance(counts)}</p>", sizes)


def _balance(counts: pd.Series) -> str:
    """What to think of how unequal the classes are, as HTML."""
    there = counts[counts > 0]
    gone = "".join(
        f" “{name(label)}” has no usable image." for label in counts.index[counts == 0][:10]
    )
    if len(there) < 2:
        return f"A classifier needs at least two classes with usable images.{gone}"
    ratio = there.iloc[0] / there.iloc[-1]
    if ratio < 1.5:
        said = "The classes are about equally large"
    elif ratio < 4:
        said = "The classes differ in size, but not by much"
    else:
        said = "The classes are of very different sizes, and the small ones are learned less well"
    return (
        f"{said}: the largest, “{name(there.index[0])}”, has {there.iloc[0]:,} and the smallest, "
        f"“{name(there.index[-1])}”, {there.iloc[-1]:,} (imbalance ratio {ratio:.1f}).{gone}"
    )


def _splits(good: pd.DataFrame) -> str:
    if good.empty:
        return ""
    splits = good["split"]
    if (splits == "").all():
        shares = Shares()
        splits = split_plan(good, shares, 1)
        said = (
            "These images came without train, validation and test folders. This is how a training "
            f"with the usual shares ({percent(shares.train, 0)}, {percent(shares.validation, 0)} "
            f"and {percent(shares.test, 0)}) divides them; copies of a picture stay together."
        )
    else:
        said = "As the folders say that these images came in."
    counts = split_counts(good["label"], splits)
    rows = [
        [
            name(str(label)),
            bar([row[split] / max(1, row.sum()) for split in SPLITS]),
            *(f"{row[split]:,}" for split in SPLITS),
        ]
        for label, row in counts.iterrows()
    ]
    total = counts.sum()
    rows.append(
        ["all", bar([total[s] / total.sum() for s in SPLITS]), *(f"{total[s]:,}" for s in SPLITS)]
    )
    warnings = _list(split_warnings(with_groups(good), splits))
    sizes = table(("class", "", *SPLITS), rows, "tbnnn")
    return section("Train, validation, test", f"<p>{said}</p>", legend(SPLITS), sizes, warnings)


def _findings(
    catalog: Catalog, dataset_id: str, images: pd.DataFrame, found: Sequence[Finding]
) -> list[str]:
    parts = ["<section><h2>What deserves a look</h2>"]
    if not found:
        parts.append("<p>Nothing was found.</p>")
    parts += [f'<p class="soft">{text(say_kind(each))}</p>' for each in taken_as_kind(images)]
    for finding in found:
        shown = images.iloc[finding.rows[:_EXAMPLES]]
        places = zip(shown["thumb_at"], shown["thumb_bytes"], strict=True)
        pictures = thumbs.read(catalog.workspace, dataset_id, places)
        group = {path: n for n, paths in enumerate(finding.groups, 1) for path in paths}
        examples = []
        for row, thumbnail, reason in zip(
            shown.itertuples(), pictures, finding.reasons, strict=False
        ):
            notes = [row.path.rpartition("/")[0]] if "/" in row.path else []
            if row.label != row.label_found:
                notes.append(f"now “{row.label}”")
            if row.path in group:
                notes.append(f"group {group[row.path]}")
            notes += [reason] if reason else []
            examples.append(
                Picture(
                    thumbnail,
                    row.path.rpartition("/")[2],
                    tuple(notes),
                    0 < max(row.width, row.height) <= _TINY,
                )
            )
        groups = f" in {plural(len(finding.groups), 'group')}" if finding.groups else ""
        more = len(finding.paths) - len(examples)
        parts += [
            f"<h3>{text(finding.title)}: {plural(len(finding.paths), 'image')}{groups}</h3>",
            f"<p>{text(finding.sentence)} {text(finding.suggestion)}</p>",
            strip(examples),
            f'<p class="soft">and {more:,} more</p>' if more else "",
        ]
    return [*parts, "</section>"]


def _history(catalog: Catalog, dataset_id: str) -> str:
    lines = [
        line for line in curation.history(catalog, dataset_id) if line.action not in curation.FACTS
    ]
    if not lines:
        return section("What was decided", "<p>Nothing yet.</p>")
    rows = []
    for line in lines[:_LINES]:
        what = text(line.what)
        when = datetime.datetime.fromtimestamp(line.at).strftime("%Y-%m-%d %H:%M")
        rows.append(
            [
                f"{line.version}",
                when,
                name(line.author),
                f'<span class="undone">{what}</span> (undone)' if line.undone else what,
                f"{line.images:,}" if line.action != "undo" else "",
                text(line.why),
            ]
        )
    heads = ("version", "when", "who", "what", "images", "why")
    said = "<p>The latest first. The image files themselves were not touched.</p>"
    decided = table(heads, rows, "nwttnt")
    return section("What was decided", said, decided, _and_more(len(lines)))


def _files(good: pd.DataFrame) -> str:
    if good.empty:
        return ""
    formats = good["format"].value_counts()
    rows = [
        [text(kind), bar([count / len(good)]), f"{count:,}", percent(count / len(good))]
        for kind, count in formats.items()
    ]
    sizes = good.groupby(["width", "height"]).size().sort_values(ascending=False, kind="stable")
    points = [
        (int(w), int(h), int(n))
        for (w, h), n in zip(sizes.index[:_POINTS], sizes.iloc[:_POINTS], strict=True)
    ]
    (width, height, count) = points[0]
    middle = [int(good[side].median()) for side in ("width", "height")]
    said = (
        f"All are {width:,} × {height:,} pixels."
        if len(sizes) == 1
        else f"{len(sizes):,} different sizes; the most common is {width:,} × {height:,} pixels "
        f"({plural(count, 'image')}), widths go from {good['width'].min():,} to "
        f"{good['width'].max():,} and heights from {good['height'].min():,} to "
        f"{good['height'].max():,}, with {middle[0]:,} × {middle[1]:,} in the middle."
    )
    if len(sizes) > _POINTS:
        said += f" The plot shows the {_POINTS} most common."
    kinds = table(("format", "", "images", "share"), rows, "tbnn")
    plot = scatter(points, "width in pixels", "height in pixels", said) if len(sizes) > 1 else ""
    return section("Files", kinds, f"<p>{said}</p>", plot)


def _skipped(catalog: Catalog, dataset_id: str) -> str:
    left = curation.lost(curation.skipped(catalog, dataset_id))
    if not left:
        return ""
    are = "is" if len(left) == 1 else "are"
    said = f"<p>{plural(len(left), 'file')} in the folder {are} no part of this dataset.</p>"
    rows = table(("file", "why"), [[name(path), text(why)] for path, why in left[:_LINES]], "tt")
    return section("Files that were skipped", said, rows, _and_more(len(left)))


def _and_more(lines: int) -> str:
    return f'<p class="soft">and {lines - _LINES:,} more</p>' if lines > _LINES else ""


def _list(sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    inside = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences[:_LINES])
    return f"<ul>{inside}</ul>{_and_more(len(sentences))}"
