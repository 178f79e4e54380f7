"""Folders that lie in a store are the same on all computers, whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.errors import Cancelled, Damaged, InvalidInput, NotAllowed, Unreachable
from core.files.depot import depot as depots
from core.files.depot import tending
from core.files.depot.places import FolderPlace, open_place
from core.files.depot.tending import TendedDepot
from core.workspace import write_json
from tests.bucket import Bucket, Fault
from tests.computers import Computer, depot_of


def _write(catalog: Catalog, **files: str) -> None:
    """Write files of a run, as a job does, and publish them."""
    for name, text in files.items():
        place = catalog.workspace.run("r-1") / name.replace("_", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    depot_of(catalog).settle()


def _read(catalog: Catalog) -> dict[str, str]:
    folder = catalog.workspace.run("r-1")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_text() for file in files}


@pytest.mark.usefixtures("anywhere")
def test_what_one_computer_makes_changes_and_removes_others_see(computer: Computer) -> None:
    one, other = computer("one"), computer("other")
    _write(one, model="weights", on_x="tested")
    assert _read(other) == {"model": "weights", "on/x": "tested"}
    folders = [each.workspace.run("r-1") for each in (one, other)]
    times = [(folder / "model").stat().st_mtime_ns for folder in folders]
    assert times[0] == times[1]
    # Changed there and here, each another file; and one removed.
    (one.workspace.run("r-1") / "on" / "x").unlink()
    _write(one, model="better weights")
    _write(other, about="of use")
    both = {"model": "better weights", "about": "of use"}
    _read(other)
    assert not (other.workspace.run("r-1") / "on").exists(), "empty by now"
    assert _read(one) == _read(other) == _read(computer("third")) == both
    assert one.workspace.bytes_of("runs/r-1") == sum(map(len, both.values()))
    # What isn't any folder's any more takes no room.
    place = depot_of(one).place
    assert len(place.names("runs/r-1/")) == 3
    other.workspace.forget("runs/r-1")
    assert place.names("runs/r-1/") == []
    assert not other.workspace.run("r-1").exists()


@pytest.mark.usefixtures("either_database", "shared")
def test_of_two_who_publish_at_once_neither_loses_anything(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = computer("one"), computer("other")
    _write(one, model="weights")
    assert _read(other) == {"model": "weights"}
    ledger = depot_of(one).ledger
    real, once = ledger.move, iter([True])

    def overtaken(*args: object) -> bool:
        if next(once, False):
            _write(other, theirs="1")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "move", overtaken)
    _write(one, mine="2")
    assert _read(one) == _read(other) == {"model": "weights", "mine": "2", "theirs": "1"}


@pytest.mark.usefixtures("shared")
def test_a_stop_anywhere_in_a_publication_leaves_the_folder_as_it_was(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = computer("one"), computer("other")
    _write(one, a="1", b="1")
    before = _read(other)
    writes = ["send", "send", "write"]
    for stops_at in range(1, len(writes) + 1):
        left = iter([True] * (stops_at - 1))
        for name in set(writes):
            real = getattr(FolderPlace, name)

            monkeypatch.setattr(FolderPlace, name, _stopped(real, left))
        with pytest.raises(KeyboardInterrupt):
            _write(one, a=f"a{stops_at}", b=f"b{stops_at}")
        assert _read(other) == before
        monkeypatch.undo()
        monkeypatch.setenv("LIGHTBOX_DATABASE", str(one.engine.url))
    # Who begins anew on that computer publishes what was left, and sends nothing twice.
    monkeypatch.setattr(FolderPlace, "send", _stopped(FolderPlace.send, iter([])))
    end = threading.Event()
    monkeypatch.setattr(tending, "_TENDED_EVERY_S", 0.01)
    monkeypatch.setattr(TendedDepot, "settle", lambda self, _: (_settle(self), end.set()))
    again = TendedDepot(one.workspace.home, lambda: depot_of(one).place, one.folders, 10**9)
    again.tend(end, one.jobs)
    assert _read(other) == {"a": "a3", "b": "b3"}
    # Nor is there anything of what was broken off.
    assert len(depot_of(one).place.names("runs/r-1/")) == 3


_settle = TendedDepot.settle


def _stopped(real: Callable[..., None], left: Iterator[bool]) -> Callable[..., None]:
    def stopped(*args: object) -> None:
        if not next(left, False):
            raise KeyboardInterrupt
        real(*args)

    return stopped


def test_what_isnt_what_was_put_there_is_fetched_once_more_then_said(
    computer: Computer, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(computer("one"), model="weights")
    (content,) = shared.glob("runs/r-1/content/*")
    real, tries = FolderPlace.fetch, iter([True])

    def cut(self: FolderPlace, name: str, target: Path) -> None:
        real(self, name, target)
        if next(tries, False):
            target.write_bytes(b"weig")

    monkeypatch.setattr(FolderPlace, "fetch", cut)
    assert _read(computer("other")) == {"model": "weights"}
    content.write_bytes(b"weighty")
    third = computer("third")
    with pytest.raises(Damaged, match=r"is not what was put there.*model"):
        third.workspace.run("r-1")
    assert not (third.workspace.home / "runs" / "r-1").exists()
    content.unlink()
    with pytest.raises(Damaged, match="is missing in the store"):
        third.workspace.run("r-1")


def test_errors_cut_bodies_and_a_store_that_is_gone(
    computer: Computer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_FILES", f"s3://{bucket.name}")
    one, other = computer("one"), computer("other")
    bucket.wire.faults["*"] = Fault("error", 2)
    _write(one, model="weights" * 99)
    bucket.wire.faults["*"] = Fault("truncated", 2)
    assert _read(other) == {"model": "weights" * 99}
    bucket.wire.faults["*"] = Fault("error")
    with pytest.raises(Unreachable):
        _write(one, model="better")
    with pytest.raises(Unreachable):
        computer("third").workspace.run("r-1")
    # Who has it goes on.
    assert _read(other) == {"model": "weights" * 99}
    bucket.wire.faults["*"] = Fault("forbidden")
    with pytest.raises(NotAllowed):
        _write(one, model="better")
    bucket.wire.faults.clear()
    depot_of(one).settle()
    assert _read(other) == {"model": "better"}


@pytest.mark.usefixtures("either_database", "shared")
def test_who_has_lost_a_job_publishes_nothing_of_it(computer: Computer) -> None:
    one, other = computer("one"), computer("other")
    job = one.jobs.add("train", {"run_id": "r-1"}, lane="train")
    mine = one.jobs.claim("train", pid=1, host="one", machine="m-1")
    assert mine is not None
    with depot_of(one).working(job.id, mine.claims):
        _write(one, model="half")
    # While it runs, others who look at it leave it alone.
    (other.workspace.run("r-1") / "note").write_text("x")
    depot_of(other).settle()
    assert _read(computer("third")) == {"model": "half"}
    assert one.jobs.give_back(job.id, claim=mine.claims)
    theirs = other.jobs.claim("train", pid=2, host="other", machine="m-2")
    assert theirs is not None
    with depot_of(other).working(job.id, theirs.claims):
        _write(other, model="whole")
    with depot_of(one).working(job.id, mine.claims), pytest.raises(Cancelled):
        _write(one, more="of the first")
    depot_of(one).drop(depot_of(one).touched)
    assert _read(one) == _read(computer("third")) == {"model": "whole", "note": "x"}


@pytest.mark.usefixtures("either_database", "shared")
@pytest.mark.parametrize("done", [False, True], ids=["while-it-is-done", "once-it-is-done"])
def test_a_computer_that_was_switched_off_brings_nothing_back_of_what_another_goes_on_with(
    computer: Computer, monkeypatch: pytest.MonkeyPatch, *, done: bool
) -> None:
    monkeypatch.setattr(tending, "_TENDED_EVERY_S", 0.01)
    one, other = computer("one"), computer("other")
    job = one.jobs.add("train", {"run_id": "r-1"}, lane="train")
    mine = one.jobs.claim("train", pid=1, host="one", machine="m-1")
    assert mine is not None
    with contextlib.suppress(KeyboardInterrupt), depot_of(one).working(job.id, mine.claims):
        _write(one, model="first")
        (one.workspace.run("r-1") / "checkpoint").write_text("second")
        raise KeyboardInterrupt
    assert one.jobs.give_back(job.id, claim=mine.claims)
    theirs = other.jobs.claim("train", pid=2, host="other", machine="m-2")
    assert theirs is not None
    with depot_of(other).working(job.id, theirs.claims):
        _write(other, model="third")
    if done:
        other.jobs.finish(job.id, "done", claim=theirs.claims)
    again, end, looks = computer("one"), threading.Event(), iter(range(3))
    monkeypatch.setattr(
        TendedDepot, "_clear_doomed", lambda _: None if next(looks, None) is not None else end.set()
    )
    depot_of(again).tend(end, again.jobs)
    other.jobs.finish(job.id, "done", claim=theirs.claims)
    depot_of(again).settle_all()
    assert _read(again) == _read(computer("third")) == {"model": "third"}


def test_what_was_used_longest_ago_makes_room(
    computer: Computer, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depots, "_IN_USE_S", 0.0)
    catalog = computer("one")
    small = TendedDepot(catalog.workspace.home, lambda: FolderPlace(shared), catalog.folders, 250)
    for number in range(4):
        small.bring(f"runs/r-{number}")
        write_json(catalog.workspace.home / f"runs/r-{number}" / "a", "x" * 80)
        small.settle()
    write_json(catalog.workspace.home / "runs/r-1/b", "not published")
    shutil.rmtree(catalog.workspace.home / "runs/r-3")
    small.bring("runs/r-3")
    here = sorted(each.name for each in (catalog.workspace.home / "runs").iterdir())
    # Never what isn't in the store; and what has gone comes again.
    assert here == ["r-1", "r-3"]
    small.bring("runs/r-0")
    assert (catalog.workspace.home / "runs/r-0/a").exists()


def test_another_store_or_none_is_noticed(
    computer: Computer, shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _write(computer("one"), model="weights")
    monkeypatch.delenv("LIGHTBOX_FILES")
    with pytest.raises(NotAllowed, match=f"Set LIGHTBOX_FILES={shared}"):
        computer("one")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("LIGHTBOX_FILES", str(tmp_path / "empty"))
    with pytest.raises(InvalidInput, match=f"lie in {shared}"):
        computer("other").workspace.run("r-1")
    monkeypatch.setenv("LIGHTBOX_FILES", str(tmp_path / "not mounted"))
    with pytest.raises(Unreachable, match="is not there"):
        computer("other").workspace.run("r-1")
    # It may be mounted elsewhere.
    shared.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("LIGHTBOX_FILES", str(tmp_path / "elsewhere"))
    assert _read(computer("other")) == {"model": "weights"}


@pytest.mark.parametrize(
    "address", ["relative/folder", "s3://", "s3://No_Such", "ftp2://x/y", "gs://bucket/x"]
)
def test_what_cant_be_a_store_is_said(address: str) -> None:
    with pytest.raises(InvalidInput, match=r"Set LIGHTBOX_FILES|pip install"):
        open_place(address)
