"""Folders mean what people mean by them, and every file left out has its reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.layout import read_layout
from core.errors import Cancelled, InvalidInput, NotFound
from core.progress import Reporter
from tests.conftest import write_image
from tests.recording import RecordingReporter

Maker = Callable[..., Path]


def labels(root: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for file in read_layout(root).files:
        counts[file.label] = counts.get(file.label, 0) + 1
    return counts


def reasons(root: Path) -> dict[str, str]:
    return {item.path: item.why for item in read_layout(root).skipped}


def test_class_folders_are_classes(class_folders: Maker) -> None:
    layout = read_layout(class_folders({"cat": 2, "dog": 1}))
    assert [(f.path, f.label, f.split) for f in layout.files] == [
        ("cat/000.jpg", "cat", ""),
        ("cat/001.jpg", "cat", ""),
        ("dog/000.jpg", "dog", ""),
    ]
    assert (layout.kind, layout.prefix, layout.skipped) == ("classes", "", [])
    assert all(f.bytes > 0 and f.mtime_ns > 0 for f in layout.files)


def test_split_folders_are_splits_whatever_they_are_called(class_folders: Maker) -> None:
    layout = read_layout(class_folders({"Train/cat": 2, "val/cat": 1, "TEST/dog": 1}))
    assert layout.kind == "splits"
    assert {(f.label, f.split) for f in layout.files} == {
        ("cat", "train"),
        ("cat", "validation"),
        ("dog", "test"),
    }


def test_wrapping_folders_are_looked_through(class_folders: Maker) -> None:
    root = class_folders({"outer/inner/cat": 1, "outer/inner/dog": 1})
    assert read_layout(root).prefix == "outer/inner"
    assert labels(root) == {"cat": 1, "dog": 1}
    splits = read_layout(class_folders({"set/train/cat": 1, "set/test/cat": 1}, root="other"))
    assert (splits.kind, splits.prefix) == ("splits", "set")


def test_folders_inside_a_class_belong_to_it(class_folders: Maker) -> None:
    assert labels(class_folders({"cat": 1, "cat/big": 1, "dog/a/b": 1})) == {"cat": 2, "dog": 1}


def test_classes_may_be_called_train_and_test(class_folders: Maker) -> None:
    assert labels(class_folders({"train": 2, "test": 1})) == {"train": 2, "test": 1}
    assert labels(class_folders({"train/x": 1, "bus/x": 1}, root="b")) == {"train": 1, "bus": 1}


@pytest.mark.parametrize(
    "name", ["two words", "🐈 katze", 'O\'Brien "x"', "<script>alert(1)", "é" * 100]
)
def test_class_names_stay_as_people_wrote_them(class_folders: Maker, name: str) -> None:
    assert labels(class_folders({name: 1, "b": 1})) == {name: 1, "b": 1}


def test_what_is_no_image_is_left_out_with_its_reason(class_folders: Maker) -> None:
    root = class_folders({"cat": 1, "dog": 1})
    for name in ("cat/notes.txt", "cat/x.heic", "cat/more.zip", "readme", "cat/noend"):
        (root / name).write_text("x")
    write_image(root / "loose.jpg")
    said = reasons(root)
    assert "not an image (.txt)" in said["cat/notes.txt"]
    assert "save it as JPEG" in said["cat/x.heic"]
    assert "unpack it first" in said["cat/more.zip"]
    assert "no file type" in said["cat/noend"]
    assert said["loose.jpg"] == "It lies outside the class folders."
    assert "not an image" in said["readme"]


def test_what_operating_systems_leave_behind_is_not_mentioned(class_folders: Maker) -> None:
    root = class_folders({"cat": 1, "dog": 1, ".thumbs": 1, "__MACOSX/cat": 1})
    for name in ("cat/Thumbs.db", "cat/._000.jpg", ".DS_Store", "dog/desktop.ini"):
        (root / name).write_text("x")
    assert labels(root) == {"cat": 1, "dog": 1}
    assert reasons(root) == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
def test_pipes_are_left_out_and_never_opened(class_folders: Maker) -> None:
    root = class_folders({"cat": 1, "dog": 1})
    os.mkfifo(root / "cat/pipe.jpg")
    assert labels(root) == {"cat": 1, "dog": 1}
    assert "pipe" in reasons(root)["cat/pipe.jpg"]


def test_links_in_circles_are_left_out(class_folders: Maker) -> None:
    root = class_folders({"cat": 1, "dog": 1})
    (root / "cat/self.jpg").symlink_to("self.jpg")
    (root / "cat/a.jpg").symlink_to("b.jpg")
    (root / "cat/b.jpg").symlink_to("a.jpg")
    (root / "dog/up").symlink_to("..", target_is_directory=True)
    (root / "dog/gone.jpg").symlink_to("nowhere.jpg")
    assert labels(root) == {"cat": 1, "dog": 1}
    said = reasons(root)
    assert {"cat/self.jpg", "cat/a.jpg", "cat/b.jpg", "dog/gone.jpg"} <= set(said)


def test_links_count_inside_the_folder_but_not_out_of_it(
    class_folders: Maker, tmp_path: Path
) -> None:
    root = class_folders({"cat": 1, "dog": 1})
    secret = write_image(tmp_path / "secret.jpg")
    (root / "cat/inside.jpg").symlink_to("000.jpg")
    (root / "cat/outside.jpg").symlink_to(secret)
    assert labels(root) == {"cat": 2, "dog": 1}
    assert "outside those that may be read" in reasons(root)["cat/outside.jpg"]


def test_names_that_are_not_text_are_left_out_and_the_rest_kept(class_folders: Maker) -> None:
    root = class_folders({"cat": 1, "dog": 1})
    odd = os.fsencode(root) + b"/cat/caf\xe9.jpg"
    try:
        os.link(root / "cat/000.jpg", os.fsdecode(odd))
    except OSError:
        pytest.skip("this file system only takes names that are text")
    assert labels(root) == {"cat": 1, "dog": 1}
    ((path, why),) = reasons(root).items()
    path.encode()
    assert path.startswith("cat/caf")
    assert "UTF-8" in why


def test_folders_without_classes_say_what_is_needed(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    with pytest.raises(NotFound, match="not there"):
        read_layout(folder)
    folder.mkdir()
    with pytest.raises(InvalidInput, match="empty"):
        read_layout(folder)
    write_image(folder / "1.jpg")
    with pytest.raises(InvalidInput, match="directly in this folder"):
        read_layout(folder)
    (folder / "1.jpg").unlink()
    (folder / "cat").mkdir()
    (folder / "cat/notes.txt").write_text("x")
    with pytest.raises(InvalidInput, match="one other file"):
        read_layout(folder)


def test_too_many_files_are_refused(class_folders: Maker) -> None:
    root = class_folders({"cat": 3, "dog": 3})
    assert len(read_layout(root, max_files=6).files) == 6
    with pytest.raises(InvalidInput, match="LIGHTBOX_MAX_FILES"):
        read_layout(root, max_files=5)


def test_looking_says_where_it_is_and_can_be_stopped(class_folders: Maker) -> None:
    class Stopped(Reporter):
        def cancelled(self) -> bool:
            return True

    root = class_folders({"cat": 1, "dog": 1})
    report = RecordingReporter()
    read_layout(root, report=report)
    assert report.steps[-1][:2] == ("find", 2)
    with pytest.raises(Cancelled):
        read_layout(root, report=Stopped())
