"""Thumbnails are small, look like their images, and are read back as they were written."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.datasets.images import OpenedImage
from core.quality import thumbs
from core.workspace import Workspace
from tests.core.quality.pictures import as_bytes, blurred, picture


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def make(image: Image.Image, data: bytes = b"", kind: str = "BMP", orientation: int = 1) -> bytes:
    small = thumbs.shrink(image)
    return thumbs.make(small, OpenedImage(image, kind, "RGB", *image.size, orientation), data)


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((500, 374), (160, 120)),
        ((374, 500), (120, 160)),
        ((161, 161), (160, 160)),
        ((4000, 3), (160, 1)),
        ((160, 90), (160, 90)),
        ((20, 30), (20, 30)),
    ],
)
def test_an_image_is_shrunk_to_fit_and_never_enlarged(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    assert opened(make(picture().resize(size))).size == small


def test_a_thumbnail_looks_like_its_image() -> None:
    image = blurred(3).resize((640, 480), Image.Resampling.BICUBIC)
    seen = np.asarray(opened(make(image)), np.float64)
    expected = np.asarray(image.resize((160, 120), Image.Resampling.BOX), np.float64)
    assert np.abs(seen - expected).mean() < 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_small_file_is_its_own_thumbnail(kind: str) -> None:
    data = as_bytes(Image.new("RGB", (96, 72), "red"), kind)
    assert make(opened(data).convert("RGB"), data, kind) == data


@pytest.mark.parametrize(
    ("kind", "orientation", "size", "padding"),
    [
        ("JPEG", 6, (96, 72), 0),
        ("BMP", 1, (96, 72), 0),
        ("PNG", 1, (300, 20), 0),
        ("PNG", 1, (96, 72), 20_000),
    ],
    ids=["turned", "of a kind that no browser shows", "too wide", "too long"],
)
def test_any_other_is_encoded(
    kind: str, orientation: int, size: tuple[int, int], padding: int
) -> None:
    image = Image.new("RGB", size, "red")
    thumbnail = make(image, as_bytes(image, kind) + bytes(padding), kind, orientation)
    assert opened(thumbnail).format == "JPEG"
    assert max(opened(thumbnail).size) <= thumbs.SIDE


def test_a_comment_in_a_jpeg_is_not_repeated_in_its_thumbnail() -> None:
    out = io.BytesIO()
    picture().save(out, "JPEG", comment=b"private " * 1000)
    image = opened(out.getvalue())
    image.load()
    assert b"private" not in make(image, kind="")


def test_thumbnails_are_read_from_the_pack_in_the_order_asked_for(workspace: Workspace) -> None:
    pack = thumbs.pack_path(workspace, "d")
    pack.parent.mkdir(parents=True)
    pack.write_bytes(b"onetwothree")
    assert thumbs.read(workspace, "d", [(6, 5), (0, 3), (3, 0)]) == [b"three", b"one", b""]


def test_without_a_pack_there_is_nothing_to_show(workspace: Workspace) -> None:
    assert thumbs.read(workspace, "d", [(0, 3), (3, 3)]) == [b"", b""]


def test_the_media_type_is_told_from_the_bytes() -> None:
    assert thumbs.media_type(as_bytes(picture(), "PNG")) == "image/png"
    assert thumbs.media_type(as_bytes(picture(), "JPEG")) == "image/jpeg"
