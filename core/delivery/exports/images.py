"""The real images that an export is checked and calibrated with: those of the run itself."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from core.datasets.content import read_regular
from core.datasets.images import open_image
from core.datasets.places import image_file
from core.delivery.take_away.material import Material
from core.errors import LightboxError, NotFound
from core.runs.pictures import run_pixels

CHECKED = 200
CALIBRATED = 100
SHOWN = 4
# Pictures of the self-test are made no larger than this; they are there to be resized.
_SIDE = 512


def checking(material: Material) -> np.ndarray:
    """At most ``CHECKED`` validation images as the model is given them: uint8 (n, size, size, 3).

    Raises:
        NotFound: not one of them can be read any more.
    """
    return _take(material, "validation", CHECKED)


def calibrating(material: Material) -> np.ndarray:
    """At most ``CALIBRATED`` training images, likewise.

    Raises:
        NotFound: not one of them can be read any more.
    """
    return _take(material, "train", CALIBRATED)


def pictures(material: Material) -> list[bytes]:
    """At most ``SHOWN`` validation images of different classes, upright, as PNG files.

    Raises:
        NotFound: not one of them can be read any more.
    """
    root, found = material.root, list[bytes]()
    assert root is not None, "whoever has no dataset was turned away before"
    for path in _rows(material, "validation").groupby("label", sort=True).head(1)["path"]:
        try:
            image = open_image(read_regular(image_file(root, path))).image
        except (LightboxError, OSError):
            continue
        image.thumbnail((_SIDE, _SIDE))
        out = io.BytesIO()
        image.save(out, "PNG")
        found.append(out.getvalue())
        if len(found) == SHOWN:
            break
    if not found:
        raise _gone(material)
    return found


def _rows(material: Material, split: str) -> pd.DataFrame:
    rows = material.split[material.split["split"] == split]
    return rows if len(rows) else material.split


def _take(material: Material, split: str, most: int) -> np.ndarray:
    rows = _rows(material, split).sort_values(["label", "path"])
    # Evenly out of all classes.
    some = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
    pixels = run_pixels(
        material.catalog, material.run, material.info, rows.iloc[some], material.report
    )
    good = np.flatnonzero(pixels.slots >= 0)
    if not len(good):
        raise _gone(material)
    return pixels.take(good)


def _gone(material: Material) -> NotFound:
    return NotFound(
        "The run's images can't be read any more, so an export can't be checked.",
        file=material.root,
        remedy="Put them back where they were, then try again.",
    )
