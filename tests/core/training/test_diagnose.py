"""What the curves say: each rule on a course of its kind, and silence about a healthy one."""

from __future__ import annotations

import math

import pytest

from core.runs.values import EpochRecord
from core.training.diagnose import diagnose

CLASSES = 10
GUESSING = math.log(CLASSES)


def course(
    losses: list[float],
    accuracies: list[float],
    val_losses: list[float | None] | None = None,
    val_accuracies: list[float | None] | None = None,
    rate: float = 0.02,
) -> list[EpochRecord]:
    """Finished epochs; validation is like training where it is not given."""
    columns = [losses, accuracies, val_losses or losses, val_accuracies or accuracies]
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return [
        EpochRecord(epoch=n, learning_rate=rate, **dict(zip(names, values, strict=True)))
        for n, values in enumerate(zip(*columns, strict=True), 1)
    ]


def found(history: list[EpochRecord], epochs: int) -> list[str]:
    return [one.key for one in diagnose(history, CLASSES, epochs)]


def healthy(epochs: int) -> list[EpochRecord]:
    at = [1 - math.exp(-n / 4) for n in range(1, epochs + 1)]
    losses = [GUESSING * (1 - 0.95 * x) for x in at]
    accuracies = [0.1 + 0.88 * x for x in at]
    return course(losses, accuracies, [1.05 * x for x in losses], [x - 0.01 for x in accuracies])


def test_nothing_is_said_of_a_healthy_training_at_any_of_its_epochs() -> None:
    whole = healthy(20)
    for done in range(21):
        assert found(whole[:done], 20) == []


def test_a_loss_that_has_gone_above_guessing_diverges_and_a_lower_rate_is_proposed() -> None:
    losses, accuracies = [2.0, 1.8, 1.7, 9.0], [0.2, 0.3, 0.35, 0.1]
    (said,) = diagnose(course(losses, accuracies, rate=0.02), CLASSES, 20)
    assert said.key == "diverging"
    assert "1.7 to 9" in said.text
    assert "0.002" in said.remedy
    assert found(course(losses[:3], accuracies[:3]), 20) == []
    assert found(course([2.0, 1.0, 1.4], [0.2, 0.6, 0.5]), 20) == [], "one bad epoch is none"


def test_a_model_that_only_guesses_is_dead_from_the_fourth_epoch_on() -> None:
    losses, accuracies = [GUESSING] * 4, [0.1, 0.11, 0.1, 0.09]
    (said,) = diagnose(course(losses, accuracies), CLASSES, 20)
    assert said.key == "dead"
    assert "9 % right" in said.text
    assert found(course(losses[:3], accuracies[:3]), 20) == []
    assert found(course([2.3, 2.2, 2.1, 2.0], accuracies), 20) == [], "the loss still falls"
    assert "dead" not in found(course(losses, [0.5] * 4), 20), "better than guessing"


def test_learning_by_heart_is_named_with_the_epoch_since_which() -> None:
    losses = [1.5, 0.8, 0.4, 0.2, 0.1, 0.05, 0.02]
    right = [0.5, 0.7, 0.85, 0.93, 0.97, 0.99, 1.0]
    worse = [1.6, 1.1, 0.9, 0.95, 1.1, 1.2, 1.4]
    held_out = [0.45, 0.6, 0.7, 0.71, 0.72, 0.73, 0.74]
    said = diagnose(course(losses, right, worse, held_out), CLASSES, 20)
    assert [one.key for one in said] == ["overfitting"]
    assert "since epoch 3" in said[0].text
    assert "56 %" in said[0].text
    assert found(course(losses[:5], right[:5], worse[:5], held_out[:5]), 20) == []
    level = [1.6, 1.1, 0.9, 0.91, 0.92, 0.93, 0.94]
    assert found(course(losses, right, level, held_out), 20) == []
    nothing: list[float | None] = [None] * 7
    assert found(course(losses, right, nothing, nothing), 20) == [], "nothing to see it by"


def test_standing_still_is_a_plateau_unless_the_loss_still_falls_or_it_is_over() -> None:
    losses = [1.0, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    right = [0.6, 0.8, 0.82, 0.82, 0.82, 0.82, 0.82, 0.82]
    (said,) = diagnose(course(losses, right), CLASSES, 20)
    assert said.key == "plateau"
    assert "82.0 %" in said.text
    assert "last 5 epochs" in said.text
    assert found(course(losses[:7], right[:7]), 20) == []
    falling = [*losses[:3], 0.55, 0.5, 0.45, 0.4, 0.35]
    assert found(course(falling, right), 20) == []
    assert "plateau" not in found(course(losses, right), 9), "it is over anyway"
    unknown: list[float | None] = [None] * 8
    assert found(course(losses, right, unknown, unknown), 20) == ["plateau"]


def test_getting_better_until_the_last_epoch_was_too_short() -> None:
    losses, right = [2.2, 2.0, 1.8, 1.6, 1.4], [0.2, 0.3, 0.4, 0.5, 0.6]
    (said,) = diagnose(course(losses, right), CLASSES, 5)
    assert said.key == "underfitting"
    assert "60 %" in said.text
    assert found(course(losses, right), 6) == [], "there is one more to come"
    assert found(course(losses, [0.5, 0.6, 0.7, 0.8, 0.9]), 5) == [], "good enough"


@pytest.mark.parametrize("key", ["diverging", "dead", "overfitting", "plateau", "underfitting"])
def test_whatever_is_said_has_numbers_and_a_remedy(key: str) -> None:
    courses = [
        (course([2.0, 1.8, 9.0], [0.2, 0.3, 0.1]), 20),
        (course([2.3] * 4, [0.1] * 4), 20),
        (
            course(
                [1, 0.5, 0.2, 0.1, 0.05, 0.01],
                [0.5, 0.7, 0.9, 0.95, 0.98, 1.0],
                [1, 0.9, 1, 1.1, 1.2, 1.3],
                [0.5, 0.6, 0.65, 0.66, 0.67, 0.68],
            ),
            20,
        ),
        (course([1.0] + [0.6] * 7, [0.6] + [0.8] * 7), 20),
        (course([2.2, 2.0, 1.8], [0.2, 0.3, 0.4]), 3),
    ]
    said = {one.key: one for history, epochs in courses for one in diagnose(history, 10, epochs)}
    assert any(letter.isdigit() for letter in said[key].text)
    assert said[key].remedy.endswith(".")
