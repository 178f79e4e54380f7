"""Kinds of test images on which a model does worse than on the others: the dark ones, those of one
folder, small ones …

A slice is one part of one column of facts. Each is compared with all other images, and since
chance alone makes some of many slices look bad, what is pointed out is corrected for their number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from pydantic import BaseModel

from core.datasets.places import stamps
from core.evaluation.trust.shares import Share, shares
from core.progress import SILENT, Reporter
from core.quality.distributions import distribution
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
    """A measurement: what its lowest and highest fifth are called, and how its values are said."""

    title: str
    least: str
    most: str
    unit: Callable[[float], str]


def _file_size(count: float) -> str:
    return f"{count:.0f} bytes" if count < 1000 else f"{count / 1000:,.3g} KB"


_OF = " of the images"
_MEASURED = {
    "brightness": _Measured(
        "Brightness", "darkest fifth of the images", "brightest fifth of the images", percent
    ),
    "bright_spread": _Measured(
        "Contrast",
        "fifth of the images with the least contrast",
        "fifth of the images with the most contrast",
        percent,
    ),
    "sharpness": _Measured(
        "Sharpness",
        "least sharp fifth of the images",
        "sharpest fifth of the images",
        "{:.2f}".format,
    ),
    "colourfulness": _Measured(
        "Colourfulness", "palest fifth of the images", "most colourful fifth of the images", percent
    ),
    "bytes": _Measured(
        "File size",
        "fifth of the images with the smallest files",
        "fifth of the images with the largest files",
        _file_size,
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
_STORED = {
    "mode": ("Colour mode", "images stored {}"),
    "turned": ("Camera held", "images taken with the camera {}"),
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
    found = []
    for column in columns:
        for part, said in column.said.items():
            rows = column.part == part
            count = int(rows.sum())
            if FEWEST <= count < len(correct):
                found.append((column, part, said, count, int(correct[rows].sum())))
    if not found:
        return []
    from scipy.stats import false_discovery_control, fisher_exact

    total, all_right = len(correct), int(correct.sum())
    images = np.array([each[3] for each in found])
    right = np.array([each[4] for each in found])
    p = np.array(
        [
            fisher_exact(
                np.rint(worth * np.array([[k, n - k], [all_right - k, total - n - all_right + k]]))
            ).pvalue
            for k, n in zip(right.tolist(), images.tolist(), strict=True)
        ]
    )
    # Rounding may leave one slightly above.
    p = np.clip(p, 0.0, 1.0)
    q = false_discovery_control(p, method="bh")
    slices = [
        Slice(
            key=column.key,
            title=column.title,
            part=part,
            said=said,
            inside=inside,
            rest=rest,
            p=float(p[n]),
            q=float(q[n]),
            worse=bool(q[n] < FALSE_DISCOVERIES and inside.share < rest.share),
        )
        for n, ((column, part, said, *_), inside, rest) in enumerate(
            zip(
                found,
                shares(right, images, worth),
                shares(all_right - right, total - images, worth),
                strict=True,
            )
        )
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
    columns = [
        *_measured(facts),
        *_ready(facts),
        *_stored(facts),
        *_folders(facts, set(labels)),
        *_metadata(facts),
    ]
    seen = {tuple(pd.factorize(facts["label"])[0])}
    different = []
    for column in columns:
        same = tuple(pd.factorize(column.part)[0])
        # Another name for the same parts would only cost the others their significance.
        if len(column.said) > 1 and same not in seen:
            seen.add(same)
            different.append(column)
    return different


def facts_of_files(folder: Path, paths: Sequence[str], report: Reporter = SILENT) -> pd.DataFrame:
    """What a scan would find out about files, for folders that are no dataset.

    Returns:
        ``path`` and the columns of the index that come from the file, in the order of ``paths``.
    """
    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    facts: list[dict[str, object]] = []
    with Pool(folder, len(paths)) as pool:
        for looked in pool.look(chunks, report.check):
            for fact, measured in zip(looked.facts, looked.measured, strict=True):
                facts.append(fact._asdict() | dict(zip(MEASUREMENTS, measured, strict=True)))
            report.progress("slices", len(facts), len(paths), "Looking at images")
    table = pd.DataFrame(facts)
    table.insert(0, "path", list(paths))
    sizes = (each[0] if each is not None else np.nan for each in stamps(folder, paths))
    table["bytes"] = np.fromiter(sizes, np.float64, len(paths))
    return table


def _measured(facts: pd.DataFrame) -> list[Column]:
    return [
        column
        for key, about in _MEASURED.items()
        if key in facts and (column := _fifths(key, about, facts[key])) is not None
    ]


def _fifths(key: str, about: _Measured, values: pd.Series) -> Column | None:
    """The lowest fifth, the middle, and the highest; ``None`` where most are the same."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    known = numbers[np.isfinite(numbers)]
    if len(known) < 2:
        return None
    low, high = np.quantile(known, [_FIFTH, 1 - _FIFTH])
    if low >= high:
        return None
    least, most = about.least.replace(_OF, ""), about.most.replace(_OF, "")
    part = np.full(len(numbers), "", dtype=object)
    part[(numbers > low) & (numbers < high)] = "between"
    part[numbers <= low], part[numbers >= high] = least, most
    what = about.title.lower() if key in _MEASURED else f"“{about.title}”"
    said = {
        least: f"the {about.least} ({what} up to {about.unit(low)})",
        "between": f"images of medium {what} ({about.unit(low)} to {about.unit(high)})",
        most: f"the {about.most} ({what} from {about.unit(high)})",
    }
    return Column(key, about.title, part, {name: said[name] for name in said if name in set(part)})


def _ready(facts: pd.DataFrame) -> list[Column]:
    columns = []
    for key, (title, said) in _READY.items():
        needed = ["format"] if key == "type" else ["width", "height"]
        if not set(needed) <= set(facts):
            continue
        known = facts[needed].notna().all(axis=1).to_numpy()
        if key != "type":
            known = known & (facts["width"].fillna(0) > 0).to_numpy()
        part = np.full(len(facts), "", dtype=object)
        usable = facts[known]
        if key != "type":
            usable = usable.astype({"width": "int64", "height": "int64"})
        found = distribution(key, usable)
        part[known] = np.array(found.names, dtype=object)[found.number]
        names = list(found.counts)
        columns.append(Column(key, title, part, {name: said(name) for name in names}))
    return columns


def _stored(facts: pd.DataFrame) -> list[Column]:
    columns = []
    for key, (title, said) in _STORED.items():
        if key == "turned":
            if "orientation" not in facts:
                continue
            turned = facts["orientation"].fillna(1).to_numpy() >= 5
            values = pd.Series(np.where(turned, "upright", "level"))
        elif key in facts:
            values = facts[key].map(lambda mode: _MODES.get(mode, f"as {mode}"), "ignore")
        else:
            continue
        columns.append(_as_they_are(key, title, values, said.format))
    return columns


def _folders(facts: pd.DataFrame, labels: set[str]) -> list[Column]:
    parents = [PurePosixPath(path).parts[:-1] for path in facts["path"]]
    columns = []
    for level in range(max((len(each) for each in parents), default=0)):
        names = pd.Series([each[level] if level < len(each) else None for each in parents])
        if set(names.dropna()) <= labels:
            continue
        columns.append(
            _as_they_are(
                f"folder-{level + 1}",
                f"Folder, level {level + 1}",
                names,
                lambda part: f"images in folders “{part}”",
            )
        )
    return columns


def _metadata(facts: pd.DataFrame) -> list[Column]:
    columns: list[Column] = []
    for name in facts:
        if name in _NO_METADATA:
            continue
        values = facts[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            about = _Measured(
                str(name),
                f"fifth of the images with the lowest “{name}”",
                f"fifth of the images with the highest “{name}”",
                "{:.4g}".format,
            )
            fifths = _fifths(str(name), about, values)
            columns += [fifths] if fifths is not None else []
        else:
            columns.append(_as_they_are(str(name), str(name), values, partial(_described, name)))
    return columns


def _described(name: object, part: str) -> str:
    return f"images whose “{name}” is “{part}”"


def _as_they_are(key: str, title: str, values: pd.Series, said: Callable[[str], str]) -> Column:
    """The values themselves as parts; the largest, where there are very many."""
    known = values.notna().to_numpy()
    part = np.full(len(values), "", dtype=object)
    part[known] = values[known].astype(str).to_numpy(dtype=object)
    counts = pd.Series(part[part != ""]).value_counts()
    names = [str(name) for name in counts.index[:_MOST_PARTS]]
    return Column(key, title, part, {name: said(name) for name in names})
