"""The real images that an export is checked and calibrated with: those of the run itself."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.catalog import Catalog, RunRecord
from core.datasets.content import read_regular
from core.datasets.images import open_image
from core.datasets.places import image_file
from core.errors import LightboxError, NotFound
from core.progress import Reporter
from core.runs.files import RunFiles
from core.runs.pixels import run_pixels
from core.runs.values import ModelInfo

CHECKED = 200
CALIBRATED = 100
SHOWN = 4
# Pictures of the self-test are made no larger than this; they are there to be resized.
_SIDE = 512


@dataclass(frozen=True)
class Images:
    """A finished run's images, found through its split.

    Attributes:
        info: of its model.
        root: where they lie.
        table: ``path``, ``label``, ``hash``, ``split`` of all.
    """

    catalog: Catalog
    run: RunRecord
    info: ModelInfo
    root: Path
    table: pd.DataFrame

    def checking(self, report: Reporter) -> np.ndarray:
        """At most ``CHECKED`` validation images as the model is given them: uint8 (n, size, size,
        3).

        Raises:
            NotFound: not one of them can be read any more.
        """
        return self._take("validation", CHECKED, report)

    def calibrating(self, report: Reporter) -> np.ndarray:
        """At most ``CALIBRATED`` training images, likewise.

        Raises:
            NotFound: not one of them can be read any more.
        """
        return self._take("train", CALIBRATED, report)

    def pictures(self) -> list[bytes]:
        """At most ``SHOWN`` validation images of different classes, upright, as PNG files.

        Raises:
            NotFound: not one of them can be read any more.
        """
        pictures: list[bytes] = []
        for row in self._rows("validation").groupby("label", sort=True).head(1).itertuples():
            try:
                image = open_image(read_regular(image_file(self.root, str(row.path)))).image
            except (LightboxError, OSError):
                continue
            image.thumbnail((_SIDE, _SIDE))
            out = io.BytesIO()
            image.save(out, "PNG")
            pictures.append(out.getvalue())
            if len(pictures) == SHOWN:
                break
        if not pictures:
            raise _gone(self.root)
        return pictures

    def _rows(self, split: str) -> pd.DataFrame:
        rows = self.table[self.table["split"] == split]
        return rows if len(rows) else self.table

    def _take(self, split: str, most: int, report: Reporter) -> np.ndarray:
        rows = self._rows(split).sort_values(["label", "path"])
        # Evenly out of all classes.
        some = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
        pixels = run_pixels(self.catalog, self.run, self.info, rows.iloc[some], report)
        good = np.flatnonzero(pixels.slots >= 0)
        if not len(good):
            raise _gone(self.root)
        return pixels.take(good)


def load_images(catalog: Catalog, run_id: str, info: ModelInfo) -> Images:
    """The images of a run; nothing is decoded yet.

    Args:
        info: of the run's model.

    Raises:
        NotFound: it isn't known any more which they were, or its dataset was removed.
    """
    run = catalog.runs.get(run_id)
    split = RunFiles(catalog.workspace, run.id).split()
    root = catalog.workspace.load_path(catalog.datasets.get(run.dataset_id).root)
    return Images(catalog, run, info, root, split)


def _gone(root: Path) -> NotFound:
    return NotFound(
        "The run's images can't be read any more, so an export can't be checked.",
        file=root,
        remedy="Put them back where they were, then try again.",
    )
