"""How long a whole search will take, before it is started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from core.catalog import Catalog
from core.training.estimate import Estimate, estimate
from core.training.spec import SETTINGS, TrainSpec

# What the first run that needs it leaves behind for the others.
_ONCE = ("decode", "features", "views")


def predict_seconds(
    catalog: Catalog, specs: Sequence[TrainSpec], table: pd.DataFrame
) -> float | None:
    """Seconds that these trainings take together, one after the other.

    Reading images and computing features is counted once for all that share them.

    Args:
        table: usable images, as of :func:`core.training.estimate.estimate`.

    Returns:
        ``None`` if some part of one of them was never measured here.
    """
    known: dict[str, Estimate | None] = {}
    total, shared = 0.0, set()
    for spec in specs:
        alike = _alike(spec)
        if alike not in known:
            known[alike] = estimate(catalog, spec, table)
        found = known[alike]
        if found is None:
            return None
        for part, seconds in found.by_part.items():
            name = (part, *_shared_by(part, spec))
            if part in _ONCE and name in shared:
                continue
            shared.add(name)
            total += seconds
    return total


def _alike(spec: TrainSpec) -> str:
    """The same for trainings of which every step takes as long, so that one estimate does."""
    return repr([each.value(spec) for each in SETTINGS.values() if each.slows])


def _shared_by(part: str, spec: TrainSpec) -> tuple[Any, ...]:
    """What decides whether two runs share a part of :data:`_ONCE`."""
    pixels = (spec.image_size, spec.resize)
    if part == "decode":
        return pixels
    features = (*pixels, spec.architecture, spec.weights, spec.color, spec.precision)
    if part == "features":
        return features
    return (*features, spec.augmentation.model_dump_json(exclude={"mixup", "cutmix"}))
