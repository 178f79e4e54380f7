"""Every way in makes a dataset or says why not, and a job that was killed can be run again."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.datasets import intake, removal
from core.datasets.layout import read_layout
from core.datasets.sample import IMAGES
from core.errors import Conflict, InvalidInput, NoSpace, NotAllowed, NotFound
from core.progress import Reporter
from core.quality.curation import decide
from core.quality.scan import scan
from core.who import Who, acting_as
from tests.core.datasets.packing import good, make_tar, make_zip
from tests.recording import RecordingReporter

Maker = Callable[..., Path]


def staged(catalog: Catalog) -> list[Path]:
    return list(catalog.workspace.staging.iterdir())


def classes(catalog: Catalog, dataset_id: str) -> set[str]:
    return {f.label for f in read_layout(catalog.workspace.originals(dataset_id)).files}


def test_a_folder_is_indexed_where_it_lies(catalog: Catalog, class_folders: Maker) -> None:
    root = class_folders({"cat": 1, "dog": 1})
    before = sorted(root.rglob("*"))
    record = intake.add_folder(catalog, root, restrict=True)
    assert (record.name, record.origin, record.state) == ("photos", "folder", "importing")
    assert catalog.workspace.load_path(record.root) == root
    assert intake.prepare(catalog, record.id, Reporter()) == []
    assert sorted(root.rglob("*")) == before


def test_a_second_folder_of_that_name_gets_a_free_one(
    catalog: Catalog, class_folders: Maker
) -> None:
    root = class_folders({"cat": 1})
    intake.add_folder(catalog, root, restrict=False)
    assert intake.add_folder(catalog, root, restrict=False).name == "photos 2"
    with pytest.raises(Conflict):
        intake.add_folder(catalog, root, "photos", restrict=False)


@pytest.mark.parametrize("typed", ["nowhere", "~nobody-of-this-name", "x\0y", "x" * 5000])
def test_a_folder_that_can_not_be_there_is_said_to_be_missing(
    catalog: Catalog, tmp_path: Path, typed: str
) -> None:
    path = typed if typed.startswith("~") else tmp_path / typed
    with pytest.raises((NotFound, NotAllowed)):
        intake.add_folder(catalog, path, restrict=True)
    with pytest.raises(NotFound):
        intake.add_folder(catalog, path, restrict=False)
    assert catalog.datasets.all() == []


def test_a_folder_that_is_a_link_to_itself_is_said_to_be_missing(
    catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(NotFound):
        intake.add_folder(catalog, tmp_path / "loop", restrict=False)


def test_a_folder_whose_name_is_not_text_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "caf\udce9"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system only takes names that are text")
    with pytest.raises(InvalidInput, match="UTF-8") as caught:
        intake.add_folder(catalog, folder, restrict=True)
    str(caught.value).encode()
    (tmp_path / "fine").mkdir()
    assert "fine" in intake.subfolders(tmp_path)
    assert all(name.isascii() for name in intake.subfolders(tmp_path))


def test_folders_outside_the_roots_are_refused_also_through_links(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    (inside / "B").mkdir(parents=True)
    (inside / "a").mkdir()
    (inside / ".hidden").mkdir()
    outside.mkdir()
    (inside / "way-out").symlink_to(outside)
    monkeypatch.setenv("LIGHTBOX_ROOTS", str(inside))
    for path in (outside, inside / "way-out", inside / ".." / "outside"):
        with pytest.raises(NotAllowed, match="inside"):
            intake.add_folder(catalog, path, restrict=True)
        with pytest.raises(NotAllowed):
            intake.subfolders(path)
    assert intake.subfolders(inside) == ["a", "B", "way-out"]
    with pytest.raises(NotFound):
        intake.subfolders(inside / "nowhere")


def test_the_sample_is_one_dataset_and_ready_to_scan(catalog: Catalog) -> None:
    record = intake.add_sample(catalog)
    assert intake.add_sample(catalog).id == record.id
    intake.prepare(catalog, record.id, Reporter())
    assert len(read_layout(catalog.workspace.originals(record.id)).files) == IMAGES
    catalog.datasets.set(record.id, state="failed")
    assert intake.add_sample(catalog).name == "Handwritten digits 2"


def test_an_archive_is_copied_and_then_unpacked(catalog: Catalog, tmp_path: Path) -> None:
    path = make_tar(tmp_path / "my.pets.tar.gz", {**good(), "photos/a.md": b"x"}, "w:gz")
    record = intake.add_archive(catalog, path, path.name)
    assert (record.name, record.origin) == ("my.pets", "archive")
    path.unlink()
    report = RecordingReporter()
    refused = intake.prepare(catalog, record.id, report)
    assert [item.path for item in refused] == ["photos/a.md"]
    assert classes(catalog, record.id) == {"0", "1"}
    assert report.steps[0][0] == "unpack"
    assert staged(catalog) == []


def test_preparing_again_changes_nothing_and_forgets_nothing(
    catalog: Catalog, tmp_path: Path
) -> None:
    path = make_zip(tmp_path / "a.zip", {**good(), "photos/a.md": b"x"})
    record = intake.add_archive(catalog, path, "a.zip")
    first = intake.prepare(catalog, record.id, Reporter())
    folder = catalog.workspace.dataset(record.id)
    before = sorted(folder.rglob("*"))
    assert intake.prepare(catalog, record.id, Reporter()) == first
    assert sorted(folder.rglob("*")) == before
    assert list(folder.glob("archive*")) == [], "the archive is not kept beside its images"


def test_an_import_that_ends_at_the_last_moment_can_be_run_again(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = intake.add_archive(catalog, make_zip(tmp_path / "a.zip", good()), "a.zip")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "replace", full)
        with pytest.raises(NoSpace):
            intake.prepare(catalog, record.id, Reporter())
    intake.prepare(catalog, record.id, Reporter())
    assert classes(catalog, record.id) == {"0", "1"}


def test_what_a_killed_job_had_unpacked_is_not_taken_for_the_whole(
    catalog: Catalog, tmp_path: Path
) -> None:
    record = intake.add_archive(catalog, make_zip(tmp_path / "a.zip", good()), "a.zip")
    half = catalog.workspace.originals(record.id) / "photos/0/0.png"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    intake.prepare(catalog, record.id, Reporter())
    assert half.read_bytes() == good()["photos/0/0.png"]


@pytest.mark.parametrize(
    "filename", [f"{'x' * 300}.zip", f"a.{'y' * 300}.zip", "caf\udce9.zip", "no suffix", ".zip"]
)
def test_an_archive_may_be_called_anything(catalog: Catalog, tmp_path: Path, filename: str) -> None:
    path = make_zip(tmp_path / "a.zip", good())
    record = intake.add_archive(catalog, path, filename)
    intake.prepare(catalog, record.id, Reporter())
    assert classes(catalog, record.id) == {"0", "1"}


def test_an_archive_of_which_nothing_can_be_unpacked_says_why(
    catalog: Catalog, tmp_path: Path
) -> None:
    inside = {f"/data/{path}": data for path, data in good().items()}
    record = intake.add_archive(catalog, make_zip(tmp_path / "a.zip", inside), "a.zip")
    with pytest.raises(InvalidInput, match=r"Its path is absolute.*a\.zip"):
        intake.prepare(catalog, record.id, Reporter())
    named = {f"a:b/{path}": data for path, data in good().items()}
    record = intake.add_archive(catalog, make_zip(tmp_path / "b.zip", named), "b.zip")
    assert intake.prepare(catalog, record.id, Reporter()) == []


def test_a_refused_archive_leaves_nothing_behind(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"no archive")
    with pytest.raises(InvalidInput, match=r"holiday\.zip"):
        intake.add_archive(catalog, path, "holiday.zip")
    with pytest.raises(NotFound):
        intake.add_archive(catalog, tmp_path / "gone.zip", "gone.zip")
    assert catalog.datasets.all() == []
    assert staged(catalog) == []


def test_what_was_done_to_a_dataset_that_is_removed_while_it_trains_stays_told_in_plain_words(
    catalog: Catalog, class_folders: Maker
) -> None:
    record = intake.add_folder(catalog, class_folders({"cat": 2, "dog": 2}), "pets", restrict=False)
    scan(catalog, record.id)
    decide(catalog, record.id, "relabel", ["cat/000.jpg"], label="dog", why="A beagle")
    job = catalog.jobs.add("train", {}, lane="train", subject=record.id)
    catalog.runs.add("pets 1", dataset_id=record.id, dataset_version=2, spec={}, job_id=job.id)
    with acting_as(Who("labeller", "Lea")), pytest.raises(NotAllowed):
        removal.remove(catalog, record.id)  # a training is not a labeller's to stop
    assert [run.name for run in removal.remove(catalog, record.id)] == ["pets 1"]
    assert catalog.jobs.get(job.id).state == "cancelled"
    told = [(each.what, each.subject, each.detail) for each in catalog.audit.entries()]
    assert told == [
        ("removed a dataset", "pets", "4 images"),
        ("moved to another class", "pets", "to “dog”, 1 image, A beagle"),
        ("scanned", "pets", "4 images"),
    ]
