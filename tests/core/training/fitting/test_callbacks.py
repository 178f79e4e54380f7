"""What a training run says while it runs, what it hears, what it keeps, and how it stops."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled, LightboxError
from core.progress import Wishes
from core.runs.values import EpochRecord
from core.training.fitting.callbacks.base import FitContext, FitPhase
from core.training.fitting.callbacks.diagnosis import Diagnosis
from core.training.fitting.checkpoint import FitState
from core.training.options import Schedule
from core.training.rates import rate_at
from tests.core.training.fitting.points import (
    BATCHES,
    CLASSES,
    HELD_OUT,
    Done,
    figures,
    held_out,
    make_points,
    model,
    spec,
    trained,
)
from tests.core.training.small import StopsAt, Wishing, notes, seen, told
from tests.recording import RecordingReporter

pytestmark = pytest.mark.keras

FIGURES = {
    "loss",
    "accuracy",
    "f1",
    "val_loss",
    "val_accuracy",
    "val_f1",
    "learning_rate",
    "seconds",
    "memory_mb",
}


# The second part of a run, of three epochs after four.
LATER: dict[str, Any] = {
    "part": {"name": "tuning"},
    "epochs": 4,
    "tuning.epochs": 3,
    "tuning.learning_rate": 0.05,
}


class AfterBatches(RecordingReporter):
    """Asks to stop once ``wishes`` has been asked in that many batches (twice in each)."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = 2 * times

    def wishes(self) -> Wishes:
        self.left -= 1
        return Wishes(stop="keep" if self.left <= 0 else "")


@pytest.fixture(scope="module")
def plain() -> tuple[Done, RecordingReporter]:
    """Three epochs in which nobody wished anything."""
    report = RecordingReporter()
    return trained(report), report


def loss_now(made: Any) -> float:
    """Validation loss and accuracy of the weights that the model has now."""
    return float(made.evaluate(held_out(), verbose=0)[0])


def best_of(done: Done) -> dict[str, Any]:
    return next(e for e in done.history if e["epoch"] == done.fit_state.best_epoch)


def test_every_epoch_is_told_with_its_figures_as_it_ends(plain: Any) -> None:
    done, report = plain
    entries = told(report, "epoch")
    assert [(entry["epoch"], entry["epochs"]) for entry in entries] == [(1, 3), (2, 3), (3, 3)]
    for entry, kept in zip(entries, done.history, strict=True):
        assert set(entry) == FIGURES | {"epoch", "epochs", "best", "part"}
        assert {key: entry[key] for key in kept} == kept
        assert all(np.isfinite(entry[key]) for key in FIGURES)
    assert (done.stopped, len(done.history)) == (False, 3)


def test_batches_are_told_from_the_first_with_how_far_it_is(plain: Any) -> None:
    _, report = plain
    batches = told(report, "batch")
    assert (batches[0]["epoch"], batches[0]["batch"]) == (1, 1)
    for payload in batches:
        assert set(payload) == {
            "epoch",
            "epochs",
            "batch",
            "batches",
            "loss",
            "accuracy",
            "learning_rate",
            "images_per_s",
            "seconds_left",
            "memory_mb",
        }
        assert 1 <= payload["batch"] <= payload["batches"] == BATCHES
        assert 0 <= payload["accuracy"] <= 1
    steps = [step for step in report.steps if step[0] == "fit"]
    assert len(steps) == len(batches)
    assert [step[1] for step in steps] == sorted(step[1] for step in steps)
    assert all(1 <= done <= total == 3 * BATCHES for _, done, total, _ in steps)
    assert steps[0][3] == "Training: epoch 1 of 3"


def test_a_part_of_a_run_is_numbered_and_counted_among_all() -> None:
    report = RecordingReporter()
    done = trained(report, **LATER)
    assert done.column("epoch") == [5, 6, 7]
    assert set(done.column("part")) == {"tuning"}
    assert {payload["epochs"] for payload in told(report, "epoch")} == {7}
    first = next(step for step in report.steps if step[0] == "fit")
    assert first[1:] == (4 * BATCHES + 1, 7 * BATCHES, "Fine-tuning: epoch 5 of 7")


def test_all_that_is_told_is_json(plain: Any) -> None:
    done, report = plain
    json.dumps([report.events, done.history], allow_nan=False)


def test_after_every_epoch_the_confusion_matrix_and_a_few_answers_are_shown(plain: Any) -> None:
    done, report = plain
    # On a busy computer some are told of within epochs too.
    shown = [payload for payload in told(report, "snapshot") if not payload.get("partial")]
    assert [payload["epoch"] for payload in shown] == [1, 2, 3]
    for payload, entry in zip(shown, done.history, strict=True):
        counts = np.array(payload["confusion"])
        assert payload["labels"] == list(CLASSES)
        assert counts.shape == (3, 3)
        assert counts.sum() == HELD_OUT
        assert np.trace(counts) / HELD_OUT == pytest.approx(entry["val_accuracy"], abs=1e-6)
        assert [one["path"] for one in payload["samples"]] == ["1.png", "2.png", "3.png"]
        assert [one["label"] for one in payload["samples"]] == list(CLASSES)
    # The model has the weights of its best epoch again.
    answers = done.model.predict(make_points(3, 0)[0], verbose=0)
    samples = shown[done.fit_state.best_epoch - 1]["samples"]
    assert [one["answer"] for one in samples] == [CLASSES[n] for n in answers.argmax(axis=1)]
    assert [one["confidence"] for one in samples] == pytest.approx(answers.max(axis=1), abs=1e-4)


@pytest.mark.parametrize("metric", ["loss", "f1"])
def test_at_the_end_the_model_has_the_weights_of_its_best_epoch(metric: str) -> None:
    # A rate far too high, so that it gets worse again.
    report = RecordingReporter()
    done = trained(report, epochs=10, learning_rate=0.9, optimizer="adam", best_by=metric)
    sign = -1 if metric == "loss" else 1
    order = [(sign * entry[f"val_{metric}"], -entry["val_loss"]) for entry in done.history]
    assert done.fit_state.best_epoch == order.index(max(order)) + 1
    assert done.fit_state.best_epoch < 10, "or this shows nothing"
    assert loss_now(done.model) == pytest.approx(best_of(done)["val_loss"], abs=1e-4)
    flagged = [entry["epoch"] for entry in told(report, "epoch") if entry["best"]]
    assert flagged[-1] == done.fit_state.best_epoch


def test_without_validation_the_last_epoch_is_kept() -> None:
    done = trained(validate=False)
    assert done.fit_state.best_epoch == 3
    assert done.column("val_loss") == [None] * 3


def test_a_later_part_is_only_better_than_the_one_before_if_it_is() -> None:
    report = RecordingReporter()
    fit_state = FitState(best_epoch=4, best=1.1)
    done = trained(report, fit_state=fit_state, **LATER)
    assert done.fit_state.best_epoch == 4
    assert not any(entry["best"] for entry in told(report, "epoch"))


def test_it_stops_early_when_nothing_has_got_better_and_keeps_the_best() -> None:
    report = RecordingReporter()
    values = {"stopping.patience": 3, "stopping.metric": "loss", "best_by": "loss"}
    done = trained(report, epochs=60, learning_rate=0.4, optimizer="adam", **values)
    losses = done.column("val_loss")
    best = losses.index(min(losses)) + 1
    assert len(losses) == best + 3 < 60
    assert done.fit_state.best_epoch == best
    assert not done.stopped, "nobody asked"
    assert f"Stopped early after epoch {best + 3}" in notes(report)
    assert loss_now(done.model) == pytest.approx(min(losses), abs=1e-4)


def test_stopping_within_an_epoch_keeps_the_best_of_the_finished_ones() -> None:
    report = AfterBatches(2 * BATCHES + 2)
    done = trained(report, epochs=50)
    assert done.stopped
    assert done.column("epoch") == [1, 2]
    assert len(told(report, "epoch")) == 2, "the one that was cut off is not told as if whole"
    assert loss_now(done.model) == pytest.approx(best_of(done)["val_loss"], abs=1e-4)


def test_stopping_without_validation_keeps_the_last_finished_epoch() -> None:
    done = trained(AfterBatches(BATCHES + 3), epochs=50, validate=False)
    whole = trained(epochs=1, validate=False)
    assert done.fit_state.best_epoch == len(done.history) == 1
    for kept, expected in zip(done.model.get_weights(), whole.model.get_weights(), strict=True):
        assert kept == pytest.approx(expected, abs=1e-6)


def test_stopping_within_the_first_epoch_keeps_what_was_learned_so_far() -> None:
    before = model().get_weights()
    done = trained(AfterBatches(2), epochs=50)
    assert (done.history, done.fit_state.best_epoch, done.stopped) == ([], 0, True)
    assert not np.array_equal(done.model.get_weights()[0], before[0])


def test_stopping_at_the_end_of_an_epoch_counts_it() -> None:
    done = trained(AfterBatches(BATCHES), epochs=50)
    assert (len(done.history), done.fit_state.best_epoch, done.stopped) == (1, 1, True)


def test_a_request_between_epochs_is_heard_in_the_next() -> None:
    done = trained(StopsAt("epoch", epoch=1), epochs=50)
    assert (len(done.history), done.stopped) == (1, True)


def test_to_discard_ends_it_at_once() -> None:
    report = StopsAt("epoch", "discard", epoch=2)
    with pytest.raises(Cancelled):
        trained(report, epochs=50)
    assert len(told(report, "epoch")) == 2


class Pausing(RecordingReporter):
    """Pauses once an epoch is told of, until the pause has been told of and asked about a few times
    more; what comes then is ``after``."""

    def __init__(self, after: Wishes) -> None:
        super().__init__()
        self.after, self.asked = after, 0

    def wishes(self) -> Wishes:
        if not seen(self.events, "epoch", epoch=1):
            return Wishes()
        if seen(self.events, "paused"):
            self.asked += 1
        return self.after if self.asked > 2 else Wishes(paused=True)


def test_a_pause_is_told_of_and_changes_nothing(plain: Any) -> None:
    report = Pausing(Wishes())
    done = trained(report)
    kinds = [kind for kind, _ in report.events if kind in ("epoch", "paused", "continued")]
    assert kinds == ["epoch", "paused", "continued", "epoch", "epoch"]
    assert told(report, "paused")[0]["epoch"] == told(report, "continued")[0]["epoch"] == 2
    assert figures(done.history) == figures(plain[0].history)


@pytest.mark.parametrize("stop", ["keep", "discard"])
def test_a_stop_ends_a_pause(stop: Any) -> None:
    report = Pausing(Wishes(stop=stop, paused=True))
    if stop == "discard":
        with pytest.raises(Cancelled):
            trained(report)
    else:
        assert trained(report).stopped
    assert told(report, "continued") == []


def test_a_learning_rate_that_is_asked_for_replaces_the_schedules() -> None:
    def wish(events: list[Any]) -> Wishes:
        return Wishes(learning_rate=0.0042 if seen(events, "epoch", epoch=2) else None)

    report = Wishing(wish)
    done = trained(report, epochs=5, schedule="one_cycle")
    steps = 5 * BATCHES
    expected = [
        rate_at(Schedule(name="one_cycle"), 0.05, epoch * BATCHES + BATCHES - 1, steps, epoch)
        for epoch in range(2)
    ]
    assert done.column("learning_rate") == pytest.approx([*expected, 0.0042, 0.0042, 0.0042])
    assert notes(report) == "The learning rate was set to 0.0042 in epoch 3."
    assert done.fit_state.rate == 0.0042


def test_the_rate_that_is_told_is_the_rate_that_is_used() -> None:
    still = trained(Wishing(lambda _: Wishes(learning_rate=1e-12)), optimizer="sgd")
    for kept, before in zip(still.model.get_weights(), model().get_weights(), strict=True):
        assert kept == pytest.approx(before, abs=1e-9)
    assert still.column("learning_rate") == [1e-12] * 3


def test_a_plateau_lowers_the_rate() -> None:
    # A step of 0.9 throws the weights to and fro.
    values = {"schedule": "plateau", "schedule.patience": 2, "schedule.factor": 0.1}
    done = trained(epochs=10, learning_rate=0.9, optimizer="adam", **values)
    found = done.column("learning_rate")
    best, waited, scale, expected = np.inf, 0, 1.0, []
    for loss in done.column("val_loss"):
        expected.append(0.9 * scale)
        waited = 0 if loss < best - 1e-4 else waited + 1
        best = min(best, loss) if waited == 0 else best
        if waited == 2:
            scale, waited = scale * 0.1, 0
    assert found == pytest.approx(expected)
    assert found[-1] < 0.9


def test_what_the_curves_say_is_told_once() -> None:
    report = RecordingReporter()
    trained(report, epochs=7, learning_rate=1e-9, optimizer="sgd")
    (said,) = told(report, "diagnosis")
    assert (said["key"], said["epoch"]) == ("dead", 4)
    assert said["text"]
    assert said["remedy"]


@pytest.mark.parametrize("said_before", [True, False])
def test_what_the_curves_do_not_say_any_more_is_taken_back(said_before: bool) -> None:
    report = RecordingReporter()
    kept = FitState()
    callback = Diagnosis(FitContext(FitPhase("", spec(epochs=9), 8, 8, "ab"), kept, report))

    def epoch(number: int, val_loss: float, right: float) -> None:
        kept.history.append(
            EpochRecord(
                epoch=number, loss=1 / number, accuracy=right, val_loss=val_loss, val_accuracy=0.5
            )
        )
        if said_before or number > 5:
            callback.on_counted_epoch({})

    for number, val_loss in enumerate((0.5, 0.4, 0.6, 0.7, 0.8), 1):
        epoch(number, val_loss, 0.8)
    epoch(6, 0.3, 0.8)
    assert [one["key"] for one in told(report, "diagnosis")] == ["overfitting"] * said_before
    assert "overfitting" in [one["key"] for one in told(report, "recovered")]


def broken() -> Any:
    made = model()
    made.set_weights([np.full_like(weight, np.nan) for weight in made.get_weights()])
    return made


def test_a_loss_that_is_no_number_ends_it_with_what_to_do() -> None:
    with pytest.raises(LightboxError, match=r"(?i)out of control.*lower the learning rate.*0\.5"):
        trained(made=broken(), learning_rate=0.5)


class Breaks(RecordingReporter):
    """Makes the model's weights no numbers at the end of a batch, as an overflow would."""

    def __init__(self, made: Any, batch: int) -> None:
        super().__init__()
        self.made, self.left = made, 2 * batch  # asked twice a batch

    def wishes(self) -> Wishes:
        self.left -= 1
        if self.left == 0:
            self.made.set_weights([np.full_like(w, np.nan) for w in self.made.get_weights()])
        return Wishes()


@pytest.mark.parametrize("batch", [2 * BATCHES + 1, 3 * BATCHES])
def test_a_loss_that_is_no_number_later_keeps_the_best_epoch_and_says_so(batch: int) -> None:
    """In the middle of an epoch, and at its end, where only validation shows it."""
    made = model()
    report = Breaks(made, batch)
    done = trained(report, made=made, epochs=6)
    assert done.column("epoch") == [1, 2]
    said = told(report, "diagnosis")[0]
    assert said["key"] == "not_a_number"
    assert f"best epoch ({done.fit_state.best_epoch}) is kept" in said["text"]
    assert "Lower the learning rate" in said["remedy"]
    assert loss_now(made) == pytest.approx(best_of(done)["val_loss"], abs=1e-4)
    json.dumps([report.events, done.history], allow_nan=False)


def test_a_later_part_that_breaks_at_once_leaves_the_one_before_as_the_best() -> None:
    report = RecordingReporter()
    done = trained(
        report,
        made=broken(),
        fit_state=FitState(best_epoch=4, best=0.5, tie=-1.0),
        **LATER,
    )
    assert done.fit_state.best_epoch == 4
    assert "best epoch (4) is kept" in told(report, "diagnosis")[0]["text"]


@pytest.mark.parametrize("size", [1, 500])
def test_more_examples_than_one_batch_and_fewer_both_work(size: int) -> None:
    report = RecordingReporter()
    trained(report, batch_size=size, epochs=1)
    assert told(report, "batch")[-1]["batches"] == -(-45 // size)


def test_before_each_epoch_its_data_can_be_prepared() -> None:
    asked: list[int] = []
    trained(part={"prepare": asked.append})
    assert asked == [0, 1, 2]
