"""A cleaned dataset is taken away whole, as decided, byte for byte; or nothing is left behind."""

from __future__ import annotations

import csv
import errno
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.catalog import Catalog
from core.datasets.layout import read_layout
from core.datasets.splits import Shares
from core.errors import Cancelled, Conflict, InvalidInput, LightboxError, NoSpace, NotFound
from core.progress import Reporter
from core.quality import packing
from core.quality.curation import curated, decide, undo, usable
from core.quality.export import COLUMNS, ExportOptions, Layout, export_dataset, split_plan
from tests.core.quality.pictures import as_bytes, clean, picture, scanned, write
from tests.recording import RecordingReporter

Row = dict[str, str]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the table, by its path."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "labels.csv"
    }


def read_table(text: str) -> dict[str, Row]:
    """Rows of ``labels.csv`` by the images' original paths."""
    reader = csv.DictReader(io.StringIO(text))
    rows = {row["original_path"]: row for row in reader}
    assert tuple(reader.fieldnames or ()) == COLUMNS
    return rows


def table_in(folder: Path) -> dict[str, Row]:
    return read_table((folder / "labels.csv").read_text(encoding="utf-8"))


def is_empty(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "photos", clean("cat", "dog"))


@pytest.fixture
def dataset(catalog: Catalog, root: Path) -> str:
    return scanned(catalog, root).id


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of its own to export into, so that what is left behind is seen."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def test_class_folders_hold_the_same_bytes_under_the_same_names(
    catalog: Catalog, dataset: str, root: Path, place: Path
) -> None:
    done = export_dataset(catalog, dataset, place / "out")
    assert files(place / "out") == files(root)
    assert done.path == place / "out"
    assert (done.images, done.classes) == (6, {"cat": 3, "dog": 3})
    assert done.bytes == sum(map(len, files(root).values()))
    assert (done.splits, done.excluded, done.unreadable) == ({}, 0, 0)
    assert (done.left_out, done.renamed) == ((), {})
    assert [entry.name for entry in place.iterdir()] == ["out"]


def test_what_was_decided_is_what_is_written_and_the_table_says_all_of_it(
    catalog: Catalog, tmp_path: Path, place: Path
) -> None:
    broken = {"cat/empty.png": b"", "cat/cut.png": as_bytes(picture(5))[:900]}
    root = write(tmp_path / "photos", {**clean("cat", "dog"), **broken})
    dataset = scanned(catalog, root).id
    decide(catalog, dataset, "exclude", ["cat/0.png"], why="too dark")
    decide(catalog, dataset, "relabel", ["cat/1.png"], label="dog", why="it barks")
    decide(catalog, dataset, "keep", ["dog/2.png"], why="looks fine")
    taken_back = decide(catalog, dataset, "exclude", ["dog/0.png"], why="a mistake")
    assert taken_back is not None
    undo(catalog, dataset, [taken_back.version])
    done = export_dataset(catalog, dataset, place / "out")
    assert files(place / "out") == {
        "cat/2.png": (root / "cat/2.png").read_bytes(),
        "dog/0.png": (root / "dog/0.png").read_bytes(),
        "dog/1.png": (root / "dog/1.png").read_bytes(),
        "dog/1 (2).png": (root / "cat/1.png").read_bytes(),
        "dog/2.png": (root / "dog/2.png").read_bytes(),
    }
    assert (done.images, done.excluded, done.unreadable) == (5, 1, 2)
    rows = table_in(place / "out")
    assert list(rows) == list(curated(catalog, dataset)["path"])

    def said(path: str) -> tuple[str, ...]:
        return tuple(
            rows[path][key] for key in ("file", "class", "class_as_found", "decision", "why")
        )

    assert said("cat/0.png") == ("", "cat", "cat", "excluded", "too dark")
    assert said("cat/1.png") == ("dog/1 (2).png", "dog", "cat", "moved", "it barks")
    assert said("dog/2.png") == ("dog/2.png", "dog", "dog", "kept", "looks fine")
    assert said("dog/0.png") == ("dog/0.png", "dog", "dog", "", "")
    assert said("cat/empty.png")[:4] == ("", "cat", "cat", "unreadable")
    assert "empty" in rows["cat/empty.png"]["why"]
    assert "middle" in rows["cat/cut.png"]["why"]
    assert {row["split"] for row in rows.values()} == {""}


def test_an_image_keeps_its_name_before_one_that_was_moved_to_it(
    catalog: Catalog, dataset: str, root: Path, place: Path
) -> None:
    decide(catalog, dataset, "relabel", ["cat/0.png"], label="dog")
    export_dataset(catalog, dataset, place / "out")
    written = files(place / "out")
    assert written["dog/0.png"] == (root / "dog/0.png").read_bytes()
    assert written["dog/0 (2).png"] == (root / "cat/0.png").read_bytes()


def test_what_was_taken_away_can_be_brought_in_again(
    catalog: Catalog, dataset: str, place: Path
) -> None:
    layouts: tuple[Layout, ...] = ("classes", "splits")
    for layout in layouts:
        export_dataset(catalog, dataset, place / layout, ExportOptions(layout=layout))
        back = read_layout(place / layout)
        assert back.kind == layout
        assert {file.path: (file.label, file.split) for file in back.files} == {
            row["file"]: (row["class"], row["split"]) for row in table_in(place / layout).values()
        }


def test_split_folders_are_those_that_a_training_would_use(
    catalog: Catalog, tmp_path: Path, place: Path
) -> None:
    pictures = clean("cat", "dog", images=20)
    pictures |= {f"cat/copy {n}.png": picture(1000) for n in range(4)}
    dataset = scanned(catalog, write(tmp_path / "photos", pictures)).id
    shares = Shares(train=0.5, validation=0.25, test=0.25)
    done = export_dataset(
        catalog, dataset, place / "out", ExportOptions(layout="splits", shares=shares, seed=7)
    )
    good = usable(curated(catalog, dataset))
    plan = dict(zip(good["path"], split_plan(good, shares, 7), strict=True))
    rows = table_in(place / "out")
    assert {path: row["split"] for path, row in rows.items()} == plan
    assert all(row["file"].startswith(f"{row['split']}/{row['class']}/") for row in rows.values())
    assert set(files(place / "out")) == {row["file"] for row in rows.values()}
    assert done.splits == pd.Series(plan).value_counts().to_dict()
    assert len({plan[path] for path in plan if "copy" in path or path == "cat/0.png"}) == 1
    other = split_plan(good, shares, 8)
    assert plan != dict(zip(good["path"], other, strict=True))


def test_near_duplicates_stay_on_one_side_where_they_are_known(
    catalog: Catalog, tmp_path: Path
) -> None:
    dataset = scanned(catalog, write(tmp_path / "photos", clean("cat", images=30))).id
    pairs = usable(curated(catalog, dataset)).assign(copy_group=[n // 2 for n in range(30)])
    together = split_plan(pairs, Shares(), 1).groupby(pairs["copy_group"]).nunique()
    assert (together == 1).all()
    alone = split_plan(pairs.drop(columns="copy_group"), Shares(), 1)
    assert (alone.groupby(pairs["copy_group"]).nunique() > 1).any()


def test_a_flat_folder_holds_all_and_none_has_the_name_of_the_table(
    catalog: Catalog, dataset: str, root: Path, place: Path
) -> None:
    done = export_dataset(catalog, dataset, place / "out", ExportOptions(layout="flat"))
    written = files(place / "out")
    assert sorted(written) == ["0 (2).png", "0.png", "1 (2).png", "1.png", "2 (2).png", "2.png"]
    rows = table_in(place / "out")
    assert {path: written[row["file"]] for path, row in rows.items()} == files(root)
    assert {row["class"] for row in rows.values()} == {"cat", "dog"}
    assert done.renamed == {}


def test_a_zip_holds_what_the_folder_would(catalog: Catalog, dataset: str, place: Path) -> None:
    decide(catalog, dataset, "relabel", ["cat/0.png"], label="Kätzchen 🐈")
    export_dataset(catalog, dataset, place / "out")
    done = export_dataset(catalog, dataset, place / "all", ExportOptions(archive=True))
    assert done.path == place / "all.zip"
    with zipfile.ZipFile(done.path) as archive:
        assert archive.testzip() is None
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert inside.pop("labels.csv") == (place / "out" / "labels.csv").read_bytes()
    assert inside == files(place / "out")
    assert sorted(entry.name for entry in place.iterdir()) == ["all.zip", "out"]


@pytest.mark.parametrize("archive", [False, True])
def test_any_class_name_becomes_a_folder_and_the_table_keeps_the_name(
    catalog: Catalog, tmp_path: Path, place: Path, archive: bool
) -> None:
    names = [
        "..",
        "/",
        "/etc/passwd",
        "<script>",
        "🐈‍⬛",
        "x" * 200,
        "字" * 200,
        "CON",
        "labels.csv",
        "Cat",
        "cat",
        ".hidden",
        "=1+1",
        "a\\b",
    ]
    dataset = scanned(catalog, write(tmp_path / "photos", clean("all", images=len(names)))).id
    # As a table may call classes, and earlier versions let people do.
    for number, name in enumerate(names):
        said = {"paths": [f"all/{number}.png"], "label": name}
        catalog.changes.append(dataset, "relabel", said, author="tester")
    done = export_dataset(catalog, dataset, place / "out", ExportOptions(archive=archive))
    folder = place / "out"
    if archive:
        with zipfile.ZipFile(done.path) as packed:
            assert all(".." not in Path(name).parts for name in packed.namelist())
            packed.extractall(folder)
    assert done.images == len(names) == len(read_layout(folder).files)
    folders = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    assert len({name.casefold() for name in folders}) == len(names)
    assert max(len(name.encode()) for name in folders) <= 255
    rows = table_in(folder)
    assert {row["class"].removeprefix("'") for row in rows.values()} == set(names)
    assert rows["all/12.png"]["class"] == "'=1+1"
    assert rows["all/12.png"]["file"] == "=1+1/12.png", "paths are as on disk"
    assert done.renamed["<script>"] == "_script_"
    assert "🐈‍⬛" not in done.renamed


def test_no_cell_is_a_formula(catalog: Catalog, dataset: str, place: Path) -> None:
    starts = dict(zip(curated(catalog, dataset)["path"], "=+-@\t＝", strict=True))
    for path, start in starts.items():
        decide(catalog, dataset, "keep", [path], why=f"{start}HYPERLINK(1)")
    export_dataset(catalog, dataset, place / "out")
    rows = table_in(place / "out")
    assert {path: row["why"] for path, row in rows.items()} == {
        path: f"'{start}HYPERLINK(1)" for path, start in starts.items()
    }


def test_files_that_have_gone_or_changed_are_named_and_the_others_go_on(
    catalog: Catalog, dataset: str, root: Path, place: Path
) -> None:
    (root / "cat/0.png").unlink()
    (root / "cat/1.png").write_bytes(as_bytes(picture(99)))
    (root / "dog/0.png").unlink()
    (root / "dog/0.png").mkdir()
    done = export_dataset(catalog, dataset, place / "out")
    assert [path for path, _ in done.left_out] == ["cat/0.png", "cat/1.png", "dog/0.png"]
    assert "not there" in done.left_out[0][1]
    assert "changed" in done.left_out[1][1]
    assert (done.images, done.classes) == (3, {"cat": 1, "dog": 2})
    assert set(files(place / "out")) == {"cat/2.png", "dog/1.png", "dog/2.png"}
    rows = table_in(place / "out")
    assert (rows["cat/0.png"]["file"], rows["cat/0.png"]["decision"]) == ("", "left out")
    assert rows["cat/1.png"]["why"] == done.left_out[1][1]


def test_a_folder_that_has_gone_is_a_sentence_and_leaves_nothing(
    catalog: Catalog, dataset: str, root: Path, place: Path
) -> None:
    for label in ("cat", "dog"):
        (root / label).rename(root / f"{label}s")
    with pytest.raises(NotFound, match="Scan it again"):
        export_dataset(catalog, dataset, place / "out")
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(NotFound, match="not there any more"):
        export_dataset(catalog, dataset, place / "out")
    assert is_empty(place)


def test_a_dataset_without_usable_images_is_not_exported(
    catalog: Catalog, dataset: str, place: Path
) -> None:
    decide(catalog, dataset, "exclude", curated(catalog, dataset)["path"])
    with pytest.raises(InvalidInput, match="no usable image"):
        export_dataset(catalog, dataset, place / "out")
    assert is_empty(place)


@pytest.mark.parametrize("archive", [False, True])
def test_nothing_is_ever_overwritten(
    catalog: Catalog, dataset: str, place: Path, archive: bool
) -> None:
    target = place / ("out.zip" if archive else "out")
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(Conflict, match="already"):
        export_dataset(catalog, dataset, target, ExportOptions(archive=archive))
    assert target.read_text(encoding="utf-8") == "mine"
    folder = place / ("full.zip" if archive else "full")
    write(folder, {"mine.png": b"mine"})
    report = RecordingReporter()
    with pytest.raises(Conflict, match="already"):
        export_dataset(catalog, dataset, folder, ExportOptions(archive=archive), report=report)
    assert report.steps == []
    assert files(place) == {target.name: b"mine", f"{folder.name}/mine.png": b"mine"}


@pytest.mark.parametrize("archive", [False, True])
def test_what_appears_at_the_target_meanwhile_is_not_overwritten(
    catalog: Catalog, dataset: str, place: Path, archive: bool
) -> None:
    target = place / "out.zip"

    class Meanwhile(Reporter):
        def check(self) -> None:
            write(place, {"out.zip" if archive else "out.zip/mine.png": b"mine"})

    with pytest.raises(Conflict):
        export_dataset(catalog, dataset, target, ExportOptions(archive=archive), report=Meanwhile())
    assert list(files(place).values()) == [b"mine"]


def test_an_empty_folder_is_filled(catalog: Catalog, dataset: str, place: Path) -> None:
    (place / "empty").mkdir()
    assert export_dataset(catalog, dataset, place / "empty").images == 6
    assert len(files(place / "empty")) == 6


def test_the_folder_of_the_dataset_is_never_written_to(
    catalog: Catalog, dataset: str, root: Path
) -> None:
    before = files(root)
    (root.parent / "link").symlink_to(root)
    kept = catalog.workspace.dataset(dataset)
    for target in (root, root / "new", root / "cat/deep/new", root.parent / "link/new", kept / "a"):
        for archive in (False, True):
            if archive and target == root:
                continue  # photos.zip lies beside the folder
            with pytest.raises(InvalidInput, match="own folder"):
                export_dataset(catalog, dataset, target, ExportOptions(archive=archive))
    assert files(root) == before


def test_a_place_where_nothing_can_be_is_a_sentence(
    catalog: Catalog, dataset: str, place: Path
) -> None:
    (place / "file").write_bytes(b"")
    for archive in (False, True):
        for target in ("file/new", "x" * 300, "a\0b", "caf\udce9"):
            with pytest.raises(InvalidInput, match="Choose another"):
                export_dataset(catalog, dataset, place / target, ExportOptions(archive=archive))
        for top in ("/", "."):
            with pytest.raises(LightboxError):
                export_dataset(catalog, dataset, Path(top), ExportOptions(archive=archive))
    assert list(files(place)) == ["file"]


@pytest.mark.parametrize("archive", [False, True])
def test_a_cancelled_export_leaves_nothing(
    catalog: Catalog, dataset: str, place: Path, archive: bool
) -> None:
    class Impatient(RecordingReporter):
        def cancelled(self) -> bool:
            return bool(self.steps)

    report = Impatient()
    with pytest.raises(Cancelled):
        export_dataset(
            catalog, dataset, place / "out", ExportOptions(archive=archive), report=report
        )
    assert report.steps[0] == ("export", 0, 6, "Copying images")
    assert is_empty(place)


def test_an_export_that_is_cancelled_at_once_copies_nothing(
    catalog: Catalog, dataset: str, place: Path
) -> None:
    class Refusing(RecordingReporter):
        def cancelled(self) -> bool:
            return True

    report = Refusing()
    with pytest.raises(Cancelled):
        export_dataset(catalog, dataset, place / "out", report=report)
    assert report.steps == []


@pytest.mark.parametrize("archive", [False, True])
@pytest.mark.parametrize("moment", ["open", "rename"])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    catalog: Catalog,
    dataset: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    archive: bool,
    moment: str,
) -> None:
    before: Callable[..., object] = getattr(Path, moment)

    def full(path: Path, *arguments: object, **more: object) -> object:
        if path.is_relative_to(place):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return before(path, *arguments, **more)

    def full_zip(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, moment, full)
    if archive and moment == "open":
        monkeypatch.setattr(zipfile.ZipFile, "writestr", full_zip)
    with pytest.raises(NoSpace, match="the export could not be finished"):
        export_dataset(catalog, dataset, place / "out", ExportOptions(archive=archive))
    assert is_empty(place)


def test_what_will_not_fit_is_refused_before_it_begins(
    catalog: Catalog, dataset: str, place: Path
) -> None:
    with pytest.raises(NoSpace, match="the export"):
        with packing.packing(place / "out", False, needed_bytes=10**18):
            pytest.fail("it began")
    assert is_empty(place)


def test_progress_ends_with_all(catalog: Catalog, dataset: str, place: Path) -> None:
    report = RecordingReporter()
    export_dataset(catalog, dataset, place / "out", report=report)
    assert report.steps[-1] == ("export", 6, 6, "Copying images")


@pytest.mark.real
def test_real_photos_come_out_as_they_are(catalog: Catalog, hands: Path, place: Path) -> None:
    root = place.parent / "hands"
    for label in ("0", "1"):
        photos = sorted((hands / label).iterdir())[:20]
        write(root, {f"{label}/{photo.name}": photo.read_bytes() for photo in photos})
    done = export_dataset(
        catalog, scanned(catalog, root).id, place / "out", ExportOptions(layout="splits")
    )
    assert sorted(files(place / "out").values()) == sorted(files(root).values())
    assert done.splits == {"train": 28, "validation": 6, "test": 6}
