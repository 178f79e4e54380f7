"""What a model's description says of it, and whether a model like that is taken at all.

Everything that it names must be Keras's own, none of the few layers that run code or read other
files, and not so large that nobody could mean it for images.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import InvalidInput

Pixels = Literal["0..255", "0..1", "-1..1"]
PIXELS: dict[Pixels, str] = {
    "0..255": "0 to 255, as they are in a file",
    "0..1": "0 to 1, divided by 255",
    "-1..1": "−1 to 1",
}
_MAX_DEPTH = 200
_MAX_WIDTH = 65_536
# What Keras writes for values that are no layers.
_VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__tuple__", "__ellipsis__", "__slice__"}
_REFUSED = {
    "Lambda": "it holds Python code of its own, which would be run",
    "TorchModuleWrapper": "it holds a pickled PyTorch module, which could run code",
    "JaxLayer": "it holds code of its own",
    "FlaxLayer": "it holds code of its own",
    "TFSMLayer": "it loads another model from a folder",
    "StringLookup": "it reads words from files and is not for images",
    "IntegerLookup": "it reads numbers from files and is not for images",
    "TextVectorization": "it reads words from files and is not for images",
}
_KERAS = re.compile(r"keras(\.src)?(\.[a-z0-9_]+)*")
# Where Keras's layers and what they are made of live; its helpers for files, downloads and ready
# models do not, and besides layers, only these classes are anything that a model consists of.
_ROOMS = {
    "layers",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "ops",
    "quantizers",
    "dtype_policies",
    "random",
}
_MODELS = {"Sequential", "Functional", "Model", "DTypePolicy"}
_SIZES = ("units", "filters", "input_dim", "output_dim")
# Of pictures and windows in them; a pair, or pairs of pairs.
_SIDES = (
    *("height", "width", "size", "padding", "cropping", "pool_size", "kernel_size", "strides"),
    *("dilation_rate", "depth_multiplier", "num_heads", "key_dim", "value_dim", "n", "groups"),
)
_MAX_SIDE = 4096
# The largest network of Keras's own has 1,046.
_MAX_LAYERS = 3000
_CENTRED = ("mobilenet_", "mobilenetv2", "inception", "xception", "nasnet")


@dataclass(frozen=True)
class Looked:
    """What is known of a model before it is loaded.

    Attributes:
        keras: the version that wrote it.
        size: side of its input in pixels; ``None`` if it takes any.
        channels: 1 (grey) or 3.
        outputs: numbers that its last layer gives; ``None`` if that can't be told.
        layers: how many, those inside others included.
        pixels: what values it probably expects; ``why`` says what that is guessed from.
    """

    keras: str
    size: int | None
    channels: int
    outputs: int | None
    layers: int
    pixels: Pixels
    why: str


def judge(config: dict[str, Any], keras: str) -> Looked:
    """What a model's description says of it.

    Raises:
        InvalidInput: it names something that isn't Keras's own, or is no model that can be used.
    """
    _check_objects(config, "the model", 0)
    layers = list(_flat(config))
    if len(layers) > _MAX_LAYERS:
        raise InvalidInput(
            f"This model has {len(layers):,} layers, too many to be meant for images.",
            remedy=f"Models of at most {_MAX_LAYERS:,} layers can be imported.",
        )
    shape = _input_shape(config)
    pixels, why = _guess(layers)
    if len(shape) != 4:
        raise InvalidInput(
            f"This model takes {_shape(shape)}, not images of shape (height, width, channels).",
            remedy="Only models of images can be imported.",
        )
    height, width, channels = shape[1:]
    if height in (1, 3) and channels not in (1, 3):
        raise InvalidInput(
            f"This model takes {_shape(shape)}: channels first.",
            remedy="Only models that take (height, width, channels) can be imported.",
        )
    if channels not in (1, 3):
        raise InvalidInput(
            f"This model takes {_shape(shape)}: images of {channels} channels.",
            remedy="Only models of colour (3) or grey (1) images can be imported.",
        )
    if height != width:
        raise InvalidInput(
            f"This model takes images of {height} × {width} pixels, which are not square.",
            remedy="Put a keras.layers.Resizing in front of it that makes them so.",
        )
    if height is not None and not 16 <= height <= 512:
        raise InvalidInput(
            f"This model takes images of {height} × {width} pixels.",
            remedy="Lightbox uses images of 16 to 512 pixels a side.",
        )
    return Looked(keras, height, channels, _outputs(layers), len(layers), pixels, why)


def _shape(shape: list[Any]) -> str:
    return "(" + ", ".join("any" if each is None else str(each) for each in shape[1:]) + ")"


def _check_objects(value: Any, where: str, depth: int) -> None:
    """Refuse every object that isn't Keras's own, wherever it is named."""
    if depth > _MAX_DEPTH:
        raise InvalidInput("The description of this model is nested too deeply to be one.")
    if isinstance(value, list):
        for each in value:
            _check_objects(each, where, depth + 1)
        return
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"A setting of {where} is not a number.")
    if not isinstance(value, dict):
        return
    if "class_name" in value:
        where = _check_object(value, where)
    for key, each in value.items():
        if key in _SIZES and isinstance(each, int) and each > _MAX_WIDTH:
            raise InvalidInput(
                f"The layer {where} has {each:,} {key}, too many to be meant for images.",
            )
        if key in _SIDES and any(abs(n) > _MAX_SIDE for n in _numbers(each)):
            raise InvalidInput(
                f"The layer {where} has a {key} of {each}, too much to be meant for images.",
            )
        if key != "compile_config":
            _check_objects(each, where, depth + 1)


def _numbers(value: Any) -> Iterator[int]:
    """Whole numbers, those in lists included."""
    if isinstance(value, list):
        for each in value[:16]:
            yield from _numbers(each)
    elif isinstance(value, int):
        yield value


def _check_object(value: dict[str, Any], where: str) -> str:
    """Refuse one object that isn't allowed; returns what to call it."""
    kind = str(value["class_name"])
    inner = value.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    called = f"“{name}” ({kind})" if name else f"“{kind}”"
    if kind in _VALUES:
        return where
    for refused, why in _REFUSED.items():
        if kind == refused or str(value.get("registered_name")).endswith(f">{refused}"):
            raise InvalidInput(
                f"The layer {called} can’t be imported: {why}.",
                remedy="Build the model again without it, with Keras’s own layers.",
            )
    if kind == "__lambda__" or "lambda" in kind.casefold():
        raise InvalidInput(
            f"A Python function inside {where} can’t be imported: it would be run.",
            remedy="Build the model again with Keras’s own layers.",
        )
    module, registered = value.get("module"), value.get("registered_name")
    if kind == "function":
        own = module == "builtins" and registered in (None, "function", inner)
        if not own and not _is_keras(module, str(inner)):
            raise _custom(f"the function “{inner}” in {where}", module)
        return where
    # Keras registers own classes under "package>name", and built-in ones under no name.
    if not _is_keras(module, kind) or registered not in (None, kind):
        raise _custom(f"the layer {called}", registered or module)
    return called


def _is_keras(module: Any, name: str) -> bool:
    if not isinstance(module, str) or not _KERAS.fullmatch(module):
        return False
    parts = module.removeprefix("keras").removeprefix(".src").strip(".").split(".")
    if parts[0] == "applications":
        # The one layer that Keras keeps beside a ready model (ConvNeXt); it only multiplies.
        return name == "LayerScale"
    return name in _MODELS if parts[0] in ("", "models") else parts[0] in _ROOMS


def _custom(what: str, module: Any) -> InvalidInput:
    return InvalidInput(
        f"This model can’t be imported: {what} is not one of Keras’s own (it is from “{module}”), "
        "and its code would have to be run.",
        remedy="Build the model again with Keras’s own layers.",
    )


def _flat(config: Any) -> Iterator[dict[str, Any]]:
    """All layers, in the order in which they are named, those inside models inside in their
    place."""
    inner = config.get("config") if isinstance(config, dict) else None
    if not isinstance(inner, dict):
        return
    if isinstance(inner.get("layers"), list):
        for layer in inner["layers"]:
            yield from _flat(layer)
    elif isinstance(config.get("class_name"), str):
        yield config


def _input_shape(config: dict[str, Any]) -> list[Any]:
    inner = config.get("config")
    if not isinstance(inner, dict) or not isinstance(inner.get("layers"), list):
        raise InvalidInput(
            "This file doesn’t say which layers the model has: it was written as a class.",
            remedy="Build it as a keras.Sequential or with the functional API, and save it again.",
        )
    layers = [each for each in inner["layers"] if isinstance(each, dict)]
    inputs = [each for each in layers if each.get("class_name") == "InputLayer"]
    if len(inputs) > 1:
        raise InvalidInput(
            f"This model takes {len(inputs)} inputs.",
            remedy="Only models that take one image can be imported.",
        )
    outputs = inner.get("output_layers")
    if isinstance(outputs, dict) or (
        isinstance(outputs, list) and len(outputs) > 1 and isinstance(outputs[0], list)
    ):
        raise InvalidInput(
            f"This model gives {len(outputs)} outputs.",
            remedy="Only models that give one number a class can be imported.",
        )
    first = inputs[0].get("config") if inputs else None
    found = inner.get("build_input_shape")
    if inputs:
        found = first.get("batch_shape") if isinstance(first, dict) else None
    if not isinstance(found, list) or not all(n is None or type(n) is int for n in found):
        raise InvalidInput(
            "This file doesn’t say what size of images the model takes.",
            remedy="Begin it with a keras.Input, and save it again.",
        )
    return found


def _outputs(layers: list[dict[str, Any]]) -> int | None:
    for layer in reversed(layers):
        units = layer["config"].get("units", layer["config"].get("filters"))
        if layer["class_name"] in ("Dense", "Conv2D") and isinstance(units, int):
            return units
    return None


def _guess(layers: list[dict[str, Any]]) -> tuple[Pixels, str]:
    """What pixel values a model was probably trained on, by what it does with them first."""
    for layer in layers:
        kind, config = layer["class_name"], layer["config"]
        if kind == "Rescaling":
            return "0..255", "It begins by rescaling its pixels itself."
        if kind == "Normalization":
            return "0..255", "It begins by normalising its pixels itself."
        if kind in ("TrueDivide", "Divide", "Subtract") and "keras" in str(layer.get("module")):
            return "0..255", "It begins by calculating with its pixels itself."
        if "kernel_initializer" in config or "depthwise_initializer" in config:
            break
    names = " ".join(str(layer["config"].get("name", "")) for layer in layers).casefold()
    if any(each in names for each in _CENTRED) or "expanded_conv_depthwise" in names:
        return "-1..1", "It holds a network of a family that was trained on −1 to 1."
    return "0..1", "It doesn’t rescale its pixels, so they were probably divided by 255 before."
