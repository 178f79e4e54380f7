"""Archives are opened in memory, within limits, and one bad file stops no other."""

from __future__ import annotations

import io
import zipfile

import pytest

from core.inference import given
from core.inference.given import open_given


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def test_images_of_an_archive_are_tried_beside_others() -> None:
    data = packed(
        **{"a__1.png": b"one", "a__.hidden.png": b"x", "read me.txt": b"x", "2.JPG": b"two"}
    )
    found = open_given([("x.zip", data), ("3.png", b"three")])
    assert found.files == [("a/1.png", b"one"), ("2.JPG", b"two"), ("3.png", b"three")]
    assert found.refused == []


def test_what_is_no_archive_or_has_no_images_is_said() -> None:
    found = open_given(
        [("x.zip", b"nonsense"), ("y.zip", packed(**{"a.txt": b"x"})), ("1.png", b"1")]
    )
    assert found.files == [("1.png", b"1")]
    assert [name for name, _ in found.refused] == ["x.zip", "y.zip"]
    assert "no images" in found.refused[1][1]


def test_a_damaged_member_stops_no_other() -> None:
    data = bytearray(packed(**{"1.png": bytes(range(256)) * 20, "2.png": b"good"}))
    data[45] ^= 0xFF
    found = open_given([("x.zip", bytes(data))])
    assert [name for name, _ in found.files] == ["2.png"]
    assert found.refused == [("1.png", "It is damaged inside the archive.")]


def test_a_bomb_and_too_many_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given, "MOST_BYTES_EACH", 1000)
    monkeypatch.setattr(given, "MOST_IMAGES", 2)
    data = packed(**{"bomb.png": bytes(10_000_000), **{f"{n}.png": b"x" for n in range(5)}})
    found = open_given([("x.zip", data)])
    assert [name for name, _ in found.files] == ["0.png", "1.png"]
    assert found.refused[0][0] == "bomb.png"
    assert "Batch" in found.refused[1][1]
