"""Findings: which images each detector flags, derived from stored measurements when asked.

Excluded images are out of the picture, and what a person has marked as fine is not flagged again.
A moved threshold costs one pass over the table and no pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.quality.alike import Alike
from core.quality.alike import alike as find_exact
from core.quality.detectors import DETECTORS, Detector
from core.quality.detectors.registry import Fault
from core.text import plural

# What the search for wrong labels finds, each with the class that it looks like.
SUSPECTED = ("mislabelled", "hard_class")
# What is likely to hurt a model so much that people are told without asking.
GRAVE = 0.4
# Where so many images reach half of a threshold, what it measures is how these pictures are: line
# drawings on white paper (94 % of them; of six sets of photos and scans 13 % at most do). In a set
# half of which is at fault the other half stays far below.
_KIND, _KIND_SHARE, _KIND_IMAGES = 0.5, 0.5, 10
# What is read of images that are flagged, of which there may be very many.
_TOLD = ["path", "label", "split", "hash", "problem", "suggested", "copy_group"]
# Which of equal copies stays, by the split that it came in.
_STAYS = ("test", "validation", "train", "")


@dataclass(frozen=True)
class Finding(Fault):
    """What one detector flags, at ``threshold``.

    Attributes:
        paths: flagged images, the clearest cases first; copies of a group side by side.
        scores: their scores in [0, 1].
        groups: for duplicates, the paths that belong together; else empty.
        reasons: for each path, what is wrong with just that file, or "".
        rows: whole numbers of shape (paths,): where they are in the table.
    """

    paths: tuple[str, ...]
    scores: tuple[float, ...]
    groups: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]
    rows: NDArray[np.int64] = field(compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """All but where they are in a table, and words that :attr:`plainly` is made of."""
        names = (each.name for each in fields(self))
        return {name: getattr(self, name) for name in names if name not in ("rows", "plain")}

    @property
    def plainly(self) -> str:
        """In a line for everybody: ``8 photos are in two classes``; a photo counts once, however
        many files of it there are."""
        same = self.groups and not DETECTORS[self.key].distinct
        count = len(self.groups) if same else len(self.paths)
        photos = plural(count, "photo")
        if not self.plain:
            return f"{photos}: {self.title[0].lower()}{self.title[1:]}"
        one, many = self.plain.split("|")
        return f"{photos} {one if count == 1 else many}"


def find(
    table: pd.DataFrame,
    thresholds: Mapping[str, float] | None = None,
    alike: Alike | None = None,
) -> list[Finding]:
    """Everything that deserves a look, what is likely to hurt most first.

    Args:
        table: from :func:`core.quality.curation.curated`.
        thresholds: by detector key, instead of the defaults; what is asked for so is told even
            where most images are so.
        alike: from :func:`core.quality.curation.known_alike`, of the same version; only exact
            copies are alike where it is ``None``.
    """
    known = alike or find_exact(table, None)
    present = _only(table, ~table["excluded"])
    passed_over = _kinds(present, thresholds)
    found = []
    for each in DETECTORS.values():
        if each not in passed_over:
            threshold = (thresholds or {}).get(each.key, each.threshold)
            found.append(_apply(each, present, max(threshold, each.lowest), known))
    found = [finding for finding in found if finding.paths]
    # Many flagged images hurt more than few, but a grave fault stays ahead of a slight one.
    total = max(1, len(present))
    return sorted(found, key=lambda f: (-f.harm * (1.0 + len(f.paths) / total), f.key))


def taken_as_kind(
    table: pd.DataFrame, thresholds: Mapping[str, float] | None = None
) -> list[Finding]:
    """What :func:`find` passes over, since most images are so that it is how these pictures are;
    arguments as there, so that the two never say the same twice, nor neither of them."""
    present = _only(table, ~table["excluded"])
    kinds = _kinds(present, thresholds)
    found = [_apply(each, present, each.threshold, None) for each in kinds]
    return [finding for finding in found if finding.paths]


def say_kind(finding: Finding) -> str:
    """Why what :func:`taken_as_kind` returned is no fault."""
    return (
        f"{finding.title}: {len(finding.paths):,}. Most pictures here are so, or nearly; as with "
        "drawings on white paper, that is taken for how they are, not for a fault."
    )


def _only(table: pd.DataFrame, wanted: pd.Series) -> pd.DataFrame:
    """The wanted rows; the table itself, uncopied, where that is all of them."""
    return table if wanted.all() else table[wanted]


def _kinds(present: pd.DataFrame, thresholds: Mapping[str, float] | None) -> list[Detector]:
    """Detectors of what most images are, where nobody named a threshold for it."""
    readable = _only(present, present["status"] == "ok")
    if len(readable) < _KIND_IMAGES:
        return []
    return [
        each
        for each in DETECTORS.values()
        if each.kind
        and each.key not in (thresholds or {})
        and (each.score(readable) >= _KIND * each.threshold).mean() >= _KIND_SHARE
    ]


def find_one(
    key: str, table: pd.DataFrame, threshold: float, alike: Alike | None = None
) -> Finding:
    """What one detector flags at a threshold, if only nothing; arguments as for :func:`find`."""
    known = alike or find_exact(table, None)
    return _apply(DETECTORS[key], _only(table, ~table["excluded"]), threshold, known)


def _apply(each: Detector, table: pd.DataFrame, threshold: float, alike: Alike | None) -> Finding:
    scores = each.score(table)
    flagged = (scores >= threshold) & ~table["kept"].to_numpy()
    rows = table.loc[flagged, _TOLD]
    kept_scores = scores[flagged]
    groups: tuple[tuple[str, ...], ...] = ()
    if each.group is not None and alike is not None and len(rows):
        keys = pd.Series(each.group(rows, threshold, alike), index=rows.index)
        counted = rows["hash" if each.distinct else "path"].groupby(keys).transform("nunique") > 1
        members = rows.loc[counted, "path"].groupby(keys[counted], sort=True).apply(tuple)
        groups = tuple(sorted(members))
        position = {path: n for n, path in enumerate(p for group in groups for p in group)}
        keep = counted.to_numpy()
        rows, kept_scores = rows[keep], kept_scores[keep]
        arrange = np.argsort([position[path] for path in rows["path"]])
    else:
        arrange = np.argsort(-kept_scores, kind="stable")
    rows, kept_scores = rows.iloc[arrange], kept_scores[arrange]
    reasons = rows["problem"]
    if each.key in SUSPECTED:
        reasons = [f"It looks like “{label}”." for label in rows["suggested"]]
    fault = {item.name: getattr(each, item.name) for item in fields(Fault)}
    return Finding(
        tuple(rows["path"]),
        tuple(float(score) for score in kept_scores),
        groups,
        tuple(reasons),
        rows.index.to_numpy(np.int64),
        **{**fault, "threshold": threshold},
    )


def extra_copies(finding: Finding, table: pd.DataFrame) -> list[str]:
    """All but the best of each group.

    A copy that is kept for testing or validation stays before one that trains; of equals the
    largest stays, then the sharpest, then the first by name. Of a group that disagrees about the
    class nothing is extra: which class is right, only a person can say.
    """
    facts = table.iloc[finding.rows].set_index("path")
    size = facts["width"].astype("int64") * facts["height"]
    sharpness = facts["sharpness"].fillna(0.0)
    extra = []
    for group in finding.groups:
        if facts["label"].reindex(group).nunique() > 1:
            continue
        best = min(
            group,
            key=lambda path: (
                _STAYS.index(facts["split"].get(path, "")),
                -int(size.get(path, 0)),
                -float(sharpness.get(path, 0.0)),
                path,
            ),
        )
        extra += [path for path in group if path != best]
    return extra
