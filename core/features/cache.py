"""Features of a frozen backbone, computed once by OpenVINO and kept by content hash.

For each image once as it is and, if asked, a few times varied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.datasets.pixels import Pixels
from core.datasets.slots import SlotFile
from core.features import mobilenet_v2
from core.features.runtime import Compiled
from core.progress import Reporter
from core.workspace import Workspace

_BATCH = 256


@dataclass(frozen=True)
class Variations:
    """How images are varied: in ways that depend on each image's content and the view's number
    only, so that what comes of it can be kept.

    Attributes:
        views: how many variations of each image.
        version: part of the cache's name; changes when the variations do.
        make: (uint8 images, their content hashes, view from 1) → uint8 images, varied.
    """

    views: int
    version: str
    make: Callable[[np.ndarray, list[str], int], np.ndarray]


@dataclass(frozen=True)
class Features:
    """Features of a table's images.

    Attributes:
        stores: one memory map a view, float16, shape (slots, features); the first is of the images
            as they are.
        slots: int64, shape (views, rows): where each row's features are; -1 where not computed.
        computed: how many had to be computed now.
    """

    stores: list[np.ndarray]
    slots: np.ndarray
    computed: int


def load_features(
    workspace: Workspace,
    dataset_id: str,
    model: Any,
    pixels: Pixels,
    digests: list[str],
    *,
    size: int,
    precision: str,
    report: Reporter,
    varied: np.ndarray | None = None,
    variations: Variations | None = None,
) -> Features:
    """Compute what is not there yet, and return all.

    Args:
        model: the backbone as an OpenVINO model, or a path of one.
        digests: content hash of each row of ``pixels``.
        varied: bool, shape (rows,): rows of which ``variations`` are wanted too.

    Raises:
        Cancelled: what was computed is kept.
    """
    folder = workspace.cache / "features" / dataset_id
    ready = pixels.slots >= 0
    compiled: Compiled | None = None
    stores, slots, computed = [], [], 0
    views = (
        variations.views if variations is not None and varied is not None and varied.any() else 0
    )
    total = int(ready.sum()) + (views * int((varied & ready).sum()) if varied is not None else 0)
    done = 0
    for view in range(views + 1):
        rows = np.flatnonzero(ready & varied if view and varied is not None else ready)
        stem = f"{mobilenet_v2.FEATURES_VERSION}-{size}-{precision}-view{view}"
        if view and variations is not None:
            stem += f"-a{variations.version}"
        file = SlotFile(folder, stem, "float16", (mobilenet_v2.FEATURES,))
        with file.adding():
            missing = np.array([r for r in rows if digests[r] not in file.slots], dtype=np.int64)
            for start in range(0, len(missing), _BATCH):
                report.check()
                report.progress(
                    "features", done + start, total, "Looking at images with MobileNetV2"
                )
                compiled = compiled or Compiled(model, precision)
                some = missing[start : start + _BATCH]
                images = pixels.take(some)
                if view and variations is not None:
                    images = variations.make(images, [digests[r] for r in some], view)
                for row, feature in zip(some, compiled.predict(images), strict=True):
                    file.add(digests[row], feature)
            computed += len(missing)
            done += len(rows)
        stores.append(file.open())
        slots.append(file.find(digests))
    report.progress("features", total, total, "Looking at images with MobileNetV2")
    return Features(stores, np.stack(slots), computed)
