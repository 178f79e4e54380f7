"""One run from its spec to a checked model; what the train job does in its worker.

Phases: ``decode`` (pixels), ``features`` (frozen backbones only), ``fit``, ``export``. What comes
of it lies in the run's folder, see :mod:`core.runs.files`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.catalog import Catalog, RunSummary
from core.errors import Cancelled
from core.progress import SILENT, Reporter, ToTheEnd
from core.quality.belonging import with_groups
from core.quality.curation import curated, usable
from core.runs.files import RunFiles
from core.runs.values import ModelInfo
from core.training import checks, speeds
from core.training.again import split_of
from core.training.context import TrainingContext, decode
from core.training.spec import parse_spec

# Images that the check of an export looks at where most of the model was checked before.
_CHECK_AGAIN = 8


def train_run(
    catalog: Catalog,
    run_id: str,
    report: Reporter = SILENT,
    now: Callable[[], float] = time.monotonic,
) -> RunSummary:
    """Train, save, export and check. Returns the run's summary so far, which is also stored.

    A run that was interrupted goes on from its last checkpoint. A request to stop while fitting
    keeps the best weights so far and goes on to the export.

    Args:
        now: seconds since some moment; what Auto's minutes are counted by.

    Raises:
        InvalidInput, WeightsMissing, NoSpace: with a sentence.
        Cancelled: stopped before there was anything to keep, or with everything to be dropped.
    """
    run = catalog.runs.get(run_id)
    spec = parse_spec(run.spec)
    files = RunFiles(catalog.workspace, run_id)
    table = usable(curated(catalog, spec.dataset_id, spec.dataset_version)).reset_index(drop=True)
    warnings = checks.check(spec, table, catalog)
    table = table.assign(split_at=split_of(catalog.workspace, spec, table).to_numpy())
    again = files.begun
    files.write_spec(run.spec)
    from core.training.fitting.checkpoint import Checkpoint, FitState
    from core.training.fitting.fit import Run
    from core.training.fitting.scalars import Scalars

    context = TrainingContext.begin(catalog, files.folder, spec, report, table)
    context.now = now
    checkpoint = Checkpoint(files.folder)
    fit_state = checkpoint.fit_state()
    if fit_state is None and not spec.minutes:
        # What Auto's search has found is kept there too.
        checkpoint.clear()
    if again or fit_state is not None:
        report.event("resumed", epoch=fit_state.epoch if fit_state else 0)
    if fit_state is not None:
        report.event("note", text=f"Goes on after epoch {fit_state.epoch} of {spec.all_epochs}.")
    for text in warnings:
        report.event("note", text=text)
    with context.phase("decode"):
        data = decode(context, table, later=bool(spec.minutes))
        split = data.table.drop(columns="split", errors="ignore")
        files.write_split(with_groups(split.rename(columns={"split_at": "split"})))
    report.check()
    fit_state = fit_state or FitState()
    logs = (Scalars(files.tensorboard, fit_state),) if spec.tensorboard else ()
    fitting = Run(report, fit_state, checkpoint, logs)
    automatic = None
    if spec.minutes:
        from core.training.fitting.automatic import fit_automatically
    elif context.pretrained:
        from core.training.fitting.pretrained import fit_pretrained as fit_model
    else:
        from core.training.fitting.whole import fit_whole as fit_model
    try:
        if spec.minutes:
            automatic = fit_automatically(context, data)
            model, stopped = automatic.model, automatic.stopped
            report.event("note", text=automatic.summary.story)
            context.spec = spec = automatic.spec
        else:
            model, stopped = fit_model(context, data, fitting)
    except Cancelled:
        if report.wishes().stop == "discard":
            checkpoint.clear()
        raise
    with context.phase("export"):
        images = data.pixels.take(data.checked()) if automatic is None else automatic.images
        if spec.refits and automatic is not None:
            # The network was checked when it was chosen; only what follows it is new.
            images = images[:_CHECK_AGAIN]
        difference = _save(context, files, images, model)
    summary = _summary(context, fitting.fit_state, model, stopped, warnings, difference)
    if automatic is None:
        speeds.learn(context, data, fitting.fit_state.history)
    else:
        summary = summary.model_copy(
            update={
                **automatic.summary.model_dump(exclude_unset=True),
                "decoded": data.pixels.decoded,
            }
        )
        catalog.runs.respec(run_id, spec.model_dump(mode="json"))
    files.write_history(fitting.fit_state.history)
    files.write_model(
        ModelInfo(
            classes=tuple(context.classes),
            image_size=spec.image_size,
            fit=spec.resize,
            decoding=spec.decoding,
            color=spec.color,
            recipe=spec.recipe,
            architecture=spec.architecture,
            parameters=summary.parameters,
            test_views=spec.test_views,
            export_difference=difference,
            name=run.name,
        )
    )
    catalog.runs.summarise(run_id, summary)
    checkpoint.clear()
    return summary


def _summary(
    context: TrainingContext,
    fit_state: Any,
    model: Any,
    stopped: bool,
    warnings: list[str],
    difference: float,
) -> RunSummary:
    history = fit_state.history
    best = next((each for each in history if each.epoch == fit_state.best_epoch), None)
    return RunSummary(
        recipe=context.spec.recipe,
        epochs=len(history),
        best_epoch=fit_state.best_epoch,
        stopped=stopped,
        validation_accuracy=best.val_accuracy if best else None,
        precision=context.precision,
        parameters=int(model.count_params()),
        export_difference=difference,
        classes=len(context.classes),
        warnings=tuple(warnings),
        memory_mb=max((each.memory_mb or 0.0 for each in history), default=None),
        seconds=context.seconds,
    )


def _save(
    context: TrainingContext, files: RunFiles, images: NDArray[np.uint8], model: Any
) -> float:
    from core.training.blocks import layer_table
    from core.training.export import export_checked
    from core.training.fitting.looks import averaged

    report = ToTheEnd(context.report)
    report.step("export", 0, None, "Saving and checking the model")
    files.write_layers(layer_table(model))
    if context.spec.test_views > 1:
        model = averaged(
            model,
            context.spec.image_size,
            context.spec.test_views,
            mirrored=context.spec.augmentation.flip_horizontal,
        )
    files.write_keras(model)
    report.check()
    return export_checked(model, files.openvino, images)
