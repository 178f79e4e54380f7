"""A network with "published" weights in a package, like EfficientNet-Lite0 in everything but its
size: traced in a fraction of a second, where a real one takes ten.

Its layers are of the kinds that real ones have. Its weights are random numbers of a seed, which
tell colours apart well enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.downloads import Published
from core.features.backbones import BACKBONES, Backbone
from core.features.backbones.backbone import Packaged
from core.training.architectures import ARCHITECTURES, facts, pretrained
from core.workspace import read_json, write_json

KEY = "small_network"


def network(pixels: Any) -> Any:
    """A ``keras.Model`` from a tensor of RGB pixels 0..255 to its last maps."""
    import keras
    from keras import layers

    def after(x: Any, name: str, *, active: bool = True) -> Any:
        x = layers.BatchNormalization(name=f"{name}bn")(x)
        return layers.ReLU(6.0, name=f"{name}activation")(x) if active else x

    def convolve(x: Any, channels: int, size: int, stride: int, name: str) -> Any:
        return layers.Conv2D(
            channels, size, strides=stride, padding="same", use_bias=False, name=f"{name}conv"
        )(x)

    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(pixels)
    before = x = after(convolve(x, 8, 3, 4, "stem_"), "stem_")
    x = after(convolve(x, 16, 1, 1, "expand_"), "expand_")
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="block_dwconv")(x)
    x = after(x, "block_")
    x = after(convolve(x, 8, 1, 1, "project_"), "project_", active=False)
    x = layers.Add(name="block_add")([x, before])
    # Of one pixel in two each way, TensorFlow 2.21's oneDNN copies eight channels past the end of
    # what it has; no real network has so few there.
    x = after(convolve(x, 24, 3, 2, "top_"), "top_")
    return keras.Model(keras.utils.get_source_inputs(pixels), x)


def read(base: Any, path: Path) -> None:
    """Set the weights of :func:`network` from the seed in a file."""
    rng = np.random.default_rng(int(path.read_text()))
    for layer in base.layers:
        if layer.name.endswith("conv"):
            (kernel,) = layer.get_weights()
            scale = np.sqrt(2 / np.prod(kernel.shape[:3]))
            layer.set_weights([rng.normal(0, scale, kernel.shape).astype(np.float32)])


_BACKBONE = Backbone(
    key=KEY,
    title="Small network",
    application="",
    file=Published("", ("seed.pth",), "", 2),
    taps=("block_add", "top_activation"),
    middle=8,
    last=24,
    usual=64,
    smallest=16,
    preprocessing="inside",
    version=f"{KEY}-v1",
    packaged=Packaged("tests.small_network==1", network, read),
)


@contextmanager
def registered(folder: Path) -> Iterator[str]:
    """While inside, Lightbox knows it; its key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, KEY, _BACKBONE)
        patch.setitem(ARCHITECTURES, KEY, pretrained.on_backbone(KEY, "As small as can be."))
        # What is said of it on pages, written where a test may write.
        known = {**read_json(facts._FILE), KEY: asdict(facts.measure(KEY))}
        patch.setattr(facts, "_FILE", folder / "facts.json")
        write_json(facts._FILE, known)
        patch.setattr(facts, "_all", facts._all.__wrapped__)
        yield KEY
