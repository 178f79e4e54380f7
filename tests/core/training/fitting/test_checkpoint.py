"""A fit that ended at any moment goes on as if it had not."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import NoSpace
from core.training.fitting.callbacks import base
from core.training.fitting.callbacks.sample_answers import SampleAnswers
from core.training.fitting.checkpoint import Checkpoint
from tests.core.training.fitting.points import Done, figures, model, trained
from tests.core.training.small import told
from tests.recording import RecordingReporter

pytestmark = pytest.mark.keras

# What a later epoch depends on: dropout's generator, the optimizer's moments, the schedule, the
# plateau rule's memory, early stopping's.
VALUES: dict[str, Any] = {
    "epochs": 6,
    "schedule": "plateau",
    "schedule.patience": 1,
    "learning_rate": 0.3,
    "optimizer": "adam",
    "stopping.patience": 6,
    "best_by": "loss",
}


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every epoch is kept, however busy the computer is; whether one is spared is a test's own."""
    monkeypatch.setattr(base, "_AT_LEAST_S", 3600.0)


class Gone(BaseException):
    """Nothing in between catches this."""


class DiesAfter(RecordingReporter):
    """The process's end, just after an epoch's checkpoint was kept."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def snapshot(self, kind: str, **payload: Any) -> None:
        super().snapshot(kind, **payload)
        # Where epochs are long, there is one in the middle too.
        if payload["epoch"] == self.epoch and not payload.get("partial"):
            raise Gone


def killed(folder: Path, epoch: int, **changes: Any) -> None:
    with pytest.raises(Gone):
        trained(
            DiesAfter(epoch), made=model(0.3), checkpoint=Checkpoint(folder), **VALUES | changes
        )


def resumed(folder: Path, report: RecordingReporter | None = None, **changes: Any) -> Done:
    checkpoint = Checkpoint(folder)
    fit_state = checkpoint.fit_state()
    assert fit_state is not None
    return trained(
        report, made=model(0.3), fit_state=fit_state, checkpoint=checkpoint, **VALUES | changes
    )


@pytest.fixture(scope="module")
def whole() -> Done:
    return trained(made=model(0.3), **VALUES)


def test_it_goes_on_as_if_nothing_had_happened(tmp_path: Path, whole: Done) -> None:
    epoch = 3
    killed(tmp_path, epoch)
    fit_state = Checkpoint(tmp_path).fit_state()
    assert fit_state is not None
    assert (fit_state.epoch, len(fit_state.history)) == (epoch, epoch)
    report = RecordingReporter()
    done = resumed(tmp_path, report)
    assert [entry["epoch"] for entry in told(report, "epoch")] == list(range(epoch + 1, 7))
    assert figures(done.history) == figures(whole.history)
    assert done.fit_state.best_epoch == whole.fit_state.best_epoch
    for found, expected in zip(done.model.get_weights(), whole.model.get_weights(), strict=True):
        assert found == pytest.approx(expected, abs=1e-6)


def test_what_else_takes_time_leaves_time_to_keep_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_AT_LEAST_S", 0.0)
    tell = SampleAnswers._tell

    def slowly(self: SampleAnswers, **more: Any) -> None:
        self.fit.aside_s += 3600
        tell(self, **more)

    monkeypatch.setattr(SampleAnswers, "_tell", slowly)
    killed(tmp_path, 2)
    fit_state = Checkpoint(tmp_path).fit_state()
    assert fit_state is not None
    assert fit_state.epoch >= 1


def test_killed_after_its_last_epoch_nothing_is_trained_again(tmp_path: Path, whole: Done) -> None:
    trained(made=model(0.3), checkpoint=Checkpoint(tmp_path), **VALUES)
    report = RecordingReporter()
    done = resumed(tmp_path, report)
    assert told(report, "epoch") == told(report, "batch") == []
    for found, expected in zip(done.model.get_weights(), whole.model.get_weights(), strict=True):
        assert np.array_equal(found, expected)


def test_killed_after_it_had_stopped_early_nothing_is_trained_again(tmp_path: Path) -> None:
    early = {"epochs": 40, "stopping.patience": 1, "learning_rate": 0.9, "schedule": "constant"}
    done = trained(made=model(0.3), checkpoint=Checkpoint(tmp_path), **VALUES | early)
    assert len(done.history) < 40
    report = RecordingReporter()
    again = resumed(tmp_path, report, **early)
    assert told(report, "batch") == []
    assert figures(again.history) == figures(done.history)


def test_a_part_that_is_done_keeps_its_best_weights_while_the_next_is_trained(
    tmp_path: Path,
) -> None:
    head, tuning = {"name": "head"}, {"name": "tuning"}
    later = {"tuning.epochs": 3, "tuning.learning_rate": VALUES["learning_rate"]}
    values = VALUES | later
    checkpoint = Checkpoint(tmp_path)
    first = trained(made=model(0.3), checkpoint=checkpoint, part=head, **values)
    with pytest.raises(Gone):
        # A model of another shape, as a whole network's is beside its head's.
        wide = widened()
        trained(
            DiesAfter(8),
            made=wide,
            fit_state=first.fit_state,
            checkpoint=checkpoint,
            part=tuning,
            **values,
        )
    report = RecordingReporter()
    again = resumed(tmp_path, report, part=head, **later)
    assert told(report, "batch") == []
    for found, expected in zip(again.model.get_weights(), first.model.get_weights(), strict=True):
        assert np.array_equal(found, expected)
    done = trained(
        report,
        made=widened(),
        fit_state=again.fit_state,
        checkpoint=checkpoint,
        part=tuning,
        **values,
    )
    assert [entry["epoch"] for entry in told(report, "epoch")] == [9]
    assert done.column("epoch") == list(range(1, 10))


def widened() -> Any:
    import keras

    inner = model(0.3)
    x = keras.layers.BatchNormalization()(inner.inputs[0])
    return keras.Model(inner.inputs[0], inner(x))


def cut_short(folder: Path) -> None:
    for file in folder.glob("model-*.npz"):
        file.write_bytes(file.read_bytes()[:-40])


def flip_a_bit(folder: Path) -> None:
    for file in folder.glob("best-*.npz"):
        content = bytearray(file.read_bytes())
        content[len(content) // 3] ^= 4
        file.write_bytes(content)


def remove_a_file(folder: Path) -> None:
    for file in folder.glob("model-*.npz"):
        file.unlink()


def empty(folder: Path) -> None:
    for file in folder.glob("*.npz"):
        file.write_bytes(b"")


def no_json(folder: Path) -> None:
    (folder / "state.json").write_text('{"standing": {"part"')


def other_json(folder: Path) -> None:
    (folder / "state.json").write_text("[1, 2]")


def of_another_version(folder: Path) -> None:
    state = json.loads((folder / "state.json").read_text())
    state["standing"]["mood"] = "good"
    (folder / "state.json").write_text(json.dumps(state))


def no_state(folder: Path) -> None:
    (folder / "state.json").unlink()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    killed(folder, 2)
    return folder


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        flip_a_bit,
        remove_a_file,
        empty,
        no_json,
        other_json,
        of_another_version,
        no_state,
    ],
)
def test_what_is_damaged_or_half_there_is_nothing_to_go_on_from(
    tmp_path: Path, kept: Path, damage: Callable[[Path], None]
) -> None:
    inside = tmp_path / "checkpoint"
    inside.mkdir()
    for file in (kept / "checkpoint").iterdir():
        (inside / file.name).write_bytes(file.read_bytes())
    assert Checkpoint(tmp_path).fit_state() is not None
    damage(inside)
    assert Checkpoint(tmp_path).fit_state() is None


def test_only_files_of_the_last_state_are_there(kept: Path) -> None:
    names = sorted(file.name for file in (kept / "checkpoint").iterdir())
    assert names[0].startswith("best-fit-")
    assert names[1:] == ["model-fit-2.npz", "state.json"]


def test_cleared_nothing_is_left(tmp_path: Path) -> None:
    killed(tmp_path, 1, epochs=2)
    Checkpoint(tmp_path).clear()
    assert list(tmp_path.iterdir()) == []
    assert Checkpoint(tmp_path).fit_state() is None


class FullAfter(RecordingReporter):
    """From an epoch on, files can't grow: for whoever writes, the disk is full."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def event(self, kind: str, **payload: Any) -> None:
        if kind == "epoch" and payload["epoch"] == self.epoch:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))


@contextmanager
def no_limit() -> Iterator[None]:
    """Afterwards there is space again."""
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_a_disk_that_fills_up_is_said_and_what_was_kept_before_is_intact(
    tmp_path: Path, whole: Done
) -> None:
    with no_limit(), pytest.raises(NoSpace, match=r"disk is full.*Free some space"):
        trained(FullAfter(3), made=model(0.3), checkpoint=Checkpoint(tmp_path), **VALUES)
    fit_state = Checkpoint(tmp_path).fit_state()
    assert fit_state is not None
    assert fit_state.epoch == 2
    assert figures(resumed(tmp_path).history) == figures(whole.history)
