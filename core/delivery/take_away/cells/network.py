"""The network as readable Keras code, one template a family."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.delivery.take_away.cells import Cell, code, packaged, words
from core.delivery.take_away.material import Material
from core.errors import NotFound
from core.features import backbones
from core.features.weights import find_weights
from core.training import architectures
from core.training.spec import TrainSpec
from core.training.stack import Layer

_ON_PICTURES = ("Flatten", "GlobalAveragePooling2D", "Dense")


def cells(material: Material, holds: Mapping[str, bool]) -> list[Cell]:
    """What the network is, and the code that builds it."""
    spec = material.spec
    about = architectures.get(spec.architecture)
    made = [
        words(
            """
            ## The network

            **{{title}}**. {{sentence}} It takes RGB pixels from 0 to 255 as they are and gives one
            probability for each class.

            Its batch normalisation averages over about ten batches (momentum 0.9), less than   #? normalises
            Keras's default: a short training is over before a slow average has caught up.   #? normalises
            """,
            holds,
            title=about.title,
            sentence=about.sentence,
        )
    ]
    if about.backbone is not None:
        made += _pretrained(material, holds)
    else:
        made.append(
            code(
                _family(spec),
                {**holds, **_sizes(spec)},
                dropout=f"{spec.dropout:g}",
                half_dropout=f"{spec.dropout / 2:g}",
            )
        )
    if spec.weights not in ("none", "imagenet") and about.backbone is None:
        made += [
            _starts_from(),
            code(_COPY, holds, file=repr(start_file(material)), target="model"),
        ]
        if spec.frozen:
            made.append(code(_FREEZE_WHOLE, frozen=f"{spec.frozen:g}"))
    return made


def conditions(spec: TrainSpec) -> dict[str, bool]:
    """What holds of a run's network, for templates."""
    backbone = architectures.get(spec.architecture).backbone
    known = backbones.get(backbone) if backbone is not None else None
    stack = {layer.kind for layer in spec.stack}
    pretrained = backbone is not None and spec.weights != "none"
    own = known is not None and known.packaged is not None
    last_pooled = known is not None and dict(known.arguments).get("pooling") == "avg"
    return {
        "gray": spec.color == "gray",
        "dropout": spec.dropout > 0,
        "pretrained": pretrained,
        "on_pixels": not pretrained or spec.tuning.epochs > 0,
        "imagenet": spec.weights == "imagenet",
        "from_keras": spec.weights.startswith("run:") or spec.weights.endswith(".keras"),
        "from_file": spec.weights.startswith("file:")
        and not spec.weights.endswith((".keras", ".pth")),
        "packaged": own,
        "reads": own and (spec.weights == "imagenet" or spec.weights.endswith(".pth")),
        "random": spec.weights == "none",
        "unit": known is not None and known.preprocessing == "unit",
        "caffe": known is not None and known.preprocessing == "caffe",
        "last_pooled": last_pooled,
        "before": known is not None and known.taps[0].startswith("before:"),
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
    return str(material.catalog.workspace.run(run) / "model.keras")


def _sizes(spec: TrainSpec) -> dict[str, bool]:
    return {"tiny": spec.image_size <= 24, "small": spec.image_size <= 96}


def _family(spec: TrainSpec) -> str:
    if spec.architecture == "custom":
        return _custom(spec)
    return {"classic": _CLASSIC, "compact": _COMPACT, "vgg": _VGG, "unet": _UNET}[spec.architecture]


_BEGIN = """
keras.utils.set_random_seed(SEED)
pixels = x = keras.Input((SIZE, SIZE, 3), name="pixels")
# Lightness only: three fixed weights, as eyes have them (ITU-R BT.601).   #? gray
to_grey = layers.Conv2D(1, 1, use_bias=False, trainable=False, name="grey")   #? gray
x = to_grey(x)   #? gray
to_grey.set_weights([np.array([0.299, 0.587, 0.114]).reshape(1, 1, 3, 1)])   #? gray
"""

_END = """
x = layers.Dropout({{dropout}})(x)   #? dropout
x = layers.Dense(len(CLASSES), activation="softmax", name="probabilities")(x)
model = keras.Model(pixels, x, name="{{family}}")
model.summary()
"""

_CLASSIC = (
    _BEGIN
    + """
x = layers.Rescaling(1 / 255)(x)
for width in (32, 64, 128):
    x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
x = layers.Dropout({{half_dropout}})(x)   #? dropout
x = layers.Flatten()(x)
x = layers.Dense(128, activation="relu")(x)
"""
    + _END.replace("{{family}}", "classic")
)

_CONVOLVE = '''
def convolve(x, width):
    """A 3 × 3 convolution, batch normalisation and ReLU."""
    x = layers.Conv2D(
        width, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x)


'''

_VGG = (
    _CONVOLVE
    + _BEGIN
    + """
x = layers.Rescaling(1 / 127.5, offset=-1)(x)
for width in (24, 48, 96, 192):
    x = convolve(convolve(x, width), width)
    x = layers.MaxPooling2D()(x)
x = layers.GlobalAveragePooling2D()(x)
"""
    + _END.replace("{{family}}", "vgg")
)

_UNET = (
    _CONVOLVE
    + _BEGIN
    + """
x = layers.Rescaling(1 / 127.5, offset=-1)(x)
levels = []
for width in (16, 32, 64, 128, 192):
    if levels:
        x = layers.MaxPooling2D()(x)
    x = convolve(convolve(x, width), width)
    levels.append(layers.GlobalAveragePooling2D()(x))
x = layers.Concatenate()(levels)
"""
    + _END.replace("{{family}}", "unet")
)

_COMPACT = (
    '''
def convolve(x, width, stride=1, kernel=3):
    x = layers.Conv2D(
        width, kernel, strides=stride, padding="same", use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    return x


def normalise(x):
    return layers.BatchNormalization(momentum=0.9)(x)


def block(x, width, stride):
    """Two convolutions, and a shortcut around both (He et al., 2016)."""
    shortcut = x
    if stride != 1 or x.shape[-1] != width:
        if stride != 1:
            shortcut = layers.AveragePooling2D(2, padding="same")(x)
        shortcut = normalise(convolve(shortcut, width, kernel=1))
    y = layers.ReLU()(normalise(convolve(x, width, stride)))
    y = normalise(convolve(y, width))
    return layers.ReLU()(layers.Add()([y, shortcut]))


'''
    + _BEGIN
    + """
x = layers.Rescaling(1 / 127.5, offset=-1)(x)
x = layers.ReLU()(normalise(convolve(x, 24)))   #? tiny
x = layers.ReLU()(normalise(convolve(x, 24, stride=2)))   #? !tiny
x = block(x, 24, stride=1)   #? small
x = block(x, 24, stride=2)   #? !small
for width in (48, 96):
    x = block(x, width, stride=2)
    x = block(x, width, stride=1)
x = layers.GlobalAveragePooling2D()(x)
"""
    + _END.replace("{{family}}", "compact")
)


def _custom(spec: TrainSpec) -> str:
    lines = [_BEGIN.rstrip("\n"), "x = layers.Rescaling(1 / 127.5, offset=-1)(x)"]
    lines += [f"x = layers.{_layer(layer)}(x)" for layer in spec.stack]
    if not {layer.kind for layer in spec.stack} & set(_ON_PICTURES):
        lines.append("x = layers.GlobalAveragePooling2D()(x)")
    return "\n".join(lines) + _END.replace("{{family}}", "own_network")


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


def _pretrained(material: Material, holds: Mapping[str, bool]) -> list[Cell]:
    spec = material.spec
    backbone = backbones.get(spec.architecture)
    middle = backbone.taps[0].rpartition(":")[2]
    made: list[Cell] = []
    if backbone.packaged is not None:
        made += packaged.definition(backbone.packaged, holds)
    if holds["imagenet"] and backbone.packaged is not None:
        made += packaged.weights(backbone, backbone.packaged)
    elif holds["imagenet"]:
        made.append(
            words(
                """
                It has learned from over a million photos (ImageNet) what edges, textures and shapes
                there are. Its weights ({{megabytes}} MB) are downloaded once, and kept by Keras.
                """,
                megabytes=backbone.megabytes,
            )
        )
        found = find_weights(backbone.key)
        # Keras files one set of weights under several names; the one that is here will do.
        name = found.name if found is not None else backbone.file.names[0]
        made.append(
            code(
                """
                WEIGHTS = keras.utils.get_file(
                    "{{name}}",
                    "{{folder}}"
                    "{{name}}",
                    cache_subdir="models",
                )
                """,
                name=name,
                folder=backbone.file.url.rpartition("/")[0] + "/",
            )
        )
    elif not holds["random"]:
        made.append(_starts_from())
        made.append(code("WEIGHTS = {{file}}", file=repr(start_file(material))))
    arguments = "".join(f", {name}={value!r}" for name, value in backbone.arguments)
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
            _BODY,
            holds,
            application=backbone.application,
            arguments=arguments,
            middle=middle,
        ),
    ]
    if holds["from_keras"]:
        made.append(code(_COPY, holds, file="WEIGHTS", target="body"))
    made.append(code(_HEAD, holds, dropout=f"{spec.dropout:g}"))
    return made


def _starts_from() -> Cell:
    return words(
        """
        It does not start from random weights, but from those of an earlier model. **If that file
        has moved, say where it is.**
        """
    )


_BODY = """
keras.utils.set_random_seed(SEED)
pixels = x = keras.Input((SIZE, SIZE, 3), name="pixels")
# Lightness only: three fixed weights, as eyes have them (ITU-R BT.601), in three channels alike.   #? gray
to_grey = layers.Conv2D(1, 1, use_bias=False, trainable=False, name="grey")   #? gray
x = layers.Concatenate()([to_grey(x)] * 3)   #? gray
to_grey.set_weights([np.array([0.299, 0.587, 0.114]).reshape(1, 1, 3, 1)])   #? gray
x = layers.Rescaling(1 / 127.5, offset=-1)(x)   #? unit
# It was trained on blue, green and red, less their means.   #? caffe
x = layers.Normalization(mean=[103.939, 116.779, 123.68], variance=[1, 1, 1])(x[..., ::-1])   #? caffe
colours = keras.Input((SIZE, SIZE, 3))   #? gray
base = keras.applications.{{application}}(   #? !packaged
    include_top=False, weights=WEIGHTS, input_tensor=x{{arguments}}   #? !packaged imagenet !gray
    include_top=False, weights=WEIGHTS, input_tensor=colours{{arguments}}   #? !packaged imagenet gray
    include_top=False, weights=None, input_tensor=x{{arguments}}   #? !packaged !imagenet !gray
    include_top=False, weights=None, input_tensor=colours{{arguments}}   #? !packaged !imagenet gray
)   #? !packaged
base = network(x{{arguments}})   #? packaged !gray
base = network(colours{{arguments}})   #? packaged gray
read(base, Path(WEIGHTS))   #? reads
base.load_weights(WEIGHTS)   #? from_file
middle = base.get_layer("{{middle}}").input   #? before
middle = base.get_layer("{{middle}}").output   #? !before
last = base.output
middle, last = keras.Model(colours, [middle, last])(x)   #? gray
side = middle.shape[1]
quarters = layers.AveragePooling2D(math.ceil(side / 2), strides=max(1, side // 2))(middle)
last = layers.GlobalAveragePooling2D()(last)   #? !last_pooled
features = layers.Concatenate(name="features")([layers.Flatten()(quarters), last])
body = keras.Model(pixels, features, name="body")
print(f"{body.count_params():,} weights, {features.shape[1]:,} features")
"""

_HEAD = """
head = keras.Sequential(
    [
        keras.Input(features.shape[1:]),
        layers.BatchNormalization(momentum=0.9, scale=False, center=False),
        layers.Dropout({{dropout}}),   #? dropout
        layers.Dense(
            len(CLASSES), activation="softmax", kernel_initializer="zeros", name="probabilities"
        ),
    ],
    name="head",
)
model = keras.Model(pixels, head(body.output))   #? random
for layer in body.layers:   #? random
    if isinstance(layer, layers.BatchNormalization):   #? random
        layer.momentum = 0.9   #? random
"""

_COPY = '''
def with_weights(network):
    """Its layers that have weights, those of networks inside it included."""
    inside = [with_weights(each) if hasattr(each, "layers") else [each] for each in network.layers]
    return [layer for each in inside for layer in each if layer.weights]


earlier = keras.saving.load_model({{file}}, compile=False)
for ours, theirs in zip(with_weights({{target}}), with_weights(earlier)):
    # Only what tells the classes apart may differ in shape.
    if [weight.shape for weight in ours.weights] == [weight.shape for weight in theirs.weights]:
        ours.set_weights(theirs.get_weights())
'''

_FREEZE_WHOLE = """
# The first layers stay as they are; the rest learns.
weighing = with_weights(model)
for layer in weighing[: min(len(weighing) - 1, round({{frozen}} * len(weighing)))]:
    layer.trainable = False
"""
