"""Scans that are killed, stopped or betrayed by the disk: nothing done is lost, nothing hangs."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from core import progress
from core.catalog import Catalog
from core.datasets.intake import add_folder
from core.errors import Cancelled, InvalidInput, NotFound
from core.progress import Reporter
from core.quality import thumbs
from core.quality.curation import curated, decide
from core.quality.scan import scan
from tests.core.jobs.processes import running, start
from tests.core.quality.pictures import clean, picture, scanned, write
from tests.indexes import latest_index
from tests.waiting import wait_until

IMAGES = 240

# A scan in a process of its own. Its clock goes on by 10 s whenever it is looked at, so what is
# done is written down as often as can be, however fast the machine is; then, in the middle, it
# waits for what the test will do.
STOPS_IN_THE_MIDDLE = """
import itertools, sys, types
from core import progress
from core.catalog import open_catalog
from core.workspace import open_workspace
from core.quality.scan import scan

tick = itertools.count()
progress.time = types.SimpleNamespace(monotonic=lambda: next(tick) * 10.0)

class Stops(progress.Reporter):
    def progress(self, phase, done, total, note=""):
        if phase == "scan" and done >= int(sys.argv[2]):
            print("in the middle", flush=True)
            sys.stdin.readline()

print(scan(open_catalog(open_workspace()), sys.argv[1], Stops()).images, "images", flush=True)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "photos", clean("cat", "dog", images=IMAGES // 2))


@pytest.fixture
def _fast_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens every few seconds happens as often as can be."""
    tick = itertools.count()
    fast = SimpleNamespace(monotonic=lambda: next(tick) * 10.0)
    monkeypatch.setattr(progress, "time", fast)


class Meanwhile(Reporter):
    """Does something once, when this many images have been looked at."""

    def __init__(self, deed: Callable[[], object], after: int) -> None:
        self.deed, self.after, self.done = deed, after, False

    def progress(self, phase: str, done: int, *_: object) -> None:
        if phase == "scan" and done >= self.after and not self.done:
            self.done = True
            self.deed()


class Stops(Reporter):
    """The person presses Stop when this many images have been looked at."""

    def __init__(self, after: int) -> None:
        self.after, self.seen = after, 0

    def progress(self, phase: str, done: int, *_: object) -> None:
        self.seen = done if phase == "scan" else 0

    def cancelled(self) -> bool:
        return self.seen >= self.after


def facts(catalog: Catalog, dataset: str) -> pd.DataFrame:
    table = latest_index(catalog, dataset)
    assert table is not None
    return table


def assert_as_if_scanned_at_once(catalog: Catalog, dataset: str, root: Path) -> None:
    """The index and every thumbnail are those of a scan that nothing disturbed."""
    other = scanned(catalog, Path(shutil.copytree(root, root.parent / "undisturbed"))).id
    places = ["thumb_at", "thumb_bytes"]
    mine, theirs = facts(catalog, dataset), facts(catalog, other)
    pd.testing.assert_frame_equal(mine.drop(columns=places), theirs.drop(columns=places))
    pictures = [
        thumbs.read(
            catalog.workspace,
            each,
            zip(table["thumb_at"], table["thumb_bytes"], strict=True),
        )
        for each, table in ((dataset, mine), (other, theirs))
    ]
    assert pictures[0] == pictures[1]
    assert all(pictures[0][row] for row in mine.index[mine["status"] == "ok"])
    left = catalog.workspace.dataset(dataset).glob("partial-*")
    assert list(left) == []


def test_a_scan_that_is_killed_goes_on_where_it_was(catalog: Catalog, root: Path) -> None:
    record = add_folder(catalog, root, restrict=False)
    with running(start("-c", STOPS_IN_THE_MIDDLE, record.id, "100")) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
        process.wait()
    with pytest.raises(NotFound, match="not been scanned yet"):
        curated(catalog, record.id)
    result = scan(catalog, record.id)
    assert result.images == IMAGES
    assert 50 <= result.reused < IMAGES
    assert catalog.datasets.get(record.id).state == "ready"
    assert_as_if_scanned_at_once(catalog, record.id, root)


def test_a_rescan_that_is_killed_leaves_the_last_index_and_every_decision(
    catalog: Catalog, root: Path
) -> None:
    dataset = scanned(catalog, root).id
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    before = curated(catalog, dataset)
    write(root, {f"owl/{number}.png": picture(5000 + number) for number in range(150)})
    with running(start("-c", STOPS_IN_THE_MIDDLE, dataset, "60")) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
        process.wait()
    pd.testing.assert_frame_equal(curated(catalog, dataset), before)
    result = scan(catalog, dataset)
    assert result.images == IMAGES + 150
    assert IMAGES + 20 <= result.reused < IMAGES + 150
    table = curated(catalog, dataset)
    assert set(table["path"][table["excluded"]]) == {"cat/0.png"}
    assert_as_if_scanned_at_once(catalog, dataset, root)


@pytest.mark.usefixtures("_fast_clock")
def test_a_scan_that_is_cancelled_goes_on_where_it_was(catalog: Catalog, root: Path) -> None:
    record = add_folder(catalog, root, restrict=False)
    with pytest.raises(Cancelled):
        scan(catalog, record.id, Stops(after=80))
    with pytest.raises(Cancelled):
        scan(catalog, record.id, Stops(after=40))
    result = scan(catalog, record.id)
    assert result.images == IMAGES
    assert 120 <= result.reused < IMAGES
    assert_as_if_scanned_at_once(catalog, record.id, root)


def test_what_a_cancelled_scan_did_is_kept_without_waiting_for_the_next_note(
    catalog: Catalog, root: Path
) -> None:
    record = add_folder(catalog, root, restrict=False)
    with pytest.raises(Cancelled):
        scan(catalog, record.id, Stops(after=1))
    assert scan(catalog, record.id).reused >= 1


@pytest.mark.usefixtures("_fast_clock")
def test_a_damaged_note_of_a_killed_scan_is_passed_over(catalog: Catalog, root: Path) -> None:
    record = add_folder(catalog, root, restrict=False)
    with pytest.raises(Cancelled):
        scan(catalog, record.id, Stops(after=50))
    notes = sorted(catalog.workspace.dataset(record.id).glob("partial-*"))
    assert notes
    for note in notes:
        note.write_bytes(note.read_bytes()[:50])
    result = scan(catalog, record.id)
    assert (result.images, result.reused) == (IMAGES, 0)
    assert_as_if_scanned_at_once(catalog, record.id, root)


@pytest.mark.usefixtures("_fast_clock")
def test_a_folder_that_disappears_meanwhile_loses_nothing(catalog: Catalog, root: Path) -> None:
    dataset = scanned(catalog, root).id
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    before = curated(catalog, dataset)
    write(root, {f"owl/{number}.png": picture(5000 + number) for number in range(150)})
    away = root.with_name("unplugged")
    with pytest.raises(NotFound, match="disappeared"):
        scan(catalog, dataset, Meanwhile(lambda: root.rename(away), after=20))
    with pytest.raises(NotFound, match="not there"):
        scan(catalog, dataset)
    pd.testing.assert_frame_equal(curated(catalog, dataset), before)
    away.rename(root)
    assert scan(catalog, dataset).images == IMAGES + 150
    table = curated(catalog, dataset)
    assert set(table["status"]) == {"ok"}, "they weren't broken, they were gone"
    assert set(table["path"][table["excluded"]]) == {"cat/0.png"}
    assert_as_if_scanned_at_once(catalog, dataset, root)


def test_a_folder_that_is_emptied_keeps_the_last_index(catalog: Catalog, root: Path) -> None:
    dataset = scanned(catalog, root).id
    before = curated(catalog, dataset)
    for label in ("cat", "dog"):
        shutil.rmtree(root / label)
    with pytest.raises(InvalidInput, match="empty"):
        scan(catalog, dataset)
    pd.testing.assert_frame_equal(curated(catalog, dataset), before)


def test_an_image_that_is_replaced_is_noticed_by_the_next_scan(
    catalog: Catalog, root: Path
) -> None:
    dataset = scanned(catalog, root).id
    before = facts(catalog, dataset).set_index("path")
    write(root, {"cat/3.png": picture(900, 0, 40), "dog/5.png": b""})
    (root / "cat/4.png").unlink()
    os.utime(root / "cat/6.png", (1, 1))
    result = scan(catalog, dataset)
    assert (result.images, result.reused) == (IMAGES - 1, IMAGES - 4)
    now = facts(catalog, dataset).set_index("path")
    assert now.loc["cat/3.png", "hash"] != before.loc["cat/3.png", "hash"]
    assert now.loc["cat/3.png", "brightness"] < 0.1
    assert now.loc["dog/5.png", "status"] == "empty"
    assert now.loc["cat/6.png", "hash"] == before.loc["cat/6.png", "hash"]
    assert "cat/4.png" not in now.index
    assert_as_if_scanned_at_once(catalog, dataset, root)


def test_a_scan_of_what_has_not_changed_looks_at_nothing(catalog: Catalog, root: Path) -> None:
    first = scanned(catalog, root)
    result = scan(catalog, first.id)
    assert (result.reused, result.version) == (IMAGES, first.version)


@pytest.mark.usefixtures("_fast_clock")
def test_images_that_go_or_change_while_others_are_read_cost_only_themselves(
    catalog: Catalog, root: Path
) -> None:
    def change() -> None:
        (root / "dog/118.png").unlink()
        write(root, {"dog/119.png": b"something else"})

    record = add_folder(catalog, root, restrict=False)
    assert scan(catalog, record.id, Meanwhile(change, after=5)).images == IMAGES
    table = facts(catalog, record.id).set_index("path")
    broken = table[table["status"] != "ok"]
    assert set(broken.index) <= {"dog/118.png", "dog/119.png"}
    assert scan(catalog, record.id).images == IMAGES - 1
    now = facts(catalog, record.id).set_index("path")
    assert now.loc["dog/119.png", "status"] == "unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes on disk")
def test_an_image_that_becomes_a_pipe_before_it_is_read_does_not_stop_the_scan(
    catalog: Catalog, root: Path
) -> None:
    record = add_folder(catalog, root, restrict=False)
    with running(start("-c", STOPS_IN_THE_MIDDLE, record.id, "5")) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "in the middle\n"
        last = root / "dog/99.png"
        last.unlink()
        os.mkfifo(last)
        process.stdin.close()
        wait_until(lambda: process.poll() is not None, 20, "the end of the scan")
        said = process.stdout.read()
    assert said.splitlines()[-1] == f"{IMAGES} images", said
    status = facts(catalog, record.id).set_index("path")["status"]
    assert status.drop("dog/99.png").eq("ok").all()
    assert status["dog/99.png"] in ("unreadable", "ok"), "it may have been read before"
