"""Several looks at an image are averaged inside the model, so that every export does it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.features.runtime import Compiled, save_ir
from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.fitting.looks import averaged
from tests.core.training.small import STACK

pytestmark = pytest.mark.keras

SIZE = 24
IMAGES = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(2)
    return architectures.build("custom", BuildConfig(SIZE, 3, stack=STACK))


def answers(model: Any, images: np.ndarray) -> np.ndarray:
    return np.asarray(model(images.astype(np.float32), training=False))


def test_two_looks_of_one_that_was_mirrored_in_training_are_both_sides(model: Any) -> None:
    both = (answers(model, IMAGES) + answers(model, IMAGES[:, :, ::-1])) / 2
    assert answers(averaged(model, SIZE, 2, mirrored=True), IMAGES) == pytest.approx(both, abs=1e-5)


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("views", [2, 5])
def test_it_is_saved_and_exported_as_it_is(
    model: Any, tmp_path: Path, views: int, flip: bool
) -> None:
    made = averaged(model, SIZE, views, mirrored=flip)
    found = answers(made, IMAGES)
    assert found.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert np.abs(found - answers(model, IMAGES)).max() > 1e-4
    made.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras")
    assert answers(opened, IMAGES) == pytest.approx(found, abs=1e-6)
    save_ir(made, tmp_path / "model.xml")
    assert Compiled(tmp_path / "model.xml").predict(IMAGES) == pytest.approx(found, abs=1e-3)


def test_a_mirrored_look_is_only_taken_where_training_mirrored(model: Any) -> None:
    mirrored = answers(averaged(model, SIZE, 2), IMAGES[:, :, ::-1])
    assert np.abs(mirrored - answers(averaged(model, SIZE, 2), IMAGES)).max() > 1e-5
