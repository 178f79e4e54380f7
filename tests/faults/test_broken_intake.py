"""Whatever people bring, good images come in, bad ones are named, and nothing else is touched."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake
from core.datasets.layout import Skipped
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, LightboxError, NotAllowed
from core.progress import Reporter
from core.quality.scan import ScanResult, scan
from tests.conftest import write_image
from tests.core.datasets.packing import good, image_bytes, make_locked_zip, make_tar, make_zip
from tests.indexes import latest_index

Maker = Callable[..., Path]


def bring_in(catalog: Catalog, record: DatasetRecord) -> ScanResult:
    """What the import job does."""
    refused = intake.prepare(catalog, record.id, Reporter())
    return scan(catalog, record.id, refused=refused)


def bring_in_archive(catalog: Catalog, path: Path) -> tuple[dict[str, int], list[Skipped]]:
    """Readable images of each class, and what was left out."""
    record = intake.add_archive(catalog, path, path.name)
    result = bring_in(catalog, record)
    return readable(catalog, record), result.skipped


def readable(catalog: Catalog, record: DatasetRecord) -> dict[str, int]:
    index = latest_index(catalog, record.id)
    assert index is not None
    return index[index["status"] == "ok"]["label"].value_counts().to_dict()


def everything_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_an_empty_folder_is_refused_with_what_is_needed(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    record = intake.add_folder(catalog, tmp_path / "empty", restrict=True)
    with pytest.raises(InvalidInput, match="one folder a class"):
        bring_in(catalog, record)


def test_one_class_alone_and_one_image_alone_can_be_looked_at(
    catalog: Catalog, class_folders: Maker
) -> None:
    one = intake.add_folder(catalog, class_folders({"cat": 3}, root="one"), restrict=True)
    assert bring_in(catalog, one).images == 3
    lonely = class_folders({"cat": 3, "dog": 1}, root="lonely")
    record = intake.add_folder(catalog, lonely, restrict=True)
    bring_in(catalog, record)
    assert readable(catalog, record) == {"cat": 3, "dog": 1}


def test_thirty_broken_files_among_three_hundred_are_named_and_the_rest_kept(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    for number in range(300):
        write_image(root / f"class {number % 3}/{number:03d}.png", number, size=(8, 8))
    whole = image_bytes(1)
    kinds = {
        "empty": b"",
        "unreadable": b"these are words",
        "truncated": whole[: len(whole) * 2 // 3],
    }
    for number in range(30):
        data = list(kinds.values())[number % 3]
        (root / f"class {number % 2}/broken {number}.png").write_bytes(data)
    record = intake.add_folder(catalog, root, restrict=True)
    assert bring_in(catalog, record).images == 330
    index = latest_index(catalog, record.id)
    assert index is not None
    assert index["status"].value_counts().to_dict() == {"ok": 300, **dict.fromkeys(kinds, 10)}
    broken = index[index["status"] != "ok"]
    assert broken["path"].str.contains("broken").all()
    assert (broken["problem"].str.len() > 20).all()


@pytest.mark.parametrize(
    "evil",
    ["../escaped.png", "photos/../../escaped.png", "..\\escaped.png", "/escaped.png", "C:\\e.png"],
)
@pytest.mark.parametrize("pack", [make_zip, make_tar])
def test_an_archive_never_writes_outside_its_folder(
    catalog: Catalog, tmp_path: Path, evil: str, pack: Callable[..., Path]
) -> None:
    path = pack(tmp_path / "evil.zip", {evil: image_bytes(), **good()})
    classes, skipped = bring_in_archive(catalog, path)
    assert classes == {"0": 2, "1": 2}
    assert len(skipped) == 1
    assert not list(tmp_path.rglob("*escaped.png"))
    assert not Path("/escaped.png").exists()


def test_a_link_in_an_archive_shows_nobody_elses_files(catalog: Catalog, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", good())
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("photos/0/link.png", "photos/linked"):
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc")
        archive.writestr("photos/linked/passwd.png", image_bytes())
    classes, skipped = bring_in_archive(catalog, path)
    assert classes == {"0": 2, "1": 2, "linked": 1}
    assert {item.path for item in skipped} == {"photos/0/link.png", "photos/linked"}


@pytest.mark.parametrize("honest", [True, False])
def test_a_bomb_of_zeros_is_defused(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, honest: bool
) -> None:
    monkeypatch.setenv("LIGHTBOX_MAX_UNPACKED_GB", str(1 / 1024))
    zeros = bytes(4 * 1024**2)
    path = make_zip(tmp_path / "bomb.zip", {"cat/0.png": zeros}, zipfile.ZIP_DEFLATED)
    if not honest:
        data = path.read_bytes().replace(len(zeros).to_bytes(4, "little"), b"\x64\0\0\0")
        path.write_bytes(data)
    with pytest.raises(LightboxError) as caught:
        bring_in_archive(catalog, path)
    if honest:
        assert "LIGHTBOX_MAX_UNPACKED_GB" in str(caught.value)
    kept = [p.stat().st_size for p in catalog.workspace.home.rglob("*.png")]
    assert sum(kept) <= 1024**2


def test_an_archive_in_an_archive_is_opened(catalog: Catalog, tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner.zip", good()).read_bytes()
    path = make_zip(tmp_path / "outer.zip", {**good(), "photos/more.zip": inner})
    classes, skipped = bring_in_archive(catalog, path)
    # Of "photos/more.zip" all lies in "photos/", which is no folder called "more".
    assert sum(classes.values()) == 8
    assert skipped == []


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.9])
def test_archives_that_are_locked_or_cut_off_leave_no_dataset(
    catalog: Catalog, tmp_path: Path, cut: float
) -> None:
    path = make_locked_zip(tmp_path / "a.zip", good())
    if cut:
        whole = make_zip(path, good()).read_bytes()
        path.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(InvalidInput, match="damaged" if cut else "password"):
        intake.add_archive(catalog, path, "a.zip")
    assert catalog.datasets.all() == []
    assert everything_below(catalog.workspace.staging) == set()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_what_came_before_the_cut_of_a_tar_is_kept(
    catalog: Catalog, tmp_path: Path, mode: str
) -> None:
    # Larger than what the compressors pack as one block, so that a part can be read.
    members = {f"cat/{n}.bmp": image_bytes(n, "BMP") * 60 for n in range(20)}
    path = make_tar(tmp_path / "a.tar", members, mode)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 7 // 10])
    classes, skipped = bring_in_archive(catalog, path)
    assert 0 < classes["cat"] < 20
    assert any("ends in the middle" in item.why for item in skipped)


def test_a_folder_outside_the_allowed_roots_is_refused(
    catalog: Catalog, class_folders: Maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = class_folders({"cat": 1})
    (tmp_path / "allowed").mkdir()
    (tmp_path / "allowed/link").symlink_to(root)
    monkeypatch.setenv("LIGHTBOX_ROOTS", str(tmp_path / "allowed"))
    for path in (root, tmp_path / "allowed/link", tmp_path / "allowed/../photos", "/etc"):
        with pytest.raises(NotAllowed, match="Choose one inside"):
            intake.add_folder(catalog, path, restrict=True)
    assert catalog.datasets.all() == []


NAMES = [
    "two words",
    "🐈",
    'O\'Brien & "x"',
    "<script>alert(1)<",
    "x" * 200,
    "ünïcödé",
    "-rf",
    "%s",
]


def test_class_names_of_any_kind_come_through_every_way_in(
    catalog: Catalog, tmp_path: Path
) -> None:
    members = {f"{name}/1.png": image_bytes(n) for n, name in enumerate(NAMES)}
    for path, data in members.items():
        (tmp_path / "photos" / path).parent.mkdir(parents=True)
        (tmp_path / "photos" / path).write_bytes(data)
    stage = UploadStage(catalog.workspace)
    for path, data in members.items():
        assert stage.add(path, io.BytesIO(data))
    archive = make_zip(tmp_path / "a.zip", members)
    for record in (
        intake.add_folder(catalog, tmp_path / "photos", restrict=True),
        stage.finish(catalog, "uploaded"),
        intake.add_archive(catalog, archive, "a.zip"),
    ):
        bring_in(catalog, record)
        assert readable(catalog, record) == dict.fromkeys(NAMES, 1)


def test_the_same_name_twice_is_two_images_from_a_browser_and_one_from_an_archive(
    catalog: Catalog, tmp_path: Path
) -> None:
    stage = UploadStage(catalog.workspace)
    for seed in range(2):
        stage.add("cat/1.png", io.BytesIO(image_bytes(seed)))
    record = stage.finish(catalog, "twice")
    bring_in(catalog, record)
    assert readable(catalog, record) == {"cat": 2}
    path = make_zip(tmp_path / "a.zip", {"cat/1.png": image_bytes()})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("cat/1.png", image_bytes(2))
    classes, skipped = bring_in_archive(catalog, path)
    assert classes == {"cat": 1}
    assert "twice" in skipped[0].why


def test_an_upload_that_is_cut_off_leaves_nothing_behind(catalog: Catalog) -> None:
    class CutOff(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 0:
                raise ConnectionError("the browser has gone")
            return super().read(10 if size is None else min(size, 10))

    stage = UploadStage(catalog.workspace)
    stage.add("cat/1.png", io.BytesIO(image_bytes()))
    with pytest.raises(ConnectionError):
        stage.add("cat/2.png", CutOff(image_bytes()))
    assert not any(p.name == "2.png" for p in everything_below(catalog.workspace.staging))
    stage.abandon()
    assert everything_below(catalog.workspace.staging) == set()
    assert catalog.datasets.all() == []


def test_an_upload_that_nobody_finished_is_swept_later(catalog: Catalog) -> None:
    stage = UploadStage(catalog.workspace)
    stage.add("cat/1.png", io.BytesIO(image_bytes()))
    assert catalog.workspace.sweep_staging() == 0, "it may still be going on"
    assert catalog.workspace.sweep_staging(older_than_s=-1) == 1
    assert everything_below(catalog.workspace.staging) == set()


def test_images_of_every_kind_come_in_together(catalog: Catalog, tmp_path: Path) -> None:
    photo = Image.open(io.BytesIO(image_bytes()))
    folder = tmp_path / "photos/kinds"
    folder.mkdir(parents=True)
    for suffix in ("jpg", "png", "webp", "bmp", "gif", "tiff"):
        photo.save(folder / f"plain.{suffix}")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        photo.save(folder / f"turned-{orientation}.jpg", exif=exif)
    photo.quantize(16).save(folder / "palette.png")
    photo.convert("L").convert("I;16").save(folder / "deep.png")
    photo.convert("CMYK").save(folder / "print.jpg")
    photo.convert("RGBA").save(folder / "alpha.png")
    photo.convert("LA").save(folder / "grey-alpha.png")
    record = intake.add_folder(catalog, tmp_path / "photos", restrict=True)
    result = bring_in(catalog, record)
    assert result.skipped == []
    assert readable(catalog, record) == {"kinds": 19}
    index = latest_index(catalog, record.id)
    assert index is not None
    assert set(index["format"]) == {"JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"}
    assert {"P", "CMYK", "RGBA", "I;16"} <= set(index["mode"])
    assert sorted(index[index["path"].str.contains("turned")]["orientation"]) == list(range(1, 9))
