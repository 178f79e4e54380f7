"""Whether one can rely on a model: how sure it is against how often it is right, when it had better
not answer, which images it is worse on, and what its accuracy withstands; as one frozen value.

Kept beside the evaluation when a run is tested::

    reliability.json          all but what needs images asked about again
    slices.parquet            which part of each column every image is in

What asks about images again, :mod:`core.evaluation.trust.robustness`, is a phase of the study.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from core.catalog import Catalog
from core.errors import NotFound
from core.evaluation.predictions import Predictions, load_predictions, validation_predictions
from core.evaluation.store import evaluation_folder
from core.evaluation.trust.calibration import (
    Calibration,
    Temperature,
    calibrate,
    fit_temperature,
    warm,
)
from core.evaluation.trust.coverage import WANTED, Point, Suggestion, coverage_curve, suggest
from core.evaluation.trust.robustness import Robustness, load_robustness
from core.evaluation.trust.shares import Share, share_of
from core.evaluation.trust.slices import Column, Slice, columns_of, facts_of_files, find_slices
from core.progress import Reporter
from core.quality.curation import curated
from core.workspace import Workspace, atomic_path, read_json, write_json

# Of what is kept; another one is computed anew.
VERSION = 1
_FILE, _PARTS = "reliability.json", "slices.parquet"


class Reliability(BaseModel):
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

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    catalog: Catalog, run_id: str, on: str = "test", report: Reporter | None = None
) -> Reliability:
    """What is known of a run's reliability; computed and kept if it was tested before this was.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    found = _kept(evaluation_folder(catalog.workspace, run_id, on))
    if found is None:
        found = keep_reliability(catalog, run_id, on, report)
    return found.model_copy(update={"robustness": load_robustness(catalog.workspace, run_id, on)})


def keep_reliability(
    catalog: Catalog, run_id: str, on: str = "test", report: Reporter | None = None
) -> Reliability:
    """Work out and keep all that follows from answers; to be called when these are new.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    predictions = load_predictions(catalog.workspace, run_id, on)
    validation = validation_predictions(catalog.workspace, run_id)
    columns = columns_of(_facts(catalog, predictions, report), predictions.labels)
    folder = evaluation_folder(catalog.workspace, run_id, on)
    found = compute_reliability(predictions, validation, columns).model_copy(
        update={"of": _mark(folder)}
    )
    parts = pd.DataFrame({column.key: column.part for column in columns}, dtype="str")
    with atomic_path(folder / _PARTS) as part:
        parts.to_parquet(part, index=False)
    write_json(folder / _FILE, found.model_dump(mode="json", exclude={"robustness"}))
    return found


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
        after = calibrate(predictions.true, warm(predictions.probabilities, temperature.value))
    chosen_on = (validation.confidence, validation.correct)
    return Reliability(
        run_id=predictions.run_id,
        on=predictions.on,
        right=share_of(int(predictions.correct.sum()), len(predictions)),
        validation_images=len(validation),
        before=calibrate(predictions.true, predictions.probabilities),
        after=after,
        temperature=temperature,
        no_temperature=why_not,
        curve=coverage_curve(predictions.confidence, predictions.correct),
        suggestions=[
            suggest(wanted, chosen_on, (predictions.confidence, predictions.correct))
            for wanted in WANTED
            if len(validation)
        ],
        slices=find_slices(columns, predictions.correct),
    )


def rows_of(workspace: Workspace, run_id: str, on: str, each: Slice) -> np.ndarray:
    """Which images are in a slice: bool, in the order of :func:`load_predictions`' table.

    Raises:
        NotFound: the file that says so has gone, or is of another evaluation.
    """
    file = evaluation_folder(workspace, run_id, on) / _PARTS
    try:
        parts = pd.read_parquet(file, columns=[each.key])[each.key]
    except (OSError, ValueError, KeyError) as error:
        raise NotFound(
            "Which images these are is not known any more.", remedy="Evaluate the run again."
        ) from error
    return (parts == each.part).to_numpy(dtype=bool)


def _kept(folder: Path) -> Reliability | None:
    """What was kept; ``None`` where it is missing, of another version, or of an earlier test."""
    try:
        data = read_json(folder / _FILE)
        if data.get("version") != VERSION or data.get("of") != _mark(folder):
            return None
        return Reliability.model_validate(data)
    except (NotFound, ValidationError, AttributeError):
        return None


def _mark(folder: Path) -> str:
    """Tells evaluations apart, also after the workspace was copied elsewhere."""
    try:
        return hashlib.blake2b((folder / "evaluation.json").read_bytes(), digest_size=8).hexdigest()
    except OSError as error:
        raise NotFound("This run has no results yet.", remedy="Wait until it is done.") from error


def _facts(catalog: Catalog, predictions: Predictions, report: Reporter | None) -> pd.DataFrame:
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
