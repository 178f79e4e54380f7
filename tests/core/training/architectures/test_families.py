"""Every family builds, answers with probabilities, and answers the same once exported.

Large ones at their smallest size with random weights; MobileNetV2 with its real ones too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput
from core.features import backbones
from core.features.backbones.build import build
from core.features.runtime import Compiled, save_ir
from core.features.weights import weights
from core.training import architectures
from core.training.architectures import ARCHITECTURES, BuildConfig
from core.training.architectures.facts import facts, measure
from core.training.architectures.pretrained import assemble, head
from core.training.blocks import layer_table
from core.training.templates import TEMPLATES

pytestmark = pytest.mark.keras

CLASS_COUNT = 3
STACK = TEMPLATES["Separable (mobile)"][1]
FROM_SCRATCH = [key for key, each in ARCHITECTURES.items() if each.backbone is None]


def model(key: str, color: Any = "rgb") -> Any:
    """A family's model at its smallest size, drawn from a seed, whose answers differ."""
    import keras

    keras.utils.set_random_seed(5)
    size = ARCHITECTURES[key].smallest
    config = BuildConfig(size, CLASS_COUNT, 0.2, color, STACK)
    built = architectures.build(key, config)
    for layer in built.layers:
        # Untrained, ConvNeXt's blocks count for a millionth, so that nothing in them would show.
        if layer.name.endswith("layer_scale"):
            layer.set_weights([np.ones_like(layer.get_weights()[0])])
    return opinionated(built, size)


def opinionated(built: Any, size: int) -> Any:
    """Weights of the last layer that make images differ; else any two models would agree."""
    import keras

    vectors = keras.Model(built.inputs[0], built.get_layer("features").output)
    features = answers(vectors, images(size))
    kernel = np.random.default_rng(5).normal(size=(features.shape[1], CLASS_COUNT))
    logits = features @ kernel
    spread = logits.std(axis=0)
    last = next(layer for layer in flat(built) if layer.name == "logits")
    last.set_weights([kernel / spread, -logits.mean(axis=0) / spread])
    return built


@pytest.fixture(scope="module", params=ARCHITECTURES)
def family(request: pytest.FixtureRequest) -> tuple[str, Any]:
    """Each family's key and model in turn; made once for all tests that look at it."""
    return request.param, model(request.param)


def flat(built: Any) -> list[Any]:
    return [
        inner
        for layer in built.layers
        for inner in (flat(layer) if hasattr(layer, "layers") else [layer])
    ]


def images(size: int, n: int = 3) -> np.ndarray:
    """uint8 pictures with large shapes and colours, all different."""
    coarse = np.random.default_rng(2).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
    return coarse.repeat(size // 4, axis=1).repeat(size // 4, axis=2)


def answers(built: Any, pixels: np.ndarray) -> np.ndarray:
    return np.asarray(built(pixels.astype(np.float32), training=False))


def same_when_exported(built: Any, pixels: np.ndarray, expected: np.ndarray, folder: Path) -> None:
    assert np.ptp(expected, axis=0).max() > 0.1, "images must differ for this to say anything"
    save_ir(built, folder / "model.xml")
    assert np.abs(Compiled(folder / "model.xml").predict(pixels) - expected).max() <= 1e-3


def test_it_takes_pixels_gives_probabilities_and_exports_as_it_is(
    family: tuple[str, Any], tmp_path: Path
) -> None:
    key, built = family
    size = ARCHITECTURES[key].smallest
    found = answers(built, images(size))
    assert (found.shape, found.dtype) == ((3, CLASS_COUNT), np.float32)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert built.inputs[0].name == "pixels"
    assert built.inputs[0].shape == (None, size, size, 3)
    assert len(built.get_layer("features").output.shape) == 2
    same_when_exported(built, images(size), found, tmp_path)


@pytest.mark.parametrize("key", ["mobilenet_v3_small", "vgg"])
def test_in_grey_colours_of_one_lightness_are_alike(key: str, tmp_path: Path) -> None:
    built = model(key, "gray")
    size = ARCHITECTURES[key].smallest
    # 0.299 × 100 = 29.9 of red is as light as 0.587 × 51 = 29.94 of green.
    red, green = np.zeros((2, 1, size, size, 3), np.float32)
    red[..., : size // 2, 0], green[..., : size // 2, 1] = 100, 100 * 0.299 / 0.587
    assert answers(built, red) == pytest.approx(answers(built, green), abs=1e-4)
    assert np.abs(answers(model(key), red) - answers(model(key), green)).max() > 1e-3
    same_when_exported(built, images(size), answers(built, images(size)), tmp_path)


@pytest.mark.parametrize("key", FROM_SCRATCH)
def test_a_few_steps_on_the_same_images_make_them_known(key: str) -> None:
    import keras

    keras.utils.set_random_seed(1)
    size = ARCHITECTURES[key].smallest
    built = architectures.build(key, BuildConfig(size, CLASS_COUNT, 0.0, stack=STACK))
    built.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", run_eagerly=True)
    pixels, labels = images(size, 6).astype(np.float32), np.arange(6) % CLASS_COUNT
    losses = [float(built.train_on_batch(pixels, labels)) for _ in range(12)]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.6 * losses[0]


def test_facts_are_what_the_code_gives(family: tuple[str, Any]) -> None:
    key, built = family
    if key == "custom":
        return
    known = facts(key)
    if key in FROM_SCRATCH:
        assert measure(key, CLASS_COUNT) == facts(key, CLASS_COUNT)
    table = layer_table(built)
    assert known.layers == len(table)
    assert sum(block.parameters for block in known.blocks) == known.parameters
    assert sum(block.layers for block in known.blocks) == known.layers
    assert sum(block.flops for block in known.blocks) == known.flops
    assert 5 <= len(known.blocks) <= 20
    if key != "classic":  # whose dense layer depends on the size
        found = sum(layer["parameters"] for layer in table)
        assert found == facts(key, CLASS_COUNT).parameters


def test_a_backbone_says_how_many_features_it_has(family: tuple[str, Any]) -> None:
    key, built = family
    architecture = ARCHITECTURES[key]
    if architecture.backbone is None:
        return
    backbone = backbones.get(architecture.backbone)
    assert built.get_layer("features").output.shape == (None, backbone.features)
    joined = built.get_layer("features").input
    assert [vector.shape[1] for vector in joined] == [4 * backbone.middle, backbone.last]
    assert architecture.smallest == backbone.smallest <= backbone.usual


def test_a_model_is_read_back_without_our_code(family: tuple[str, Any], tmp_path: Path) -> None:
    import keras

    key, built = family
    # The one that has layers which are not among Keras's public ones, and the two of each kind.
    if key not in ("convnext_tiny", "vgg16", "unet"):
        return
    built.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    pixels = images(ARCHITECTURES[key].smallest)
    assert answers(again, pixels) == pytest.approx(answers(built, pixels), abs=1e-5)


def test_operations_are_those_of_the_paper() -> None:
    # He et al. count 3.8 thousand million multiply-adds at 224 pixels, without shortcuts' 1 × 1.
    share = (facts("resnet50").size / 224) ** 2
    assert facts("resnet50").flops / share / 2 == pytest.approx(3.9e9, rel=0.05)


def test_a_head_starts_with_no_opinion() -> None:
    found = np.asarray(head(8, 4)(np.random.default_rng(0).normal(size=(5, 8))))
    assert found == pytest.approx(0.25)


def test_too_small_images_are_refused() -> None:
    with pytest.raises(InvalidInput, match="16 × 16"):
        architectures.build("resnet50", BuildConfig(16, 2))


@pytest.mark.real
def test_the_real_mobilenet_v2_with_a_head_exports_as_it_is(
    keras_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    backbone = backbones.get("mobilenet_v2")
    body = build(backbone, 64, weights("mobilenet_v2"))
    top = head(backbone.features, CLASS_COUNT)
    whole = opinionated(assemble(body, top), 64)
    expected = np.asarray(top(body(images(64).astype(np.float32))))
    assert answers(whole, images(64)) == pytest.approx(expected, abs=1e-5)
    same_when_exported(whole, images(64), answers(whole, images(64)), tmp_path)
