"""A loaded Keras model inside one that speaks as Lightbox's own do: RGB pixels 0..255 in,
probabilities out. Keras is imported inside functions only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.features.grey import lightness
from core.text import plural
from core.training.foreign.archive import MAX_BYTES
from core.training.foreign.judge import Pixels

# Of one layer's output for one image: a quarter of a gigabyte.
_MOST_NUMBERS = 2**26
# Probabilities of float16 models add up to 1 only roughly.
_SUM = 2e-2


def load(file: Path) -> Any:
    """Load what :func:`core.training.foreign.archive.clean_copy` wrote, in Keras's safe mode.

    Raises:
        InvalidInput: Keras refuses it; the sentence has the first line of what it says.
    """
    import keras

    try:
        return keras.saving.load_model(file, compile=False, safe_mode=True)
    except MemoryError:
        raise
    except Exception as error:
        # Keras's layers raise whatever their settings run into.
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        raise InvalidInput(
            f"Keras can’t load this model: {said[:300] or type(error).__name__}".rstrip(".") + ".",
            remedy="Save it again with a recent Keras 3.",
        ) from error


def wrap(inner: Any, size: int, labels: Sequence[str], pixels: Pixels) -> tuple[Any, list[str]]:
    """The model from RGB pixels 0..255, float, shape (n, size, size, 3), to probabilities
    (n, classes), and sentences about what was put around it.

    Args:
        inner: takes grey or colour images of that size.
        pixels: the values that it was trained on.

    Raises:
        InvalidInput: it can't take such images, or doesn't give one number a class.
    """
    import keras
    from keras import layers

    said = []
    inner = _of_size(inner, size)
    image = keras.Input((size, size, 3), name="pixels")
    x = image
    if inner.input_shape[-1] == 1:
        x = lightness(x)
        said.append("Colour is turned into grey before it.")
    if pixels == "0..1":
        x = layers.Rescaling(1 / 255, name="to_0_1")(x)
        said.append("Pixels are divided by 255 before it.")
    elif pixels == "-1..1":
        x = layers.Rescaling(1 / 127.5, offset=-1.0, name="to_minus_1_1")(x)
        said.append("Pixels are brought to −1 to 1 before it.")
    try:
        answer = inner(x, training=False)
    except Exception as error:
        # Layers raise whatever the wrong size makes them run into.
        raise InvalidInput(
            f"This model can’t take images of {size} × {size} pixels.",
            remedy="Give the size that it was trained on.",
        ) from error
    check_work(inner, size)
    if len(answer.shape) != 2 or answer.shape[-1] is None:
        shape = ", ".join("any" if n is None else str(n) for n in answer.shape[1:])
        raise InvalidInput(
            f"This model gives numbers of shape ({shape}) for an image, not one number a class.",
            remedy="Only models that end in one number a class can be imported.",
        )
    answer, more = _probabilities(keras.Model(image, answer), answer, size, labels)
    answer = layers.Activation("linear", dtype="float32", name="probabilities")(answer)
    return keras.Model(image, answer, name="imported"), said + more


def check_work(model: Any, size: int) -> None:
    """Refuse a model that would need more memory for one image than there is for all.

    Raises:
        InvalidInput: naming the layer.
    """
    if model.count_params() * 4 > MAX_BYTES:
        raise InvalidInput(f"This model has {model.count_params():,} numbers to keep, too many.")
    for layer in flat_layers(model):
        try:
            shape = [size if n is None else int(n) for n in layer.output.shape[1:]]
        except (AttributeError, TypeError, ValueError):
            continue  # it is used in several places, or gives several things
        if math.prod(shape) > _MOST_NUMBERS:
            raise InvalidInput(
                f"The layer “{layer.name}” makes {math.prod(shape):,} numbers of one image, too "
                "many to be worked with.",
                remedy="Build the model for smaller images, or without that layer.",
            )


def flat_layers(model: Any) -> list[Any]:
    """Layers, those of models inside it included."""
    found = []
    for layer in model.layers:
        found += flat_layers(layer) if hasattr(layer, "layers") else [layer]
    return found


def _of_size(inner: Any, size: int) -> Any:
    """The same model with its open input size closed, so that the shapes of its layers are known;
    as it is where that can't be."""
    if None not in inner.input_shape[1:3]:
        return inner
    try:
        closed = type(inner).from_config(_closed(inner.get_config(), size))
        closed.set_weights(inner.get_weights())
    except Exception:
        # A network inside it may see another size than the whole: Keras raises what it runs into.
        return inner
    return closed


def _closed(config: Any, size: int) -> Any:
    """A model's config in which every input of an open size has this one."""
    if isinstance(config, list | tuple):
        return [_closed(each, size) for each in config]
    if not isinstance(config, dict):
        return config
    closed = {key: _closed(each, size) for key, each in config.items()}
    for key in ("batch_shape", "build_input_shape"):
        shape = closed.get(key)
        if isinstance(shape, list) and len(shape) == 4:
            closed[key] = [shape[0], shape[1] or size, shape[2] or size, shape[3]]
    return closed


def _probabilities(
    raw: Any, answer: Any, size: int, labels: Sequence[str]
) -> tuple[Any, list[str]]:
    """Whatever the model gives, as one probability a class."""
    from keras import layers, ops

    outputs = int(answer.shape[-1])
    given = np.asarray(raw.predict(probes(size).astype(np.float32), verbose=0), np.float64)
    if not np.isfinite(given).all():
        raise InvalidInput(
            "This model answers with something that is not a number.",
            remedy="Check its weights, and which pixel values it expects.",
        )
    activation = _activation(raw)
    if outputs == 1 and len(labels) == 2:
        said = [f"Its one number is the probability of “{labels[1]}”."]
        if activation != "sigmoid":
            answer = layers.Activation("sigmoid", dtype="float32", name="to_probability")(answer)
            said.append("A sigmoid was added, as it gives no probability itself.")
        return ops.concatenate([1 - answer, answer], axis=-1), said
    if outputs != len(labels):
        raise InvalidInput(
            f"This model gives {plural(outputs, 'number')}, but {len(labels)} classes are named.",
            remedy="Give as many names as it has outputs, in their order.",
        )
    sums = given.sum(axis=1)
    if given.min() >= -1e-6 and np.abs(sums - 1).max() < _SUM and activation != "sigmoid":
        return answer, []
    if activation == "sigmoid":
        raise InvalidInput(
            "This model judges each class by itself (its last layer is a sigmoid), so several can "
            "be true of one image, or none.",
            remedy="Only models that choose one class (softmax) can be imported.",
        )
    softmax = layers.Activation("softmax", dtype="float32", name="to_probabilities")
    return softmax(answer), ["A softmax was added, as it gives no probabilities itself."]


def _activation(model: Any) -> str:
    """Name of what the last layer applies at last, ``linear`` if it says none."""
    layer = model.layers[-1]
    while hasattr(layer, "layers"):
        layer = layer.layers[-1]
    kind = type(layer).__name__.casefold()
    if kind in ("sigmoid", "softmax"):
        return kind
    return str(getattr(getattr(layer, "activation", None), "__name__", "linear"))


def probes(size: int, count: int = 16) -> np.ndarray:
    """Pictures to try a model on where there are no real ones: uint8 (count, size, size, 3);
    black, white, slopes and soft noise, always the same."""
    rng = np.random.default_rng(1)
    found = [np.zeros((size, size, 3)), np.full((size, size, 3), 255.0)]
    slope = np.linspace(0, 255, size)
    found += [
        np.repeat(np.broadcast_to(slope, (size, size))[..., None], 3, 2),
        np.repeat(np.broadcast_to(slope[:, None], (size, size))[..., None], 3, 2),
    ]
    while len(found) < count:
        coarse = rng.integers(0, 256, (4, 4, 3)).astype(np.float64)
        each = -(-size // 4)
        found.append(np.kron(coarse, np.ones((each, each, 1)))[:size, :size])
    return np.stack(found).astype(np.uint8)
