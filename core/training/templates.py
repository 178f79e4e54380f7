"""Own networks to start from, from the smallest that works to one that is rather good."""

from __future__ import annotations

from core.training.stack import Layer


def _conv(filters: int, activation: str = "relu", size: int = 3) -> Layer:
    return Layer.model_validate(
        {"kind": "Conv2D", "filters": filters, "size": size, "activation": activation}
    )


_POOL = Layer(kind="MaxPooling2D", size=2)
_NORM = Layer(kind="BatchNormalization")
_MEAN = Layer(kind="GlobalAveragePooling2D")


def _separable(filters: int, strides: int = 1) -> tuple[Layer, ...]:
    return (Layer(kind="SeparableConv2D", filters=filters, strides=strides), _NORM)


def _each(filters: tuple[int, ...], *then: Layer) -> tuple[Layer, ...]:
    """Convolutions of these widths, each followed by the same layers."""
    return tuple(layer for width in filters for layer in (_conv(width), *then))


# name → (what it is and when to take it, layers)
TEMPLATES: dict[str, tuple[str, tuple[Layer, ...]]] = {
    "Smallest CNN": (
        "One convolution and one pooling: the least that can see anything. To try things out.",
        (_conv(16), _POOL, _MEAN),
    ),
    "Classic CNN": (
        "Convolution and pooling three times, then one wide dense layer, as in most tutorials.",
        (
            *_each((32, 64, 128), _POOL),
            Layer(kind="Dropout", rate=0.25),
            Layer(kind="Flatten"),
            Layer(kind="Dense", filters=128),
        ),
    ),
    "With batch normalisation": (
        "Normalises what every convolution gives, so that it learns faster and more surely.",
        (*_each((32, 64, 128), _NORM, _POOL), _conv(128), _NORM, _MEAN),
    ),
    "Separable (mobile)": (
        "Splits each convolution in two, as networks for phones do: a few times less work.",
        (
            _conv(24),
            _NORM,
            *_separable(48, 2),
            *_separable(48),
            *_separable(96, 2),
            *_separable(96),
            *_separable(192, 2),
            _MEAN,
        ),
    ),
    "Wide and shallow": (
        "Few layers with many filters and large windows. Good at textures, poor at shapes.",
        (
            Layer(kind="Conv2D", filters=96, size=7, strides=2),
            _NORM,
            _POOL,
            _conv(192, size=5),
            _NORM,
            _MEAN,
        ),
    ),
}
