"""Evidence that OpenVINO computes is what TensorFlow's own gradients say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.evaluation.explain.asked import Asked
from core.evaluation.explain.evidence import features_of, with_evidence
from core.evaluation.explain.rules import NoRule
from core.features.backbones.closer import looking_closely
from core.features.runtime import save_ir
from core.quiet import openvino
from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.stack import Layer

CLASSES = 4
_PASSED = {
    "AveragePooling2D",
    "Concatenate",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
}
_CONVOLVED = Layer(kind="Conv2D", filters=6, size=3)
STACKS: dict[str, tuple[Layer, ...]] = {
    "flattened, with dense layers of every kind": (
        _CONVOLVED,
        Layer(kind="AveragePooling2D", size=3, strides=2),
        Layer(kind="BatchNormalization"),
        Layer(kind="Flatten"),
        *(
            Layer(kind="Dense", filters=9, activation=name)
            for name in ("relu", "gelu", "silu", "tanh", "sigmoid", "elu", "linear")
        ),
    ),
    "pooled beyond its edges": (
        _CONVOLVED,
        Layer(kind="AveragePooling2D", size=3, strides=2, padding="same"),
        Layer(kind="Flatten"),
        Layer(kind="BatchNormalization"),
    ),
    "pooled inside its edges": (
        _CONVOLVED,
        Layer(kind="AveragePooling2D", size=5, strides=3, padding="valid"),
        Layer(kind="Dropout"),
        Layer(kind="Flatten"),
    ),
    "all of it at one resolution": (_CONVOLVED, _CONVOLVED),
}


def built(key: str, size: int, stack: tuple[Layer, ...] = ()) -> Any:
    """A network in which every weight matters: also those that begin at 0 or 1."""
    if key == "peaked":
        model = peaked(size)
    else:
        model = architectures.build(key, BuildConfig(size, CLASSES, stack=stack))
    rng = np.random.default_rng(3)
    for weight in model.weights:
        if "seed" in weight.path:
            continue
        if "variance" in weight.path or "gamma" in weight.path:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif "logits" in weight.path or len(weight.shape) == 1:
            weight.assign(rng.normal(0, 0.1, weight.shape))
    return model


def peaked(size: int) -> Any:
    """A network that looks at the largest values of its maps and at their means."""
    import keras
    from keras import layers

    pixels = keras.Input((size, size, 3), name="pixels")
    maps = layers.Conv2D(6, 3, activation="relu")(layers.Rescaling(1 / 255)(pixels))
    seen = [layers.GlobalAveragePooling2D()(maps), layers.GlobalMaxPooling2D()(maps)]
    features = layers.Concatenate(name="features")(seen)
    return keras.Model(pixels, layers.Dense(CLASSES, "softmax", name="logits")(features))


def taps_of(model: Any) -> list[Any]:
    """The last maps before the features, as Keras knows them."""
    found: list[Any] = []

    def back(tensor: Any) -> None:
        operation, node, _ = tensor._keras_history
        if len(tensor.shape) == 4 and type(operation).__name__ not in _PASSED:
            if not any(tensor is other for other in found):
                found.append(tensor)
            return
        for before in operation._inbound_nodes[node].input_tensors:
            back(before)

    back(model.get_layer("features").output)
    return found


def by_tape(model: Any, images: np.ndarray, classes: np.ndarray) -> list[np.ndarray]:
    """Slope times value, summed over channels, of every tap: by TensorFlow's gradients."""
    import keras
    import tensorflow as tf

    taps = taps_of(model)
    maps = keras.Model(model.inputs[0], taps)(images.astype(np.float32), training=False)
    maps = list(maps) if isinstance(maps, (list, tuple)) else [maps]
    rest = keras.Model(taps, model.outputs[0])
    with tf.GradientTape() as tape:
        for each in maps:
            tape.watch(each)
        answer = rest(maps if len(maps) > 1 else maps[0], training=False)
        # Scores but for what is the same for all classes: the logarithm of softmax's denominator.
        logs = tf.math.log(answer)
        chosen = tf.reduce_sum(logs * tf.one_hot(classes, CLASSES), axis=1)
    slopes = tape.gradient(chosen, maps)
    return [np.sum(a * b, axis=-1) for a, b in zip(maps, slopes, strict=True)]


def at(side: int, each: np.ndarray) -> np.ndarray:
    """A map (n, h, h) at another resolution with its sum kept, by way of one that both divide."""
    before = each.shape[1]
    fine = each.repeat(side, axis=1).repeat(side, axis=2) / side**2
    return fine.reshape(len(each), side, before, side, before).sum(axis=(2, 4))


def evidence(asked: Asked, images: np.ndarray, target: np.ndarray) -> np.ndarray:
    return asked(images, target.astype(np.float32))[2]


@pytest.mark.keras
@pytest.mark.parametrize(
    ("key", "size", "stack", "side"),
    [
        ("classic", 32, (), 4),
        ("compact", 32, (), 4),
        ("unet", 32, (), 16),
        ("mobilenet_v2", 64, (), 4),
        ("peaked", 20, (), 18),
        *(("custom", 20, stack, 10 if n == 0 else 20) for n, stack in enumerate(STACKS.values())),
    ],
    ids=["classic", "compact", "unet", "mobilenet_v2", "largest values", *STACKS],
)
def test_evidence_is_what_tensorflow_says(
    key: str, size: int, stack: tuple[Layer, ...], side: int, tmp_path: Path
) -> None:
    model = built(key, size, stack)
    save_ir(model, tmp_path / "model.xml")
    asked = Asked(with_evidence(openvino().Core().read_model(str(tmp_path / "model.xml"))))
    images = np.random.default_rng(0).integers(0, 256, (3, size, size, 3)).astype(np.uint8)
    classes = np.array([2, 0, 3])
    target = np.eye(CLASSES)[classes]
    probabilities, features, found = asked(images, target.astype(np.float32))
    assert found.shape == (3, side, side)
    np.testing.assert_allclose(probabilities, model(images.astype(np.float32)), atol=1e-4)
    assert features.shape == (3, model.get_layer("features").output.shape[-1])
    # The tape takes the slope of log softmax, in which every class's score has a part.
    target = target - probabilities
    found = evidence(asked, images, target)
    expected = sum(at(side, each) for each in by_tape(model, images, classes))
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
    # It can tell one image from another: had they been mixed up, it would show.
    assert np.abs(found[::-1] - expected).max() > 0.05 * np.abs(expected).max()


@pytest.mark.keras
def test_the_evidence_of_a_linear_end_sums_up_to_the_score(tmp_path: Path) -> None:
    model = built("compact", 32)
    save_ir(model, tmp_path / "model.xml")
    asked = Asked(with_evidence(openvino().Core().read_model(str(tmp_path / "model.xml"))))
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
    _, features, _ = asked(images, np.eye(CLASSES, dtype=np.float32)[[0] * 5])
    logits = model.get_layer("logits")
    for label in range(CLASSES):
        target = np.eye(CLASSES)[[label] * 5]
        score = features @ np.asarray(logits.kernel)[:, label]
        np.testing.assert_allclose(
            evidence(asked, images, target).sum(axis=(1, 2)), score, rtol=1e-3, atol=1e-4
        )


@pytest.mark.keras
def test_what_a_closer_look_has_seen_is_shown_where_it_lies(tmp_path: Path) -> None:
    import keras
    from keras import layers

    pixels = keras.Input((40, 40, 3), name="pixels")
    maps = layers.Conv2D(4, 1, strides=2, kernel_initializer="ones")(pixels)
    body = keras.Model(pixels, layers.GlobalAveragePooling2D()(maps))
    twice = looking_closely(body, (0.25,))
    scores = layers.Dense(2, kernel_initializer="ones", name="logits")(twice.outputs[0])
    save_ir(keras.Model(twice.inputs[0], layers.Softmax()(scores)), tmp_path / "model.xml")
    asked = Asked(with_evidence(openvino().Core().read_model(str(tmp_path / "model.xml"))))
    # A spot inside of the middle that is enlarged, not in the middle of it.
    images = np.zeros((1, 40, 40, 3), np.uint8)
    images[:, 12:16, 24:28] = 200
    _, features, found = asked(images, np.eye(2, dtype=np.float32)[:1])
    assert found.shape == (1, 20, 20)
    shown = found[0] / found.sum()
    assert shown[6:8, 12:14].sum() > 0.6
    # Enlarging smears its edges, over what lies around it and nowhere else.
    assert shown[5:9, 11:15].sum() == pytest.approx(1, abs=1e-3)
    assert found.sum() == pytest.approx(features.sum(), rel=1e-4)


def test_an_end_that_is_not_known_is_refused_by_its_name() -> None:
    op = openvino().opset13
    pixels = op.parameter([-1, 8, 8, 3], np.float32, name="pixels")
    means = op.reduce_mean(pixels, np.array([1, 2]), False)
    scores = op.matmul(op.cos(means), op.constant(np.ones((3, 2), np.float32)), False, False)
    model = openvino().Model([op.softmax(scores, 1)], [pixels])
    with pytest.raises(NoRule, match="Cos"):
        with_evidence(model)
    assert features_of(model) is not None


def test_a_model_without_a_dense_layer_has_no_features() -> None:
    op = openvino().opset13
    pixels = op.parameter([-1, 8, 8, 3], np.float32, name="pixels")
    model = openvino().Model(
        [op.softmax(op.reduce_mean(pixels, np.array([1, 2]), False), 1)], [pixels]
    )
    assert features_of(model) is None


def test_a_model_that_looks_several_times_has_the_mean_of_its_features() -> None:
    op = openvino().opset13
    pixels = op.parameter([-1, 8, 8, 3], np.float32, name="pixels")
    weights = op.constant(np.arange(6, dtype=np.float32).reshape(3, 2))
    predictions = []
    for factor in (1, 3):
        means = op.reduce_mean(op.multiply(pixels, np.float32(factor)), np.array([1, 2]), False)
        predictions.append(op.softmax(op.matmul(means, weights, False, False), 1))
    model = openvino().Model([op.divide(op.add(*predictions), np.float32(2))], [pixels])
    with pytest.raises(NoRule, match="no softmax at the end"):
        with_evidence(model)
    features = openvino().Model([op.result(features_of(model))], [pixels])
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)
    (found,) = Asked(features)(images)
    np.testing.assert_allclose(found, 2 * images.mean(axis=(1, 2)), rtol=1e-4)
