"""The networks of a look as Keras models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.features.backbones.build import build
from core.features.weights import weights
from core.training.auto.looks import Look
from core.training.auto.seen import backbones_of
from core.training.spec import TrainSpec


def bodies_of(spec: TrainSpec, look: Look, made: Mapping[str, Any]) -> list[Any]:
    """From pixels to features, float32: each network of a look, in its order.

    Args:
        made: those by key that are there already.
    """
    found = []
    for key, backbone in zip(look.networks, backbones_of(look), strict=True):
        body = made.get(key)
        if body is None:
            body = build(backbone, look.size, weights(backbone.key), gray=spec.color == "gray")
        found.append(body)
    return found
