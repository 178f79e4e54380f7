"""What a run that learned again does better and worse than the one it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.evaluation.comparison.flips import Matched, match
from core.evaluation.comparison.paired import Paired, paired
from core.evaluation.predictions import load_predictions
from core.runs.files import RunFiles
from core.text import plural
from core.workspace import Workspace


@dataclass(frozen=True)
class Learned:
    """A run beside the one that it came from, on the test images of both.

    Attributes:
        added: paths of images that only the later one learned from.
        in_turn: the two on the images that each answered before it was fitted on them; none where
            one of them kept no such answers.
    """

    before: RunRecord
    after: RunRecord
    matched: Matched
    paired: Paired
    added: tuple[str, ...]
    in_turn: Paired

    @property
    def sentence(self) -> str:
        """Whether it is better than before, by how much, and whether that is chance; and what
        images of its training say, where they say more."""
        return f"{self._of_test} {self._of_training}".strip()

    @property
    def _of_training(self) -> str:
        found = self.in_turn
        if not found.beyond_chance:
            return ""
        one, two = (found.both + each for each in (found.only_first, found.only_second))
        told = (
            f"Of {plural(found.images, 'image')} that each answered before it learned from them, "
            f"{two:,} are right now, {one:,} before: a difference that chance alone seldom makes."
        )
        if found.net < 0:
            told += " Look whether what it was taught is right, or go back."
        return told

    @property
    def _of_test(self) -> str:
        found = self.paired
        if not found.images:
            return "No test image is common to both, so they can't be compared."
        tested = f"the same {plural(found.images, 'test image')}"
        if found.only_first + found.only_second == 0:
            return f"On {tested} it is right and wrong exactly as before."
        if found.net == 0:
            return f"Right on as many of {tested} as before, though not on the same ones."
        count = abs(found.net)
        more = f"{count:,} {'more' if found.net > 0 else 'fewer'} of {tested}"
        if found.beyond_chance:
            return f"Right on {more} than before: a difference that chance alone seldom makes."
        return f"Right on {more} than before; such a difference may be chance."

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        columns = ["path_second", "label", "predicted_first", "predicted_second"]
        names = {"path_second": "path", "predicted_first": "before", "predicted_second": "after"}
        return {
            "before": self.before.name,
            "after": self.after.name,
            "images": self.paired.images,
            "accuracy_before": self.paired.first,
            "accuracy_after": self.paired.second,
            "p": self.paired.p,
            "beyond_chance": self.paired.beyond_chance,
            "sentence": self.sentence,
            "in_turn": {
                "images": self.in_turn.images,
                "accuracy_before": self.in_turn.first,
                "accuracy_after": self.in_turn.second,
                "p": self.in_turn.p,
            },
            "added": list(self.added),
            "right_now": self.matched.better[columns].rename(columns=names).to_dict("records"),
            "wrong_now": self.matched.worse[columns].rename(columns=names).to_dict("records"),
        }


def learned(catalog: Catalog, run: RunRecord) -> Learned | None:
    """What learning again has changed; ``None`` of a run that did not, or whose earlier one has
    gone."""
    before_id = str(run.spec.get("refits", ""))
    if not before_id:
        return None
    workspace = catalog.workspace
    try:
        before = catalog.runs.get(before_id)
        one, two = load_predictions(workspace, before.id), load_predictions(workspace, run.id)
        known = RunFiles(workspace, before.id).split()
        mine = RunFiles(workspace, run.id).split()
    except NotFound:
        return None
    matched = match(one, two)
    new = (mine["split"] == "train") & ~mine["hash"].isin(known["hash"])
    first, second = (_in_turn(workspace, each.id, mine) for each in (before, run))
    both = first.index.intersection(second.index)
    held = paired(first[both].to_numpy(), second[both].to_numpy())
    return Learned(before, run, matched, matched.paired(), tuple(mine.loc[new, "path"]), held)


def _in_turn(workspace: Workspace, run_id: str, images: pd.DataFrame) -> pd.Series:
    """By path, whether a run was right on an image before it was fitted on it.

    Args:
        images: ``path`` and ``label``, as they are now.
    """
    files = RunFiles(workspace, run_id)
    said = files.out_of_fold()
    if said is None:
        return pd.Series(dtype=bool)
    named = np.array(files.model().classes, dtype=object)
    best = said[[f"p_{n}" for n in range(len(named))]].to_numpy().argmax(axis=1)
    table = said[["path"]].assign(said=named[best]).merge(images, on="path")
    return pd.Series((table["said"] == table["label"]).to_numpy(), table["path"])
