"""Whether one can rely on a model: how sure it is against how often it is right, when it had better
not answer, which images it is worse on, and what its accuracy withstands; as one frozen value.

Kept beside the evaluation when a run is tested::

    reliability.json          all but what needs images asked about again
    slices.parquet            which part of each column every image is in

What asks about images again, :mod:`core.evaluation.trust.robustness`, is a phase of the study.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import BaseModel

from core.catalog import Catalog
from core.errors import Damaged, NotFound
from core.evaluation.intervals import share_of
from core.evaluation.predictions import Predictions, load_predictions, validation_predictions
from core.evaluation.records import Share
from core.evaluation.trust.calibration import (
    Calibration,
    Temperature,
    calibrate,
    fit_temperature,
    warm,
)
from core.evaluation.trust.coverage import WANTED, Point, Suggestion, coverage_curve, suggest
from core.evaluation.trust.robustness import Robustness, load_robustness
from core.evaluation.trust.slices import Column, Slice, columns_of, facts_of_files, find_slices
from core.progress import SILENT, Reporter
from core.quality.curation import curated
from core.runs.derived import AsJson, Derived
from core.runs.files import RunFiles
from core.runs.reading import UNREADABLE, write_table
from core.workspace import Workspace

# Of what is kept; another one is computed anew.
VERSION = 1
_FILE, _PARTS = "reliability.json", "slices.parquet"


class Reliability(BaseModel, frozen=True, extra="forbid"):
    """How far the answers of one run about one set of images can be relied on.

    Attributes:
        version: of this value, see :data:`VERSION`.
        of: which evaluation it belongs to: tested again, all is worked out anew.
        on: as in :class:`core.evaluation.predictions.Predictions`.
        right: accuracy on all images of the set.
        validation_images: on which the temperature and the thresholds were chosen.
        before: calibration as the model answers.
        after: the same with the temperature; ``None`` without one.
        temperature: fitted on validation images only; ``None`` without one.
        no_temperature: a sentence that says why, or "".
        curve: accuracy and coverage at all of :data:`core.evaluation.trust.coverage.THRESHOLDS`.
        suggestions: the lowest threshold for each of :data:`core.evaluation.trust.coverage.WANTED`;
            empty without validation images.
        slices: of at least 10 images, significantly worse ones first.
        robustness: ``None`` where it has not been studied.
    """

    version: int = VERSION
    of: str = ""
    run_id: str
    on: str
    right: Share
    validation_images: int
    before: Calibration
    after: Calibration | None
    temperature: Temperature | None
    no_temperature: str
    curve: list[Point]
    suggestions: list[Suggestion]
    slices: list[Slice]
    robustness: Robustness | None = None

    @property
    def images(self) -> int:
        """How many images it was tested on."""
        return self.right.images


def reliability(
    catalog: Catalog, run_id: str, on: str = "test", report: Reporter = SILENT
) -> Reliability:
    """What is known of a run's reliability; computed and kept if it was tested before this was.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    found = _derived(catalog.workspace, run_id, on).kept()
    if found is None:
        found = keep_reliability(catalog, run_id, on, report)
    return found.model_copy(update={"robustness": load_robustness(catalog.workspace, run_id, on)})


def keep_reliability(
    catalog: Catalog, run_id: str, on: str = "test", report: Reporter = SILENT
) -> Reliability:
    """Work out and keep all that follows from answers; to be called when these are new.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    predictions = load_predictions(catalog.workspace, run_id, on)
    validation = validation_predictions(catalog.workspace, run_id)
    columns = columns_of(_facts(catalog, predictions, report), predictions.labels)
    derived = _derived(catalog.workspace, run_id, on)
    found = compute_reliability(predictions, validation, columns)
    parts = pd.DataFrame({column.key: column.part for column in columns}, dtype="str")
    write_table(derived.path.with_name(_PARTS), parts)
    return derived.keep(found.model_copy(update={"of": derived.of}))


def compute_reliability(
    predictions: Predictions, validation: Predictions, columns: list[Column]
) -> Reliability:
    """The reliability of answers, all of whose choices are made on the validation answers.

    Args:
        columns: of the images that were answered about, in the order of ``predictions``.
    """
    temperature, why_not = fit_temperature(validation.true, validation.probabilities)
    after = None
    if temperature is not None:
        warmed = warm(predictions.probabilities, temperature.value)
        after = calibrate(predictions.true, warmed, worth=predictions.worth)
    return Reliability(
        run_id=predictions.run_id,
        on=predictions.on,
        right=share_of(int(predictions.correct.sum()), len(predictions), predictions.worth),
        validation_images=len(validation),
        before=calibrate(predictions.true, predictions.probabilities, worth=predictions.worth),
        after=after,
        temperature=temperature,
        no_temperature=why_not,
        curve=coverage_curve(predictions),
        suggestions=[
            suggest(wanted, validation, predictions) for wanted in WANTED if len(validation)
        ],
        slices=find_slices(columns, predictions.correct, predictions.worth),
    )


def rows_of(workspace: Workspace, run_id: str, on: str, each: Slice) -> np.ndarray:
    """Which images are in a slice: bool, in the order of :func:`load_predictions`' table.

    Raises:
        NotFound: the file that says so has gone, or is of another evaluation.
    """
    derived = _derived(workspace, run_id, on)
    file = derived.path.with_name(_PARTS)
    try:
        parts = pd.read_parquet(file, columns=[each.key])[each.key]
    except UNREADABLE as error:
        derived.drop()
        raise Damaged(
            "Which images these are is not known any more.",
            file=file,
            remedy=f"Make it again with: python -m core reliability {run_id}",
        ) from error
    return (parts == each.part).to_numpy(dtype=bool)


def _derived(workspace: Workspace, run_id: str, on: str) -> Derived[Reliability]:
    test = RunFiles(workspace, run_id).test(on)
    return Derived(
        test.folder / _FILE,
        AsJson(Reliability, without=frozenset({"robustness"})),
        VERSION,
        (test.evaluation,),
        parts=(test.folder / _PARTS,),
    )


def _facts(catalog: Catalog, predictions: Predictions, report: Reporter) -> pd.DataFrame:
    """What is known of the images: from the scan of the dataset, else from the files."""
    known = predictions.table[["path", "label"]]
    if predictions.on != "test":
        folder = catalog.workspace.load_path(predictions.on)
        found = facts_of_files(folder, list(known["path"]), report)
        return found.assign(label=known["label"].to_numpy())
    run = catalog.runs.get(predictions.run_id)
    try:
        table = curated(catalog, run.dataset_id, run.dataset_version)
    except NotFound:
        # The dataset was removed: paths still tell something.
        return known
    facts = table.set_index("path").drop(columns="label").reindex(list(known["path"]))
    return facts.reset_index().assign(label=known["label"].to_numpy())
