"""The import of a model as a run: loaded in safe mode, wrapped, exported, checked; then tested.

What comes of it lies where a training's lies: ``model.keras``, ``model.xml``, ``model.json``,
``layers.json``, ``spec.json``, and ``split.parquet`` with the images of a dataset that it is tested
on. None of them is said to have been trained on, since nobody here knows what was.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.catalog import Catalog, Imported, RunRecord, RunSummary
from core.delivery.imported.start import FILE, RECIPE
from core.errors import InvalidInput, NotFound
from core.evaluation.evaluate import evaluate_run
from core.evaluation.tested import match_classes
from core.progress import SILENT, Reporter
from core.quality.curation import curated, usable
from core.quiet import load_keras
from core.runs.files import RunFiles
from core.runs.pictures import run_pixels
from core.runs.values import ModelInfo
from core.training import recipes
from core.training.export import CHECK_IMAGES, ExportDiffers, export_checked
from core.training.foreign.judge import Pixels
from core.training.spec import TrainSpec, parse_spec

_COLUMNS = ["path", "label", "hash", "split"]


def import_run(
    catalog: Catalog,
    run_id: str,
    labels: Sequence[str],
    pixels: Pixels,
    file: str,
    report: Reporter = SILENT,
) -> None:
    """Load, wrap, export and check the model that :func:`begin_import` put into the run's folder,
    and test it on its dataset, if it has one. Needs TensorFlow.

    Args:
        file: what the person's file was called.

    Raises:
        InvalidInput: the model can't be loaded, wrapped or exported; the sentence says why.
        NotFound: the dataset's images have gone.
    """
    started = time.monotonic()
    run = catalog.runs.get(run_id)
    spec = parse_spec(run.spec)
    files = RunFiles(catalog.workspace, run_id)
    load_keras()
    from core.delivery.imported.wrap import load, probes, wrap
    from core.training.blocks import layer_table

    report.progress("check", 0, None, "Loading the model, in safe mode")
    files.write_spec(run.spec)
    model, said = wrap(load(files.folder / FILE), spec.image_size, labels, pixels)
    report.check()
    table = _tested(catalog, run, spec, labels)
    files.write_split(table)
    report.progress("export", 0, None, "Saving and checking the model")
    files.write_layers(layer_table(model))
    files.write_keras(model)
    parameters = int(model.count_params())
    info = ModelInfo(
        classes=tuple(labels),
        image_size=spec.image_size,
        fit=spec.resize,
        decoding=spec.decoding,
        color=spec.color,
        recipe=RECIPE,
        architecture="custom",
        parameters=parameters,
        name=run.name,
    )
    images = np.concatenate([probes(spec.image_size), _real(catalog, run, info, table)])
    try:
        difference = export_checked(model, files.openvino, images)
    except ExportDiffers as error:
        raise InvalidInput(
            f"Converted to OpenVINO, this model answers differently: {error}.",
            remedy="It holds a layer that can’t be converted exactly.",
        ) from error
    files.write_model(info.model_copy(update={"export_difference": difference}))
    warnings = [f"Imported from {file}; it was trained elsewhere.", *said]
    if len(table):
        warnings.append(
            "Whether it was trained on some of these very images, nobody here can know."
        )
    summary = RunSummary(
        recipe=RECIPE,
        parameters=parameters,
        export_difference=difference,
        classes=len(labels),
        precision="float32",
        warnings=tuple(warnings),
        imported=Imported(file=file, pixels=pixels),
        seconds={"export": round(time.monotonic() - started, 3)},
    )
    catalog.runs.summarise(run_id, summary)
    if (table["split"] == "test").any():
        found = evaluate_run(catalog, run_id, report)
        report.event("result", accuracy=found.accuracy, images=found.images)
    (files.folder / FILE).unlink(missing_ok=True)


def _tested(
    catalog: Catalog, run: RunRecord, spec: TrainSpec, labels: Sequence[str]
) -> pd.DataFrame:
    """Validation and test images of its dataset, as a training with the usual settings divides it,
    so that it can be compared with models that were trained on the rest; labels are the model's."""
    nothing = pd.DataFrame({name: pd.Series(dtype="str") for name in _COLUMNS})
    if not run.dataset_id:
        return nothing
    table = usable(curated(catalog, run.dataset_id, run.dataset_version)).reset_index(drop=True)
    counts = {str(k): int(v) for k, v in table["label"].value_counts().items()}
    known = match_classes(counts, labels).classes
    split = recipes.plan(spec, table).to_numpy()
    table = table.assign(split=split, label=table["label"].map(known))
    kept = table["label"].notna() & table["split"].isin(["validation", "test"])
    return table.loc[kept, _COLUMNS].reset_index(drop=True)


def _real(catalog: Catalog, run: RunRecord, info: ModelInfo, table: pd.DataFrame) -> np.ndarray:
    """A few real images to check the export on, uint8 (n, size, size, 3); none without a
    dataset."""
    some = table[table["split"] == "validation"].head(CHECK_IMAGES).reset_index(drop=True)
    try:
        held = run_pixels(catalog, run, info, some) if len(some) else None
    except NotFound:
        held = None
    if held is None:
        return np.zeros((0, info.image_size, info.image_size, 3), np.uint8)
    return held.take(np.flatnonzero(held.slots >= 0))
