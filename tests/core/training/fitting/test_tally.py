"""The confusion matrix that is counted while validating, and its averages, against scikit-learn."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)

from core.training.fitting.tally import Tally, averages

pytestmark = pytest.mark.keras

CLASSES = 5


def answers(n: int, seed: int, only: list[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """True classes, and probabilities that are right about half the time."""
    rng = np.random.default_rng(seed)
    true = rng.choice(only or range(CLASSES), n)
    logits = rng.normal(size=(n, CLASSES)) + 1.2 * np.eye(CLASSES)[true]
    return true, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def counted(true: np.ndarray, probabilities: np.ndarray, batch: int = 32) -> Tally:
    tally = Tally(CLASSES)
    for at in range(0, len(true), batch):
        rows = slice(at, at + batch)
        tally.update_state(np.eye(CLASSES, dtype="f4")[true[rows]], probabilities[rows])
    return tally


def test_it_counts_over_batches_what_scikit_learn_counts_at_once() -> None:
    true, probabilities = answers(200, 1)
    tally = counted(true, probabilities)
    expected = confusion_matrix(true, probabilities.argmax(axis=1), labels=range(CLASSES))
    assert np.asarray(tally.counts).astype(int).tolist() == expected.tolist()
    assert float(tally.result()) == pytest.approx(
        f1_score(true, probabilities.argmax(axis=1), average="macro"), abs=1e-6
    )
    tally.reset_state()
    assert np.asarray(tally.counts).sum() == 0
    assert float(tally.result()) == 0


@pytest.mark.parametrize(("n", "only"), [(200, None), (200, [0, 2, 4]), (3, None), (40, [1])])
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_averages_are_those_of_scikit_learn_also_with_classes_that_do_not_occur(
    n: int, only: list[int] | None
) -> None:
    true, probabilities = answers(n, 2, only)
    found = probabilities.argmax(axis=1)
    tally = counted(true, probabilities)
    known = averages(np.asarray(tally.counts))
    macro = {"average": "macro", "zero_division": 0}
    assert known == pytest.approx(
        {
            "f1": f1_score(true, found, **macro),
            "precision": precision_score(true, found, **macro),
            "recall": recall_score(true, found, **macro),
            "balanced_accuracy": balanced_accuracy_score(true, found),
        },
        abs=1e-6,
    )
    assert float(tally.result()) == pytest.approx(known["f1"], abs=1e-6)


def test_of_nothing_all_averages_are_nothing() -> None:
    assert set(averages(np.zeros((3, 3))).values()) == {0.0}


def test_a_model_that_was_compiled_with_it_can_be_saved_and_opened(tmp_path) -> None:
    given = keras.Input((4,))
    model = keras.Model(given, keras.layers.Dense(3, activation="softmax")(given))
    model.compile(loss="categorical_crossentropy", metrics=[Tally(3)])
    model.save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").output_shape == (None, 3)
