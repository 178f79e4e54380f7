"""A run as it looks from a page at any moment: its events as a worker would tell them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, JobRecord, RunRecord
from core.progress import Wishes
from tests.pages.conftest import assert_no_defect

EPOCHS = 4
_BATCHES = 5


@dataclass(frozen=True)
class Told:
    """A run and what is told about it."""

    catalog: Catalog
    run: RunRecord

    @property
    def job(self) -> JobRecord:
        return self.catalog.jobs.get(self.run.job_id)

    @property
    def wishes(self) -> Wishes:
        return self.job.wishes

    def start(self) -> None:
        """A worker takes the job."""
        taken = self.catalog.jobs.claim(
            "train", pid=os.getpid(), host="here", job_id=self.run.job_id
        )
        assert taken is not None

    def phase(self, phase: str, state: str = "started") -> None:
        self.catalog.jobs.progress(self.run.job_id, phase, 0, None, "")
        self.say("phase", phase=phase, state=state)

    def fit(self, epochs: int = 2, part: str = "") -> None:
        """It has learned for so many epochs, and is in the middle of the next."""
        self.phase("fit")
        for number in range(1, epochs + 1):
            self.batch(number)
            self.epoch(number, part=part)
        self.batch(epochs + 1)

    def batch(self, epoch: int, **more: Any) -> None:
        values = {
            "epoch": epoch,
            "epochs": EPOCHS,
            "batch": 2,
            "batches": _BATCHES,
            "loss": 1 / epoch,
            "accuracy": 0.5,
            "learning_rate": 0.004,
            "images_per_s": 1234.5,
            "seconds_left": 90.0,
            "memory_mb": 900,
        }
        self.say("batch", **(values | more))

    def epoch(self, number: int, **more: Any) -> None:
        values = {
            "epoch": number,
            "epochs": EPOCHS,
            "best": number == 1,
            "part": "",
            "loss": 1 / number,
            "accuracy": 0.5,
            "val_loss": 0.9,
            "val_accuracy": 0.75,
            "f1": 0.4,
            "val_f1": 0.5,
            "val_precision": 0.625,
            "learning_rate": 0.004,
            "seconds": 1.0,
            "memory_mb": 900,
        }
        self.say("epoch", **(values | more))

    def say(self, kind: str, **payload: Any) -> None:
        self.catalog.jobs.append_event(self.run.job_id, kind, payload)


def mount(script: Callable[..., None], *args: Any) -> AppTest:
    """A page that draws nothing but one widget; ``script`` imports all that it needs."""
    at = AppTest.from_function(script, args=args, default_timeout=120).run()
    assert_no_defect(at)
    return at


def button_names(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def charts(at: AppTest) -> Sequence[Any]:
    """The charts that follow the training, in the order of the page."""
    return at.get("vega_lite_chart")


def rows_of(at: AppTest, kind: str, chart: int = 0) -> list[tuple[float, float]]:
    """The points of one kind in the chart with this number, as (x, y)."""
    rows = pyarrow.ipc.open_stream(charts(at)[chart].proto.data.data).read_pandas()
    some = rows[rows["kind"] == kind]
    return list(zip(some["x"].tolist(), some["y"].tolist(), strict=True))
