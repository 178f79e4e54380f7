"""Figures about a finished test, worked out once and kept beside its evaluation.

In: the kept evaluation and predictions. Out: ``scores.json`` (scores, verdict, classes, the order
of similar classes) and ``curves.parquet``. A worker makes them when it evaluates a run; of runs
that were evaluated earlier, or by another version, they are made when they are first asked for.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import BaseModel

from core.catalog import Catalog, RunRecord
from core.errors import Damaged, NotFound
from core.evaluation.aim import Judgement, judge, load_aim
from core.evaluation.document.parts import Statement
from core.evaluation.figures.confusions import similarity_order
from core.evaluation.figures.doubts import doubted_images, with_doubts
from core.evaluation.figures.ranking import COLUMNS, class_areas, class_curves
from core.evaluation.figures.scores import offered, scores
from core.evaluation.figures.verdict import Verdict, sure_statement, verdict
from core.evaluation.intervals import wilson_bounds
from core.evaluation.predictions import Predictions, load_evaluation, load_predictions, worth_by
from core.evaluation.records import ClassScore, Evaluation, Score
from core.evaluation.threshold import sure_from
from core.evaluation.trust.coverage import at_threshold
from core.progress import SILENT, Reporter
from core.quality.curation import curated
from core.runs.derived import AsJson, Derived
from core.runs.earlier import why_not_new
from core.runs.files import RunFiles
from core.runs.reading import UNREADABLE, write_table
from core.workspace import Workspace

# Another number whenever figures or sentences are made differently: kept ones are then made anew.
VERSION = 7
SCORES, CURVES = "scores.json", "curves.parquet"


class Figures(BaseModel, frozen=True, extra="forbid"):
    """All figures about a test.

    Attributes:
        version: of the code that made them.
        scores: the most telling first.
        classes: one a class, in the order of the evaluation's labels.
        order: positions of the classes so that those mixed up lie side by side.
    """

    version: int
    scores: list[Score]
    verdict: Verdict
    classes: list[ClassScore]
    order: list[int]

    def score(self, key: str) -> Score | None:
        """The score with this key, if there is one for so many classes."""
        return next((each for each in self.scores if each.key == key), None)

    def saying(self, statements: list[Statement]) -> Figures:
        """The same with another verdict."""
        said = self.verdict.model_copy(update={"statements": statements})
        return self.model_copy(update={"verdict": said})


def figures(catalog: Catalog, run_id: str, on: str = "test", report: Reporter = SILENT) -> Figures:
    """The figures of a run's test: as kept, or worked out now.

    Args:
        on: as in :func:`core.evaluation.predictions.load_evaluation`.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    found = kept_figures(catalog.workspace, run_id, on)
    if found is None:
        found = compute_figures(catalog, run_id, on, report)
    else:
        found = _as_sure_as_now(catalog.workspace, run_id, on, found)
    return _with_aim(catalog, run_id, on, _with_doubts(catalog, run_id, on, found))


def _with_aim(catalog: Catalog, run_id: str, on: str, found: Figures) -> Figures:
    """The same, with whether that is good enough for what was said of the dataset; not kept."""
    judged = judged_by_aim(catalog, run_id, on)
    if judged is None:
        return found
    first, *others = found.verdict.statements
    return found.saying([first, judged.statement, *others])


def judged_by_aim(catalog: Catalog, run_id: str, on: str = "test") -> Judgement | None:
    """Whether a test shows what models of the run's dataset are for; ``None`` where nobody has said
    that, or nothing was tested.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    run, workspace = catalog.runs.get(run_id), catalog.workspace
    aim = load_aim(workspace, run.dataset_id) if run.dataset_id else None
    evaluation = load_evaluation(workspace, run_id, on)
    if aim is None or not evaluation.images:
        return None
    return judge(aim, evaluation, load_predictions(workspace, run_id, on))


def _with_doubts(catalog: Catalog, run_id: str, on: str, found: Figures) -> Figures:
    """The same, with what is known by now of labels that may be wrong; not kept."""
    run = catalog.runs.get(run_id)
    if on != "test" or not catalog.changes.last(run.dataset_id, ["suspects"]):
        return found
    predictions = load_predictions(catalog.workspace, run_id, on)
    doubted = doubted_images(catalog, run, predictions)
    return found.saying(with_doubts(found.verdict, predictions, doubted))


def kept_figures(workspace: Workspace, run_id: str, on: str = "test") -> Figures | None:
    """The figures as they were kept; none if there are none, or none of today's kind."""
    found = _derived(workspace, run_id, on).kept()
    if found is None:
        return None
    # Where a metric was added since, or taken away, they are made anew.
    today = [each.key for each in offered(len(found.classes))]
    return found if [score.key for score in found.scores] == today else None


def _as_sure_as_now(workspace: Workspace, run_id: str, on: str, found: Figures) -> Figures:
    """The same, with what is said about being sure at the confidence that counts by now."""
    sure = sure_from(workspace, run_id)
    said = found.verdict.get("sure")
    if said is None or said.about.get("threshold") == f"{sure.threshold:g}":
        return found
    now = sure_statement(at_threshold(load_predictions(workspace, run_id, on), sure.threshold))
    statements = [now if each is said else each for each in found.verdict.statements]
    return _derived(workspace, run_id, on).keep(found.saying(statements))


def _derived(workspace: Workspace, run_id: str, on: str) -> Derived[Figures]:
    test = RunFiles(workspace, run_id).test(on)
    return Derived(
        test.folder / SCORES,
        AsJson(Figures),
        VERSION,
        (test.evaluation,),
        parts=(test.folder / CURVES,),
    )


def compute_figures(
    catalog: Catalog, run_id: str, on: str = "test", report: Reporter = SILENT
) -> Figures:
    """Work out all figures from the kept predictions, and keep them.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    run = catalog.runs.get(run_id)
    workspace = catalog.workspace
    evaluation = load_evaluation(workspace, run.id, on)
    predictions = load_predictions(workspace, run.id, on)
    note = "Working out the figures"
    report.progress("figures", 0, 3, note)
    areas = class_areas(predictions.true, predictions.probabilities)
    report.step("figures", 1, 3, note)
    made = scores(evaluation, predictions, areas)
    report.step("figures", 2, 3, note)
    curves = class_curves(
        predictions.labels, predictions.true, predictions.probabilities, report.check
    )
    found = Figures(
        version=VERSION,
        scores=made,
        verdict=verdict(
            evaluation,
            predictions,
            at_threshold(predictions, sure_from(workspace, run.id).threshold),
            trained=trained_images(workspace, run.id),
            traits=image_traits(catalog, run, predictions),
            not_new=why_not_new(catalog, run),
        ),
        classes=class_scores(evaluation, areas, predictions),
        order=similarity_order(np.array(evaluation.confusion, np.int64)),
    )
    derived = _derived(workspace, run.id, on)
    write_table(derived.path.with_name(CURVES), curves)
    derived.keep(found)
    report.progress("figures", 3, 3, note)
    return found


def load_curves(
    workspace: Workspace, run_id: str, on: str = "test", labels: list[str] | None = None
) -> pd.DataFrame:
    """Kept ROC and precision-recall curves, as
    :func:`core.evaluation.figures.ranking.class_curves` makes them.

    Args:
        labels: of these classes only.

    Raises:
        NotFound: no figures have been kept; ask for :func:`figures` first.
    """
    test = RunFiles(workspace, run_id).test(on)
    path = test.folder / CURVES
    if not path.exists():
        raise NotFound("This run has no curves yet.", remedy="Open its results again.")
    filters = None if labels is None else [("label", "in", labels)]
    try:
        return pd.read_parquet(path, filters=filters)[list(COLUMNS)]
    except UNREADABLE as error:
        _derived(workspace, run_id, on).drop()
        raise Damaged(
            "The curves of this test were damaged.",
            file=path,
            remedy=f"Make them again with: python -m core evaluate {run_id}",
        ) from error


def class_scores(
    evaluation: Evaluation, areas: tuple[np.ndarray, np.ndarray], predictions: Predictions
) -> list[ClassScore]:
    """The classification report with intervals and areas, in the order of the labels."""
    confusion = np.array(evaluation.confusion, np.int64).reshape(len(evaluation.labels), -1)
    right = confusion.diagonal()
    of_true, of_called = (
        worth_by(predictions, part) for part in (predictions.true, predictions.predicted)
    )
    recall = wilson_bounds(right, confusion.sum(axis=1), worth=of_true)
    precision = wilson_bounds(right, confusion.sum(axis=0), worth=of_called)
    return [
        ClassScore(
            **row.model_dump(),
            recall_low=float(recall[0][n]),
            recall_high=float(recall[1][n]),
            precision_low=float(precision[0][n]),
            precision_high=float(precision[1][n]),
            roc_auc=_known(areas[0][n]),
            average_precision=_known(areas[1][n]),
        )
        for n, row in enumerate(evaluation.report)
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def trained_images(workspace: Workspace, run_id: str) -> dict[str, int]:
    """Images that it learned from by class; none if that was not kept."""
    counts = RunFiles(workspace, run_id).trained_on()["label"].value_counts()
    return {str(label): int(count) for label, count in counts.items()}


def image_traits(catalog: Catalog, run: RunRecord, predictions: Predictions) -> pd.DataFrame | None:
    """What the dataset's scan measured of the images that were tested on.

    Returns:
        one row an image, columns as in :data:`core.evaluation.figures.collecting.TRAITS`; none for
        other folders, and where the dataset was removed.
    """
    if predictions.on != "test":
        return None
    try:
        table = curated(catalog, run.dataset_id, run.dataset_version)
    except NotFound:
        return None
    known = table.set_index("path").reindex(predictions.table["path"])
    return pd.DataFrame(
        {
            "brightness": known["brightness"],
            "sharpness": known["sharpness"],
            "contrast": known["bright_spread"],
            "colour": known["colourfulness"],
            "pixels": known[["width", "height"]].min(axis=1),
        }
    ).reset_index(drop=True)
