"""Every optimizer, loss and metric trains; losses are those of their papers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.fitting.compiling import building_in, compile_model, make_loss, make_optimizer
from core.training.options import Loss, Optimizer
from tests.core.training.fitting.points import batches, model, spec, trained
from tests.core.training.small import STACK

pytestmark = pytest.mark.keras

RNG = np.random.default_rng(0)
TRUE = np.eye(3)[[0, 1, 2, 1]]
FOUND = RNG.dirichlet([1, 1, 1], 4)
WEIGHTS = np.array([1.0, 0.5, 2.0, 0.0])


def loss_of(true: np.ndarray, found: np.ndarray, **options: Any) -> float:
    made = make_loss(Loss(**options))
    return float(made(true.astype("f4"), found.astype("f4")))


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_optimizer_learns_what_is_easy(name: str) -> None:
    done = trained(optimizer={"name": name, "weight_decay": 0.01, "clip_norm": 1.0}, epochs=8)
    assert done.column("loss")[-1] < 0.7 * done.column("loss")[0]


@pytest.mark.parametrize(
    "values",
    [
        {"optimizer": "sgd", "optimizer.momentum": 0, "optimizer.nesterov": True},
        {"optimizer": "sgd", "optimizer.momentum": 0.5, "optimizer.nesterov": False},
        {"optimizer": "rmsprop", "optimizer.momentum": 0},
        {"optimizer": "adam", "optimizer.beta_1": 0.5, "optimizer.beta_2": 0.9},
    ],
)
def test_the_settings_of_an_optimizer_reach_keras(values: dict[str, Any]) -> None:
    options = spec(**values).optimizer
    made = make_optimizer(options, 0.25)
    config = made.get_config()
    assert config["learning_rate"] == pytest.approx(0.25)
    for name in ("momentum", "beta_1", "beta_2"):
        if name in config:
            assert config[name] == getattr(options, name)
    if "nesterov" in config:
        assert config["nesterov"] == (options.nesterov and options.momentum > 0)


def test_gradients_longer_than_the_norm_are_shortened_to_it() -> None:
    def step(clip: float) -> float:
        weights = keras.Variable(np.zeros(4, "f4"))
        made = make_optimizer(Optimizer(name="sgd", momentum=0, clip_norm=clip), 1.0)
        made.apply([keras.ops.convert_to_tensor(np.full(4, 3.0, "f4"))], [weights])
        return float(np.linalg.norm(np.asarray(weights)))

    assert (step(0), step(0.5), step(100)) == pytest.approx((6, 0.5, 6))


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_only_kernels_decay_not_offsets_or_normalisation(name: str) -> None:
    made = architectures.build("custom", BuildConfig(16, 3, stack=STACK))
    compile_model(made, spec(optimizer={"name": name, "weight_decay": 0.01}), 0.1)
    decaying = {made.optimizer._use_weight_decay(v): v.name for v in made.trainable_variables}
    assert set(decaying) == {True, False}
    for variable in made.trainable_variables:
        assert made.optimizer._use_weight_decay(variable) == (variable.name == "kernel")
    # Without gradients, a step is nothing but decay.
    before = [np.asarray(v) for v in made.trainable_variables]
    zeros = [keras.ops.zeros_like(v) for v in made.trainable_variables]
    made.optimizer.apply(zeros, made.trainable_variables)
    for variable, old in zip(made.trainable_variables, before, strict=True):
        factor = 1 - 0.1 * 0.01 if variable.name == "kernel" else 1
        assert np.asarray(variable) == pytest.approx(old * factor, abs=1e-7)


def test_the_categorical_loss_is_the_cross_entropy_with_its_smoothing() -> None:
    assert loss_of(TRUE, FOUND) == pytest.approx(-(TRUE * np.log(FOUND)).sum(1).mean(), rel=1e-5)
    smooth = TRUE * 0.8 + 0.2 / 3
    expected = -(smooth * np.log(FOUND)).sum(1).mean()
    assert loss_of(TRUE, FOUND, label_smoothing=0.2) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_focal_loss_is_that_of_lin_and_others(gamma: float, smoothing: float) -> None:
    true = TRUE * (1 - smoothing) + smoothing / 3
    expected = -((1 - FOUND) ** gamma * true * np.log(FOUND)).sum(1).mean()
    found = loss_of(TRUE, FOUND, name="focal", gamma=gamma, label_smoothing=smoothing)
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_binary_loss_is_the_cross_entropy_of_two_classes(smoothing: float) -> None:
    true, found = np.eye(2)[[0, 1, 1]], RNG.dirichlet([1, 1], 3)
    smooth = true * (1 - smoothing) + smoothing / 2
    expected = -(smooth * np.log(found)).sum(1).mean()
    assert loss_of(true, found, name="binary", label_smoothing=smoothing) == pytest.approx(
        expected, rel=1e-4
    )


@pytest.mark.parametrize("name", ["categorical", "binary", "focal"])
def test_an_examples_weight_multiplies_its_loss(name: str) -> None:
    classes = 2 if name == "binary" else 3
    true, found = np.eye(classes)[[0, 1, 1, 0]], RNG.dirichlet([1] * classes, 4)
    made = make_loss(Loss(name=name))
    weighted = float(made(true.astype("f4"), found.astype("f4"), WEIGHTS.astype("f4")))
    each = [loss_of(true[n : n + 1], found[n : n + 1], name=name) for n in range(4)]
    assert weighted == pytest.approx(float((WEIGHTS * each).sum()) / 4, rel=1e-4)


@pytest.mark.parametrize("name", ["categorical", "focal"])
def test_every_loss_learns_what_is_easy(name: str) -> None:
    done = trained(loss=name, loss__label_smoothing=0.1, epochs=8)
    assert done.column("val_accuracy")[-1] > 0.7
    assert done.column("loss")[-1] < done.column("loss")[0]


def test_all_metrics_are_told_of_every_epoch() -> None:
    everything = ["f1", "balanced_accuracy", "precision", "recall", "top_3", "auc"]
    done = trained(metrics=everything)
    for entry in done.history:
        for name in everything:
            assert 0 <= entry[f"val_{name}"] <= 1
        assert entry["val_top_3"] == 1, "there are only three"
    assert "val_auc" not in trained().history[0]
    assert "val_recall" not in trained().history[0]


def test_the_first_step_makes_no_new_variables() -> None:
    made = model()
    compile_model(made, spec(metrics=["auc", "top_3"]), 0.1)
    before = [id(v) for v in (*made.optimizer.variables, *made.metrics_variables)]
    made.fit(batches(), verbose=0)
    assert [id(v) for v in (*made.optimizer.variables, *made.metrics_variables)] == before


@pytest.mark.parametrize(
    ("precision", "computes"),
    [("float32", "float32"), ("bfloat16", "bfloat16"), ("float16", "float16")],
)
def test_layers_compute_in_the_precision_they_are_built_in(precision: str, computes: str) -> None:
    with building_in(precision):
        layer = keras.layers.Dense(2)
        layer.build((None, 3))
    assert (layer.compute_dtype, str(layer.kernel.dtype)) == (computes, "float32")
    assert keras.mixed_precision.global_policy().name == "float32"
    with pytest.raises(RuntimeError), building_in(precision):
        raise RuntimeError
    assert keras.mixed_precision.global_policy().name == "float32"
