"""What a test of too few images can't show, said before a training and not after it."""

from __future__ import annotations

import bisect
import math

import pandas as pd

from core.datasets.splits import LEFT_OUT, given_splits, plan_splits, split_warnings
from core.quality.belonging import with_groups
from core.text import images, percent
from core.training import recipes
from core.training.spec import TrainSpec

# Of so many, all right, Wilson's interval begins at 72 %: below, a test says next to nothing.
ENOUGH = 10
_Z2 = 1.96**2


def hard_to_test(spec: TrainSpec, table: pd.DataFrame) -> list[str]:
    """Whether the test of a training will say next to nothing, and which classes will have none;
    with what to do, a sentence or two each.

    Args:
        table: usable images, of two classes or more.
    """
    # Each class of three images has one that is tested, unless the folder says otherwise.
    smallest = table["label"].value_counts().min()
    if smallest * spec.shares.test >= ENOUGH and not given_splits(table):
        return []
    splits = recipes.plan(spec, table)
    said = little_tested(spec, table, splits)
    return [*filter(None, [said]), *split_warnings(with_groups(table), splits, kinds=LEFT_OUT)]


def little_tested(spec: TrainSpec, table: pd.DataFrame, splits: pd.Series) -> str:
    """That there are too few test images, and how many would do; "" where there are enough.

    Args:
        splits: of the table's rows, as planned.
    """
    tested = int((splits == "test").sum())
    if not 0 < tested < ENOUGH:
        return ""
    # The lower end of Wilson's interval where all are right.
    least = percent(tested / (tested + _Z2), 0)
    said = (
        f"It will be tested on {images(tested)} only, so its score will say little: "
        f"{tested} of {tested} right can still mean {least}."
    )
    if "test" in given_splits(table):
        return f"{said} Put more images into the test folder: {ENOUGH} make a start."
    sizes = table["label"].value_counts()
    given = sorted({*given_splits(table)} - {"train"})

    def left(each: int) -> int:
        """Test images of so many of each class: tried out, as images can't be cut in two."""
        splits = [""] * each + given
        paths = [str(number) for number in range(len(splits))]
        labels = ["a"] * each + ["b"] * len(given)
        alone = pd.DataFrame({"path": paths, "label": labels, "split": splits, "group": paths})
        planned = plan_splits(alone, shares=spec.shares, seed=spec.seed)
        return len(sizes) * int((planned == "test").sum())

    surely = math.ceil((math.ceil(ENOUGH / len(sizes)) + 1) / spec.shares.test)
    tried = range(max(3, int(sizes.min()) + 1), max(3, int(sizes.min()) + 1, surely) + 1)
    each = tried[bisect.bisect_left(tried, ENOUGH, hi=len(tried) - 1, key=left)]
    return f"{said} About {each} images of each class leave {left(each)} to test with."
