"""One run from its spec to a checked model; what the train job does in its worker.

Phases: ``decode`` (pixels), ``features`` (frozen backbones only), ``fit``, ``export``. What comes
of it lies in the run's folder::

    spec.json       the spec
    split.parquet   path, label, hash, split of every image
    history.json    one entry an epoch
    model.keras     the whole model, pixels 0..255 in, probabilities out, float32
    model.xml/.bin  the same for OpenVINO
    model.json      what using it needs: classes, image size, fit, and what it is
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.catalog import Catalog, RunRecord
from core.datasets.images import Fit
from core.datasets.pixels import Pixels, load_pixels
from core.errors import InvalidInput, NotFound, disk_errors
from core.features.hardware import resolve
from core.progress import Reporter
from core.quality.curation import curated, usable
from core.quiet import silence_tensorflow
from core.training import recipes
from core.training.spec import TrainSpec, parse_spec
from core.workspace import atomic_path, write_json

FIT: Fit = "stretch"


@dataclass
class _Work:
    """What the steps of one run share."""

    catalog: Catalog
    run: RunRecord
    spec: TrainSpec
    recipe: recipes.Recipe
    precision: str
    report: Reporter
    seconds: dict[str, float]
    classes: list[str]

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.report.event("phase", phase=name, state="started")
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)
        self.report.event("phase", phase=name, state="done", seconds=self.seconds[name])


def train_run(catalog: Catalog, run_id: str, report: Reporter | None = None) -> dict[str, Any]:
    """Train, save, export and check. Returns the run's summary so far, which is also stored.

    A request to stop while fitting keeps the best weights so far and goes on to the export.

    Raises:
        InvalidInput, WeightsMissing, NoSpace: with a sentence.
        Cancelled: stopped before there was anything to keep.
    """
    report = report or Reporter()
    run = catalog.runs.get(run_id)
    spec = parse_spec(run.spec)
    folder = catalog.workspace.run(run_id)
    table = usable(curated(catalog, spec.dataset_id, spec.dataset_version)).reset_index(drop=True)
    warnings = recipes.check(spec, table)
    table = table.assign(split_at=recipes.plan(spec, table).to_numpy())
    recipe = recipes.get(spec.recipe)
    classes = sorted(table["label"].unique())
    work = _Work(catalog, run, spec, recipe, resolve(spec.precision), report, {}, classes)
    write_json(folder / "spec.json", run.spec)
    for text in warnings:
        report.event("note", text=text)

    with work.phase("decode"):
        table, pixels = _decode(work, table)
        with atomic_path(folder / "split.parquet") as part:
            table[["path", "label", "hash", "split_at"]].rename(
                columns={"split_at": "split"}
            ).to_parquet(part, index=False)
    silence_tensorflow()
    model, fitted = (_fit_head if recipe.frozen else _fit_whole)(work, table, pixels)
    with work.phase("export"):
        difference = _save(work, table, pixels, model)
    best = fitted.history[fitted.best_epoch - 1] if fitted.best_epoch else {}
    summary: dict[str, Any] = {
        "recipe": spec.recipe,
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "stopped": fitted.stopped,
        "validation_accuracy": best.get("val_accuracy"),
        "precision": work.precision,
        "parameters": int(model.count_params()),
        "export_difference": difference,
        "classes": len(classes),
        "warnings": warnings,
        "seconds": work.seconds,
    }
    write_json(folder / "history.json", fitted.history)
    write_json(
        folder / "model.json",
        {
            "classes": classes,
            "image_size": spec.image_size,
            "fit": FIT,
            "recipe": spec.recipe,
            "architecture": recipe.architecture,
            "parameters": summary["parameters"],
            "export_difference": difference,
            "name": run.name,
        },
    )
    catalog.runs.summarise(run_id, **summary)
    return summary


def _decode(work: _Work, table: pd.DataFrame) -> tuple[pd.DataFrame, Pixels]:
    """Pixels of all images, and the table without those that could not be decoded."""
    catalog, spec = work.catalog, work.spec
    root = catalog.workspace.load_path(catalog.datasets.get(spec.dataset_id).root)
    pixels = load_pixels(
        catalog.workspace, spec.dataset_id, root, table, spec.image_size, fit=FIT,
        report=work.report,
    )  # fmt: skip
    if pixels.decoded == 0:
        work.report.event("note", text="All images were decoded before; nothing to read again.")
    good = pixels.slots >= 0
    if not good.any():
        raise NotFound(
            "None of this dataset's images can be read any more.",
            file=root,
            remedy="Put the folder back where it was, or scan the dataset again.",
        )
    if not good.all():
        lost = int((~good).sum())
        first = pixels.failed[0] if pixels.failed else None
        text = f"{lost:,} image{'s' if lost != 1 else ''} could not be read and will be left out"
        work.report.event("note", text=text + (f": {first.path}. {first.why}" if first else "."))
        learned = set(table.loc[table["split_at"] == "train", "label"])
        table = table[good].reset_index(drop=True)
        pixels = Pixels(pixels.store, pixels.slots[good], pixels.failed, pixels.decoded)
        missing = learned - set(table.loc[table["split_at"] == "train", "label"])
        if missing:
            raise InvalidInput(
                f"No training image of “{min(missing)}” can be read any more.",
                remedy="Put the files back, or scan the dataset again.",
            )
    return table, pixels


def _rows(table: pd.DataFrame, split: str) -> np.ndarray:
    return np.flatnonzero(table["split_at"].to_numpy() == split)


def _labels(work: _Work, table: pd.DataFrame) -> np.ndarray:
    number = {label: position for position, label in enumerate(work.classes)}
    return table["label"].map(number).to_numpy(dtype=np.int64)


def _fit_whole(work: _Work, table: pd.DataFrame, pixels: Pixels) -> tuple[Any, Any]:
    """Train a network from scratch on pixels."""
    import keras

    from core.training import architectures
    from core.training.fitting.batches import Batches
    from core.training.fitting.fit import compile_model, fit

    spec, count = work.spec, len(work.classes)
    labels, train, validation = (
        _labels(work, table),
        _rows(table, "train"),
        _rows(table, "validation"),
    )
    work.report.check()
    with work.phase("fit"):
        keras.utils.set_random_seed(spec.seed)
        policy = "mixed_bfloat16" if work.precision == "bfloat16" else "float32"
        keras.mixed_precision.set_global_policy(policy)
        try:
            model = architectures.build(work.recipe.architecture, spec.image_size, count)
        finally:
            keras.mixed_precision.set_global_policy("float32")
        batches = Batches(
            pixels.store, pixels.slots[train], labels[train], count,
            batch_size=spec.batch_size, seed=spec.seed, augment=spec.augment,
        )  # fmt: skip
        held_out = Batches(
            pixels.store, pixels.slots[validation], labels[validation], count,
            batch_size=128, seed=None,
        )  # fmt: skip
        compile_model(model, spec, work.recipe, len(batches) * spec.epochs)
        fitted = fit(
            model, batches, held_out if len(validation) else None, spec=spec, report=work.report,
            images=len(train),
        )  # fmt: skip
        # What is saved computes in float32, so that it gives the same answers everywhere, and has
        # no optimizer, whose schedule is ours, so that Keras opens it anywhere.
        trained = model.get_weights()
        model = architectures.build(work.recipe.architecture, spec.image_size, count)
        model.set_weights(trained)
    return model, fitted


def _fit_head(work: _Work, table: pd.DataFrame, pixels: Pixels) -> tuple[Any, Any]:
    """Compute a frozen backbone's features once, and train a head on them."""
    import keras

    from core.features import mobilenet_v2 as source
    from core.features import weights
    from core.features.cache import load_features
    from core.training.architectures import mobilenet_v2
    from core.training.fitting.batches import Batches
    from core.training.fitting.fit import compile_model, fit
    from core.training.views import VARIATIONS

    spec, count = work.spec, len(work.classes)
    labels, train, validation = (
        _labels(work, table),
        _rows(table, "train"),
        _rows(table, "validation"),
    )
    # The test images' features are not needed: the assembled model is what is tested.
    varied = np.zeros(len(table), bool)
    varied[train] = spec.augment
    wanted = np.concatenate([train, validation])
    with work.phase("features"):
        file = weights.mobilenet_v2(work.report)
        some = Pixels(pixels.store, pixels.slots[wanted], [], 0)
        features = load_features(
            work.catalog.workspace, spec.dataset_id,
            source.load(work.catalog.workspace, spec.image_size, work.report), some,
            list(table["hash"].to_numpy()[wanted]),
            size=spec.image_size, precision=work.precision, report=work.report,
            varied=varied[wanted], variations=VARIATIONS,
        )  # fmt: skip
        if features.computed == 0:
            work.report.event("note", text="All features were computed before; using them again.")
    work.report.check()
    with work.phase("fit"):
        at_train, at_validation = np.arange(len(train)), np.arange(len(train), len(wanted))
        batches = Batches(
            features.stores, features.slots[:, at_train], labels[train], count,
            batch_size=spec.batch_size, seed=spec.seed,
        )  # fmt: skip
        held_out = Batches(
            features.stores[0], features.slots[0, at_validation], labels[validation], count,
            batch_size=512, seed=None,
        )  # fmt: skip
        # Not before: whether a backbone had to be built must not change what is drawn.
        keras.utils.set_random_seed(spec.seed)
        head = mobilenet_v2.head(count)
        compile_model(head, spec, work.recipe, len(batches) * spec.epochs)
        fitted = fit(
            head, batches, held_out if len(validation) else None, spec=spec, report=work.report,
            images=len(train),
        )  # fmt: skip
    model = mobilenet_v2.assemble(source.backbone(spec.image_size, file), head)
    return model, fitted


def _save(work: _Work, table: pd.DataFrame, pixels: Pixels, model: Any) -> float:
    from core.training.export import CHECK_IMAGES, export_checked

    work.report.progress("export", 0, None, "Saving and checking the model")
    folder = work.catalog.workspace.run(work.run.id)
    with disk_errors("saving the model"), atomic_path(folder / "model.keras") as part:
        model.save(part)
    # Images that chose nothing but the epoch; the test set is left alone until it is tested.
    rows = np.concatenate([_rows(table, "validation"), _rows(table, "train")])[:CHECK_IMAGES]
    return export_checked(model, folder / "model.xml", pixels.take(rows))
