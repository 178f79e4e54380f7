"""The networks of a look as Keras models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.features import backbones
from core.features.backbones.build import build
from core.features.weights import weights
from core.training import architectures
from core.training.auto.looks import Look
from core.training.spec import TrainSpec


def bodies_of(spec: TrainSpec, look: Look, made: Mapping[str, Any]) -> list[Any]:
    """From pixels to features, float32: each network of a look, in its order.

    Args:
        made: those by key that are there already.
    """
    found = []
    for key in look.networks:
        backbone = backbones.get(architectures.get(key).backbone or "")
        body = made.get(key)
        if body is None:
            body = build(backbone, look.size, weights(backbone.key), gray=spec.color == "gray")
        found.append(body)
    return found
