"""What a training run says while it runs, what it keeps, and how it stops."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from core.errors import LightboxError
from core.progress import RecordingReporter
from core.training.fitting.fit import Fitted, compile_model, fit
from tests.core.training.fitting.points import RECIPE, N, batches, model, spec
from tests.core.training.small import StopsAt

BATCHES = 5


class StopsAfter(RecordingReporter):
    """Asks to stop once it has been asked that often, which is once a batch."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def cancelled(self) -> bool:
        self.left -= 1
        return self.left <= 0


def trained(
    report: RecordingReporter, *, validate: bool = True, **changes: Any
) -> tuple[Any, Fitted]:
    made, settings = model(), spec(**changes)
    train = batches(batch_size=settings.batch_size)
    compile_model(made, settings, RECIPE, len(train) * settings.epochs)
    held_out = batches(200, seed=None, batch_size=64) if validate else None
    return made, fit(made, train, held_out, spec=settings, report=report, images=N)


def epochs_of(report: RecordingReporter) -> list[dict[str, Any]]:
    return [payload for kind, payload in report.events if kind == "epoch"]


def test_every_epoch_is_told_with_its_figures_as_it_ends() -> None:
    report = RecordingReporter()
    _, fitted = trained(report)
    told = epochs_of(report)
    assert [(entry["epoch"], entry["epochs"]) for entry in told] == [(1, 3), (2, 3), (3, 3)]
    figures = {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"}
    for entry, kept in zip(told, fitted.history, strict=True):
        assert set(entry) == figures | {"epoch", "epochs", "best"}
        assert {key: entry[key] for key in kept} == kept
        assert all(np.isfinite(entry[key]) for key in figures)
    assert (fitted.stopped, len(fitted.history)) == (False, 3)


def test_batches_are_told_from_the_first_with_how_far_it_is() -> None:
    report = RecordingReporter()
    trained(report)
    told = [payload for kind, payload in report.events if kind == "batch"]
    assert (told[0]["epoch"], told[0]["batch"]) == (1, 1)
    for payload in told:
        assert set(payload) == {
            "epoch", "epochs", "batch", "batches", "loss", "accuracy", "images_per_s",
            "seconds_left",
        }  # fmt: skip
        assert 1 <= payload["batch"] <= payload["batches"] == BATCHES
    steps = [step for step in report.steps if step[0] == "fit"]
    assert len(steps) == len(told)
    assert [step[1] for step in steps] == sorted(step[1] for step in steps)
    assert all(1 <= done <= total == 3 * BATCHES for _, done, total, _ in steps)
    assert steps[0][3] == "Epoch 1 of 3"


def test_all_that_is_told_is_json() -> None:
    report = RecordingReporter()
    trained(report)
    json.dumps(report.events, allow_nan=False)


def test_at_the_end_the_model_has_the_weights_of_its_best_epoch() -> None:
    report = RecordingReporter()
    # A rate far too high, so that it gets worse again.
    made, fitted = trained(report, epochs=12, learning_rate=0.9)
    standing = [(entry["val_accuracy"], -entry["val_loss"]) for entry in fitted.history]
    assert fitted.best_epoch == standing.index(max(standing)) + 1
    assert fitted.best_epoch < 12, "or this shows nothing"
    loss, accuracy = made.evaluate(batches(200, seed=None, batch_size=64), verbose=0)
    best = fitted.history[fitted.best_epoch - 1]
    assert (loss, accuracy) == pytest.approx((best["val_loss"], best["val_accuracy"]), abs=1e-4)
    flagged = [entry["epoch"] for entry in epochs_of(report) if entry["best"]]
    assert flagged[-1] == fitted.best_epoch


def test_without_validation_the_last_epoch_is_kept() -> None:
    _, fitted = trained(RecordingReporter(), validate=False)
    assert fitted.best_epoch == 3
    assert all(entry["val_loss"] is None for entry in fitted.history)


def test_stopping_within_an_epoch_keeps_the_best_of_the_finished_ones() -> None:
    report = StopsAfter(2 * BATCHES + 2)
    made, fitted = trained(report, epochs=50)
    assert fitted.stopped
    assert [entry["epoch"] for entry in fitted.history] == [1, 2]
    assert len(epochs_of(report)) == 2, "the one that was cut off is not told as if it were whole"
    loss, _ = made.evaluate(batches(200, seed=None, batch_size=64), verbose=0)
    assert loss == pytest.approx(fitted.history[fitted.best_epoch - 1]["val_loss"], abs=1e-4)


def test_stopping_without_validation_keeps_the_last_finished_epoch() -> None:
    made, fitted = trained(StopsAfter(BATCHES + 3), epochs=50, validate=False)
    whole, _ = trained(RecordingReporter(), epochs=1, validate=False)
    assert fitted.best_epoch == len(fitted.history) == 1
    for kept, expected in zip(made.get_weights(), whole.get_weights(), strict=True):
        assert kept == pytest.approx(expected, abs=1e-6)


def test_stopping_within_the_first_epoch_keeps_what_was_learned_so_far() -> None:
    before = model().get_weights()
    made, fitted = trained(StopsAfter(2), epochs=50)
    assert (fitted.history, fitted.best_epoch, fitted.stopped) == ([], 0, True)
    assert not np.array_equal(made.get_weights()[0], before[0])


def test_stopping_at_the_end_of_an_epoch_counts_it() -> None:
    _, fitted = trained(StopsAfter(BATCHES), epochs=50)
    assert (len(fitted.history), fitted.best_epoch, fitted.stopped) == (1, 1, True)


def test_a_request_between_epochs_is_heard_in_the_next() -> None:
    _, fitted = trained(StopsAt("epoch", epoch=1), epochs=50)
    assert (len(fitted.history), fitted.stopped) == (1, True)


def test_a_loss_that_is_no_number_ends_it_with_what_to_do() -> None:
    made, settings = model(), spec(learning_rate=0.5)
    made.set_weights([np.full_like(weight, np.nan) for weight in made.get_weights()])
    train = batches()
    compile_model(made, settings, RECIPE, 15)
    with pytest.raises(LightboxError, match=r"(?i)out of control.*lower the learning rate.*0\.5"):
        fit(made, train, None, spec=settings, report=RecordingReporter(), images=N)
