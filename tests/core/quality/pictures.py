"""Folders of small pictures with known faults, scanned for real."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageFilter

from core.catalog import Catalog, DatasetRecord
from core.datasets.intake import add_folder
from core.quality.curation import curated
from core.quality.findings import Finding, find
from core.quality.scan import scan


def picture(seed: int = 0, low: int = 0, high: int = 255) -> Image.Image:
    """Fine and coarse detail in all of the range of ``low`` to ``high``, like a good photo."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((96, 72), Image.Resampling.BICUBIC), np.float64)
    pixels = 0.7 * smooth + 0.3 * rng.integers(0, 256, (72, 96, 3))
    return Image.fromarray((low + pixels / 255 * (high - low)).astype(np.uint8))


def blurred(seed: int = 0) -> Image.Image:
    return picture(seed).filter(ImageFilter.GaussianBlur(6))


def as_bytes(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def write(root: Path, files: dict[str, Image.Image | bytes]) -> Path:
    """Write pictures (as PNG) and bytes (as they are) at their paths below ``root``."""
    for path, what in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(what if isinstance(what, bytes) else as_bytes(what))
    return root


def clean(*labels: str, images: int = 3) -> dict[str, Image.Image | bytes]:
    """Good pictures, no two alike: ``<label>/<number>.png``."""
    return {
        f"{label}/{number}.png": picture(1000 * row + number)
        for row, label in enumerate(labels, 1)
        for number in range(images)
    }


def scanned(catalog: Catalog, root: Path) -> DatasetRecord:
    """The folder as a dataset that has been looked at."""
    record = add_folder(catalog, root, restrict=False)
    scan(catalog, record.id)
    return catalog.datasets.get(record.id)


def found(table: pd.DataFrame, **thresholds: float) -> dict[str, Finding]:
    """Findings by their detectors' keys, most harmful first."""
    return {finding.key: finding for finding in find(table, thresholds)}


def found_in(catalog: Catalog, root: Path) -> dict[str, Finding]:
    """What is found in a folder."""
    return found(curated(catalog, scanned(catalog, root).id))
