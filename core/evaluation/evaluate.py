"""A run's answers on images that it never saw: its own test set, or any folder of class folders."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core import settings
from core.catalog import Catalog, RunRecord, RunSummary
from core.datasets.content import hash_bytes, read_regular
from core.datasets.layout import read_layout
from core.datasets.places import read_together
from core.errors import Damaged, InvalidInput, NotFound, UnreadableImage
from core.evaluation import metrics
from core.evaluation.figures.compute import compute_figures
from core.evaluation.predictions import load_evaluation, load_predictions
from core.evaluation.records import Evaluation
from core.evaluation.tested import keep_tested, match_classes
from core.evaluation.trust.reliability import keep_reliability
from core.progress import SILENT, Reporter
from core.quality.belonging import belonging
from core.quality.copies import DEFAULT_THRESHOLD, SAME, find_copies, groups
from core.quality.curation import curated
from core.quality.descriptor import describe
from core.quality.thumbs import shrink
from core.runs.files import RunFiles
from core.runs.pictures import run_pixels
from core.training.export import export_checked

_BATCH = 256


def evaluate_run(catalog: Catalog, run_id: str, report: Reporter = SILENT) -> Evaluation:
    """Test a trained run on its test set, and keep ``evaluation.json`` and ``predictions.parquet``.

    The validation images are predicted too and kept apart: reliability is set right on them. The
    headline figures, of the test set only, go into the run's summary.

    Raises:
        NotFound: the run has no model (yet), or its images have gone.
    """
    started = time.monotonic()
    workspace = catalog.workspace
    run = catalog.runs.get(run_id)
    files = RunFiles(workspace, run.id)
    info, table, known = files.model(), files.split(), files.out_of_fold()
    if known is None or known.shape[1] != len(info.classes) + 1:  # none, or of another training
        known = pd.DataFrame(columns=["path", *range(len(info.classes))])
    # Training images that were answered, in turn, by what had not seen them: for thresholds and
    # temperatures they are validation images like the others, and there are several times as many.
    held = table[(table["split"] == "train") & table["path"].isin(known["path"])]
    held = held.assign(split="validation")
    table = table[table["split"].isin(["validation", "test"])].reset_index(drop=True)
    pixels = run_pixels(catalog, run, info, table, report)
    rows = np.flatnonzero(pixels.slots >= 0)
    compiled = files.compiled()
    answered = pd.concat([table.iloc[rows], held], ignore_index=True)
    answered = _with_groups(catalog, run, answered)
    probabilities = np.zeros((len(answered), len(info.classes)), np.float32)
    # Of validation images that the model was fitted on in the end, what it said of them before
    # counts: anything else would be recitation.
    said = (answered["split"] == "validation") & answered["path"].isin(known["path"])
    of_these = known.set_index("path").loc[answered.loc[said, "path"]]
    probabilities[said] = of_these.to_numpy(np.float32)
    asked = np.flatnonzero(~said)
    for start in range(0, len(asked), _BATCH):
        report.step("evaluate", start, len(asked), "Testing on the test images")
        some = asked[start : start + _BATCH]
        probabilities[some] = compiled.predict(pixels.take(rows[some]))
    report.progress("evaluate", len(asked), len(asked), "Testing on the test images")
    predictions = _predictions(info.classes, answered, probabilities)
    tested = set(table.loc[table["split"] == "test", "path"])
    left_out = [(item.path, item.why) for item in pixels.failed if item.path in tested]
    evaluation = _score(run.id, "test", info.classes, predictions, left_out, started)
    files.test().keep(evaluation, predictions)
    keep_reliability(catalog, run.id, "test", report)
    compute_figures(catalog, run.id, "test", report)
    catalog.runs.summarise(
        run.id,
        RunSummary(
            test_accuracy=evaluation.accuracy,
            test_images=evaluation.images,
            test_low=evaluation.interval.low,
            test_high=evaluation.interval.high,
            test_fewest=min((row.support for row in evaluation.report), default=0),
        ),
    )
    return evaluation


def known_evaluation(catalog: Catalog, run_id: str, report: Reporter = SILENT) -> Evaluation:
    """What a test on the run's own images has found; what is damaged of it is made again first.

    A model that OpenVINO can't read is exported once more from Keras's, which needs TensorFlow; a
    test whose files can't be read is done once more.

    Raises:
        NotFound: it has not been tested.
        Damaged: something is damaged that can't be made again here.
    """
    files = RunFiles(catalog.workspace, run_id)
    try:
        files.model()
        files.graph()
    except Damaged:
        _export_again(files, report)
    try:
        load_predictions(catalog.workspace, run_id)
        return load_evaluation(catalog.workspace, run_id)
    except Damaged:
        return evaluate_run(catalog, run_id, report)


def _export_again(files: RunFiles, report: Reporter) -> None:
    report.progress("export", 0, None, "Saving and checking the model")
    model = files.open_keras()
    size = model.input_shape[1]
    images = np.random.default_rng(0).integers(0, 256, (16, size, size, 3), dtype=np.uint8)
    export_checked(model, files.openvino, images)


def evaluate_folder(
    catalog: Catalog, run_id: str, folder: Path, report: Reporter = SILENT
) -> Evaluation:
    """Test a trained run on a folder of class folders that it has nothing to do with.

    Classes are matched by name, also where only case, spaces, hyphens or underscores differ
    (:func:`core.evaluation.tested.match_classes`); images of other classes are left out and listed.
    Kept below ``on/<name>`` in the run's folder;
    :func:`core.evaluation.predictions.load_evaluation` finds it again under the evaluation's
    ``on``.

    Raises:
        NotFound, InvalidInput: no such folder, or nothing in it that the model knows.
    """
    started = time.monotonic()
    run = catalog.runs.get(run_id)
    run_files = RunFiles(catalog.workspace, run.id)
    info = run_files.model()
    layout = read_layout(folder, max_files=settings.load().max_files, report=report)
    counts = Counter(file.label for file in layout.files)
    matching = match_classes(dict(counts), info.classes)
    left_out = [(item.path, item.why) for item in layout.skipped]
    files = [file for file in layout.files if file.label in matching.classes]
    left_out += [
        (file.path, f"The model doesn't know the class “{file.label}”.")
        for file in layout.files
        if file.label not in matching.classes
    ]
    if not files:
        raise InvalidInput(
            "None of the classes in this folder is one that the model knows.",
            file=folder,
            remedy=info.knows,
        )
    compiled = run_files.compiled()
    good, looks, predictions = [], [], []
    for start in range(0, len(files), _BATCH):
        report.step("evaluate", start, len(files), "Testing on new images")
        images = []
        some = files[start : start + _BATCH]
        given = read_together(folder, [file.path for file in some])
        for file in some:
            data = given.get(file.path)
            if isinstance(data, str):
                left_out.append((file.path, data))
                continue
            try:
                data = read_regular(folder / file.path) if data is None else data
                images.append(info.decode(data, file=file.path))
                looks.append(describe(shrink(Image.fromarray(images[-1]))))
                label = matching.classes[file.label]
                good.append({"path": file.path, "label": label, "hash": hash_bytes(data)})
            except UnreadableImage as error:
                left_out.append((file.path, error.title))
            except OSError:
                left_out.append((file.path, "It can't be opened."))
        if images:
            predictions.append(compiled.predict(np.stack(images)))
    if not good:
        raise InvalidInput("None of the images in this folder can be read.", file=folder)
    table = pd.DataFrame(good).assign(split="test")
    table["group"] = _alike(table["hash"], looks)
    predictions = _predictions(info.classes, table, np.concatenate(predictions))
    on = catalog.workspace.store_path(folder)
    evaluation = _score(run.id, on, info.classes, predictions, left_out, started)
    kept = run_files.test(on)
    kept.drop_derived()
    hashes = [row["hash"] for row in good]
    keep_tested(kept.folder, catalog.workspace, run.id, on, matching, hashes)
    kept.keep(evaluation, predictions)
    keep_reliability(catalog, run.id, on, report)
    compute_figures(catalog, run.id, on, report)
    return evaluation


def _alike(hashes: pd.Series, looks: list[bytes]) -> np.ndarray:
    """Which images of a folder are copies or near-duplicates of each other: int64, shape (n,)."""
    contents = pd.factorize(hashes)[0]
    first = pd.Series(range(len(hashes))).groupby(contents).first()
    described = np.frombuffer(b"".join(looks), np.uint8).reshape(len(looks), -1)[first]
    found = find_copies(described, lambda _: None)
    return groups(found, DEFAULT_THRESHOLD, (SAME,))[contents]


def _score(
    run_id: str,
    on: str,
    classes: Sequence[str],
    predictions: pd.DataFrame,
    left_out: list[tuple[str, str]],
    started: float,
) -> Evaluation:
    tested = predictions[predictions["split"] == "test"]
    known = pd.Index(classes)
    true, predicted = (known.get_indexer(tested[column]) for column in ("label", "predicted"))
    seconds = round(time.monotonic() - started, 3)
    groups = tested["group"].to_numpy(np.int64) if "group" in tested else None
    return metrics.evaluate(
        run_id, on, classes, true, predicted, groups=groups, left_out=left_out, seconds=seconds
    )


def _with_groups(catalog: Catalog, run: RunRecord, table: pd.DataFrame) -> pd.DataFrame:
    """A run's images with ``group``: what may not be torn apart, as it was when it was trained."""
    if "group" in table:
        return table
    try:
        known = curated(catalog, run.dataset_id, run.dataset_version)
    except NotFound:
        return table
    groups = belonging(known).set_axis(known["path"])
    groups = pd.Series(pd.factorize(groups)[0], index=groups.index)
    found = table["path"].map(groups)
    return table.assign(group=found.astype(np.int64)) if found.notna().all() else table


def _predictions(
    classes: Sequence[str], table: pd.DataFrame, probabilities: np.ndarray
) -> pd.DataFrame:
    """Predictions as they are kept; ``table`` has ``path``, ``label``, ``hash`` and ``split``."""
    if not np.isfinite(probabilities).all():
        raise InvalidInput(
            "The model answers with something that is not a number: its training went astray.",
            remedy="Train again with a lower learning rate.",
        )
    predicted = np.array(classes, dtype=object)[probabilities.argmax(axis=1)]
    predictions = pd.DataFrame(
        {
            "path": table["path"],
            "label": table["label"],
            "predicted": predicted,
            "confidence": probabilities.max(axis=1),
            "correct": predicted == table["label"].to_numpy(dtype=object),
            "hash": table["hash"],
            "split": table["split"],
        }
    )
    if "group" in table:
        predictions["group"] = pd.factorize(table["group"])[0].astype(np.int64)
    columns = pd.DataFrame(probabilities, columns=[f"p_{n}" for n in range(len(classes))])
    return pd.concat([predictions, columns], axis=1)
