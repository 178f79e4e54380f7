"""More looks at each image by the same network: its middle, enlarged.

What is small is seen larger, and what several looks agree on is less a matter of chance. Their
features are averaged, so a head needs to know nothing of it. As layers, so that every export looks
as the model did that was tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def left_out(side: int, share: float) -> int:
    """Pixels that are left out at each edge."""
    return max(1, round(side * share))


def closer_up(pixels: Any, share: float) -> Any:
    """The middle of pictures, as large as they were.

    Args:
        pixels: Keras's tensor of square pictures, shape (n, side, side, 3).
        share: of the side, that is left out at each edge; below 0.5.
    """
    import keras
    from keras import layers

    side = int(pixels.shape[1])
    out = left_out(side, share)
    # No layer: Keras notes that a Resizing is called as in training, and hands that on to whatever
    # comes after it, dropout included.
    return keras.ops.image.resize(layers.Cropping2D(out)(pixels), (side, side))


def looking_closely(body: Any, shares: Sequence[float]) -> Any:
    """From pixels to the mean of a network's features of the whole and of its enlarged middles."""
    import keras
    from keras import layers

    pixels = keras.Input(body.input_shape[1:], name="pixels")
    seen = [body(pixels), *(body(closer_up(pixels, share)) for share in shares)]
    return keras.Model(pixels, layers.Average(name="features")(seen), name=body.name)
