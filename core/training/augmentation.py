"""Variations of training images: slightly turned, shifted, zoomed, and lit differently.

No flips: a mirrored digit or letter is another one, or none. Parameters are drawn with NumPy, so
a seed decides them, and applied with one projective transform a batch, which is what costs least.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

TURN = np.deg2rad(12)
SHIFT = 0.08
ZOOM = 0.12
LIGHT = 0.15
CONTRAST = 0.2
# Part of the name of caches of augmented features: change it when anything here changes.
VERSION = 1


@dataclass(frozen=True)
class Variation:
    """Parameters for n images.

    Attributes:
        transforms: float32, shape (n, 8), output to input pixel coordinates, as TensorFlow's
            ``ImageProjectiveTransformV3`` takes them.
        gain, bias: float32, shape (n, 1, 1, 1): contrast about mid-grey, and brightness in
            0..255 units.
    """

    transforms: np.ndarray
    gain: np.ndarray
    bias: np.ndarray


def draw(rng: np.random.Generator, n: int, size: int) -> Variation:
    """Random parameters for ``n`` square images of side ``size``."""
    angle = rng.uniform(-TURN, TURN, n)
    scale = 1 + rng.uniform(-ZOOM, ZOOM, n)
    dx, dy = rng.uniform(-SHIFT, SHIFT, (2, n)) * size
    middle = (size - 1) / 2
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    transforms = np.zeros((n, 8), np.float32)
    transforms[:, 0], transforms[:, 1] = cos, -sin
    transforms[:, 3], transforms[:, 4] = sin, cos
    # Turn and zoom about the centre, not the corner.
    transforms[:, 2] = middle - cos * middle + sin * middle + dx
    transforms[:, 5] = middle - sin * middle - cos * middle + dy
    gain = 1 + rng.uniform(-CONTRAST, CONTRAST, (n, 1, 1, 1))
    bias = rng.uniform(-LIGHT, LIGHT, (n, 1, 1, 1)) * 255
    return Variation(transforms, gain.astype(np.float32), bias.astype(np.float32))


def apply(images: np.ndarray, variation: Variation) -> Any:
    """Vary images with TensorFlow.

    Args:
        images: uint8, shape (n, size, size, 3).

    Returns:
        float32 tensor of the same shape, 0 to 255.
    """
    import tensorflow as tf

    pixels = tf.cast(images, tf.float32)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=variation.transforms,
        output_shape=pixels.shape[1:3],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    lit = (moved - 127.5) * variation.gain + (127.5 + variation.bias)
    return tf.clip_by_value(lit, 0.0, 255.0)
