"""Weights that Keras publishes, for the notebook."""

from __future__ import annotations

from core.delivery.take_away.cells import Cell, code, words
from core.features.backbones.backbone import Backbone
from core.features.weights import find_weights


def published(backbone: Backbone) -> list[Cell]:
    """Where they are downloaded from, once."""
    found = find_weights(backbone.key)
    # Keras files one set of weights under several names; the one that is here will do.
    name = found.name if found is not None else backbone.file.names[0]
    return [
        words(
            f"""
            It has learned from over a million photos (ImageNet) what edges, textures and shapes
            there are. Its weights ({backbone.megabytes} MB) are downloaded once, and kept by Keras.
            """
        ),
        code(
            f"""
            WEIGHTS = keras.utils.get_file(
                "{name}",
                "{backbone.file.url.rpartition("/")[0]}/"
                "{name}",
                cache_subdir="models",
            )
            """
        ),
    ]
