"""Kinds of test images on which a model does worse than on the others: the dark ones, those of one
folder, small ones …

A slice is one part of one column of facts. Each is compared with all other images, and since
chance alone makes some of many slices look bad, what is pointed out is corrected for their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from pydantic import BaseModel

from core.datasets.places import stamps
from core.evaluation.intervals import shares
from core.evaluation.records import Share
from core.progress import SILENT, Reporter
from core.quality.distributions import KINDS, distribution
from core.quality.index import COLUMNS
from core.quality.measure import MEASUREMENTS
from core.quality.pool import Pool
from core.text import percent

FEWEST = 10
# Of the slices that are pointed out, at most this share is expected to be there by chance.
FALSE_DISCOVERIES = 0.05
# Of a column with more parts than this, the largest are looked at.
_MOST_PARTS = 50
_CHUNK = 64
_FIFTH = 0.2


class Slice(BaseModel, frozen=True, extra="forbid"):
    """One kind of images.

    Attributes:
        key: of the column that it is a part of, as in :attr:`Column.key`.
        title: of the column, for people.
        part: its name there.
        said: "the darkest fifth of the images", to go on with after "On".
        inside, rest: accuracy on its images, and on all others.
        p: of Fisher's exact test, two-sided, inside against rest.
        q: p after the correction for the number of slices (Benjamini and Hochberg).
        worse: pointed out: its accuracy is lower, and q is below 5 %.
    """

    key: str
    title: str
    part: str
    said: str
    inside: Share
    rest: Share
    p: float
    q: float
    worse: bool


@dataclass(frozen=True)
class Column:
    """One way of dividing images.

    Attributes:
        key: name for programs.
        title: for people.
        part: str, shape (n,), the part that each image is in; "" for none.
        said: part → how a sentence calls its images.
    """

    key: str
    title: str
    part: np.ndarray
    said: dict[str, str]


@dataclass(frozen=True)
class _Measured:
    """A measurement: what its lowest and highest fifth are called, ``{}`` being where it may say
    of what, and how its values are said."""

    title: str
    least: str
    most: str
    unit: Callable[[float], str]


def _file_size(count: float) -> str:
    return f"{count:.0f} bytes" if count < 1000 else f"{count / 1000:,.3g} KB"


_MEASURED = {
    "brightness": _Measured("Brightness", "darkest fifth{}", "brightest fifth{}", percent),
    "bright_spread": _Measured(
        "Contrast", "fifth{} with the least contrast", "fifth{} with the most contrast", percent
    ),
    "sharpness": _Measured("Sharpness", "least sharp fifth{}", "sharpest fifth{}", "{:.2f}".format),
    "colourfulness": _Measured(
        "Colourfulness", "palest fifth{}", "most colourful fifth{}", percent
    ),
    "bytes": _Measured(
        "File size", "fifth{} with the smallest files", "fifth{} with the largest files", _file_size
    ),
}


def _sized(part: str) -> str:
    if "×" in part:
        return f"images of {part} pixels"
    return f"images whose shorter side is {part.removesuffix(' pixels')} pixels"


_READY: dict[str, tuple[str, Callable[[str], str]]] = {
    "size": ("Size", _sized),
    "shape": ("Shape", "images that are {}".format),
    "type": ("File type", "images of type {}".format),
}
# What files say of their colours, in words; what isn't here is said as it is.
_MODES = {
    "L": "in grey",
    "RGB": "in colour",
    "RGBA": "in colour with transparency",
    "P": "with a palette",
    "CMYK": "in the colours of print",
    "I;16": "in deep grey",
}
# Columns of the table that are ours, and are no description of an image; all others are somebody's
# metadata.
_NO_METADATA = {
    *COLUMNS,
    "label_found",
    "excluded",
    "kept",
    "copy_group",
    "copy_score",
    "turned_score",
    "label_doubt",
    "outlier",
    "suggested",
}


def find_slices(columns: Sequence[Column], correct: np.ndarray, worth: float = 1.0) -> list[Slice]:
    """All parts of at least 10 images, with those significantly worse first, then by accuracy.

    Fisher's exact test (``scipy.stats.fisher_exact``) of right and wrong inside against outside;
    corrected by Benjamini and Hochberg, "Controlling the false discovery rate" (1995), through
    ``scipy.stats.false_discovery_control``.

    Args:
        columns: from :func:`columns_of`.
        correct: bool, shape (n,).
        worth: of one image, where some belong together: the test counts as many as they are worth.
    """
    found, counts, hits = [], [], []
    for column in columns:
        for part in column.said:
            rows = column.part == part
            count = int(rows.sum())
            if FEWEST <= count < len(correct):
                found.append((column, part))
                counts.append(count)
                hits.append(int(correct[rows].sum()))
    if not found:
        return []
    from scipy.stats import false_discovery_control, fisher_exact

    images, right = np.array(counts), np.array(hits)
    others, others_right = len(correct) - images, int(correct.sum()) - right
    tables = np.array([[right, images - right], [others_right, others - others_right]])
    p = [fisher_exact(np.rint(worth * tables[..., n])).pvalue for n in range(len(found))]
    # Rounding may leave one slightly above.
    p = np.clip(p, 0.0, 1.0)
    q = false_discovery_control(p, method="bh")
    both = zip(
        found,
        shares(right, images, worth),
        shares(others_right, others, worth),
        p.tolist(),
        q.tolist(),
        strict=True,
    )
    slices = [
        Slice(
            key=column.key,
            title=column.title,
            part=part,
            said=column.said[part],
            inside=inside,
            rest=rest,
            p=chance,
            q=corrected,
            worse=corrected < FALSE_DISCOVERIES and inside.share < rest.share,
        )
        for (column, part), inside, rest, chance, corrected in both
    ]
    return sorted(slices, key=lambda each: (not each.worse, each.inside.share))


def columns_of(facts: pd.DataFrame, labels: Sequence[str]) -> list[Column]:
    """All ways of dividing images that their facts allow.

    Measurements become the lowest fifth, the middle and the highest fifth of these very images;
    sizes, shapes and types are those of :mod:`core.quality.distributions`; each level of folders
    and every column that Lightbox does not know itself are parts as they are.

    Args:
        facts: ``path``, ``label``, and any of the columns of
            :func:`core.quality.curation.curated`; one row an image, missing where it isn't known.
        labels: all classes; folders that are only these are left out, as they are no news.
    """
    facts = facts.reset_index(drop=True)
    seen = {tuple(pd.factorize(facts["label"])[0])}
    different = []
    for column in _ways(facts, set(labels)):
        same = tuple(pd.factorize(column.part)[0])
        # Another name for the same parts would only cost the others their significance.
        if len(column.said) > 1 and same not in seen:
            seen.add(same)
            different.append(column)
    return different


def facts_of_files(
    folder: Path,
    paths: Sequence[str],
    report: Reporter = SILENT,
    doing: tuple[str, str] = ("slices", "Looking at images"),
) -> pd.DataFrame:
    """What a scan would find out about files, for folders that are no dataset.

    Args:
        doing: what progress is told as.

    Returns:
        ``path`` and the columns of the index that come from the file, in the order of ``paths``.
    """
    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    facts: list[dict[str, object]] = []
    with Pool(folder, len(paths)) as pool:
        for looked in pool.look(chunks, report.check):
            for fact, measured in zip(looked.facts, looked.measured, strict=True):
                facts.append(fact._asdict() | dict(zip(MEASUREMENTS, measured, strict=True)))
            report.progress(doing[0], len(facts), len(paths), doing[1])
    table = pd.DataFrame(facts)
    table.insert(0, "path", list(paths))
    sizes = (each[0] if each is not None else np.nan for each in stamps(folder, paths))
    table["bytes"] = np.fromiter(sizes, np.float64, len(paths))
    return table


def _ways(facts: pd.DataFrame, labels: set[str]) -> Iterator[Column]:
    for key, about in _MEASURED.items():
        if key in facts:
            yield from _fifths(key, about, facts[key])
    for key, (title, said) in _READY.items():
        if set(KINDS[key][1]) <= set(facts):
            yield _ready(key, title, facts, said)
    if "mode" in facts:
        modes = facts["mode"].map(lambda mode: _MODES.get(mode, f"as {mode}"), "ignore")
        yield _as_they_are("mode", "Colour mode", modes, "images stored {}".format)
    if "orientation" in facts:
        turned = facts["orientation"].fillna(1).to_numpy() >= 5
        held = pd.Series(np.where(turned, "upright", "level"))
        yield _as_they_are("turned", "Camera held", held, "images taken with the camera {}".format)
    yield from _folders(facts, labels)
    for name in facts:
        if name not in _NO_METADATA:
            yield from _metadata(str(name), facts[name])


def _fifths(key: str, about: _Measured, values: pd.Series) -> Iterator[Column]:
    """The lowest fifth, the middle, and the highest; nothing where most are the same."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    known = numbers[np.isfinite(numbers)]
    if len(known) < 2:
        return
    low, high = np.quantile(known, [_FIFTH, 1 - _FIFTH])
    if low >= high:
        return
    least, most = (name.replace("{}", "", 1) for name in (about.least, about.most))
    lowest, highest = (
        name.replace("{}", " of the images", 1) for name in (about.least, about.most)
    )
    part = np.full(len(numbers), "", dtype=object)
    part[(numbers > low) & (numbers < high)] = "between"
    part[numbers <= low], part[numbers >= high] = least, most
    what = about.title.lower() if key in _MEASURED else f"“{about.title}”"
    said = {
        least: f"the {lowest} ({what} up to {about.unit(low)})",
        "between": f"images of medium {what} ({about.unit(low)} to {about.unit(high)})",
        most: f"the {highest} ({what} from {about.unit(high)})",
    }
    yield Column(key, about.title, part, {name: said[name] for name in said if name in set(part)})


def _ready(key: str, title: str, facts: pd.DataFrame, said: Callable[[str], str]) -> Column:
    """The parts of a distribution; none for images of which it isn't known."""
    needed = KINDS[key][1]
    usable = facts[facts[needed].notna().all(axis=1)]
    if "width" in needed:
        usable = usable[usable["width"] > 0].astype({"width": "int64", "height": "int64"})
    found = distribution(key, usable)
    part = np.full(len(facts), "", dtype=object)
    part[usable.index] = np.array(found.names, dtype=object)[found.number]
    return Column(key, title, part, {name: said(name) for name in found.counts})


def _folders(facts: pd.DataFrame, labels: set[str]) -> Iterator[Column]:
    parents = [PurePosixPath(path).parts[:-1] for path in facts["path"]]
    for level in range(max((len(each) for each in parents), default=0)):
        names = pd.Series([each[level] if level < len(each) else None for each in parents])
        if not set(names.dropna()) <= labels:
            key, title = f"folder-{level + 1}", f"Folder, level {level + 1}"
            yield _as_they_are(key, title, names, lambda part: f"images in folders “{part}”")


def _metadata(name: str, values: pd.Series) -> Iterator[Column]:
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        least, most = (f"fifth{{}} with the {end} “{name}”" for end in ("lowest", "highest"))
        yield from _fifths(name, _Measured(name, least, most, "{:.4g}".format), values)
    else:
        yield _as_they_are(name, name, values, lambda part: f"images whose “{name}” is “{part}”")


def _as_they_are(key: str, title: str, values: pd.Series, said: Callable[[str], str]) -> Column:
    """The values themselves as parts; the largest, where there are very many."""
    known = values.notna().to_numpy()
    part = np.full(len(values), "", dtype=object)
    part[known] = values[known].astype(str).to_numpy(dtype=object)
    counts = pd.Series(part[part != ""]).value_counts()
    names = [str(name) for name in counts.index[:_MOST_PARTS]]
    return Column(key, title, part, {name: said(name) for name in names})
