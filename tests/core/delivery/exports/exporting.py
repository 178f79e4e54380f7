"""Finished runs whose models tell three colours apart, without having been trained."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.catalog import Catalog, DatasetRecord
from core.datasets.folds import folds
from core.evaluation.evaluate import evaluate_run
from core.features.runtime import save_ir
from core.quality.curation import curated
from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.heads import HEADS
from core.training.heads.choose import judge
from core.training.heads.head import Problem, as_model
from core.training.heads.reduce import reducing
from core.training.spec import TrainSpec
from core.training.start import create_run
from core.workspace import write_json
from tests.core.evaluation.coloured import CLASSES
from tests.core.training.small import STACK, spec_of

SIZE = 32
_COLOURS = {"red": (220, 40, 40), "green": (40, 220, 40), "blue": (40, 40, 220)}
# Of every class: the first 6 of 12 to learn from, then 3 and 3.
_SPLIT = ["train"] * 6 + ["validation"] * 3 + ["test"] * 3


# A network from scratch with the mean of all heads that Auto may choose in the place of its own.
HEADED = "all heads"


def spec_for(dataset: DatasetRecord, architecture: str) -> TrainSpec:
    if architecture == "custom":
        return spec_of(dataset, image_size=SIZE)
    if architecture == HEADED:
        architecture = "compact"
    return spec_of(dataset, image_size=SIZE, architecture=architecture, stack=())


def finished_run(catalog: Catalog, dataset: DatasetRecord, architecture: str) -> str:
    """A run of this network, as if it had been trained and tested; its id."""
    spec = spec_for(dataset, architecture)
    run = create_run(catalog, spec, f"Colours <{architecture}>")
    folder = catalog.workspace.run(run.id)
    folder.mkdir(parents=True, exist_ok=True)
    model = _seeing(architecture)
    model.save(folder / "model.keras")
    save_ir(model, folder / "model.xml")
    about = {"classes": CLASSES, "image_size": SIZE, "fit": "stretch", "name": run.name}
    write_json(folder / "model.json", about)
    table = curated(catalog, dataset.id, dataset.version).sort_values(["label", "path"])
    table = table.assign(split=_SPLIT * len(CLASSES))[["path", "label", "hash", "split"]]
    pd.DataFrame(table).to_parquet(folder / "split.parquet", index=False)
    evaluate_run(catalog, run.id)
    return run.id


def _seeing(architecture: str) -> Any:
    """A network of random weights but for its last layer, which least squares fits to colours."""
    import keras

    keras.utils.set_random_seed(4)
    key = "compact" if architecture == HEADED else architecture
    model = architectures.build(key, BuildConfig(SIZE, len(CLASSES), stack=STACK))
    rng = np.random.default_rng(0)
    images, wanted = [], []
    for number, colour in enumerate(CLASSES * 8):
        noise = rng.integers(-30, 31, (SIZE, SIZE, 3))
        images.append(np.clip(np.array(_COLOURS[colour]) + noise, 0, 255))
        wanted.append(np.eye(len(CLASSES))[number % len(CLASSES)] * 6 - 2)
    pixels = np.stack(images).astype(np.float32)
    layers = list(_layers(model))
    for layer in layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(pixels, training=True)  # so that random weights tell the images apart
    seen = keras.Model(model.input, model.get_layer("features").output)
    if architecture == HEADED:
        seen = _peaked(model)
    features = seen.predict_on_batch(pixels)
    if architecture == HEADED:
        return _headed(seen, np.asarray(features, np.float32))
    last = [layer for layer in layers if isinstance(layer, keras.layers.Dense)][-1]
    rows = np.hstack([np.asarray(features), np.ones((len(images), 1))])
    # Ridge, so that no weight is so large that the last digits of float32 matter.
    scale = np.trace(rows.T @ rows) / rows.shape[1]
    solved = np.linalg.solve(
        rows.T @ rows + 1e-3 * scale * np.eye(rows.shape[1]), rows.T @ np.stack(wanted)
    )
    last.set_weights([solved[:-1].astype(np.float32), solved[-1].astype(np.float32)])
    return model


def _peaked(model: Any) -> Any:
    """What a network's features are made of with the largest values besides, as Auto has them."""
    import keras
    from keras import layers

    maps = [layer.output for layer in model.layers if len(layer.output.shape) == 4][-1]
    means, most = layers.GlobalAveragePooling2D()(maps), layers.GlobalMaxPooling2D()(maps)
    return keras.Model(model.input, layers.Concatenate()([means, most]))


def _headed(seen: Any, features: NDArray[np.float32]) -> Any:
    """All heads on one network's features, fitted to the classes in turn."""
    import keras

    labels = np.arange(len(features)) % len(CLASSES)
    before = reducing(features, (features.shape[1],), seed=1)
    each = folds(labels, np.arange(len(labels)), 4, 1)
    problem = Problem(before(features), labels, len(CLASSES), each, np.ones(len(labels)))
    said = []
    for key in HEADS:
        head = as_model(judge(problem, key).steps(before))
        said.append(keras.Model(head.input, head.output, name=key)(seen.output))
    return keras.Model(seen.input, keras.layers.Average(name="probabilities")(said))


def _layers(model: Any) -> Iterator[Any]:
    """All layers, also those of models inside."""
    for layer in model.layers:
        yield from _layers(layer) if hasattr(layer, "layers") else [layer]


def unpack(file: Path, folder: Path) -> Path:
    """A .zip's content, as a person would have it."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder
