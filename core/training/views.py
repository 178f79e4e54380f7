"""Varied views of training images for a frozen backbone, fixed by each image's content.

A head is fitted on the features of the images and of a few such views, which takes seconds.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial

import numpy as np

from core.features.cache import Variations
from core.training.augmentation.draw import COLUMNS, draw
from core.training.augmentation.kind import CHANGES
from core.training.augmentation.options import Augmentation
from core.training.augmentation.vary import VERSION, apply

VIEWS = 3
_MIXING = {"mixup", "cutmix"}  # happens to batches, not to what is kept


def variations(options: Augmentation, views: int = VIEWS) -> Variations:
    """Views of an image that depend on its content and the view's number only.

    Mixing is no part of it. Where ``options`` vary nothing, there are no views.
    """
    # A kind that is off, and that came later, makes no other views of what is kept already.
    left_out = _MIXING | {name for name in CHANGES if not getattr(options, name)}
    said = json.dumps(options.model_dump(mode="json", exclude=left_out), sort_keys=True)
    version = f"{VERSION}-{hashlib.sha256(said.encode()).hexdigest()[:10]}"
    return Variations(views if options.varies else 0, version, partial(_make, options))


def _make(options: Augmentation, images: np.ndarray, digests: list[str], view: int) -> np.ndarray:
    # Numbers of each image's own, so that it makes no difference which others are in the batch.
    numbers = np.stack(
        [
            np.random.default_rng([view, int(digest[:16], 16)]).random(len(COLUMNS))
            for digest in digests
        ]
    )
    return apply(images, draw(options, numbers, images.shape[1]))
