"""Backbones are Keras's own networks, fed as they were trained, and converted once."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput, WeightsMissing
from core.features import backbones
from core.features.backbones import BACKBONES, convert
from core.features.backbones.build import build
from core.features.backbones.closer import looking_closely
from core.features.runtime import Compiled, save_ir
from core.features.weights import weights
from core.workspace import Workspace

SIZE = 32


def images(n: int = 2, size: int = SIZE) -> np.ndarray:
    coarse = np.random.default_rng(3).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
    return coarse.repeat(size // 4, axis=1).repeat(size // 4, axis=2)


def side(key: str) -> int:
    """A small size that the family can see."""
    return max(SIZE, BACKBONES[key].smallest)


def application(key: str) -> Any:
    """Keras's network without its top, random weights."""
    import keras

    backbone = BACKBONES[key]
    keras.utils.set_random_seed(7)
    model = getattr(keras.applications, backbone.application)(
        include_top=False,
        weights=None,
        input_shape=(side(key), side(key), 3),
        **dict(backbone.arguments),
    )
    for layer in model.layers:
        # Untrained, ConvNeXt's blocks count for a millionth, so that nothing in them would show.
        if layer.name.endswith("layer_scale"):
            layer.set_weights([np.ones_like(layer.get_weights()[0])])
    return model


@pytest.mark.keras
def test_a_closer_look_is_the_same_on_openvino_as_in_the_model_of_keras(tmp_path: Path) -> None:
    import keras
    from keras import layers

    pixels = keras.Input((32, 32, 3), name="pixels")
    maps = layers.Conv2D(5, 3, strides=2, activation="relu", padding="same")(pixels)
    body = keras.Model(pixels, layers.Flatten()(maps))
    whole = tmp_path / "body.xml"
    save_ir(body, whole)
    some = images(3)
    seen = [
        Compiled(path).predict(some)
        for path in (whole, *(convert.load_closer(whole, share) for share in (0.15, 0.25)))
    ]
    expected = looking_closely(body, (0.15, 0.25))(some.astype(np.float32))
    np.testing.assert_allclose(np.mean(seen, axis=0), expected, rtol=1e-4, atol=1e-2)
    assert np.abs(seen[0] - seen[1]).max() > 1


# One of each way of preprocessing, and the one whose layers are replaced.
@pytest.mark.keras
@pytest.mark.parametrize(
    ("key", "module"),
    [
        ("vgg16", "vgg16"),
        ("mobilenet_v2", "mobilenet_v2"),
        ("mobilenet_v3_small", "mobilenet_v3"),
        ("convnext_tiny", "convnext"),
    ],
)
def test_weights_from_a_file_answer_like_keras_after_its_own_preprocessing(
    key: str, module: str, tmp_path: Path
) -> None:
    import keras

    theirs = application(key)
    theirs.save_weights(tmp_path / "some.weights.h5")
    ours = build(BACKBONES[key], side(key), tmp_path / "some.weights.h5")
    prepare = getattr(keras.applications, module).preprocess_input
    pixels = images(size=side(key)).astype(np.float32)
    last = np.asarray(theirs(prepare(pixels.copy()), training=False))
    expected = last if last.ndim == 2 else last.mean(axis=(1, 2))
    found = np.asarray(ours(pixels, training=False))
    assert found.shape == (2, BACKBONES[key].features)
    # The last tap is the network's own output; scales differ widely between families.
    part = found[:, -expected.shape[1] :]
    assert np.abs(part - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.ptp(expected, axis=0).max() > 0


@pytest.mark.keras
def test_red_is_not_blue_to_a_network_that_learned_on_bgr(tmp_path: Path) -> None:
    theirs = application("vgg16")
    theirs.save_weights(tmp_path / "some.weights.h5")
    ours = build(BACKBONES["vgg16"], SIZE, tmp_path / "some.weights.h5")
    kernel = theirs.get_layer("block1_conv1").get_weights()[0]
    mirrored = ours.get_layer("block1_conv1").get_weights()[0]
    assert np.array_equal(mirrored[:, :, 0], kernel[:, :, 2])


@pytest.mark.keras
def test_grey_has_the_same_weights_and_sees_lightness(tmp_path: Path) -> None:
    application("mobilenet_v3_small").save_weights(tmp_path / "some.weights.h5")
    backbone = BACKBONES["mobilenet_v3_small"]
    coloured = build(backbone, SIZE, tmp_path / "some.weights.h5")
    grey = build(backbone, SIZE, tmp_path / "some.weights.h5", gray=True)
    pixels = images().astype(np.float32)
    lightness = (pixels @ np.array([0.299, 0.587, 0.114], np.float32))[..., None].repeat(3, -1)
    expected = np.asarray(coloured(lightness, training=False))
    assert np.asarray(grey(pixels, training=False)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.keras
def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    application("vgg16").save_weights(tmp_path / "vgg.weights.h5")
    (tmp_path / "text.h5").write_text("weights")
    for name in ("vgg.weights.h5", "text.h5", "nothing.h5"):
        with pytest.raises(InvalidInput, match="does not hold weights of MobileNetV2"):
            build(BACKBONES["mobilenet_v2"], SIZE, tmp_path / name)


@pytest.mark.keras
@pytest.mark.parametrize("key", [key for key, each in BACKBONES.items() if not each.packaged])
def test_files_are_those_that_keras_would_download(key: str) -> None:
    import keras

    backbone = BACKBONES[key]
    source = inspect.getsource(inspect.getmodule(getattr(keras.applications, backbone.application)))
    said = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    if backbone.file.digest:
        assert backbone.file.digest in said
    folder = backbone.file.url.rpartition("/")[0] + "/"
    assert any(folder in text for text in said if isinstance(text, str))
    assert backbone.file.url.endswith("/" + backbone.file.names[0])


def test_the_registry_is_of_one_mind() -> None:
    assert len({backbone.version for backbone in BACKBONES.values()}) == len(BACKBONES)
    for key, backbone in BACKBONES.items():
        assert backbones.get(key) is backbone
        assert backbone.key == key
        assert 4 <= backbone.megabytes <= 120
    with pytest.raises(InvalidInput, match="vgg16"):
        backbones.get("vgg99")


@pytest.mark.usefixtures("no_weights")
def test_without_weights_or_network_it_says_so_and_writes_nothing(workspace: Workspace) -> None:
    with pytest.raises(WeightsMissing):
        convert.load(workspace, "mobilenet_v2", 96)
    assert list(workspace.cache.glob("backbones/*")) == []


@pytest.fixture
def other_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file where MobileNetV2's weights should be, as large as they are, that holds none."""
    published = BACKBONES["mobilenet_v2"].file
    file = tmp_path / "keras" / "models" / published.names[0]
    file.parent.mkdir(parents=True)
    with file.open("wb") as out:
        out.truncate(published.bytes)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return file


def test_weights_that_do_not_fit_are_a_sentence_and_nothing_is_written(
    workspace: Workspace, other_weights: Path
) -> None:
    with pytest.raises(InvalidInput, match=other_weights.name):
        convert.load(workspace, "mobilenet_v2", 32)
    assert list(workspace.cache.glob("backbones/*")) == []


@pytest.mark.usefixtures("other_weights")
def test_converting_leaves_tensorflow_out_of_this_process() -> None:
    code = """
import sys
from core.errors import InvalidInput
from core.features.backbones import convert
from core.workspace import open_workspace
try:
    convert.load(open_workspace(), "mobilenet_v2", 32)
except InvalidInput as error:
    print(error, "tensorflow" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(convert.__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "does not hold weights of MobileNetV2" in done.stdout
    assert done.stdout.strip().endswith("False")


@pytest.mark.real
def test_the_real_backbone_is_converted_once_and_answers_like_keras(
    workspace: Workspace, keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    backbone, file = BACKBONES["mobilenet_v2"], weights("mobilenet_v2")
    path = convert.load(workspace, "mobilenet_v2", 96)
    assert path.name == "mobilenet_v2-b13-out-v2-96.xml"
    pixels = images(4, 96)
    expected = np.asarray(build(backbone, 96, file)(pixels.astype(np.float32), training=False))
    assert expected.shape == (4, backbone.features)
    assert np.abs(Compiled(path).predict(pixels) - expected).max() <= 1e-3
    written = path.stat().st_mtime_ns
    grey = convert.load(workspace, "mobilenet_v2", 96, gray=True)
    assert np.abs(Compiled(grey).predict(pixels) - expected).max() > 0.1
    monkeypatch.setenv("KERAS_HOME", str(workspace.home / "nowhere"))
    assert convert.load(workspace, "mobilenet_v2", 96) == path, "no weights needed any more"
    assert path.stat().st_mtime_ns == written
    path.with_suffix(".bin").unlink()
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(WeightsMissing):
        convert.load(workspace, "mobilenet_v2", 96)  # half a backbone is none


@pytest.mark.keras
@pytest.mark.parametrize("key", ["efficientnet_lite0", "mobilenet_v2"])
def test_largest_values_come_after_the_means_and_less_is_the_beginning_of_more(key: str) -> None:
    import keras

    keras.utils.set_random_seed(7)
    made = {kind: backbones.get(key).peaked(kind) for kind in ("none", "upper", "all")}
    assert len({each.version for each in made.values()}) == 3, "kept apart"
    pixels = images(size=64).astype(np.float32)
    whole = build(made["all"], 64, None)
    found = np.asarray(whole(pixels, training=False))
    for backbone in made.values():
        model = build(backbone, 64, None)
        model.set_weights(whole.get_weights())
        seen = np.asarray(model(pixels, training=False))
        assert seen.shape[1] == backbone.features == sum(backbone.parts)
        np.testing.assert_allclose(seen, found[:, : backbone.features], atol=1e-5)
    # The last of the upper ones is of the maps that the last means are of.
    middle, last = made["none"].parts
    means, most = found[:, middle : middle + last], found[:, made["upper"].features - last :]
    assert (most[:, :last] >= means - 1e-5).all()
