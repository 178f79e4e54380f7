"""Whether another model of the same dataset was right on more of the same test images: the newest
one is what people try, and need not be the best."""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import Catalog, RunRecord
from core.errors import LightboxError
from core.evaluation.comparison.flips import match
from core.evaluation.comparison.paired import Paired
from core.evaluation.predictions import load_predictions
from core.text import plural

# Of the images that the fewer of two tests had, so many must be common to both.
_COMMON = 0.9


@dataclass(frozen=True)
class Better:
    """A run that was right more often, and both runs' answers about the same images."""

    run: RunRecord
    paired: Paired

    @property
    def sentence(self) -> str:
        """By how much, and whether that is chance."""
        found = self.paired
        said = (
            f"“{self.run.name}” was right on {-found.net:,} more of the same "
            f"{plural(found.images, 'photo')}"
        )
        return f"{said}." if found.beyond_chance else f"{said}; that may be chance."


def better_other(catalog: Catalog, run: RunRecord) -> Better | None:
    """The other run of its dataset that was right most often on its own test set, if it was also
    right more often than ``run`` on what both were tested on."""
    mine = run.summary.test_accuracy
    if mine is None or not run.dataset_id:
        return None
    others = [
        (accuracy, each)
        for each in catalog.runs.all(run.dataset_id)
        if each.id != run.id
        and each.state == "done"
        and (accuracy := each.summary.test_accuracy) is not None
        and accuracy > mine
    ]
    if not others:
        return None
    best = max(others, key=lambda each: each[0])[1]
    try:
        one, two = (load_predictions(catalog.workspace, each.id) for each in (best, run))
    except LightboxError:
        return None
    matched = match(one, two)
    if len(matched) < _COMMON * min(len(one), len(two)):
        return None
    found = matched.paired()
    return Better(best, found) if found.net < 0 else None
