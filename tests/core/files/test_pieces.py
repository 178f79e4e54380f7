"""A large file of a folder may stay in the store: thumbnails are read where they lie."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.datasets.intake import add_folder
from core.errors import Damaged, LightboxError, NotAllowed, Unreachable
from core.files.depot import fetcher, pieces
from core.files.depot.places import FolderPlace, RemotePlace
from core.quality import thumbs
from core.quality.curation import curated
from core.quality.scan import scan
from tests.bucket import Bucket, Fault
from tests.computers import Computer, depot_of
from tests.conftest import write_image

_UNIT = "datasets/d"


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is large here."""
    monkeypatch.setattr(fetcher, "_SMALL", 100)
    monkeypatch.setattr(pieces, "_BLOCK", 1000)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each request for a part of a file asked for."""
    found: list[int] = []

    def counted(real: Callable[..., bytes]) -> Callable[..., bytes]:
        def read(self: object, name: str, start: int, end: int) -> bytes:
            found.append(end - start)
            return real(self, name, start, end)

        return read

    for place in (FolderPlace, RemotePlace):
        monkeypatch.setattr(place, "read_range", counted(place.read_range))
    return found


class _Pack:
    """Thumbnails as a scan appends them: beginnings of JPEGs, and noise."""

    def __init__(self) -> None:
        self._random = random.Random(0)
        self.whole, self.places = b"", list[tuple[int, int]]()

    def more(self, count: int) -> bytes:
        """So many more; their bytes."""
        added = b""
        for _ in range(count):
            data = b"\xff\xd8" + self._random.randbytes(self._random.randrange(300, 700))
            self.places.append((len(self.whole) + len(added), len(data)))
            added += data
        self.whole += added
        return added

    @property
    def all(self) -> list[bytes]:
        return [self.whole[at : at + length] for at, length in self.places]


def _append(catalog: Catalog, pack: _Pack, count: int) -> None:
    """What a scan does to thumbnails, and to a table."""
    file = thumbs.pack_path(catalog.workspace, "d", whole=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.write(pack.more(count))
    (file.parent / "index").write_text(str(len(pack.places)))
    depot_of(catalog).settle()


def _lies_here(catalog: Catalog) -> bool:
    return (catalog.workspace.home / _UNIT / "thumbs.pack").exists()


@pytest.mark.usefixtures("anywhere")
def test_pictures_are_read_where_they_lie_and_whoever_writes_has_them_whole(
    computer: Computer, asked: list[int]
) -> None:
    one, other, third = (computer(name) for name in ("one", "other", "third"))
    pack = _Pack()
    _append(one, pack, 60)
    # A page: what lies together is asked for once, and is here from then on.
    page = pack.places[10:30]
    expected = pack.all[10:30]
    assert thumbs.read(other.workspace, "d", page) == expected
    assert not _lies_here(other)
    assert len(asked) == 1
    assert asked[0] < len(pack.whole) / 2
    assert thumbs.read(computer("other").workspace, "d", page) == expected
    assert len(asked) == 1
    # From anywhere, in any order, twice, none, and what isn't there.
    some = [*reversed(pack.places[::9]), pack.places[0], (0, 0), (10**9, 5)]
    some.append((len(pack.whole) - 5, 90))
    mixed = [*reversed(pack.all[::9]), pack.all[0], b"", b"", b""]
    assert thumbs.read(other.workspace, "d", some) == mixed
    assert thumbs.read(one.workspace, "d", some[:-1]) == mixed[:-1]
    # Nothing has changed by that; and of what is changed, the pictures stay a part.
    ledger = depot_of(one).ledger
    before = ledger.find(_UNIT)
    depot_of(other).settle_all()
    assert ledger.find(_UNIT) == before
    (other.workspace.dataset("d") / "aim.json").write_text("90")
    depot_of(other).settle()
    assert ledger.find(_UNIT) != before
    for each in (one, other, third):
        assert (each.workspace.dataset("d") / "aim.json").read_text() == "90"
        assert thumbs.read(each.workspace, "d", pack.places) == pack.all
    assert [_lies_here(each) for each in (one, other, third)] == [True, False, False]
    size = len(pack.whole) + len("60") + len("90")
    assert one.workspace.bytes_of(_UNIT) == size
    # More pictures, made where they were not; who had all of the older ones reads the newer ones.
    _append(other, pack, 20)
    assert (other.workspace.dataset("d") / "thumbs.pack").read_bytes() == pack.whole
    for each in (one, other, third):
        assert thumbs.read(each.workspace, "d", pack.places) == pack.all
    assert [_lies_here(each) for each in (one, other, third)] == [False, True, False]
    # Whoever copies all has all.
    depot_of(third).bring_all()
    assert (third.workspace.home / _UNIT / "thumbs.pack").read_bytes() == pack.whole
    assert len(depot_of(one).place.names(f"{_UNIT}/")) == 4


def test_what_goes_wrong_with_pictures_in_a_store_is_said_and_all_else_stands(
    computer: Computer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_FILES", f"s3://{bucket.name}")
    one, other = computer("one"), computer("other")
    pack = _Pack()
    _append(one, pack, 60)
    seen, unseen = pack.places[:10], pack.places[40:50]
    said: list[LightboxError] = []
    # What passes is tried again.
    other.workspace.dataset("d")
    bucket.wire.faults["*"] = Fault("error", 2)
    assert thumbs.read(other.workspace, "d", seen) == pack.all[:10]
    bucket.wire.faults["*"] = Fault("truncated", 2)
    assert thumbs.read(other.workspace, "d", pack.places[20:25]) == pack.all[20:25]
    # A store that is gone: what was seen before is here, the rest isn't asked for again and again.
    bucket.wire.faults["*"] = Fault("error")
    assert thumbs.read(other.workspace, "d", seen) == pack.all[:10]
    with pytest.raises(Unreachable):
        thumbs.read(other.workspace, "d", unseen)
    heard = bucket.wire.heard
    assert thumbs.read(other.workspace, "d", unseen, said.append) == [b""] * 10
    assert (other.workspace.dataset("d") / "index").read_text() == "60"
    assert bucket.wire.heard == heard
    monkeypatch.setattr(pieces, "_GONE_FOR_S", 0.0)
    bucket.wire.faults["*"] = Fault("forbidden")
    thumbs.read(other.workspace, "d", unseen, said.append)
    assert [type(each) for each in said] == [Unreachable, NotAllowed]
    bucket.wire.faults.clear()
    assert thumbs.read(other.workspace, "d", unseen) == pack.all[40:50]
    # What isn't what it was: too short, another file, and gone.
    (key,) = (each for each in depot_of(one).place.names(f"{_UNIT}/content/") if _is(one, each))
    last, at = pack.places[-3:], pack.places[-3][0]
    one_other = pack.whole[:at] + b"xx" + pack.whole[at + 2 :]
    for name, content, others in (
        ("third", one_other, pack.all[-2:]),
        ("fourth", pack.whole[:-900], [b"", b""]),
    ):
        bucket.put(key, content)
        said.clear()
        third = computer(name)
        assert thumbs.read(third.workspace, "d", last, said.append) == [b"", *others]
        assert [type(each) for each in said] == [Damaged]
        assert thumbs.read(third.workspace, "d", last) == [b"", *others]
    bucket.delete(key)
    thumbs.read(third.workspace, "d", pack.places[:1], said.append)
    assert "is missing in the store" in str(said[-1])


def _is(catalog: Catalog, name: str) -> bool:
    return len(depot_of(catalog).place.read(name)) > 100


@pytest.mark.usefixtures("shared")
def test_a_scan_goes_on_with_thumbnails_that_it_was_not_given(
    computer: Computer, class_folders: Callable[..., Path]
) -> None:
    one, other = computer("one"), computer("other")
    folder = class_folders({"cat": 3, "dog": 3})
    packs = []
    records = [add_folder(one, folder, name, restrict=False) for name in ("here", "there")]
    for record in records:
        scan(one, record.id)
    depot_of(one).settle()
    other.workspace.dataset(records[1].id)
    write_image(folder / "cat" / "new.jpg", 99)
    (folder / "dog" / "000.jpg").unlink()
    for where, record in zip((one, other), records, strict=True):
        scan(where, record.id)
        depot_of(where).settle()
        packs.append((where.workspace.dataset(record.id) / "thumbs.pack").read_bytes())
    assert packs[0] == packs[1]
    shown = []
    for record in records:
        table = curated(computer("third"), record.id)
        places = zip(table["thumb_at"], table["thumb_bytes"], strict=True)
        shown.append(thumbs.read(computer("third").workspace, record.id, places))
    assert shown[0] == shown[1]
    assert all(shown[0])
    assert len(shown[0]) == 6
