"""What a model that learned again says now of the very photos that it was taught with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.catalog import Catalog, RunRecord
from core.datasets.content import read_regular
from core.datasets.places import image_file
from core.errors import InvalidInput, LightboxError
from core.evaluation.comparison.learned import Learned, learned
from core.evaluation.threshold import sure_from
from core.inference.predictor import Prediction, open_predictor
from core.quality.curation import curated, decide
from core.text import certainty, plural

# So many are asked about in a moment.
_MOST = 64


@dataclass(frozen=True)
class Taught:
    """The photos that only the later model learned from, those of them that can be read.

    Attributes:
        labels: what each is.
        answers: what the later model says of each, in the same order.
        threshold: from which confidence on, 0 to 1, its answers count.
    """

    labels: tuple[str, ...]
    answers: tuple[Prediction, ...]
    threshold: float = 0.0

    @property
    def right(self) -> int:
        """How many are answered as they are."""
        return sum(
            answer.label == label for answer, label in zip(self.answers, self.labels, strict=True)
        )

    @property
    def sentence(self) -> str:
        """Whether it knows them now; "" where there is none. It learned from them, so that says
        nothing of others."""
        if not self.answers:
            return ""
        if len(self.answers) > 1:
            count = plural(len(self.answers), "photo")
            return f"Of the {count} that it was taught with, it is right on {self.right:,} now."
        (answer,), (label,) = self.answers, self.labels
        now = "now" if answer.label == label else "still"
        said = certainty(answer.confidence)
        if answer.confidence < self.threshold:
            leans = f"With the photo that it was taught with it {now} leans to “{answer.label}”"
            told = f"{leans} ({said}), and isn't sure yet"
        else:
            is_now = f"The photo that it was taught with is {now} “{answer.label}” to it"
            told = f"{is_now} ({said} sure)"
        return f"{told}." if answer.label == label else f"{told}: one photo has not turned it."


def taught(catalog: Catalog, found: Learned) -> Taught:
    """Ask the later model about what it learned from and the earlier one did not: the first 64."""
    run = found.after
    paths: Sequence[str] = found.added[:_MOST]
    try:
        record = catalog.datasets.get(run.dataset_id)
        table = curated(catalog, run.dataset_id, run.dataset_version).set_index("path")
        model = open_predictor(catalog.workspace, run.id)
    except LightboxError:
        return Taught((), ())
    root = catalog.workspace.load_path(record.root)
    files, labels = [], []
    for path in paths:
        try:
            files.append((path, read_regular(image_file(root, path))))
        except (OSError, LightboxError):
            continue
        labels.append(str(table["label"].get(path, "")))
    answers = model.predict(files, top=1)
    read = [(label, each) for label, each in zip(labels, answers, strict=True) if not each.error]
    labels, answers = [label for label, _ in read], [each for _, each in read]
    return Taught(tuple(labels), tuple(answers), sure_from(catalog.workspace, run.id).threshold)


def unlearn(catalog: Catalog, run: RunRecord) -> Learned:
    """Go back from a run that learned again: what only it learned from is left out of the dataset,
    which can be undone like any decision, and the run is in the bin.

    Returns:
        What it had changed; ``added`` are the images that are left out now.

    Raises:
        InvalidInput: it did not learn again, or the run that it came from has gone.
        NotAllowed: that is for trainers.
    """
    found = learned(catalog, run)
    if found is None:
        later = [
            each for each in catalog.runs.all(run.dataset_id) if each.spec.get("refits") == run.id
        ]
        if later:
            raise InvalidInput(
                f"“{run.name}” is the earlier one: “{later[0].name}” learned again from it.",
                remedy=f'To go back to it: learn "{later[0].name}" --back.',
            )
        raise InvalidInput(
            f"“{run.name}” did not learn again from another run that is still here, so there is "
            "nothing to go back to.",
            remedy="See what there is with: runs",
        )
    table = curated(catalog, run.dataset_id)
    there = table.loc[table["path"].isin(found.added) & ~table["excluded"], "path"]
    catalog.runs.delete(run.id)
    decide(catalog, run.dataset_id, "exclude", there, why="What a run learned was taken back")
    return replace(found, added=tuple(there))
