"""A run whose last layer weighs the mean colours of sixteen places: a model with features,
unlearned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core.catalog import Catalog, RunRecord
from core.quiet import openvino
from tests.core.evaluation.coloured import CLASSES, SIZE, make_run

_PLACES = 4


def save_weighing_model(folder: Path) -> None:
    """Put a model with one dense layer, which sums each channel up, in the place of
    ``model.xml``."""
    ov = openvino()
    op = ov.opset13
    images = op.parameter([-1, SIZE, SIZE, 3], np.float32)
    side = SIZE // _PLACES
    cut = op.reshape(
        op.divide(images, np.float32(255)),
        np.array([-1, _PLACES, side, _PLACES, side, 3]),
        special_zero=False,
    )
    means = op.reduce_mean(cut, np.array([2, 4]), False)
    flat = op.reshape(means, np.array([-1, _PLACES**2 * 3]), special_zero=False)
    # Pixels are red, green, blue; classes are by name: blue, green, red.
    weights = np.tile(np.eye(3, dtype=np.float32)[::-1] * 6 / _PLACES**2, (_PLACES**2, 1))
    dense = op.matmul(flat, op.constant(weights), False, False)
    answer = op.softmax(op.add(dense, op.constant(np.zeros(3, np.float32))), 1)
    ov.save_model(ov.Model([answer], [images]), str(folder / "model.xml"), compress_to_fp16=False)


def weighing_run(
    catalog: Catalog,
    root: Path,
    training: int = 60,
    validation: int = 100,
    name: str = "colours",
) -> RunRecord:
    """A run with so many images of all three colours together, and three of test."""
    counts = {"train": training, "validation": validation, "test": 3}
    splits = {
        split: [(CLASSES[n % 3], CLASSES[n % 3]) for n in range(count)]
        for split, count in counts.items()
    }
    run = make_run(catalog, root, splits, name)
    save_weighing_model(catalog.workspace.run(run.id))
    return run


def unlike(file: Path) -> Path:
    """An image of stripes, beside those of one colour each."""
    stripes = np.repeat(np.array([[[250, 0, 250], [0, 250, 0]]], np.uint8), 6, axis=1)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(stripes.repeat(12, axis=0)).save(file)
    return file
