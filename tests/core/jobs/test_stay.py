"""A worker stays for the next job while it is as good as new."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.catalog import Catalog, JobRecord, JobState
from core.features.hardware import own_bytes, resident_bytes
from core.jobs.execute import OUT_OF_MEMORY
from core.jobs.stay import JOBS, TRAIN_GROWTH, Stay

End = Callable[..., JobRecord]


@pytest.fixture
def end(catalog: Catalog) -> End:
    """A job that has ended in some way."""

    def make(state: JobState = "done", error: str = "", error_id: str = "") -> JobRecord:
        job = catalog.jobs.add("train", {}, lane="train")
        catalog.jobs.finish(job.id, state, error, error_id)
        return catalog.jobs.get(job.id)

    return make


def test_it_stays_after_work_that_ended_as_it_should(end: End) -> None:
    stay = Stay("train", lambda: 0)
    assert stay.after(end("done"))
    assert stay.after(end("cancelled"))
    assert stay.after(end("failed", "The disk is full."))


@pytest.mark.parametrize(
    "ended",
    [("failed", "Something went wrong.", "e-1"), ("failed", OUT_OF_MEMORY), ("interrupted",)],
    ids=["defect", "memory", "given up"],
)
def test_a_train_worker_leaves_after_what_may_have_harmed_it(end: End, ended: list[str]) -> None:
    assert not Stay("train", lambda: 0).after(end(*ended))
    assert Stay("light", lambda: 0).after(end(*ended))


@pytest.mark.parametrize("lane", ["light", "train"])
def test_it_leaves_after_its_share(end: End, lane: str) -> None:
    stay = Stay(lane, lambda: 0)  # type: ignore[arg-type]
    job = end()
    stayed = [stay.after(job) for _ in range(JOBS[lane])]  # type: ignore[index]
    assert stayed == [True] * (len(stayed) - 1) + [False]


def test_a_train_worker_leaves_once_it_has_grown_too_large(end: End) -> None:
    held = iter([3_000, 3_000 + TRAIN_GROWTH - 1, 2_000, 3_000 + TRAIN_GROWTH])
    stay = Stay("train", lambda: next(held))
    assert [stay.after(end()) for _ in range(3)] == [True, True, False]


def test_where_memory_can_not_be_measured_a_train_worker_does_one_job(end: End) -> None:
    assert not Stay("train", lambda: None).after(end())
    assert Stay("light", lambda: None).after(end())


def test_the_memory_of_this_process_is_measured() -> None:
    before = resident_bytes()
    assert before is not None
    block = bytearray(b"x") * 50_000_000
    after = resident_bytes()
    assert after is not None
    assert 40_000_000 < after - before < 100_000_000, len(block)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells pages of files apart")
def test_pages_of_files_are_not_what_a_worker_leaves_for(tmp_path: Path) -> None:
    file = tmp_path / "features"
    file.write_bytes(bytes(50_000_000))
    before, own = resident_bytes() or 0, own_bytes() or 0
    records = np.memmap(file, np.uint8, mode="r")
    assert int(records[::4096].sum()) == 0
    assert (resident_bytes() or 0) - before > 40_000_000
    assert (own_bytes() or 0) - own < 10_000_000
    block = bytearray(b"x") * 50_000_000
    assert (own_bytes() or 0) - own > 40_000_000, len(block)
