"""Warming up a worker leaves nothing that changes what it trains later."""

from __future__ import annotations

import keras
import pytest

from core.training.fitting.warmup import tidy_up, warm_up
from tests.core.training.fitting.points import figures, trained

pytestmark = pytest.mark.keras


def test_warming_up_leaves_nothing_that_changes_a_later_training() -> None:
    cold = figures(trained().history)
    warm_up()
    assert keras.mixed_precision.global_policy().name == "float32"
    assert figures(trained().history) == cold


def test_tidied_up_names_and_precision_are_as_in_a_new_process() -> None:
    keras.layers.Dense(1)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    tidy_up()
    assert keras.layers.Dense(1).name == "dense"
    assert keras.mixed_precision.global_policy().name == "float32"
