"""A run whose model can be worked out by hand: it answers with the strongest colour of an image.

Built straight from OpenVINO's operations, so that these tests need neither TensorFlow nor luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.catalog import Catalog, RunRecord
from core.datasets.content import hash_bytes
from core.datasets.intake import add_folder
from core.quality.scan import scan
from core.quiet import openvino
from core.workspace import write_json

CLASSES = ["blue", "green", "red"]
SIZE = 16
# How sure it is: probabilities are softmax(GAIN × mean of each channel in 0..1).
GAIN = 6.0
_COLOURS = {"red": (220, 40, 40), "green": (40, 220, 40), "blue": (40, 40, 220)}


def write_colour(path: Path, colour: str, seed: int = 0) -> Path:
    """A small PNG whose strongest channel is ``colour``; every seed gives another file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(-30, 31, (20, 24, 3))
    pixels = np.clip(np.array(_COLOURS[colour]) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def save_model(folder: Path, *, gain: float = GAIN, classes: list[str] | None = None) -> None:
    """Write ``model.xml`` and ``model.json`` of the model that sees colours."""
    ov = openvino()
    op = ov.opset13
    images = op.parameter([-1, SIZE, SIZE, 3], np.float32)
    means = op.reduce_mean(images, np.array([1, 2]), False)
    # Pixels are red, green, blue; classes are by name: blue, green, red.
    turned = op.gather(means, np.array([2, 1, 0]), np.array(1))
    answer = op.softmax(op.multiply(turned, np.float32(gain / 255)), 1)
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(ov.Model([answer], [images]), str(folder / "model.xml"), compress_to_fp16=False)
    write_json(
        folder / "model.json",
        {"classes": classes or CLASSES, "image_size": SIZE, "fit": "stretch", "recipe": "scratch"},
    )


def make_run(
    catalog: Catalog, root: Path, splits: Mapping[str, list[tuple[str, str]]], name: str = "colours"
) -> RunRecord:
    """A trained run on images in ``root``.

    Args:
        splits: split → list of (label, colour); where they differ, the model is wrong.
    """
    rows: list[tuple[str, str, str, str]] = []
    for split, images in splits.items():
        for number, (label, colour) in enumerate(images):
            path = f"{label}/{split}-{number}.png"
            file = write_colour(root / path, colour, seed=len(rows))
            rows.append((path, label, hash_bytes(file.read_bytes()), split))
    dataset = add_folder(catalog, root, name, restrict=False)
    scan(catalog, dataset.id)
    job = catalog.jobs.hold("train", {}, lane="train", subject=dataset.id)
    run = catalog.runs.add(
        name,
        dataset_id=dataset.id,
        dataset_version=1,
        spec={"recipe": "scratch"},
        job_id=job.id,
    )
    folder = catalog.workspace.run(run.id)
    save_model(folder)
    table = pd.DataFrame(rows, columns=["path", "label", "hash", "split"])
    table.to_parquet(folder / "split.parquet", index=False)
    return run
