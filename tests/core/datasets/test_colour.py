"""Colours come out as a viewer shows them, and what is in a picture is never hidden."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from core.datasets.images import Decoding, decode, open_image
from core.datasets.jpeg import without_notes
from core.datasets.shaper import shaper_of
from tests.deep import display_p3


def picture() -> Image.Image:
    across, down = np.meshgrid(np.linspace(20, 235, 64), np.linspace(20, 235, 48))
    pixels = np.stack([across, down, 255 - across], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def levels(data: bytes, **options: object) -> np.ndarray:
    return np.asarray(open_image(data, **options).image).astype(int)  # type: ignore[arg-type]


def in_lab(image: Image.Image) -> tuple[Image.Image, bytes]:
    """The same colours written in the numbers of another profile: its channels swapped in XYZ."""
    profile = ImageCms.createProfile("sRGB")
    data = bytearray(ImageCms.ImageCmsProfile(profile).tobytes())
    # Swap the colorants of red and blue: a profile in which a file's "red" is blue.
    red, blue = data.find(b"rXYZ"), data.find(b"bXYZ")
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    data = bytearray(bytes(data).replace(b"s\0R\0G\0B", b"o\0t\0h\0r").replace(b"sRGB", b"othr"))
    r, g, b = image.split()
    return Image.merge("RGB", (b, g, r)), bytes(data)


def test_a_profile_is_converted_to_srgb_as_viewers_do() -> None:
    plain = picture()
    swapped, profile = in_lab(plain)
    seen = levels(saved(swapped, icc_profile=profile))
    assert np.abs(seen - np.asarray(plain)).max() <= 3
    then = levels(saved(swapped, icc_profile=profile), decoding=Decoding(1))
    assert np.abs(then - np.asarray(plain)).max() > 100, "the first version ignored profiles"


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("PNG", "TIFF"):
        assert (levels(saved(picture(), kind, icc_profile=profile)) == np.asarray(picture())).all()


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200])
def test_a_damaged_profile_is_left_aside(profile: bytes) -> None:
    assert (levels(saved(picture(), icc_profile=profile)) == np.asarray(picture())).all()


def test_grey_pictures_with_a_profile_for_colours_are_read() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = picture().convert("L")
    assert (levels(saved(grey, icc_profile=profile))[..., 0] == np.asarray(grey)).all()


def test_white_on_nothing_is_shown_on_black_and_the_rest_on_white() -> None:
    drawn = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
    drawn.paste((255, 255, 255, 255), (10, 10, 20, 30))
    opened = open_image(saved(drawn))
    assert np.asarray(opened.image)[15, 15].tolist() == [255, 255, 255]
    assert np.asarray(opened.image)[0, 0].tolist() == [0, 0, 0]
    black = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    black.paste((0, 0, 0, 255), (10, 10, 20, 30))
    opened = open_image(saved(black))
    assert np.asarray(opened.image)[0, 0].tolist() == [255, 255, 255]


def test_pictures_with_long_texts_are_whole() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("history", "x" * (2 * 1024**2), zip=True)
    assert (levels(saved(picture(), pnginfo=info)) == np.asarray(picture())).all()
    assert (levels(saved(picture(), icc_profile=b"\1" * (2 * 1024**2))) == picture()).all()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "TGA", "PCX", "WEBP", "JPEG2000"])
def test_the_same_picture_in_any_lossless_format_is_the_same(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    if kind == "JPEG2000":
        options = {"irreversible": False}
    seen = decode(saved(picture(), kind, **options), 32)
    assert (seen == decode(saved(picture()), 32)).all()


def test_wide_colours_are_converted_within_one_level_of_littlecms() -> None:
    profile = display_p3()
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    theirs = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB", 1)
    noise = np.random.default_rng(0).integers(0, 256, (300, 310, 3), np.uint8)
    image = Image.fromarray(noise)
    made = shaper_of(profile, theirs.apply)
    assert made is not None
    by_them = np.asarray(theirs.apply(image)).astype(int)
    assert np.abs(by_them - np.asarray(made(image))).max() <= 1
    assert np.abs(by_them - noise).max() > 20
    assert (levels(saved(image, icc_profile=profile)) == np.asarray(made(image))).all()
    for exact in ("2", "3:0:4095"):
        then = levels(saved(image, icc_profile=profile), decoding=Decoding.parse(exact))
        assert (then == by_them).all(), "older models go on seeing what they learned from"
    assert shaper_of(profile, lambda probe: probe) is None, "where the two differ, it is not used"


def test_orientation_is_read_as_pillow_does_whoever_wrote_it() -> None:
    image = picture()
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x010F], exif[0x0112] = "A maker", orientation
        for order in (b"II", b"MM"):
            exif.endian = "<" if order == b"II" else ">"
            data = saved(image, "JPEG", exif=exif)
            leaner, found = without_notes(data)
            assert found == orientation
            assert len(leaner) < len(data)
            assert Image.open(io.BytesIO(data)).getexif()[0x0112] == orientation
            turned = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
            assert (levels(data) == np.asarray(turned)).all()
            cut = data[: data.index(b"Exif") + 20]
            assert without_notes(cut) == (cut, None)
    for data in (saved(image, "JPEG"), saved(image), b"\xff\xd8\xff", b""):
        assert without_notes(data) == (data, None)
    by_xmp = saved(image, "JPEG", xmp=b'<x tiff:Orientation="6"/>')
    assert open_image(by_xmp).orientation == 6
