"""Which features of a frozen backbone a training uses: of its images as they are, and of varied
views that each image's content decides. A head is fitted on them, which takes seconds."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Any

import numpy as np

from core.datasets.pixels import Images
from core.features import backbones
from core.features.backbones import Peaks
from core.features.cache import Extractor, FeatureViews, Variations
from core.progress import Reporter
from core.training import architectures, recipes
from core.training.augmentation.draw import COLUMNS, draw
from core.training.augmentation.kind import CHANGES
from core.training.augmentation.options import Augmentation
from core.training.augmentation.vary import VERSION, apply
from core.training.spec import TrainSpec
from core.workspace import Workspace

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


def tag(spec: TrainSpec, own: str = "") -> str:
    """What the features depend on besides backbone, size and precision, for the caches' names.

    Pixels that were cropped or padded, or have lost their colour, give other features.

    Args:
        own: stands for weights that are not ImageNet's.
    """
    resize = "" if spec.resize == "stretch" else spec.resize
    return "-".join(filter(None, [own, resize, "gray" if spec.color == "gray" else ""]))


def extractor(
    spec: TrainSpec, precision: str, model: Any = None, own: str = "", peaks: Peaks = "none"
) -> Extractor:
    """The frozen network of a training with this spec.

    Args:
        precision: of the training; frozen networks are run by the processor, which has no float16.
        model: for OpenVINO; ``None`` to look only what is there.
        own: stands for weights that are not ImageNet's.
        peaks: what it gives besides its means.
    """
    backbone = backbones.get(architectures.get(spec.architecture).backbone or "").peaked(peaks)
    kept = "float32" if precision == "float32" else "bfloat16"
    return Extractor(backbone, spec.image_size, kept, model, tag(spec, own))


def views(
    workspace: Workspace,
    spec: TrainSpec,
    extractor: Extractor,
    pixels: Images | None,
    digests: list[str],
    training_images: int,
    report: Reporter,
) -> FeatureViews:
    """Features of these images for a training with this spec, as they are and varied.

    Args:
        pixels: ``None`` to look only what is there.
        training_images: how many there are; of many, fewer views are made.
    """
    count = next((n for limit, n in recipes.VIEWS if training_images <= limit), 0)
    return FeatureViews(
        workspace,
        spec.dataset_id,
        extractor,
        pixels,
        digests,
        report=report,
        variations=variations(spec.augmentation, count),
    )
