"""Schedules, optimizers, and that the same seed gives the same training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from core.progress import Reporter
from core.training import architectures
from core.training.fitting.batches import Batches
from core.training.fitting.fit import Fitted, OneCycle, compile_model, fit
from core.training.fitting.warmup import warm_up
from core.training.recipes import RECIPES, Recipe
from core.training.spec import TrainSpec
from tests.core.training.fitting.points import N, batches, model, spec


def rates(schedule: OneCycle, steps: int) -> np.ndarray:
    return np.array([float(schedule(step)) for step in range(steps)])


def run(recipe: Recipe, settings: TrainSpec) -> Fitted:
    made = model()
    train = batches(seed=settings.seed, batch_size=settings.batch_size)
    compile_model(made, settings, recipe, len(train) * settings.epochs)
    return fit(made, train, batches(30, seed=None), spec=settings, report=Reporter(), images=N)


@pytest.mark.parametrize("warmup", [0.25, 0.05])
@pytest.mark.parametrize("steps", [1, 3, 20, 400])
def test_the_rate_rises_to_the_peak_and_falls_to_almost_nothing(steps: int, warmup: float) -> None:
    found = rates(OneCycle(0.01, steps, warmup), steps)
    assert np.isfinite(found).all()
    assert found.min() > 0
    assert found.max() <= 0.01 * (1 + 1e-6)
    if steps >= 20:
        top = int(found.argmax())
        assert found[top] == pytest.approx(0.01, rel=0.1)
        assert top <= steps * warmup + 1
        assert (np.diff(found[: top + 1]) >= 0).all()
        assert (np.diff(found[top:]) <= 1e-9).all()
        assert found[-1] < 0.001


def test_a_schedule_survives_saving() -> None:
    schedule = OneCycle(0.01, 40, 0.1)
    again = OneCycle.from_config(schedule.get_config())
    assert rates(again, 40).tolist() == rates(schedule, 40).tolist()


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_every_recipe_learns_what_is_easy(recipe: Recipe) -> None:
    fitted = run(recipe, spec(epochs=15))
    first, last = fitted.history[0], fitted.history[-1]
    assert last["loss"] < first["loss"]
    assert last["accuracy"] > 0.7


def test_the_rate_that_was_chosen_is_the_rate_that_is_used() -> None:
    fitted = run(RECIPES["classic"], spec(learning_rate=0.0123))
    assert [entry["learning_rate"] for entry in fitted.history] == pytest.approx([0.0123] * 3)
    varied = run(replace(RECIPES["classic"], schedule="one_cycle"), spec(epochs=8))
    told = [entry["learning_rate"] for entry in varied.history]
    assert max(told) <= 0.05 * (1 + 1e-6)
    assert told[-1] < told[1]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_the_same_seed_gives_the_same_history(recipe: Recipe) -> None:
    def figures(seed: int) -> list[Any]:
        history = run(recipe, spec(seed=seed)).history
        return [{key: entry[key] for key in entry if key != "seconds"} for entry in history]

    assert figures(1) == figures(1) != figures(2)


def test_more_examples_than_one_batch_and_fewer_both_work() -> None:
    for size in (1, 7, N, 500):
        assert len(run(RECIPES["compact"], spec(batch_size=size, epochs=1)).history) == 1


def test_only_weights_decay_not_offsets_or_normalisation() -> None:
    made = architectures.build("compact", 16, 3)
    compile_model(made, spec(recipe="compact"), RECIPES["compact"], 10)
    for variable in made.trainable_variables:
        decays = made.optimizer._use_weight_decay(variable)
        assert decays == (variable.name == "kernel"), variable.path


def test_the_first_step_makes_no_new_variables() -> None:
    made, settings = model(), spec(epochs=1)
    compile_model(made, settings, RECIPES["compact"], 5)
    before = [id(v) for v in (*made.optimizer.variables, *made.metrics_variables)]
    fit(made, batches(), None, spec=settings, report=Reporter(), images=N)
    assert [id(v) for v in (*made.optimizer.variables, *made.metrics_variables)] == before


def test_warming_up_leaves_nothing_that_changes_a_later_training() -> None:
    settings = spec(recipe="compact")
    cold = run(RECIPES["compact"], settings).history
    warm_up()
    assert keras.mixed_precision.global_policy().name == "float32"
    warm = run(RECIPES["compact"], settings).history
    assert [entry["loss"] for entry in warm] == [entry["loss"] for entry in cold]


def test_a_batch_of_images_trains_every_architecture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    train = Batches(
        pixels, np.arange(6), np.arange(6) % 2, 2, batch_size=4, seed=1, augment=True
    )  # fmt: skip
    for key in ("compact", "classic"):
        made = architectures.build(key, 16, 2)
        assert made.output_shape == (None, 2)
        compile_model(made, spec(epochs=1, batch_size=4), RECIPES[key], 2)
        fitted = fit(
            made, train, None, spec=spec(epochs=1, batch_size=4), report=Reporter(), images=6
        )
        assert np.isfinite(fitted.history[0]["loss"])
