"""Several looks at an image, averaged: test-time augmentation inside the model itself.

As layers, so that every export gives the answer that was tested.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

# What a look leaves out of the image, as a share of its side.
_OUT = 0.08


def averaged(model: Any, size: int, views: int, *, mirrored: bool = False) -> Any:
    """A model whose answer is the mean of ``model``'s about so many looks at an image.

    The image itself; mirrored, if training mirrored images; its middle and its corners, each a
    little larger. Each look is asked as in use, so that nothing is drawn by chance in what Keras
    exports.

    Args:
        size: side of the images, in pixels.
        views: how many looks, 2 to 5.
        mirrored: whether one of them is the image mirrored left to right.
    """
    out = max(1, round(size * _OUT))
    pixels = keras.Input((size, size, 3), name="pixels")
    crops = [
        ((out, out), (out, out)),
        ((0, 2 * out), (0, 2 * out)),
        ((2 * out, 0), (2 * out, 0)),
        ((0, 2 * out), (2 * out, 0)),
    ]
    looks = [pixels]
    if mirrored:
        looks.append(keras.ops.flip(pixels, axis=2))
    # No layer: Keras notes that a Resizing is called as in training, and hands that on to whatever
    # comes after it, dropout included.
    looks += [
        keras.ops.image.resize(layers.Cropping2D(crop)(pixels), (size, size)) for crop in crops
    ]
    answers = [model(look, training=False) for look in looks[:views]]
    return keras.Model(
        pixels, layers.Average(name="probabilities", dtype="float32")(answers), name=model.name
    )
