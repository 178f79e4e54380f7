"""A scan finds out the same however it is done, does nothing twice, and loses nothing."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.catalog import Catalog
from core.datasets.content import hash_bytes
from core.datasets.intake import add_folder
from core.errors import Cancelled
from core.quality import thumbs
from core.quality.curation import descriptors
from core.quality.descriptor import DESCRIPTOR_BYTES
from core.quality.look import look_at
from core.quality.pool import Pool
from core.quality.scan import scan
from tests.core.jobs.processes import alive, running, start
from tests.core.quality.pictures import as_bytes, clean, picture, scanned, write
from tests.indexes import latest_index
from tests.recording import RecordingReporter
from tests.waiting import wait_until

MANY = 240  # enough for helper processes


def facts(catalog: Catalog, dataset: str) -> pd.DataFrame:
    table = latest_index(catalog, dataset)
    assert table is not None
    return table.set_index("path")


def shown(catalog: Catalog, dataset: str) -> list[bytes]:
    """All thumbnails, in the index's order."""
    table = facts(catalog, dataset)
    places = zip(table["thumb_at"], table["thumb_bytes"], strict=True)
    return thumbs.read(catalog.workspace, dataset, places)


def jpeg(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **options)  # type: ignore[arg-type]
    return out.getvalue()


def mixed() -> dict[str, Image.Image | bytes]:
    """Good files of several kinds, and each kind of bad one."""
    whole = as_bytes(picture(7))
    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "cat/large.jpg": jpeg(picture(1).resize((800, 600))),
        "cat/turned.jpg": jpeg(picture(2), exif=turned),
        "cat/clear.png": as_bytes(picture(3).convert("RGBA")),
        "cat/grey.bmp": as_bytes(picture(4).convert("L"), "BMP"),
        "dog/a gif.gif": as_bytes(picture(5).quantize(16), "GIF"),
        "dog/web.webp": as_bytes(picture(6), "WEBP"),
        "dog/wrong.jpg": as_bytes(picture(8)),
        "dog/empty.png": b"",
        "dog/words.jpg": b"these are words",
        "dog/cut.png": whole[: len(whole) // 2],
    }


def test_every_file_gets_a_row_and_a_bad_one_its_reason(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "photos", mixed())
    table = facts(catalog, scanned(catalog, root).id)
    assert set(table.index) == set(mixed())
    status = {"dog/empty.png": "empty", "dog/words.jpg": "unreadable", "dog/cut.png": "truncated"}
    bad = table["status"] != "ok"
    assert table["status"][bad].to_dict() == status
    assert (table["problem"].str.len() > 20).eq(bad).all()
    assert (table["descriptor"].map(len) == np.where(bad, 0, DESCRIPTOR_BYTES)).all()
    assert table["brightness"].isna().eq(bad).all()
    assert table["hash"].to_dict() == {
        path: hash_bytes((root / path).read_bytes()) for path in table.index
    }
    turned = table.loc["cat/turned.jpg"]
    assert (turned["width"], turned["height"], turned["orientation"]) == (72, 96, 6)
    assert list(table.index[table["wrong_suffix"]]) == ["dog/wrong.jpg"]


def test_every_image_has_a_thumbnail_and_a_cut_one_what_is_left(
    catalog: Catalog, tmp_path: Path
) -> None:
    dataset = scanned(catalog, write(tmp_path / "photos", mixed())).id
    pictures = dict(zip(facts(catalog, dataset).index, shown(catalog, dataset), strict=True))
    assert {path for path, data in pictures.items() if not data} == {
        "dog/empty.png",
        "dog/words.jpg",
    }
    sizes = {path: Image.open(io.BytesIO(data)).size for path, data in pictures.items() if data}
    assert sizes["cat/large.jpg"] == (160, 120)
    assert sizes["cat/turned.jpg"] == (72, 96)
    assert sizes["dog/cut.png"] == (96, 72)


def test_helpers_find_what_threads_find(catalog: Catalog, tmp_path: Path) -> None:
    files = mixed() | clean("cat", "dog", images=MANY // 2)
    root = write(tmp_path / "photos", files)
    paths = sorted(files)
    chunks = [paths[at : at + 16] for at in range(0, len(paths), 16)]
    with Pool(root, MANY) as pool:
        by_helpers = list(pool.look(chunks, lambda: None))
        assert pool.pids
    with Pool(root, 1) as pool:
        by_threads = list(pool.look(chunks, lambda: None))
        assert not pool.pids
    for one, other in zip(by_helpers, by_threads, strict=True):
        assert one.facts == other.facts
        np.testing.assert_array_equal(one.measured, other.measured)
        assert one.thumbnails == other.thumbnails


@pytest.mark.real
def test_helpers_find_in_real_photos_what_is_found_one_by_one(hands: Path) -> None:
    paths = sorted(str(p.relative_to(hands)) for p in hands.rglob("*") if p.is_file())[:MANY]
    with Pool(hands, MANY) as pool:
        (looked,) = pool.look([paths], lambda: None)
    alone = [look_at(str(hands), [path]) for path in paths]
    assert looked.facts == [each.facts[0] for each in alone]
    np.testing.assert_array_equal(looked.measured, np.concatenate([e.measured for e in alone]))


def test_a_changed_file_is_looked_at_again_and_the_others_are_not(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = write(tmp_path / "photos", clean("cat", "dog"))
    dataset = scanned(catalog, root).id
    before = facts(catalog, dataset)
    write(root, {"cat/1.png": picture(99, 0, 50)})
    assert scan(catalog, dataset).reused == 5
    now = facts(catalog, dataset)
    pd.testing.assert_frame_equal(now.drop("cat/1.png"), before.drop("cat/1.png"))
    assert now.loc["cat/1.png", "brightness"] < 0.2


def test_a_class_folder_of_another_name_gives_its_images_their_new_class(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = write(tmp_path / "photos", clean("cat", "dog"))
    dataset = scanned(catalog, root).id
    (root / "dog").rename(root / "wolf")
    assert scan(catalog, dataset).reused == 3
    assert set(facts(catalog, dataset)["label"]) == {"cat", "wolf"}


def test_files_that_stay_where_they_are_may_still_change_class(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = write(tmp_path / "photos", clean("inner/cat", "inner/dog"))
    dataset = scanned(catalog, root).id
    assert set(facts(catalog, dataset)["label"]) == {"cat", "dog"}
    write(root, clean("other", images=1))
    result = scan(catalog, dataset)
    assert (result.images, result.reused) == (7, 6)
    assert set(facts(catalog, dataset)["label"]) == {"inner", "other"}


def test_a_scan_of_the_same_changes_no_version(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "photos", mixed())
    first = scanned(catalog, root)
    result = scan(catalog, first.id)
    assert (result.reused, result.version) == (len(mixed()), first.version)


def test_a_file_that_could_not_be_opened_is_tried_again(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "photos", clean("cat", "dog", images=1))
    record = add_folder(catalog, root, restrict=False)
    away = tmp_path / "away"

    class Unplugs(RecordingReporter):
        """Takes all files away once they have been listed."""

        def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
            super().progress(phase, done, total, note)
            if phase == "find" and done == 2 and not away.exists():
                shutil.copytree(root, away)
                for file in root.rglob("*.png"):
                    file.unlink()

    scan(catalog, record.id, Unplugs())
    assert list(facts(catalog, record.id)["status"]) == ["unreadable", "unreadable"]
    shutil.copytree(away, root, dirs_exist_ok=True)
    scan(catalog, record.id)
    assert list(facts(catalog, record.id)["status"]) == ["ok", "ok"]


def test_an_index_of_an_older_version_is_read_and_made_anew(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = write(tmp_path / "photos", clean("cat", "dog"))
    dataset = scanned(catalog, root).id
    new = latest_index(catalog, dataset)
    assert new is not None
    old = new.drop(columns=["descriptor", "scan_version"])
    # Another file name, since what was read once is remembered by it.
    old.to_parquet(catalog.workspace.dataset(dataset) / "old.parquet")
    catalog.changes.append(
        dataset, "index", {"file": "old.parquet", "skipped": "", "images": 6}, author="me"
    )
    version = catalog.datasets.get(dataset).version
    assert set(descriptors(catalog, dataset, version)) == {b""}
    assert scan(catalog, dataset).reused == 0
    now = facts(catalog, dataset)["descriptor"]
    assert list(now) == list(new["descriptor"])
    assert all(len(each) == DESCRIPTOR_BYTES for each in now)


class Stops(RecordingReporter):
    """The person presses Stop when some images have been looked at."""

    def cancelled(self) -> bool:
        return any(phase == "scan" and done for phase, done, *_ in self.steps)


def test_a_cancelled_scan_keeps_what_it_did_and_leaves_no_helper(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = write(tmp_path / "photos", clean("cat", "dog", images=MANY // 2))
    record = add_folder(catalog, root, restrict=False)
    with pytest.raises(Cancelled):
        scan(catalog, record.id, Stops())
    result = scan(catalog, record.id)
    assert result.images == MANY
    assert result.reused > 0
    assert all(data for data in shown(catalog, record.id))


def test_progress_ends_with_all_files(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "photos", clean("cat", "dog"))
    report = RecordingReporter()
    scan(catalog, add_folder(catalog, root, restrict=False).id, report)
    done = [step[1:3] for step in report.steps if step[0] == "scan"]
    assert done == sorted(done)
    assert done[-1] == (6, 6)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_files_of_a_killed_helper_are_looked_at_by_another(tmp_path: Path) -> None:
    files = clean("cat", images=MANY)
    root = write(tmp_path / "photos", files)
    paths = sorted(files)
    facts = []
    with Pool(root, MANY) as pool:
        answers = pool.look([paths[at : at + 20] for at in range(0, MANY, 20)], lambda: None)
        for looked in answers:
            if not facts:
                for pid in pool.pids:
                    os.kill(pid, signal.SIGKILL)
            facts += looked.facts
    assert facts == look_at(str(root), paths).facts


# Python runs this file, if it finds it, when it starts: here, when a helper does.
ENDS_AT_ONE_IMAGE = """
import sys, os
def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith("deadly.png"):
        os.abort()
sys.addaudithook(hook)
"""


def test_a_file_that_crashes_its_reader_is_named_and_the_others_are_read(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "hook", {"sitecustomize.py": ENDS_AT_ONE_IMAGE.encode()})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hook"))
    root = write(tmp_path / "photos", clean("cat", "dog", images=MANY // 2))
    write(root, {"cat/deadly.png": picture()})
    table = facts(catalog, scanned(catalog, root).id)
    assert len(table) == MANY + 1
    assert set(table["status"].drop("cat/deadly.png")) == {"ok"}
    assert table.loc["cat/deadly.png", "status"] == "unreadable"
    assert "crashed" in table.loc["cat/deadly.png", "problem"]


def test_where_no_helper_can_be_started_threads_do_it(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "photos", clean("cat", "dog", images=MANY // 2))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    assert set(facts(catalog, scanned(catalog, root).id)["status"]) == {"ok"}


ASKS_AND_WAITS = """
import sys
from pathlib import Path
from core.quality.pool import Pool
with Pool(Path(sys.argv[1]), 1000) as pool:
    list(pool.look([["cat/0.png"]] * 8, lambda: None))
    print(*pool.pids, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="tells by /proc or signal 0 who lives")
def test_helpers_end_when_whoever_started_them_is_killed(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", clean("cat"))
    with running(start("-c", ASKS_AND_WAITS, str(root))) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert pids
        assert all(alive(pid) for pid in pids)
        process.kill()
        process.wait()
        wait_until(lambda: not any(alive(pid) for pid in pids), 10, "the end of the helpers")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes on disk")
def test_a_pipe_in_the_place_of_an_image_is_not_waited_for(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", clean("cat", images=2))
    (root / "cat/0.png").unlink()
    os.mkfifo(root / "cat/0.png")
    looked = look_at(str(root), ["cat/0.png", "cat/1.png"])
    assert [each.status for each in looked.facts] == ["unreadable", "ok"]


def test_helpers_start_without_what_only_tables_need() -> None:
    """Each scan of many files starts some; pandas would take longer than all else together."""
    said = "import core.quality.helper, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert not {"pandas", "pyarrow", "sqlalchemy", "scipy"} & set(done.stdout.split())
