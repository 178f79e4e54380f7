"""The network: the code that built it, called as the run called it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.delivery.take_away.cells import Cell, chosen, code, pretrained, words
from core.delivery.take_away.cells.chosen import is_chosen
from core.delivery.take_away.cut import Cutter, namespace
from core.delivery.take_away.material import Material
from core.errors import NotFound
from core.features import backbones
from core.runs.files import RunFiles
from core.training import architectures
from core.training.architectures.family import BuildConfig
from core.training.spec import TrainSpec
from core.training.stack import Layer

_FAMILIES = "core.training.architectures"
_BUILDING = "core.features.backbones.build"
_STARTING = "core.training.fitting.start"
_ON_PICTURES = ("Flatten", "GlobalAveragePooling2D", "Dense")


def cells(material: Material, cutter: Cutter, holds: Mapping[str, bool]) -> list[Cell]:
    """What the network is, and the code that builds it."""
    spec = material.spec
    about = architectures.get(spec.architecture)
    made = [
        words(
            f"""
            ## The network

            **{about.title}**. {about.sentence} It takes RGB pixels from 0 to 255 as they are and
            gives one probability for each class.
            """,
            "",
            holds["normalises"]
            and """
            Its batch normalisation averages over about ten batches (momentum 0.9), less than
            Keras's default: a short training is over before a slow average has caught up.
            """,
        )
    ]
    if is_chosen(material):
        return made + chosen.networks(material, cutter)
    if about.backbone is not None:
        return made + _pretrained(material, cutter, holds)
    built = _custom(spec, cutter) if spec.stack else _family(spec, cutter)
    made.append(code(built, "model.summary()"))
    if not holds["random"]:
        made.append(_starts_from())
        made.append(_begins(cutter, "model", repr(start_file(material)), holds))
        if spec.frozen:
            made.append(
                code(
                    cutter.cut(f"{_STARTING}:freeze"),
                    "# The first layers stay as they are; the rest learns.",
                    f"freeze(model, {spec.frozen:g})",
                )
            )
    return made


def conditions(spec: TrainSpec) -> dict[str, bool]:
    """What holds of a run's network."""
    backbone = architectures.get(spec.architecture).backbone
    stack = {layer.kind for layer in spec.stack}
    pretrained = backbone is not None and spec.weights != "none"
    return {
        "pretrained": pretrained,
        "on_pixels": not pretrained or spec.tuning.epochs > 0,
        "imagenet": spec.weights == "imagenet",
        "from_keras": spec.weights.startswith("run:") or spec.weights.endswith(".keras"),
        "from_file": spec.weights.startswith("file:") and not spec.weights.endswith(".keras"),
        "random": spec.weights == "none",
        "normalises": spec.architecture in ("compact", "vgg", "unet")
        or "BatchNormalization" in stack
        or backbone is not None,
    }


def start_file(material: Material) -> str:
    """The model file that a run started from, as it is called here."""
    kind, _, name = material.spec.weights.partition(":")
    if kind != "run":
        return str(Path(name).expanduser())
    try:
        run = material.catalog.runs.find(name).id
    except NotFound:
        return f"{name}.keras"
    return str(RunFiles(material.catalog.workspace, run).keras)


def _known(spec: TrainSpec) -> dict[str, Any]:
    config = BuildConfig(spec.image_size, 0, spec.dropout, spec.color, spec.stack)
    # What is asked for is always given: "normalises" for example is no question of a run's.
    return {"config": config, "color": spec.color, "dropout": spec.dropout}


def _family(spec: TrainSpec, cutter: Cutter) -> str:
    """The network's own ``build``, and a call of it."""
    config = {
        "size": "=SIZE",
        "classes": "=len(CLASSES)",
        "dropout": spec.dropout,
        "color": spec.color,
    }
    return "\n".join(
        [
            cutter.cut(f"{_FAMILIES}.{spec.architecture}:build", known=_known(spec)),
            "keras.utils.set_random_seed(SEED)",
            f"model = build({namespace('', config).removeprefix(' = ')})",
        ]
    )


def _custom(spec: TrainSpec, cutter: Cutter) -> str:
    """An own network, a line a layer."""
    parts = (f"{_FAMILIES}.family:begin", f"{_FAMILIES}.family:finish")
    lines = [cutter.cut(*parts, known=_known(spec)), "keras.utils.set_random_seed(SEED)"]
    lines += [
        f'pixels, x = begin(SIZE, "{spec.color}")',
        "x = layers.Rescaling(1 / 127.5, offset=-1)(x)",
    ]
    lines += [f"x = layers.{_layer(layer)}(x)" for layer in spec.stack]
    if not {layer.kind for layer in spec.stack} & set(_ON_PICTURES):
        lines.append("x = layers.GlobalAveragePooling2D()(x)")
    lines.append(f'model = finish(pixels, x, len(CLASSES), {spec.dropout:g}, "own_network")')
    return "\n".join(lines)


def _layer(layer: Layer) -> str:
    """A layer's call in Keras, without what is Keras's default."""
    given: list[str] = []
    match layer.kind:
        case "Conv2D" | "SeparableConv2D":
            given = [str(layer.filters), str(layer.size)]
            given += [f"strides={layer.step}"] if layer.step != 1 else []
            given += ['padding="same"'] if layer.padding == "same" else []
            given += [f'activation="{layer.activation}"'] if layer.activation != "linear" else []
        case "MaxPooling2D" | "AveragePooling2D":
            given = [str(layer.size)]
            given += [f"strides={layer.step}"] if layer.step != layer.size else []
            given += ['padding="same"'] if layer.padding == "same" else []
        case "BatchNormalization":
            given = ["momentum=0.9"]
        case "Dropout":
            given = [f"{layer.rate:g}"]
        case "Dense":
            given = [str(layer.filters)]
            given += [f'activation="{layer.activation}"'] if layer.activation != "linear" else []
    return f"{layer.kind}({', '.join(given)})"


def _pretrained(material: Material, cutter: Cutter, holds: Mapping[str, bool]) -> list[Cell]:
    spec = material.spec
    backbone = backbones.get(spec.architecture)
    # A file of any other kind was written by Keras.
    from_torch = holds["imagenet"] or spec.weights.endswith(".pth")
    reads = backbone.packaged is not None and from_torch
    made = pretrained.definition(backbone, cutter, reads=reads)
    if holds["imagenet"]:
        made += pretrained.weights(backbone)
    elif not holds["random"]:
        made.append(_starts_from())
        made.append(code(f"WEIGHTS = {start_file(material)!r}"))
    gray, filed = spec.color == "gray", holds["imagenet"] or holds["from_file"]
    known = _known(spec) | {
        "backbone": backbone,
        "backbone.key.startswith('convnext')": backbone.key.startswith("convnext"),
        "weights.suffix == '.pth'": reads,
    }
    if not (gray and filed):
        known |= {"gray": gray, "weights is not None": filed}
    if gray and filed:
        root, call = "grey_body_of", "grey_body_of(BACKBONE, SIZE, Path(WEIGHTS))"
    else:
        file = "Path(WEIGHTS)" if filed else "None"
        root, call = "body_of", f"body_of(BACKBONE, SIZE, {file}, gray={gray})"
    made += [
        words(
            """
            Two things are taken from it: the means over the whole picture of its last layer, which
            say what kind of thing is shown; and those over each quarter of the picture of a layer
            about two thirds of the way up, which say more of shapes and where they are. On these
            **features** a small head decides.
            """
        ),
        code(
            cutter.cut(f"{_BUILDING}:{root}", known=known),
            namespace("BACKBONE", pretrained.settings(backbone, reads=reads)),
            "keras.utils.set_random_seed(SEED)",
            f"body = {call}",
            'print(f"{body.count_params():,} weights, {BACKBONE.features:,} features")',
        ),
    ]
    if holds["from_keras"]:
        made.append(_begins(cutter, "body", "WEIGHTS", holds))
    made.append(
        code(
            cutter.cut(
                f"{_FAMILIES}.pretrained:head", f"{_FAMILIES}.pretrained:assemble", known=known
            ),
            f"top = head(BACKBONE.features, len(CLASSES), {spec.dropout:g})",
            holds["random"]
            and """
            model = assemble(body, top)
            for layer in body.layers:
                if isinstance(layer, layers.BatchNormalization):
                    layer.momentum = 0.9
            """,
        )
    )
    return made


def _starts_from() -> Cell:
    return words(
        """
        It does not start from random weights, but from those of an earlier model. **If that file
        has moved, say where it is.**
        """
    )


def _begins(cutter: Cutter, network: str, file: str, holds: Mapping[str, bool]) -> Cell:
    """Take over what fits of an earlier model."""
    if not holds["from_keras"]:
        return code(f"{network}.load_weights({file}, skip_mismatch=True)")
    return code(
        cutter.cut(f"{_STARTING}:take"),
        f"earlier = keras.saving.load_model({file}, compile=False)",
        f"take({network}, earlier)",
    )
