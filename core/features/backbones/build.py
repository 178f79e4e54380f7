"""A backbone as a Keras model. Keras is imported inside functions only."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.features.backbones.backbone import Backbone
from core.features.grey import lightness

# Of ImageNet, red, green and blue.
_CAFFE_MEAN = (123.68, 116.779, 103.939)


def build(backbone: Backbone, size: int, weights: Path | None, *, gray: bool = False) -> Any:
    """A ``keras.Model`` from RGB pixels 0..255, float, shape (n, size, size, 3), to features.

    Its input is named ``pixels``, the layer of its output, shape (n, backbone.features),
    ``features``. All layers stand side by side in it (but for ConvNeXt's stems, each of which is a
    model of two), so a share of them can be frozen; all are trainable as they come.

    Args:
        weights: a file of weights without the top, as ``keras.applications`` has it, or that of
            its package; ``None`` starts from random ones.
        gray: let it see lightness only, in all three channels alike.

    Raises:
        InvalidInput: the images are too small, or the file holds other weights.
    """
    if size < backbone.smallest:
        raise InvalidInput(
            f"{backbone.title} can't see images of {size} × {size} pixels.",
            remedy=f"Use {backbone.smallest} or more.",
        )
    if weights is None:
        return body_of(backbone, size, None, gray=gray)
    try:
        with warnings.catch_warnings():
            # One for every layer that doesn't fit, before the error that says it all.
            warnings.simplefilter("ignore")
            if not gray:
                return body_of(backbone, size, weights, gray=False)
            return grey_body_of(backbone, size, weights)
    # What Keras and h5py raise for another network's weights, or for no weights at all.
    except (ValueError, OSError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise InvalidInput(
            f"This file does not hold weights of {backbone.title}.",
            file=weights,
            remedy="Use the file without the top that Keras publishes, or one saved from the same "
            "network.",
        ) from error


def grey_body_of(backbone: Backbone, size: int, weights: Path) -> Any:
    """As :func:`body_of`, of lightness only."""
    # The file is read layer by layer, so there must be no layer more than it knows.
    coloured = body_of(backbone, size, weights, gray=False)
    model = body_of(backbone, size, None, gray=True)
    model.set_weights([model.get_layer("grey").get_weights()[0], *coloured.get_weights()])
    return model


def body_of(backbone: Backbone, size: int, weights: Path | None, *, gray: bool) -> Any:
    """From pixels to features: the network without its top, tapped at two layers or more."""
    import keras
    from keras import layers

    x = keras.Input((size, size, 3), name="pixels")
    if gray:
        x = layers.Concatenate(name="grey_as_rgb")([lightness(x)] * 3)
    if backbone.preprocessing == "unit":
        x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    elif backbone.preprocessing == "caffe":
        x = layers.Normalization(mean=_CAFFE_MEAN, variance=(1.0, 1.0, 1.0))(x)
    if backbone.packaged is not None:
        base = backbone.packaged.network(x, **dict(backbone.arguments))
    else:
        base = getattr(keras.applications, backbone.application)(
            include_top=False, weights=None, input_tensor=x, **dict(backbone.arguments)
        )
    if weights is not None:
        _load(base, backbone, weights)
    if backbone.key.startswith("convnext"):
        base = _quicker(base)
    middle, last = (_tapped(base, tap) for tap in backbone.taps)
    pooled = [
        layers.Flatten()(_quarters(middle)),
        last if len(last.shape) == 2 else layers.GlobalAveragePooling2D()(last),
        *(layers.GlobalMaxPooling2D()(_tapped(base, tap)) for tap, _ in backbone.peaks),
    ]
    features = layers.Concatenate(name="features")(pooled)
    return keras.Model(base.inputs[0], features, name=backbone.key)


def _quarters(maps: Any) -> Any:
    """Means over each quarter of the picture; quarters of odd sides share their middle lines."""
    from keras import layers

    side = int(maps.shape[1])
    return layers.AveragePooling2D(-(-side // 2), strides=max(1, side // 2))(maps)


def _quicker(base: Any) -> Any:
    """The same network with depthwise convolutions as layers of that kind, not as grouped ones.

    Keras writes ConvNeXt's as convolutions with a group a channel, for which TensorFlow has no
    quick gradient on processors: fine-tuning is four times as fast without them.
    """
    import keras
    from keras import layers

    def is_grouped(layer: Any) -> bool:
        return isinstance(layer, layers.Conv2D) and layer.groups == layer.filters > 1

    def replaced(layer: Any) -> Any:
        if not is_grouped(layer):
            return type(layer).from_config(layer.get_config())
        return layers.DepthwiseConv2D(
            layer.kernel_size, padding=layer.padding, name=layer.name, dtype=layer.dtype_policy
        )

    quick = keras.models.clone_model(base, clone_function=replaced)
    for old, new in zip(base.layers, quick.layers, strict=True):
        values = old.get_weights()
        if is_grouped(old):
            values[0] = values[0].transpose(0, 1, 3, 2)
        new.set_weights(values)
    return quick


def _tapped(base: Any, tap: str) -> Any:
    if tap == "last":
        return base.outputs[0]
    kind, _, name = tap.rpartition(":")
    layer = base.get_layer(name)
    return layer.input if kind == "before" else layer.output


def _load(base: Any, backbone: Backbone, weights: Path) -> None:
    """Set the weights of the network from a file without the top."""
    if backbone.packaged is not None and weights.suffix == ".pth":
        backbone.packaged.read(base, weights)
    else:
        base.load_weights(str(weights))
    if backbone.preprocessing == "caffe":
        # Learned on BGR. Turning the first kernel round is the same as turning the pixels, and
        # leaves no layer that fine-tuning could change by mistake.
        first = next(layer for layer in base.layers if layer.weights)
        kernel, *rest = first.get_weights()
        first.set_weights([kernel[:, :, ::-1], *rest])
