"""Several processes train one model: the same curve as one, whoever is gone in the middle."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.catalog import Catalog, DatasetRecord
from core.progress import Colleague, Gone
from core.runs.files import RunFiles
from core.runs.values import EpochRecord
from core.training.run import train_run
from core.training.stack import Layer
from core.training.start import create_run
from tests.core.training.small import PLAIN, notes, spec_of
from tests.recording import RecordingReporter

pytestmark = pytest.mark.keras


@pytest.fixture(autouse=True)
def partners_home(home: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Partners have the owner's lists, and a disk of their own."""
    monkeypatch.setenv("LIGHTBOX_DATABASE", f"sqlite:///{home.workspace.database}")
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "partner"))
    return tmp_path / "partner"


class Here:
    """A partner in this process, which gets and gives what could be sent; gone after some steps."""

    def __init__(self, given: Sequence[Any], steps: int) -> None:
        from core.training.fitting.partner import Partner

        self._partner = Partner(*pickle.loads(pickle.dumps(given)))
        self._left = steps

    def ask(self, method: str, *given: Any) -> Callable[[], Any]:
        def came() -> Any:
            self._left -= 1
            if self._left < 0:
                raise Gone
            asked = pickle.loads(pickle.dumps(given))
            return pickle.loads(pickle.dumps(getattr(self._partner, method)(*asked)))

        return came

    def leave(self) -> None:
        self._left = 0


class Hiring(RecordingReporter):
    """Has room for partners, which are there for so many steps; ends in the middle of an epoch."""

    def __init__(self, steps: int = 10**9, ends_at: int = 0) -> None:
        super().__init__()
        self.lasts, self.ends_at, self.hired = steps, ends_at, 0

    def hire(self, make: str, given: Sequence[Sequence[Any]]) -> list[Colleague]:
        assert make == "core.training.fitting.partner:Partner"
        self.hired += len(given)
        return [Here(each, self.lasts) for each in given]

    def event(self, kind: str, **payload: Any) -> None:
        super().event(kind, **payload)
        if kind == "epoch" and payload["epoch"] == self.ends_at:
            raise KeyboardInterrupt


def history(
    home: Catalog, dataset: DatasetRecord, report: RecordingReporter, **changes: Any
) -> list[EpochRecord]:
    run = create_run(
        home, spec_of(dataset, **{"stack": PLAIN, "dropout": 0.0, "epochs": 3, **changes})
    )
    if isinstance(report, Hiring) and report.ends_at:
        with pytest.raises(KeyboardInterrupt):
            train_run(home, run.id, report)
        report = RecordingReporter()
    train_run(home, run.id, report)
    return RunFiles(home.workspace, run.id).history()


def same(one: list[EpochRecord], other: list[EpochRecord]) -> None:
    assert [each.epoch for each in one] == [each.epoch for each in other]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        values = [[each.value(name) for each in history] for history in (one, other)]
        assert np.allclose(*values, rtol=2e-3, atol=2e-4), name


@pytest.mark.parametrize("balance", ["none", "weights"])
def test_the_curve_is_that_of_one_process_whoever_is_gone(
    home: Catalog, dataset: DatasetRecord, partners_home: Path, balance: str
) -> None:
    same_for_all = {"augmentation": "light", "balance": balance}
    alone = history(home, dataset, RecordingReporter(), **same_for_all)
    assert not (partners_home / "cache" / "pixels").exists()
    both = Hiring()
    same(alone, history(home, dataset, both, together=2, **same_for_all))
    assert both.hired == 1
    # What its part of each batch looks like it has found out itself.
    assert list(partners_home.glob(f"cache/pixels/{dataset.id}/*"))
    if balance == "weights":
        return
    # Three, and all of them gone in the middle of the second epoch.
    lost = Hiring(steps=4)
    same(alone, history(home, dataset, lost, together=3, **same_for_all))
    assert notes(lost).count("is gone") == 2
    # Ended after the second epoch, and gone on with by one process alone.
    same(alone, history(home, dataset, Hiring(ends_at=3), together=2, **same_for_all))
    # Nobody is there from the beginning.
    nobody = RecordingReporter()
    same(alone, history(home, dataset, nobody, together=2, **same_for_all))
    assert "1 process instead of 2" in notes(nobody)


def test_what_a_network_keeps_of_all_it_has_seen_is_of_all_parts(
    home: Catalog, dataset: DatasetRecord
) -> None:
    import keras

    first = Layer.model_validate({"kind": "BatchNormalization"})
    seen = []
    for report, together in ((RecordingReporter(), 1), (Hiring(), 2)):
        spec = spec_of(dataset, stack=(first, *PLAIN), epochs=1, batch_size=64, together=together)
        run = create_run(home, spec)
        train_run(home, run.id, report)
        model = keras.models.load_model(RunFiles(home.workspace, run.id).keras, compile=False)
        seen.append(next(v for v in model.variables if v.path.endswith("moving_mean")).numpy())
    assert np.abs(seen[0]).max() > 0
    assert np.allclose(seen[0], seen[1], rtol=1e-4)
