"""Names in archives come out as they were written, whatever packed them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from core.datasets import archives
from core.datasets.zip_names import encoding_of
from core.errors import InvalidInput
from tests.core.datasets.packing import image_bytes


def packed(path: Path, names: list[str], encoding: str, method: int | None = None) -> Path:
    """A .zip as old programs write it: names as plain bytes, and not a word on what they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, name in enumerate(names):
            stand_in = f"{number:04d}".ljust(len(name.encode(encoding)), "x")
            archive.writestr(stand_in, image_bytes(number))
    data = out.getvalue()
    for number, name in enumerate(names):
        raw = name.encode(encoding)
        data = data.replace(f"{number:04d}".ljust(len(raw), "x").encode(), raw)
    if method is not None:
        # The method stands 8 bytes into each local header and 10 into each central one.
        for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            at = data.find(mark)
            while at >= 0:
                data = data[: at + place] + method.to_bytes(2, "little") + data[at + place + 2 :]
                at = data.find(mark, at + 4)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", ["Äpfel/1.png", "Öl/2.png"]),
        ("utf-8", ["猫/1.png", "狗/2.png"]),
        ("cp1252", ["Äpfel/1.png", "Öl/2.png"]),
        ("cp850", ["Äpfel/1.png", "Öl/2.png"]),
        ("cp866", ["кошки/1.png", "собаки/2.png"]),
        ("gb18030", ["猫/1.png", "数据/2.png"]),
        ("cp932", ["犬/1.png", "ねこ/2.png"]),
    ],
)
def test_names_are_read_as_they_were_written(
    tmp_path: Path, encoding: str, names: list[str]
) -> None:
    source = packed(tmp_path / "a.zip", names, encoding)
    target = tmp_path / "out"
    target.mkdir()
    result = archives.unpack(source, target)
    found = sorted(path.relative_to(target).as_posix() for path in target.rglob("*.png"))
    assert found == sorted(names)
    told = [item.why for item in result.skipped]
    assert bool(told) == (encoding != "utf-8"), "a guess is told"


def test_an_encoding_that_is_said_is_used(tmp_path: Path) -> None:
    source = packed(tmp_path / "a.zip", ["고양이/1.png"], "cp949")
    target = tmp_path / "out"
    target.mkdir()
    result = archives.unpack(source, target, encoding="cp949")
    assert (target / "고양이/1.png").is_file()
    assert result.skipped == []


def test_plain_names_are_no_guess() -> None:
    assert encoding_of([]) == "utf-8"


@pytest.mark.parametrize(("method", "name"), [(9, "Deflate64"), (98, "PPMd"), (77, "method 77")])
def test_a_method_that_can_not_be_unpacked_is_named(tmp_path: Path, method: int, name: str) -> None:
    source = packed(tmp_path / "a.zip", ["cat/1.png", "dog/2.png"], "utf-8", method)
    with pytest.raises(InvalidInput, match=name) as refused:
        archives.inspect(source)
    assert "a.zip" in str(refused.value)
