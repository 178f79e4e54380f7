"""Which features of a frozen backbone a training uses: how many views, and under what name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.datasets.pixels import Images
from core.features import backbones
from core.features.backbones import Peaks
from core.features.cache import Extractor, FeatureViews
from core.progress import Reporter
from core.training import architectures, recipes
from core.training.spec import TrainSpec
from core.training.views import variations
from core.workspace import Workspace


def tag(spec: TrainSpec, own: str = "") -> str:
    """What the features depend on besides backbone, size and precision, for the caches' names.

    Pixels that were cropped or padded, or have lost their colour, give other features.

    Args:
        own: stands for weights that are not ImageNet's.
    """
    resize = "" if spec.resize == "stretch" else spec.resize
    return "-".join(filter(None, [own, resize, "gray" if spec.color == "gray" else ""]))


@dataclass(frozen=True)
class Body:
    """A frozen network in a training.

    Attributes:
        precision: of the training; frozen networks are run by the processor, which has no float16.
        model: for OpenVINO; ``None`` to look only what is there.
        own: stands for weights that are not ImageNet's.
        peaks: what it gives besides its means.
    """

    precision: str
    model: Any = None
    own: str = ""
    peaks: Peaks = "none"


def views(
    workspace: Workspace,
    spec: TrainSpec,
    body: Body,
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
    backbone = backbones.get(architectures.get(spec.architecture).backbone or "")
    return FeatureViews(
        workspace,
        spec.dataset_id,
        Extractor(
            model=body.model,
            backbone=backbone.peaked(body.peaks),
            size=spec.image_size,
            precision="float32" if body.precision == "float32" else "bfloat16",
            tag=tag(spec, body.own),
        ),
        pixels,
        digests,
        report=report,
        variations=variations(spec.augmentation, count),
    )
