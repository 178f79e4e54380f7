"""Several looks at an image, averaged: test-time augmentation inside the model itself.

As layers, so that every export gives the answer that was tested.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from core.training.spec import TrainSpec

# What a look leaves out of the image, as a share of its side.
_OUT = 0.08


def averaged(model: Any, spec: TrainSpec) -> Any:
    """A model whose answer is the mean of ``model``'s about ``spec.test_views`` looks.

    The image itself; mirrored, if training mirrored images; its middle, its upper left and its
    lower right, each a little larger.
    """
    size = spec.image_size
    out = max(1, round(size * _OUT))
    pixels = keras.Input((size, size, 3), name="pixels")
    crops = [
        ((out, out), (out, out)),
        ((0, 2 * out), (0, 2 * out)),
        ((2 * out, 0), (2 * out, 0)),
        ((0, 2 * out), (2 * out, 0)),
    ]
    looks = [pixels]
    if spec.augmentation.flip_horizontal:
        looks.append(keras.ops.flip(pixels, axis=2))
    looks += [layers.Resizing(size, size)(layers.Cropping2D(crop)(pixels)) for crop in crops]
    answers = [model(look) for look in looks[: spec.test_views]]
    return keras.Model(
        pixels, layers.Average(name="probabilities", dtype="float32")(answers), name=model.name
    )
