"""Archives that others packed are unpacked without trusting anything in them."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.datasets.archives import Most, Unpacked, inspect, is_archive_name, suffix_of, unpack
from core.errors import Cancelled, InvalidInput
from core.progress import Reporter
from tests.core.datasets.packing import good, image_bytes, make_locked_zip, make_tar, make_zip
from tests.recording import RecordingReporter

MODES = {".tar": "w", ".tar.gz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}
LIMIT = 10 * 1024**2


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out" / "originals"
    folder.mkdir(parents=True)
    return folder


def look(path: Path, max_bytes: int = LIMIT, max_files: int = 100) -> None:
    inspect(path, most=Most(max_bytes, max_files))


def take(path: Path, target: Path, max_bytes: int = LIMIT, max_files: int = 100) -> Unpacked:
    return unpack(path, target, most=Most(max_bytes, max_files))


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def reasons(unpacked: Unpacked) -> dict[str, str]:
    return {item.path: item.why for item in unpacked.skipped}


def test_archives_are_known_by_their_names() -> None:
    assert is_archive_name("Photos.ZIP")
    assert is_archive_name("a.b.tar.gz")
    assert not is_archive_name("photos.rar")
    assert (suffix_of("x.tar.gz"), suffix_of("x.TGZ"), suffix_of("x.gz")) == (".tar.gz", ".tgz", "")


@pytest.mark.parametrize("suffix", [".zip", *MODES])
def test_every_kind_of_archive_is_unpacked(tmp_path: Path, target: Path, suffix: str) -> None:
    members = good()
    path = tmp_path / f"photos{suffix}"
    if suffix == ".zip":
        make_zip(path, members, zipfile.ZIP_DEFLATED)
    else:
        make_tar(path, members, MODES[suffix])
    look(path)
    unpacked = take(path, target)
    assert (unpacked.kept, unpacked.skipped) == (4, [])
    assert unpacked.bytes == sum(map(len, members.values()))
    assert {name: (target / name).read_bytes() for name in files(target)} == members


def test_the_content_counts_not_the_name(tmp_path: Path, target: Path) -> None:
    path = make_tar(tmp_path / "photos.zip", good(), "w:gz")
    look(path)
    assert take(path, target).kept == 4


def test_what_is_no_image_is_left_out_and_litter_is_not_mentioned(
    tmp_path: Path, target: Path
) -> None:
    extra = {"photos/readme.md": b"x", "__MACOSX/photos/0/._1.png": b"x", "photos/.DS_Store": b"x"}
    unpacked = take(make_zip(tmp_path / "a.zip", {**good(), **extra}), target)
    assert reasons(unpacked) == {"photos/readme.md": "It is not an image (.md)."}
    assert unpacked.kept == 4


def test_windows_paths_become_folders(tmp_path: Path, target: Path) -> None:
    take(make_zip(tmp_path / "a.zip", {"cat\\1.png": image_bytes()}), target)
    assert files(target) == {"cat/1.png"}


def test_a_name_is_taken_once(tmp_path: Path, target: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cat/1.png", b"first")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("cat/1.png", b"second")
        archive.writestr("cat/1.png/2.png", b"third")
    unpacked = take(path, target)
    assert (target / "cat/1.png").read_bytes() == b"first"
    assert "twice" in reasons(unpacked)["cat/1.png"]
    assert "name of an image" in reasons(unpacked)["cat/1.png/2.png"]


def test_links_and_devices_in_a_tar_are_left_out(tmp_path: Path, target: Path) -> None:
    path = make_tar(tmp_path / "a.tar", good())
    with tarfile.open(path, "a") as archive:
        for name, kind in (
            ("soft", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("pipe", tarfile.FIFOTYPE),
            ("disk", tarfile.BLKTYPE),
        ):
            info = tarfile.TarInfo(f"photos/0/{name}.png")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    unpacked = take(path, target)
    assert unpacked.kept == 4
    assert set(reasons(unpacked)) == {f"photos/0/{n}.png" for n in ("soft", "hard", "pipe", "disk")}
    assert all("link or a device" in why for why in reasons(unpacked).values())


def test_links_in_a_zip_are_left_out(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", good())
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("photos/0/soft.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert "link" in reasons(take(path, target))["photos/0/soft.png"]
    assert not any(p.is_symlink() for p in target.rglob("*"))


def test_names_that_are_not_text_are_left_out_and_the_rest_kept(
    tmp_path: Path, target: Path
) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        for name in ("cat/café.png", "cat/1.png", "notes-é.txt"):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
    unpacked = take(path, target)
    assert files(target) == {"cat/1.png"}
    assert len(unpacked.skipped) == 2
    for item in unpacked.skipped:
        item.path.encode()
        assert "UTF-8" in item.why


def test_names_that_no_disk_takes_are_left_out(tmp_path: Path, target: Path) -> None:
    long, deep = f"cat/{'x' * 300}.png", "a/" * 2000 + "1.png"
    unpacked = take(make_zip(tmp_path / "a.zip", {**good(), long: b"x", deep: b"x"}), target)
    assert unpacked.kept == 4
    assert all("too long" in reasons(unpacked)[name] for name in (long, deep))


def test_limits_hold_whatever_the_table_of_contents_says(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", good())
    with pytest.raises(InvalidInput, match="LIGHTBOX_MAX_UNPACKED_GB"):
        look(path, max_bytes=1000)
    with pytest.raises(InvalidInput, match="3 images"):
        look(path, max_files=3)
    with pytest.raises(InvalidInput):
        take(path, target, max_bytes=3000)
    assert sum((target / name).stat().st_size for name in files(target)) <= 3000
    with pytest.raises(InvalidInput):
        take(make_tar(tmp_path / "a.tar", good()), tmp_path, max_files=3)


def test_zeros_that_are_no_images_are_not_read_through_for_ever(
    tmp_path: Path, target: Path
) -> None:
    members = {**good(), "zeros.txt": bytes(3 * LIMIT), "photos/z/1.png": image_bytes()}
    path = make_tar(tmp_path / "a.tar.gz", members, "w:gz")
    look(path)
    with pytest.raises(InvalidInput, match="unpacks to more"):
        take(path, target)
    first = make_tar(tmp_path / "b.tar.gz", dict(reversed(members.items())), "w:gz")
    look(first)
    only = make_tar(tmp_path / "c.tar.gz", {"zeros.txt": bytes(3 * LIMIT)}, "w:gz")
    with pytest.raises(InvalidInput, match="unpacks to more"):
        look(only)


def test_an_archive_without_images_is_refused_at_once(tmp_path: Path) -> None:
    for path in (
        make_zip(tmp_path / "a.zip", {"readme.txt": b"x"}),
        make_tar(tmp_path / "a.tar", {"readme.txt": b"x"}),
    ):
        with pytest.raises(InvalidInput, match="no images"):
            look(path)


def test_of_archives_in_an_archive_one_level_is_opened_within_the_same_limits(
    tmp_path: Path,
) -> None:
    inner = make_zip(tmp_path / "cats.zip", {"1.png": image_bytes(1), "2.png": image_bytes(2)})
    twice = make_zip(tmp_path / "twice.zip", {"deep.zip": inner.read_bytes()})
    dogs = make_tar(tmp_path / "dogs.tar.gz", {"dogs/1.png": image_bytes(3)}, "w:gz")
    held = {
        "mine/cats.zip": inner.read_bytes(),
        "mine/dogs.tar.gz": dogs.read_bytes(),
        "mine/twice.zip": twice.read_bytes(),
        "mine/none.zip": b"no archive",
    }
    for n, outer in enumerate(
        (make_zip(tmp_path / "a.zip", held), make_tar(tmp_path / "a.tar", held))
    ):
        look(outer)
        folder = tmp_path / f"out{n}"
        folder.mkdir()
        unpacked = take(outer, folder)
        assert files(folder) == {"mine/cats/1.png", "mine/cats/2.png", "mine/dogs/1.png"}
        assert reasons(unpacked) == {
            "mine/twice/deep.zip": "It is an archive in an archive in another; unpack it and add "
            "it by itself.",
            "mine/none.zip": "It is an archive that is damaged, or none.",
        }
    # What an archive inside holds counts, whatever it is packed to.
    bomb = make_zip(tmp_path / "zeros.zip", {"0.png": bytes(LIMIT + 1)}, zipfile.ZIP_DEFLATED)
    # So does an archive itself, of which nothing is kept.
    idle = make_zip(tmp_path / "idle.zip", {"notes.pdf": bytes(LIMIT + 1)})
    folder = tmp_path / "bombed"
    folder.mkdir()
    for each in (bomb, idle):
        held_in = {"inner.zip": each.read_bytes()}
        around = make_zip(tmp_path / "around.zip", held_in, zipfile.ZIP_DEFLATED)
        with pytest.raises(InvalidInput, match="unpacks to more"):
            take(around, folder, LIMIT)
    assert files(folder) == set()
    with pytest.raises(InvalidInput, match="2 images"):
        take(make_zip(tmp_path / "b.zip", held), folder, max_files=2)
    seven = make_zip(tmp_path / "seven.zip", {"photos.7z": b"7z"})
    with pytest.raises(InvalidInput, match=r"another archive: photos\.7z"):
        look(seven)


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_what_begins_like_a_picture_is_one_whatever_it_is_called(
    tmp_path: Path, target: Path, suffix: str
) -> None:
    members = {f"{label}/IM000{n}": image_bytes(n) for label in "ab" for n in range(2)}
    path = tmp_path / f"a{suffix}"
    if suffix == ".zip":
        make_zip(path, members | {"a/LICENCE": b"free"}, zipfile.ZIP_DEFLATED)
    else:
        make_tar(path, members | {"a/LICENCE": b"free"}, MODES[suffix])
    look(path)
    unpacked = take(path, target)
    assert (unpacked.kept, files(target)) == (4, set(members))
    assert (target / "a" / "IM0001").read_bytes() == members["a/IM0001"]
    assert list(reasons(unpacked)) == ["a/LICENCE"]


def test_what_is_no_archive_is_refused_at_once(tmp_path: Path, target: Path) -> None:
    path = tmp_path / "a.zip"
    for data in (b"", b"x", b"\x1f\x8b garbage", b"\xfd7zXZ\0 garbage", b"BZh9 garbage", b"PK\3\4"):
        path.write_bytes(data)
        with pytest.raises(InvalidInput, match="damaged"):
            look(path)
        with pytest.raises(InvalidInput, match="damaged"):
            take(path, target)


def test_a_locked_member_is_left_out_and_a_locked_archive_refused(
    tmp_path: Path, target: Path
) -> None:
    path = make_locked_zip(tmp_path / "a.zip", good())
    with pytest.raises(InvalidInput, match="password"):
        look(path)
    unpacked = take(path, target)
    assert (unpacked.kept, len(unpacked.skipped)) == (0, 4)


def test_one_damaged_member_does_not_cost_the_others(tmp_path: Path, target: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = make_zip(tmp_path / "a.zip", good(), method)
        data = bytearray(path.read_bytes())
        start = data.index(b"photos/0/1.png") + 20
        data[start : start + 200] = bytes(200)
        path.write_bytes(data)
        folder = target / str(method)
        folder.mkdir()
        unpacked = take(path, folder)
        assert unpacked.kept == 3
        assert reasons(unpacked) == {"photos/0/1.png": "It is damaged inside the archive."}
        assert "photos/0/1.png" not in files(folder)


@pytest.mark.parametrize("suffix", [".zip", *MODES])
def test_damage_anywhere_ends_in_a_sentence(tmp_path: Path, target: Path, suffix: str) -> None:
    members = good(2, 4)
    path = tmp_path / f"a{suffix}"
    whole = (
        make_zip(path, members, zipfile.ZIP_DEFLATED)
        if suffix == ".zip"
        else make_tar(path, members, MODES[suffix])
    ).read_bytes()
    rng = np.random.default_rng(3)
    for number in range(60):
        data = np.frombuffer(whole, np.uint8).copy()
        data[rng.integers(0, len(data), 8)] = rng.integers(0, 256, 8)
        cut = len(data) if number % 2 else int(rng.integers(1, len(data)))
        path.write_bytes(data[:cut].tobytes())
        folder = target / str(number)
        folder.mkdir()
        try:
            look(path)
            unpacked = take(path, folder)
        except InvalidInput:
            continue
        assert unpacked.kept == len(files(folder))
        assert unpacked.kept == len(members) or unpacked.skipped or cut == len(data)


def test_a_tar_cut_between_two_members_says_so(tmp_path: Path, target: Path) -> None:
    path = make_tar(tmp_path / "a.tar", {f"cat/{n}.png": bytes(512) for n in range(4)})
    path.write_bytes(path.read_bytes()[: 2 * 1024])
    unpacked = take(path, target)
    assert unpacked.kept == 2
    assert "ends in the middle" in reasons(unpacked)["a.tar"]


def test_unpacking_says_where_it_is_and_can_be_stopped(tmp_path: Path, target: Path) -> None:
    class Stopped(Reporter):
        def cancelled(self) -> bool:
            return True

    path = make_zip(tmp_path / "a.zip", good())
    report = RecordingReporter()
    unpack(path, target, most=Most(LIMIT, 9), report=report)
    assert report.steps[0] == ("unpack", 0, 4, "Unpacking")
    with pytest.raises(Cancelled):
        unpack(path, target, most=Most(LIMIT, 9), report=Stopped())


def test_as_many_texts_are_unpacked_as_images_may_be(tmp_path: Path, target: Path) -> None:
    texts = {f"photos/labels/{n}.txt": b"0" for n in range(9)}
    packed = make_zip(tmp_path / "a.zip", {**good(), **texts})
    with pytest.raises(InvalidInput, match="more than"):
        unpack(packed, target, most=Most(10**6, 8))
