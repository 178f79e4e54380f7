"""Each image is decoded once, by content, and one that fails never stops the others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.datasets.content import hash_bytes
from core.datasets.images import decode
from core.datasets.pixels import Files, expected_pixels, load_pixels
from core.errors import Cancelled, NotFound
from core.workspace import Workspace
from tests.conftest import write_image
from tests.recording import RecordingReporter

Maker = Callable[..., Path]


def table_of(root: Path) -> pd.DataFrame:
    paths = sorted(p.relative_to(root).as_posix() for p in root.rglob("*.jpg"))
    hashes = [hash_bytes((root / path).read_bytes()) for path in paths]
    return pd.DataFrame({"path": paths, "hash": hashes})


def test_every_row_gets_the_pixels_of_its_image(workspace: Workspace, class_folders: Maker) -> None:
    root = class_folders({"cat": 3, "dog": 2})
    table = table_of(root)
    pixels = load_pixels(workspace, "d", Files(root, table, 16))
    assert (pixels.decoded, pixels.failed, pixels.store.shape) == (5, [], (5, 16, 16, 3))
    rows = np.array([4, 0, 2])
    wanted = [decode((root / table["path"][row]).read_bytes(), 16) for row in rows]
    assert np.array_equal(pixels.take(rows), np.stack(wanted))


def test_nothing_is_decoded_twice_even_under_another_name(
    workspace: Workspace, class_folders: Maker
) -> None:
    root = class_folders({"cat": 2})
    first = load_pixels(workspace, "d", Files(root, table_of(root), 16))
    (root / "cat/000.jpg").rename(root / "cat/moved.jpg")
    again = load_pixels(workspace, "d", Files(root, table_of(root), 16))
    assert (first.decoded, again.decoded) == (2, 0)
    assert sorted(again.slots) == [0, 1]


def test_copies_share_one_slot(workspace: Workspace, class_folders: Maker) -> None:
    root = class_folders({"cat": 1})
    (root / "cat/copy.jpg").write_bytes((root / "cat/000.jpg").read_bytes())
    pixels = load_pixels(workspace, "d", Files(root, table_of(root), 16))
    assert (pixels.decoded, pixels.slots.tolist()) == (1, [0, 0])


def test_sizes_and_fits_are_kept_apart(workspace: Workspace, class_folders: Maker) -> None:
    root = class_folders({"cat": 1})
    table = table_of(root)
    small = load_pixels(workspace, "d", Files(root, table, 8))
    padded = load_pixels(workspace, "d", Files(root, table, 8, fit="pad"))
    assert (small.decoded, padded.decoded) == (1, 1)
    assert not np.array_equal(small.store, padded.store)


def test_gone_changed_and_broken_images_fail_alone(
    workspace: Workspace, class_folders: Maker
) -> None:
    root = class_folders({"cat": 5})
    (root / "cat/002.jpg").write_bytes(b"not an image")
    table = table_of(root)
    (root / "cat/000.jpg").unlink()
    write_image(root / "cat/001.jpg", seed=77)
    pixels = load_pixels(workspace, "d", Files(root, table, 16))
    said = {item.path: item.why for item in pixels.failed}
    assert sorted(said) == ["cat/000.jpg", "cat/001.jpg", "cat/002.jpg"]
    assert "no longer there" in said["cat/000.jpg"]
    assert "changed" in said["cat/001.jpg"]
    assert "not an image" in said["cat/002.jpg"]
    assert pixels.slots.tolist() == [-1, -1, -1, 0, 1]


def test_what_was_decoded_before_a_stop_is_kept(workspace: Workspace, tmp_path: Path) -> None:
    root = tmp_path / "many"
    for seed in range(300):
        write_image(root / f"cat/{seed}.jpg", seed, size=(8, 8))
    table = table_of(root)

    class StopsInTheMiddle(RecordingReporter):
        def cancelled(self) -> bool:
            return len(self.steps) > 0

    with pytest.raises(Cancelled):
        load_pixels(workspace, "d", Files(root, table, 8), report=StopsInTheMiddle())
    rest = load_pixels(workspace, "d", Files(root, table, 8))
    assert 0 < rest.decoded < 300
    assert (rest.slots >= 0).all()


def test_images_that_are_as_they_were_scanned_are_expected_without_being_read(
    workspace: Workspace, class_folders: Maker
) -> None:
    root = class_folders({"cat": 4})
    facts = [(root / path).stat() for path in table_of(root)["path"]]
    table = table_of(root).assign(
        bytes=[each.st_size for each in facts], mtime_ns=[each.st_mtime_ns for each in facts]
    )
    (root / "cat/000.jpg").unlink()
    (root / "cat/001.jpg").write_bytes(b"something else")
    os.utime(root / "cat/002.jpg", ns=(1, 1))  # the same content still
    pixels = expected_pixels(workspace, "d", Files(root, table, 16))
    assert pixels.slots.tolist() == [-1, -1, 0, 0]
    assert [item.path for item in pixels.failed] == ["cat/000.jpg", "cat/001.jpg"]
    assert pixels.decoded == 1


def test_images_can_be_taken_from_their_files_without_being_kept(
    workspace: Workspace, class_folders: Maker
) -> None:
    root = class_folders({"cat": 3})
    table, rows = table_of(root), np.array([2, 0])
    kept = load_pixels(workspace, "d", Files(root, table, 16))
    files = Files(root, table, 16)
    np.testing.assert_array_equal(files.take(rows), kept.take(rows))
    (root / "cat/001.jpg").unlink()
    with pytest.raises(NotFound, match="can't be read any more"):
        files.take(np.array([1]))
