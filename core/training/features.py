"""Features of a frozen backbone, computed once by OpenVINO and kept by content hash.

For each image once as it is, and, for training images, a few times varied. A head is then fitted
on the features, which takes seconds. The converted backbone is cached too, so a second run on the
same data needs neither Keras's weights nor a single decode.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.pixels import Pixels
from core.datasets.slots import SlotFile
from core.progress import Reporter
from core.training import augmentation
from core.training.architectures import mobilenet_v2
from core.training.runtime import Compiled
from core.workspace import Workspace

VIEWS = 3
_BATCH = 256


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
    varied: np.ndarray,
    *,
    size: int,
    precision: str,
    report: Reporter,
) -> Features:
    """Compute what is not there yet, and return all.

    Args:
        model: the backbone as an OpenVINO model, or a path of one.
        digests: content hash of each row of ``pixels``.
        varied: bool, shape (rows,): rows of which varied views are wanted too (none for no
            augmentation).

    Raises:
        Cancelled: what was computed is kept.
    """
    folder = workspace.cache / "features" / dataset_id
    ready = pixels.slots >= 0
    compiled: Compiled | None = None
    stores, slots, computed = [], [], 0
    total = int(ready.sum() + VIEWS * (varied & ready).sum()) if varied.any() else int(ready.sum())
    done = 0
    for view in range(VIEWS + 1 if varied.any() else 1):
        rows = np.flatnonzero(ready & varied if view else ready)
        stem = f"{mobilenet_v2.FEATURES_VERSION}-{size}-{precision}-view{view}"
        if view:
            stem += f"-a{augmentation.VERSION}"
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
                if view:
                    images = _vary(images, [digests[r] for r in some], view)
                for row, feature in zip(some, compiled.predict(images), strict=True):
                    file.add(digests[row], feature)
            computed += len(missing)
            done += len(rows)
        stores.append(file.open())
        slots.append(file.find(digests))
    report.progress("features", total, total, "Looking at images with MobileNetV2")
    return Features(stores, np.stack(slots), computed)


def _vary(images: np.ndarray, digests: list[str], view: int) -> np.ndarray:
    """Variations that depend on each image's content and the view only, so they can be cached."""
    drawn = [
        augmentation.draw(np.random.default_rng([view, int(d[:8], 16)]), 1, images.shape[1])
        for d in digests
    ]
    variation = augmentation.Variation(
        *(np.concatenate([getattr(one, name) for one in drawn])
          for name in ("transforms", "gain", "bias"))
    )  # fmt: skip
    return np.asarray(augmentation.apply(images, variation)).round().astype(np.uint8)


def cached_backbone(workspace: Workspace, size: int, weights: Path) -> Path:
    """The backbone as OpenVINO IR, converted from Keras the first time."""
    path = workspace.cache / "backbones" / f"{mobilenet_v2.FEATURES_VERSION}-{size}.xml"
    if not path.exists() or not path.with_suffix(".bin").exists():
        from core.training.export import save_ir

        save_ir(mobilenet_v2.backbone(size, weights), path)
    return path
