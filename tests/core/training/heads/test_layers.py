"""A fitted head is the same in Keras, saved, opened in safe mode, and in every export."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets.folds import folds
from core.training.heads import HEADS
from core.training.heads.choose import judge
from core.training.heads.head import Problem, answer
from core.training.heads.reduce import reducing

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("key", HEADS)
def test_a_head_answers_in_keras_and_openvino_as_it_did_in_numpy(key, tmp_path):
    import keras
    from scipy.special import softmax

    from core.features.runtime import save_ir
    from core.quiet import openvino
    from core.training.heads.head import as_model

    rng = np.random.default_rng(0)
    labels = np.arange(150) % 3
    features = (rng.normal(0, 1, (3, 60))[labels] + rng.normal(0, 1, (150, 60))) * 5 + 3
    features = features.astype(np.float32)
    before = reducing(features, (48, 12), seed=1)
    problem = Problem(
        before(features), labels, 3, folds(labels, np.arange(150), 5, 1), np.ones(150)
    )
    steps = judge(problem, key).steps(before)
    expected = softmax(answer(steps, features), axis=1)
    model = as_model(steps)
    model.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras", safe_mode=True, compile=False)
    np.testing.assert_allclose(opened.predict(features, verbose=0), expected, atol=1e-4)
    save_ir(model, tmp_path / "model.xml")
    compiled = (
        openvino()
        .Core()
        .compile_model(str(tmp_path / "model.xml"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    )
    np.testing.assert_allclose(compiled(features)[0], expected, atol=1e-4)
