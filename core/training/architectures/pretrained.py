"""Networks with published weights, each a frozen or fine-tuned backbone with a head on its
features.

The two are built apart, since a head is trained on features that are computed once, and joined by
:func:`assemble`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from core.features import backbones
from core.features.backbones.build import build
from core.training.architectures.family import MOMENTUM, Architecture, BuildConfig


def head(features: int, classes: int, dropout: float = 0.4) -> Any:
    """A ``keras.Model`` named ``head`` from features (n, features) to probabilities (n,
    classes)."""
    import keras
    from keras import layers

    vector = keras.Input((features,), name="features")
    x = layers.BatchNormalization(momentum=MOMENTUM, scale=False, center=False)(vector)
    if dropout:
        x = layers.Dropout(dropout, name="features_dropout")(x)
    logits = layers.Dense(classes, name="logits", kernel_initializer="zeros")(x)
    probabilities = layers.Activation("softmax", dtype="float32", name="probabilities")(logits)
    return keras.Model(vector, probabilities, name="head")


def assemble(body: Any, top: Any) -> Any:
    """One model from RGB pixels 0..255 to probabilities.

    Its input is ``pixels``, the vector of features is the output of its layer ``features``, and its
    weights are those of ``body`` and ``top`` themselves, not copies.

    Args:
        body: from pixels to features, as :func:`core.features.backbones.build.build` makes it.
        top: as from :func:`head`.
    """
    import keras

    return keras.Model(body.inputs[0], top(body.outputs[0]), name=f"{body.name}_classifier")


def side_by_side(bodies: Sequence[Any]) -> Any:
    """One model from pixels to the features of all, one after the other; of a single one, itself.

    Args:
        bodies: as :func:`core.features.backbones.build.build` makes them, of the same size. They
            become layers of the new model, and keep their weights; of two of the same name, the
            later is named anew.
    """
    import keras
    from keras import layers

    if len(bodies) == 1:
        return bodies[0]
    pixels = keras.Input(bodies[0].input_shape[1:], name="pixels")
    seen: list[Any] = []
    names: list[str] = []
    for body in bodies:
        name = body.name if body.name not in names else f"{body.name}_{len(names) + 1}"
        if name != body.name:
            body = keras.Model(body.inputs[0], body.outputs[0], name=name)
        seen.append(body(pixels))
        names.append(name)
    features = layers.Concatenate(name="features")(seen)
    return keras.Model(pixels, features, name="_".join(names))


def _build(key: str, config: BuildConfig) -> Any:
    """See :attr:`Architecture.build`."""
    from keras import layers

    backbone = backbones.get(key)
    body = build(backbone, config.size, None, gray=config.color == "gray")
    for layer in body.layers:
        # Set for weeks of training; from random weights, short runs need a quicker average.
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = MOMENTUM
    return assemble(body, head(backbone.features, config.classes, config.dropout))


_SENTENCES = {
    "efficientnet_lite0": "Comes with Lightbox, so it needs no download. As fast as the MobileNets "
    "at the same size, and at its best on larger pictures.",
    "efficientnet_lite1": "A little deeper than Lite0 and a little more accurate, for half as much "
    "time again.",
    "efficientnet_lite2": "The largest of the three: wider, deeper, and more than twice the work "
    "of Lite0.",
    "mobilenet_v2": "Made for phones: fast everywhere, and as good as much larger ones on most "
    "photos. The one to start with.",
    "mobilenet_v3_small": "The smallest and fastest of all, for when every millisecond counts.",
    "mobilenet_v3_large": "As fast as MobileNetV2 and usually a little more accurate.",
    "efficientnet_v2_b0": "More accurate than the MobileNets at two to three times their work.",
    "resnet50": "The network that most papers compare with: solid, well known, rather large.",
    "convnext_tiny": "The most accurate and the slowest to fine-tune; a computer with a GPU helps.",
    "vgg16": "A classic for teaching: easy to understand, very slow for what it gives.",
}


def on_backbone(key: str, sentence: str) -> Architecture:
    """The family of a backbone with a head on it."""
    backbone = backbones.get(key)
    return Architecture(
        key,
        backbone.title,
        sentence,
        partial(_build, key),
        backbone.usual,
        backbone.smallest,
        key,
    )


FAMILIES = tuple(on_backbone(key, sentence) for key, sentence in _SENTENCES.items())
