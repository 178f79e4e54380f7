"""Every image that people have is read as they see it; a broken one is a sentence."""

from __future__ import annotations

import io
import struct
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from core.datasets.images import Decoding, decode, open_image, to_array
from core.errors import UnreadableImage

RED, BLUE = (230, 20, 20), (20, 20, 230)
ORIENTATION = 0x0112
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
# What has to be done to an upright image so that a viewer that honours the tag turns it back.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def halves(width: int = 32, height: int = 16) -> Image.Image:
    """Red on the left, blue on the right, and the lower left quarter white."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    image.paste((255, 255, 255), (0, height // 2, width // 2, height))
    return image


def encoded(image: Image.Image, kind: str, **save: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **save)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_every_format_is_read_as_upright_rgb(kind: str) -> None:
    opened = open_image(encoded(halves(), kind))
    assert (opened.format, opened.width, opened.height) == (kind, 32, 16)
    assert opened.image.mode == "RGB"
    assert opened.image.getpixel((6, 4)) == pytest.approx(RED, abs=30)
    assert opened.image.getpixel((26, 12)) == pytest.approx(BLUE, abs=30)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_shown_upright(kind: str, orientation: int) -> None:
    turn = STORED_AS[orientation]
    stored = halves() if turn is None else halves().transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    quality = {"quality": 95} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    opened = open_image(encoded(stored, kind, exif=exif, **quality))
    assert (opened.width, opened.height) == (32, 16)
    assert opened.orientation == (orientation if kind != "TIFF" else 1)
    difference = np.asarray(opened.image, int) - np.asarray(halves(), int)
    assert np.abs(difference).mean() < 12


def test_photos_of_several_pictures_are_read_as_their_first() -> None:
    opened = open_image(encoded(halves(), "MPO", save_all=True, append_images=[halves(8, 8)]))
    assert (opened.format, opened.width) == ("JPEG", 32)


@pytest.mark.parametrize("orientation", [0, 9, 4000])
def test_an_orientation_that_does_not_exist_means_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert open_image(encoded(halves(), "JPEG", exif=exif)).orientation == 1


def test_damaged_metadata_do_not_cost_a_good_photo() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "maker"
    data = encoded(halves(), "JPEG", exif=exif)
    start, length = data.index(b"Exif\0\0") + 6, len(exif.tobytes()) - 6
    for at in range(start, start + length):
        for value in (0, 7, 255):
            broken = bytearray(data)
            broken[at] = value
            opened = open_image(bytes(broken))
            assert {opened.image.width, opened.image.height} == {32, 16}


def test_palettes_and_one_bit_images_are_read_in_their_colours() -> None:
    palette = open_image(encoded(halves().quantize(8), "PNG"))
    assert palette.mode == "P"
    assert palette.image.getpixel((2, 2)) == pytest.approx(RED, abs=5)
    fax = open_image(encoded(Image.new("1", (4, 4), 1), "TIFF"))
    assert fax.image.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_greys_keep_their_range(kind: str) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    seen = np.asarray(open_image(encoded(Image.fromarray(ramp), kind)).image)[..., 0].ravel()
    assert (seen[0], seen[-1]) == (0, 255)
    assert seen == pytest.approx(np.linspace(0, 255, 64), abs=1)


def test_floating_point_greys_go_from_their_minimum_to_their_maximum() -> None:
    values = np.array([[-1.0, 0.0], [1.0, np.nan]], np.float32)
    seen = np.asarray(open_image(encoded(Image.fromarray(values), "TIFF")).image)[..., 0]
    assert seen.tolist() == [[0, 128], [255, 0]], "what holds nothing is black"
    then = open_image(encoded(Image.fromarray(values), "TIFF"), decoding=Decoding(1))
    assert np.asarray(then.image)[..., 0].tolist() == [[0, 128], [255, 128]]


def test_cmyk_is_converted() -> None:
    opened = open_image(encoded(halves().convert("CMYK"), "JPEG", quality=95))
    assert opened.mode == "CMYK"
    assert opened.image.getpixel((4, 2)) == pytest.approx(RED, abs=40)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparency_is_shown_on_white(kind: str) -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (0, 0, 4, 8))
    lossless = {"lossless": True} if kind == "WEBP" else {}
    image = open_image(encoded(clear, kind, **lossless)).image
    assert image.getpixel((7, 4)) == (255, 255, 255)
    assert image.getpixel((0, 4)) == (0, 0, 255)


def test_a_transparent_palette_is_shown_on_white() -> None:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 200, 0, 0])
    picture.putpixel((0, 0), 0)
    for kind in ("PNG", "GIF"):
        image = open_image(encoded(picture, kind, transparency=0)).image
        assert image.getpixel((0, 0)) == (255, 255, 255)
        assert image.getpixel((3, 3)) == (200, 0, 0)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP"])
def test_the_first_frame_is_used(kind: str) -> None:
    others = [Image.new("RGB", (32, 16), "green"), Image.new("RGB", (32, 16), "white")]
    opened = open_image(encoded(halves(), kind, save_all=True, append_images=others))
    assert opened.image.getpixel((26, 8)) == pytest.approx(BLUE, abs=30)


def test_a_damaged_later_frame_does_not_cost_the_first() -> None:
    data = encoded(
        halves(), "GIF", save_all=True, append_images=[Image.new("RGB", (32, 16), "red")]
    )
    opened = open_image(data[:-20])
    assert opened.image.getpixel((26, 8)) == pytest.approx(BLUE, abs=30)


def test_each_way_of_being_broken_has_its_sentence() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = encoded(Image.fromarray(noise), "JPEG")
    for data, kind, what in (
        (b"", "empty", "empty"),
        (b"no image at all", "unreadable", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unreadable", "drawing"),
        (whole[: len(whole) // 2], "truncated", "ends in the middle"),
    ):
        with pytest.raises(UnreadableImage, match=what) as caught:
            open_image(data, file="cat/1.jpg")
        assert caught.value.kind == kind
        assert "cat/1.jpg" in str(caught.value)


def test_an_image_beyond_the_limit_is_refused_and_one_below_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encoded(Image.new("L", (200, 100)), "PNG")
    monkeypatch.setenv("LIGHTBOX_MAX_PIXELS", "20000")
    assert open_image(data).width == 200
    monkeypatch.setenv("LIGHTBOX_MAX_PIXELS", "19999")
    with pytest.raises(UnreadableImage, match="LIGHTBOX_MAX_PIXELS") as caught:
        open_image(data)
    assert caught.value.kind == "too_large"


def test_no_damage_whatever_escapes_as_another_error() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    rng = np.random.default_rng(5)
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"):
        save = {} if kind in ("BMP", "GIF") else {"exif": exif}
        whole = np.frombuffer(encoded(halves(), kind, **save), np.uint8)
        for _ in range(400):
            broken = whole.copy()
            broken[rng.integers(0, min(len(whole), 200), 4)] = rng.integers(0, 256, 4)
            try:
                opened = open_image(broken.tobytes()[: int(rng.integers(20, len(whole) + 1))])
            except UnreadableImage:
                continue
            assert opened.image.mode == "RGB"


def test_reading_in_many_threads_leaves_the_process_as_it_was() -> None:
    data = [encoded(halves(), kind) for kind in ("JPEG", "PNG", "GIF")] * 200
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_image, data))
    assert warnings.filters == before


def test_the_same_bytes_give_the_same_pixels_and_size() -> None:
    data = encoded(halves(640, 320), "JPEG")
    first = decode(data, 24)
    assert (first.shape, first.dtype) == ((24, 24, 3), np.uint8)
    assert np.array_equal(first, decode(data, 24))


def test_a_drafted_photo_keeps_its_real_size_and_is_large_enough() -> None:
    opened = open_image(encoded(halves(1600, 800), "JPEG"), draft=(100, 100))
    assert (opened.width, opened.height) == (1600, 800)
    assert 100 <= opened.image.height < 800


def test_each_fit_does_what_it_says() -> None:
    wide = Image.new("RGB", (90, 30), RED)
    wide.paste(BLUE, (30, 0, 60, 30))
    stretched = to_array(wide, 30)
    assert stretched[15, 2] == pytest.approx(RED, abs=5)
    cropped = to_array(wide, 30, fit="crop")
    assert cropped[:, 3:-3].reshape(-1, 3).tolist() == [list(BLUE)] * (30 * 24)
    padded = to_array(wide, 30, fit="pad")
    assert padded[0, 15].tolist() == [0, 0, 0]
    assert padded[15, 15] == pytest.approx(BLUE, abs=5)
    assert to_array(wide, (20, 10)).shape == (10, 20, 3)


def test_a_jpeg_that_is_cut_and_closed_again_is_not_taken_for_whole() -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (96, 96, 3), np.uint8))
    data = encoded(noise, "JPEG", quality=90)
    cut = data[: len(data) * 4 // 10] + b"\xff\xd9"
    with pytest.raises(UnreadableImage, match="its end is marked"):
        open_image(cut)
    with pytest.raises(UnreadableImage, match="its end is marked"):
        decode(cut, 32)
    assert open_image(cut, decoding=Decoding(1)).width == 96, "the first version saw nothing"
    assert open_image(data).width == 96


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_a_progressive_jpeg_without_its_later_passes_is_not_whole(share: float) -> None:
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((300, 200))
    data = encoded(photo, "JPEG", progressive=True)
    with pytest.raises(UnreadableImage, match="its end is marked"):
        open_image(data[: int(len(data) * share)] + b"\xff\xd9")
    # A preview inside the file has passes of its own.
    exif = b"Exif\0\0" + encoded(photo.resize((60, 40)), "JPEG")
    assert open_image(encoded(photo, "JPEG", progressive=True, exif=exif)).width == 300


@pytest.mark.parametrize("side", [64, 200, 256])
@pytest.mark.parametrize("more", [{}, {"optimize": True}, {"subsampling": 0}])
def test_a_picture_on_grey_is_whole(more: dict[str, object], side: int) -> None:
    framed = Image.new("RGB", (96, 96), (128, 128, 128))
    framed.paste((200, 30, 30), (20, 20, 70, 70))
    assert open_image(encoded(framed, "JPEG", quality=95, **more)).width == 96
    rng = np.random.default_rng(0)
    above = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((side, side // 2))
    framed = Image.new("RGB", (side, side), (128, 128, 128))
    framed.paste(above, (0, 0))
    assert open_image(encoded(framed, "JPEG", **more)).width == side


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<!DOCTYPE html><html>404</html>", "page of the web"),
        (b'{"error": "not found"}', "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d", "git lfs pull"),
        (b"8BPS\0\1" + bytes(90), "Photoshop"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\3\4" + bytes(90), "Unpack"),
        (b"\0\0\0\x18ftypmp42" + bytes(90), "video"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(90), "HEIC"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing"),
        (bytes(4000), "nothing but zeros"),
        (b"\x93NUMPY\1\0", "NumPy"),
        (b"words and words", "not an image that Lightbox can read"),
    ],
)
def test_what_is_called_a_picture_and_is_none_is_named(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableImage) as raised:
        open_image(data, file="x.jpg")
    assert said in f"{raised.value.title} {raised.value.remedy}"


@pytest.mark.parametrize(
    ("kind", "channels", "said"),
    [
        (3, 1, r"one channel of 64 bits \(fractions\).* Save it as greys of 32-bit fractions"),
        (6, 1, r"one channel of 64 bits \(complex\).* Save its magnitude"),
        (3, 5, r"5 channels of 64 bits .* Save the three"),
    ],
)
def test_a_tiff_that_can_not_be_read_says_what_is_in_it(
    kind: int, channels: int, said: str
) -> None:
    values = {256: (4, 8), 257: (4, 8), 258: (3, 64), 262: (3, 1), 277: (3, channels)}
    values[339] = (3, kind)
    fields = b"".join(
        struct.pack("<HHII", tag, of, 1, value) for tag, (of, value) in values.items()
    )
    with pytest.raises(UnreadableImage, match=said):
        open_image(b"II*\0" + struct.pack("<IH", 8, len(values)) + fields + bytes(4))
