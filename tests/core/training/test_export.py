"""What is used is what was trained: the export answers like the model, or there is none."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.features.runtime import Compiled, save_ir
from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.export import (
    TOLERANCE,
    ExportDiffers,
    export_checked,
    largest_difference,
)

SIZE = 24


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """From dark to bright, with noise."""
    noise = np.random.default_rng(0).uniform(0, 1, (20, SIZE, SIZE, 3))
    return (noise * np.linspace(10, 255, 20)[:, None, None, None]).astype(np.uint8)


@pytest.fixture(scope="module", params=["compact", "classic"])
def model(request: pytest.FixtureRequest) -> Any:
    import keras

    keras.utils.set_random_seed(1)
    return architectures.build(request.param, BuildConfig(SIZE, 3))


@pytest.mark.keras
def test_the_export_answers_like_the_model(model: Any, images: np.ndarray, tmp_path: Path) -> None:
    difference = export_checked(model, tmp_path / "new/model.xml", images)
    assert difference <= TOLERANCE == 1e-3
    answers = Compiled(tmp_path / "new/model.xml").predict(images)
    keras_answers = np.asarray(model.predict(images.astype(np.float32), verbose=0))
    assert answers == pytest.approx(keras_answers, abs=1e-3)
    assert np.ptp(answers, axis=0).max() > 0.01, "the images are told apart"


@pytest.mark.keras
def test_exporting_says_nothing_on_the_terminal(
    model: Any, images: np.ndarray, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        export_checked(model, tmp_path / "model.xml", images)
    assert [str(one.message) for one in warned if one.category is UserWarning] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.keras
def test_only_the_two_files_are_left_and_an_older_export_is_replaced(
    images: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "model.xml"
    save_ir(architectures.build("classic", BuildConfig(SIZE, 2)), path)
    export_checked(architectures.build("classic", BuildConfig(SIZE, 5)), path, images)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.bin", "model.xml"]
    assert Compiled(path).predict(images).shape == (20, 5)


@pytest.mark.keras
def test_the_difference_to_another_model_is_noticed(
    model: Any, images: np.ndarray, tmp_path: Path
) -> None:
    save_ir(architectures.build("classic", BuildConfig(SIZE, 3)), tmp_path / "other.xml")
    assert largest_difference(model, tmp_path / "other.xml", images) > TOLERANCE


@pytest.mark.keras
def test_an_export_that_answers_otherwise_is_refused_and_removed(
    images: np.ndarray, tmp_path: Path
) -> None:
    import keras

    class Drifting(keras.layers.Layer):
        """Computes something else each time that it is converted."""

        traced = 0

        def call(self, x: Any) -> Any:
            self.traced += 1
            return x * (1 + self.traced)

    pixels = keras.Input((SIZE, SIZE, 3), name="pixels")
    means = keras.layers.GlobalAveragePooling2D()(pixels)
    answers = keras.layers.Softmax()(Drifting()(keras.layers.Rescaling(1 / 255)(means)))
    with pytest.raises(ExportDiffers, match="differ by"):
        export_checked(keras.Model(pixels, answers), tmp_path / "model.xml", images)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.keras
def test_a_model_that_answers_with_no_number_is_refused(images: np.ndarray, tmp_path: Path) -> None:
    broken = architectures.build("classic", BuildConfig(SIZE, 3))
    broken.set_weights([np.full_like(weight, np.nan) for weight in broken.get_weights()])
    with pytest.raises(ExportDiffers):
        export_checked(broken, tmp_path / "model.xml", images)
    assert not (tmp_path / "model.xml").exists()
