"""Lightness as a layer at the front of a network, so that whatever it is exported to takes RGB."""

from __future__ import annotations

from typing import Any

# Luma as of ITU-R BT.601, as Pillow has it.
LUMA = (0.299, 0.587, 0.114)


def lightness(pixels: Any) -> Any:
    """One channel of grey (n, size, size, 1) from RGB (n, size, size, 3); a layer named ``grey``
    with three fixed weights."""
    import numpy as np
    from keras import layers

    grey = layers.Conv2D(1, 1, use_bias=False, trainable=False, name="grey")
    x = grey(pixels)
    grey.set_weights([np.array(LUMA, np.float32).reshape(1, 1, 3, 1)])
    return x
