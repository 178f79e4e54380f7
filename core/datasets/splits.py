"""Which image trains, which chooses the best epoch, and which is kept for the final exam.

Stratified (each class is divided in the same shares), seeded (the same table, shares and seed
give the same split on every machine), and by group: rows that share a group (copies of one
image, a burst) are not torn apart, since a copy in the test set of an image that was trained on
makes the test worthless. The one exception is a class that is a single burst: it is cut in the
order of its paths, which is mostly that of time, and said to be (:func:`bursts`). Folders that come
split are kept as given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field, model_validator

from core.text import images, listed, numbered, plural

SPLITS = ("train", "validation", "test")


class Shares(BaseModel, frozen=True, extra="forbid"):
    """What part of each class goes where; fractions that add up to 1."""

    train: float = Field(default=0.7, gt=0, le=1)
    validation: float = Field(default=0.15, ge=0, lt=1)
    test: float = Field(default=0.15, ge=0, lt=1)

    @model_validator(mode="after")
    def _add_up(self) -> Shares:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares add up to {total:.2f}, not to 1")
        return self


def plan_splits(table: pd.DataFrame, *, shares: Shares, seed: int) -> pd.Series:
    """Assign each row of ``table`` to ``train``, ``validation`` or ``test``.

    Args:
        table: columns ``path`` (unique), ``label``, ``split`` ("" or a split that it must be in)
            and ``group`` (rows with the same value stay together; unique values for none).
        shares: applied within each class, to the rows without a given split. Where the folder
            came with a training split but without one of the others, that one is carved from
            the training images.
        seed: any integer.

    Returns:
        Strings, on the index of ``table``. The order of rows has no influence.

    A group with a row of given split goes there as a whole only if all its rows are free to:
    given splits are kept as they are, and leakage between them is a finding, not ours to hide.
    A class of one image is trained on and not tested; of two, one is tested; from three on,
    each split with a share has at least one. The largest group of a class is trained on.
    """
    result = pd.Series(table["split"].to_numpy(dtype=object), index=table.index, dtype=object)
    given = set(result[result != ""].unique())
    wanted = {name: share for name, share in shares.model_dump().items() if share > 0}
    if given:
        # Only what the folder lacks is still to be made, out of its training images.
        missing = {name for name in wanted if name not in given and name != "train"}
        free = (result == "") | ((result == "train") if missing else False)
        part = {name: share for name, share in wanted.items() if name in missing | {"train"}}
    else:
        free = pd.Series(True, index=table.index)
        part = wanted
    if not free.any():
        return result
    rows = table.loc[free, ["path", "label", "group"]]
    divided = _divide(rows, part, seed)
    result.loc[divided.index] = divided
    return result


def _divide(rows: pd.DataFrame, part: dict[str, float], seed: int) -> pd.Series:
    """Deal groups to splits, class by class, in an order that only the seed decides."""
    rows = rows.sort_values("path")
    # A group of several classes (a label conflict) is dealt once, with its first class.
    first = rows.drop_duplicates("group")
    sizes = rows["group"].value_counts(sort=False)
    dealt: dict[object, str] = {}
    for label, members in first.groupby("label", sort=True, observed=True):
        groups = members["group"].to_numpy()
        order = np.random.default_rng([seed & 0xFFFFFFFF, _number(str(label))]).permutation(
            len(groups)
        )
        shuffled = groups[order]
        counts = sizes.loc[shuffled].to_numpy()
        dealt.update(zip(shuffled, _deal(counts, part), strict=True))
    result = rows["group"].map(dealt)
    for label in bursts(rows["label"], rows["group"]):
        paths = rows.loc[rows["label"] == label, "path"]
        own = paths.map(numbered).sort_values().index
        result.loc[own] = _cut(len(own), part)
    return result


def bursts(labels: pd.Series, groups: pd.Series) -> list[str]:
    """Classes of which all images, three or more, are near-copies of one another, by name."""
    found = groups.groupby(labels.astype(str), observed=True).agg(["nunique", "size"])
    alone = found.index[(found["nunique"] == 1) & (found["size"] >= len(SPLITS))]
    # A group that reaches into another class is a doubt about labels, and stays in one piece.
    reach = labels.astype(str).groupby(groups).nunique()
    return [
        label for label in sorted(alone) if reach[groups[labels.astype(str) == label].iloc[0]] == 1
    ]


def _cut(count: int, part: Mapping[str, float]) -> list[str]:
    """One burst in order: its beginning is trained on, its end is tested."""
    names: list[str] = [name for name in SPLITS if name in part]
    ends = np.cumsum([part[name] for name in names]) / sum(part.values())
    places = (np.arange(count) + 0.5) / count
    cut = [names[int(at)] for at in np.searchsorted(ends, places)]
    # Each split with a share gets an image, from the end on.
    for back, name in enumerate(reversed(names[1:]), 1):
        if name not in cut:
            cut[-back] = name
    return cut


def _deal(counts: np.ndarray, part: dict[str, float]) -> list[str]:
    """Give groups of ``counts`` images, in this order, to splits in proportion to ``part``.

    The largest group is trained on. The held-out splits then get one group each, so that small
    classes are tested too, and after that each group goes to the split that lacks most of its
    share; but a held-out split takes no group that would carry it further beyond its share than it
    is short of it, if there is a smaller one to be had.
    """
    names: list[str] = [name for name in ("train", "test", "validation") if name in part]
    total_share = sum(part.values())
    target = {name: counts.sum() * part[name] / total_share for name in names}
    have = dict.fromkeys(names, 0.0)
    result = [""] * len(counts)

    def give(position: int, name: str) -> None:
        result[position] = name
        have[name] += counts[position]

    # One image must be trained on before any can be tested. Of equal groups, the first.
    give(int(np.argmax(counts)), names[0])
    for name in names[1:]:
        left = [position for position, taken in enumerate(result) if not taken]
        if left:
            fitting = [position for position in left if counts[position] <= max(1, target[name])]
            give(fitting[0] if fitting else min(left, key=lambda at: counts[at]), name)
    for position, count in enumerate(counts):
        if result[position]:
            continue
        open_to = [
            name
            for name in names
            if name == "train" or count == 1 or count <= 2 * (target[name] - have[name])
        ]
        short = {name: target[name] - have[name] for name in open_to or names}
        give(position, max(short, key=lambda name: (short[name], -names.index(name))))
    return result


def _number(text: str) -> int:
    """A number that stands for a class name on every machine and in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")


def split_counts(labels: pd.Series, splits: pd.Series) -> pd.DataFrame:
    """Images by class (rows, by name) and split (columns train, validation, test)."""
    table = pd.crosstab(labels.astype(str), splits)
    return table.reindex(columns=list(SPLITS), fill_value=0).sort_index()


# Classes of which the same is to be said, each in a sentence of its own; of more, one says it.
_ONE_BY_ONE = 3
# A class with fewer images than this is learned from, or judged on, next to nothing.
_FEW = 5
# What is said of several classes together, by kind of warning, the gravest first.
_OF_MANY = {
    "untaught": "have no training images: the model can't learn them.",
    "missing": "are missing from the test folder: they are learned, but not judged. Put images of "
    "them there.",
    "untested": "have so few images that none is left to test them with. Add more.",
    "burst": "consist of near-copies, as a burst or a film gives. They were split in order, so "
    "their tests are too easy.",
    "learned": f"will be learned from fewer than {_FEW} training images each.",
    "judged": f"will be judged on fewer than {_FEW} test images each; their figures will be rough.",
    "unvalidated": "have no validation images: they have no say in the best epoch.",
}


WARNINGS = frozenset(_OF_MANY)
# Of these, those of classes that are not tested, or not learned.
LEFT_OUT = ("untaught", "missing", "untested")


def split_warnings(
    table: pd.DataFrame,
    splits: pd.Series,
    kinds: Collection[str] = WARNINGS,
) -> list[str]:
    """Sentences about classes that can't be trained on or judged well, the gravest first.

    Args:
        table: columns ``label``, and where they are known ``group`` (near-copies share a value) and
            ``split`` (as the folder came).
        kinds: of :data:`WARNINGS`.
    """
    labels = table["label"]
    counts = split_counts(labels, splits)
    validated = bool(counts["validation"].any())
    test_came = "split" in table and "test" in set(table["split"])
    burst = set(bursts(labels, table["group"])) if "group" in table else set()
    # Kind of warning → class → its sentence.
    said: dict[str, dict[str, str]] = {kind: {} for kind in _OF_MANY}

    def say(kind: str, text: str) -> None:
        said[kind][str(label)] = text

    for label, row in counts.iterrows():
        number = images(row.sum())
        if row["train"] == 0:
            say("untaught", f"“{label}” has no training images: the model can't learn it.")
        elif row["test"] == 0 and test_came:
            text = f"“{label}” is missing from the test folder: it is learned, but not judged."
            say("missing", f"{text} Put images of it there.")
        elif row["test"] == 0:
            text = f"“{label}” has only {number}, so none is left to test it with."
            say("untested", f"{text} Add more.")
        elif label in burst and not test_came:
            text = f"All {number} of “{label}” are near-copies of one another, as a burst or a film"
            say("burst", f"{text} gives. They were split in order, so its test is too easy.")
        elif row["test"] < _FEW:
            text = f"“{label}” will be judged on {plural(row['test'], 'test image')} only;"
            say("judged", f"{text} its figures will be rough.")
        elif row["train"] < _FEW:
            learned = plural(row["train"], "training image")
            say("learned", f"“{label}” will be learned from {learned} only.")
        elif validated and row["validation"] == 0:
            text = f"“{label}” has no validation images: it has no say in the best epoch."
            say("unvalidated", text)
    found = []
    for kind, texts in said.items():
        if kind not in kinds:
            continue
        if len(texts) > _ONE_BY_ONE:
            found.append(f"{listed(list(texts))} {_OF_MANY[kind]}")
        else:
            found += texts.values()
    return found


def given_splits(table: pd.DataFrame) -> list[str]:
    """The splits that the folder came with, in the order of :data:`SPLITS`."""
    came = set(table["split"])
    return [name for name in SPLITS if name in came]


def copies_of_training(groups: pd.Series, splits: pd.Series) -> int:
    """How many validation and test images have a copy that is trained on.

    Args:
        groups: rows of equal value are copies of each other.
        splits: as planned, on the same index.
    """
    trained = groups[splits == "train"].unique()
    return int((groups.isin(trained) & (splits != "train")).sum())
