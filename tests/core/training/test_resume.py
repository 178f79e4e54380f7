"""Killed at any moment, a run goes on from its last checkpoint and ends with the same curves."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd
import pytest

from core.catalog import Catalog, DatasetRecord
from core.errors import NoSpace
from core.training.run import train_run
from tests import small_network
from tests.conftest import ROOT
from tests.core.training.fitting.test_checkpoint import FullAfter, no_limit
from tests.core.training.running import Trained, queued, train
from tests.core.training.small import new_catalog, notes, told
from tests.recording import RecordingReporter

pytestmark = pytest.mark.keras

# Killed as soon as an epoch is told of, by the system, without a chance to tidy up: of this epoch
# nothing has been kept yet.
KILLED = """
import os, signal, sys
from pathlib import Path
from core.progress import Reporter
from core.training.run import train_run
from tests import small_network
from tests.core.training.small import new_catalog

class Dies(Reporter):
    def event(self, kind, **payload):
        if kind == "epoch" and payload["epoch"] == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[1])
with small_network.registered(home):
    train_run(new_catalog(home), sys.argv[2], Dies())
"""

# Ends the training of a run in the middle of an epoch.
End = Callable[[Catalog, str, int], None]
# Dropout is in the network itself.
SCRATCH: dict[str, Any] = {
    "epochs": 5,
    "augmentation": "light",
    "optimizer": "adamw",
    "optimizer.weight_decay": 0.02,
    "schedule": "one_cycle",
    "balance": "sampling",
}
PLATEAU: dict[str, Any] = {
    "epochs": 5,
    "schedule": "plateau",
    "schedule.patience": 1,
    "learning_rate": 0.1,
    "optimizer": "sgd",
}
BALANCED: dict[str, Any] = {
    "recipe": "balanced",
    "architecture": small_network.KEY,
    "image_size": 64,
    "epochs": 2,
    "tuning.epochs": 3,
    "frozen": 0.9,
    "loss.label_smoothing": 0,
    "learning_rate": 1e-4,
    "tuning.learning_rate": 5e-3,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    folder = tmp_path_factory.mktemp("home")
    with small_network.registered(folder):
        yield new_catalog(folder)


def kill(home: Catalog, run_id: str, epoch: int) -> None:
    command = [sys.executable, "-c", KILLED, str(home.workspace.home), run_id, str(epoch)]
    ended = subprocess.run(command, cwd=ROOT, timeout=240, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def break_off(home: Catalog, run_id: str, epoch: int) -> None:
    """The same moment in this process, which is quicker than to start one."""

    class Dies(RecordingReporter):
        def event(self, kind: str, **payload: Any) -> None:
            if kind == "epoch" and payload["epoch"] == epoch:
                raise SystemExit

    with pytest.raises(SystemExit):
        train_run(home, run_id, Dies())


def killed_and_resumed(
    home: Catalog, dataset: DatasetRecord, kills: Sequence[int], end: End = kill, **spec: Any
) -> tuple[Trained, list[int]]:
    """The finished run, which was killed in each epoch of ``kills``, and those trained after the
    last."""
    run_id, wanted = queued(home, dataset, **spec)
    folder = home.workspace.run(run_id)
    for epoch in kills:
        end(home, run_id, epoch)
        assert sorted(file.name for file in folder.iterdir()) == [
            "checkpoint",
            "spec.json",
            "split.parquet",
        ]
    split = pd.read_parquet(folder / "split.parquet")
    report = RecordingReporter()
    summary = train_run(home, run_id, report)
    assert not (folder / "checkpoint").exists()
    assert pd.read_parquet(folder / "split.parquet").equals(split)
    assert told(report, "resumed") == [{"epoch": kills[-1] - 1}]
    assert f"Goes on after epoch {kills[-1] - 1} of {wanted.all_epochs}" in notes(report)
    trained = [entry["epoch"] for entry in told(report, "epoch")]
    return Trained(home, dataset, wanted, run_id, report, summary), trained


def same(found: Trained, expected: Trained) -> None:
    """The same curves, to within what computing in another order gives."""
    assert len(found.history) == len(expected.history)
    for one, other in zip(found.history, expected.history, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert found.summary.best_epoch == expected.summary.best_epoch
    for one, other in zip(found.model().get_weights(), expected.model().get_weights(), strict=True):
        assert one == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize(
    ("spec", "end"), [(SCRATCH, kill), (PLATEAU, break_off)], ids=["scratch", "plateau"]
)
def test_a_network_from_scratch_ends_as_if_nothing_had_happened(
    home: Catalog, dataset: DatasetRecord, spec: dict[str, Any], end: End
) -> None:
    run, epochs = killed_and_resumed(home, dataset, [3], end, **spec)
    assert epochs == [3, 4, 5]
    assert "decoded before" in notes(run.report)
    same(run, train(home, dataset, **spec))


def test_a_pretrained_one_killed_in_its_head_and_in_its_tuning_ends_as_if_nothing_had_happened(
    home: Catalog, dataset: DatasetRecord
) -> None:
    # Views of the images are still being added in the second epoch.
    run, epochs = killed_and_resumed(home, dataset, [2, 4], **BALANCED)
    assert epochs == [4, 5], "neither the head nor the first epoch of tuning again"
    assert "features were computed before" in notes(run.report)
    whole = train(home, dataset, **BALANCED)
    assert [entry["part"] for entry in whole.history] == ["head"] * 2 + ["tuning"] * 3
    same(run, whole)
    accuracy, loss = whole.validated_again()
    assert accuracy == pytest.approx(whole.summary.validation_accuracy, abs=1e-6)
    assert loss == pytest.approx(whole.best["val_loss"], abs=5e-3)
    assert whole.summary.best_epoch > 2, "or nothing of the tuning is saved"
    assert whole.summary.export_difference <= 1e-3


def test_with_a_damaged_checkpoint_it_begins_anew(home: Catalog, dataset: DatasetRecord) -> None:
    run_id, _ = queued(home, dataset)
    with no_limit(), pytest.raises(NoSpace):
        train_run(home, run_id, FullAfter(2))
    folder = home.workspace.run(run_id) / "checkpoint"
    for file in folder.glob("model-*.npz"):
        file.write_bytes(file.read_bytes()[:-20])
    report = RecordingReporter()
    train_run(home, run_id, report)
    assert told(report, "resumed") == [{"epoch": 0}]
    assert "Goes on" not in notes(report)
    assert [entry["epoch"] for entry in told(report, "epoch")] == [1, 2]


def test_after_the_disk_was_full_it_goes_on_where_it_was(
    home: Catalog, dataset: DatasetRecord
) -> None:
    run_id, wanted = queued(home, dataset, epochs=3)
    with no_limit(), pytest.raises(NoSpace, match=r"disk is full.*Free some space"):
        train_run(home, run_id, FullAfter(3))
    report = RecordingReporter()
    summary = train_run(home, run_id, report)
    assert [entry["epoch"] for entry in told(report, "epoch")] == [3]
    same(Trained(home, dataset, wanted, run_id, report, summary), train(home, dataset, epochs=3))
