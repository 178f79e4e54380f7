"""An upload on its way into a store: nobody waits for it at a click, its import says how far it is,
and it can be stopped and taken up again."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.catalog.changes import Changes
from core.catalog.queue import Has
from core.cli import main
from core.datasets.upload import UploadStage
from core.files.depot import sending, tending
from core.files.depot.places import FolderPlace, Tell
from core.files.depot.tending import TendedDepot
from core.jobs.execute import execute
from core.jobs.kinds import submit_import, submit_scan
from core.jobs.live import live
from core.jobs.reporter import DatabaseReporter
from core.keeper import folder_of
from core.workspace import disk_use
from tests.computers import Computer
from tests.core.jobs.together import mine, watched
from tests.recording import RecordingReporter
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("shared")


@pytest.fixture
def uploaded(class_folders: Callable[..., Path]) -> Callable[[Catalog], DatasetRecord]:
    def upload(catalog: Catalog) -> DatasetRecord:
        stage = UploadStage(catalog.workspace)
        for file in class_folders({"cat": 4, "dog": 4}).rglob("*.jpg"):
            with file.open("rb") as content:
                stage.add("/".join(file.parts[-2:]), content)
        return stage.finish(catalog, "pets")

    return upload


def test_a_click_returns_before_the_files_are_there_and_others_wait_for_them(
    computer: Computer,
    uploaded: Callable[[Catalog], DatasetRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = computer("one"), computer("other")
    depot = one.workspace.keeper
    assert isinstance(depot, TendedDepot)
    gate, gone, end = threading.Event(), threading.Event(), threading.Event()
    real = FolderPlace.send

    def send(self: FolderPlace, source: Path, name: str, tell: Tell) -> None:
        if source.suffix == ".jpg":
            gate.wait()
        real(self, source, name, tell)

    monkeypatch.setattr(FolderPlace, "send", send)
    monkeypatch.setattr(tending, "_TENDED_EVERY_S", 0.01)
    tends = threading.Thread(target=depot.tend, args=(end, one.jobs))
    tends.start()
    try:
        wait_until(lambda: depot.before_job() == depot.name, 60, "somebody who tends")
        record = uploaded(one)
        job = submit_import(one, record.id)
        # It is said how far it is; others can't begin, and a cluster isn't asked to.
        # Its photos, and what is written down about it.
        size = disk_use(folder_of(one.workspace.home, f"datasets/{record.id}"))
        wait_until(lambda: one.jobs.get(job.id).total == size, 60, "progress")
        assert live(other, job.id).doing == "Saving it for all computers"
        assert other.jobs.get(job.id).started_at  # so how long the rest takes can be said
        assert other.jobs.claim("light", pid=1, host="other") is None
        assert not other.jobs.demand("ray-")
        gate.set()
        wait_until(lambda: not one.jobs.get(job.id).home, 60, "all files")
        assert one.jobs.get(job.id).started_at is None
        assert ("light", Has(0, False, exactly=True)) in other.jobs.demand("ray-")
        assert execute(other, mine(other, job)).state == "done"
        assert len(list(other.workspace.originals(record.id).rglob("*.jpg"))) == 8
        # Nor does anybody wait for what is removed.
        removes = FolderPlace.remove

        def remove(self: FolderPlace, name: str) -> None:
            gone.wait(60)
            removes(self, name)

        monkeypatch.setattr(FolderPlace, "remove", remove)
        one.workspace.forget(f"originals/{record.id}")
        assert depot.place.names(f"originals/{record.id}/")
        gone.set()
        left = lambda: depot.place.names(f"originals/{record.id}/")  # noqa: E731
        wait_until(lambda: not left(), 60, "room in the store")
    finally:
        gone.set()
        gate.set()
        end.set()
        tends.join()


def test_an_import_publishes_can_be_stopped_at_that_and_sends_nothing_twice(
    computer: Computer,
    uploaded: Callable[[Catalog], DatasetRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = computer("one"), computer("other")
    # As where an app is open, which does not come to it before the import begins.
    monkeypatch.setattr(one.workspace.keeper, "_tended", True)
    record = uploaded(one)
    job = mine(one, submit_import(one, record.id))
    real, calls, sent = FolderPlace.send, count(1), Counter[str]()

    def send(self: FolderPlace, source: Path, name: str, tell: Tell) -> None:
        if next(calls) == 3:
            one.jobs.request_cancel(job.id)
            wait_until(lambda: tell(0), 60, "the stop")
        real(self, source, name, tell)
        sent[str(source) if source.suffix == ".jpg" else ""] += 1

    monkeypatch.setattr(FolderPlace, "send", send)
    told = RecordingReporter()
    assert execute(one, job, told).state == "cancelled"
    size = disk_use(one.workspace.dataset(record.id))
    assert size in {total for phase, _, total, _ in told.steps if phase == "publish"}
    assert "scan" not in {phase for phase, *_ in told.steps}
    assert "cancelled" in one.datasets.get(record.id).problem

    def whole() -> None:
        folders = other.workspace.dataset(record.id), other.workspace.originals(record.id)
        assert (folders[0] / "index-1.parquet").exists()
        assert len(list(folders[1].rglob("*.jpg"))) == 8

    # Nobody hears of images before they are there.
    heard = watched(monkeypatch, Changes, "append", whole)
    assert execute(one, mine(one, submit_scan(one, record.id))).state == "done"
    assert heard
    del sent[""]
    assert set(sent.values()) == {1}
    assert other.datasets.get(record.id).images == 8


def test_what_a_job_needs_is_seen_to_come_and_can_be_stopped(
    computer: Computer,
    uploaded: Callable[[Catalog], DatasetRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = computer("one"), computer("other")
    record = uploaded(one)
    job = submit_import(one, record.id)
    real, calls, reports = FolderPlace.fetch, count(1), list[DatabaseReporter]()

    def fetch(self: FolderPlace, name: str, target: Path) -> None:
        if target.suffix == ".jpg" and next(calls) == 3:
            said = lambda: other.jobs.get(job.id).phase == "fetch"  # noqa: E731
            wait_until(said, 60, "how far it is")
            one.jobs.request_cancel(job.id)
            wait_until(reports[0].cancelled, 60, "the stop")
        real(self, name, target)

    monkeypatch.setattr(FolderPlace, "fetch", fetch)
    monkeypatch.setattr(sending, "SOON_S", 0.0)
    assert execute(other, mine(other, job), started=reports).state == "cancelled"
    assert not folder_of(other.workspace.home, f"originals/{record.id}").exists()


def test_a_command_sends_what_was_in_an_archive_and_not_the_archive(
    computer: Computer,
    shared: Path,
    class_folders: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = class_folders({"cat": 4, "dog": 4})
    packed = shutil.make_archive(str(tmp_path / "pets"), "zip", folder)
    real, sent = FolderPlace.send, set[str]()

    def send(self: FolderPlace, source: Path, name: str, tell: Tell) -> None:
        sent.add(source.name)
        real(self, source, name, tell)

    monkeypatch.setattr(FolderPlace, "send", send)
    assert main(["dataset", "add", packed]) == 0
    other = computer("other")
    (record,) = other.datasets.all()
    assert len(list(other.workspace.originals(record.id).rglob("*.jpg"))) == 8
    assert not other.jobs.all(states=("queued",))
    assert "000.jpg" in sent
    assert "archive.zip" not in sent
    # Nothing is left of what is removed, when the command has ended.
    assert main(["dataset", "remove", record.name]) == 0
    assert main(["dataset", "purge"]) == 0
    assert not list(shared.glob("originals/*"))
