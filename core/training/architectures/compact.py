"""A compact residual CNN, for training from scratch on an ordinary processor.

Residual blocks as in He et al., "Identity Mappings in Deep Residual Networks" (2016), three
stages, about 0.4 million weights. Batch normalisation's momentum is lower than Keras's default:
short runs are over before a slow average has caught up with the weights.
"""

from __future__ import annotations

from typing import Any

from core.training.architectures.family import MOMENTUM, Architecture, BuildConfig, begin, finish

_WIDTHS = (24, 48, 96)


def build(config: BuildConfig) -> Any:
    """A small residual network: three stages of blocks, each half as wide and high as the last."""
    from keras import layers

    size = config.size

    def normalise(x: Any) -> Any:
        return layers.BatchNormalization(momentum=MOMENTUM)(x)

    def convolve(x: Any, width: int, stride: int = 1, kernel: int = 3) -> Any:
        return layers.Conv2D(
            width,
            kernel,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
        )(x)

    def block(x: Any, width: int, stride: int) -> Any:
        """Two convolutions, and a shortcut around both."""
        shortcut = x
        if stride != 1 or x.shape[-1] != width:
            shortcut = x if stride == 1 else layers.AveragePooling2D(2, padding="same")(x)
            shortcut = normalise(convolve(shortcut, width, kernel=1))
        y = layers.Activation("relu")(normalise(convolve(x, width, stride)))
        y = normalise(convolve(y, width))
        return layers.Activation("relu")(layers.Add()([y, shortcut]))

    pixels, x = begin(size, config.color)
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    # Small images keep their few pixels; larger ones start at half size, which costs a quarter.
    x = layers.Activation("relu")(normalise(convolve(x, _WIDTHS[0], 1 if size <= 24 else 2)))
    x = block(x, _WIDTHS[0], 1 if size <= 96 else 2)
    for width in _WIDTHS[1:]:
        x = block(x, width, 2)
        x = block(x, width, 1)
    x = layers.GlobalAveragePooling2D()(x)
    return finish(pixels, x, config.classes, config.dropout, "compact")


FAMILIES = (
    Architecture(
        "compact",
        "Compact residual CNN",
        "A small modern network, made to learn quickly from few images on an ordinary computer.",
        build,
    ),
)
