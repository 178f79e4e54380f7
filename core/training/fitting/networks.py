"""The networks of a look as Keras models."""

from __future__ import annotations

from typing import Any

from core.features.backbones.build import build
from core.features.backbones.closer import looking_closely
from core.features.weights import weights
from core.training.auto.looks import Look
from core.training.auto.seen import backbones_of
from core.training.spec import TrainSpec


def bodies_of(spec: TrainSpec, look: Look) -> list[Any]:
    """From pixels to features, float32: each network of a look, in its order."""
    gray = spec.color == "gray"
    bodies = [build(each, look.size, weights(each.key), gray=gray) for each in backbones_of(look)]
    return [looking_closely(body, look.closer) if look.closer else body for body in bodies]
