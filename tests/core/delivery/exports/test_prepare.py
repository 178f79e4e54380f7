"""What an export does with a picture is what the app does with it, to the last digit."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets.images import Decoding, Fit, decode
from core.delivery.exports.package import add_reading
from core.delivery.exports.shipped.prepare import as_pixels
from tests.deep import deep_png, dicom_file, display_p3, grey_tiff

SIZE = 32


def photo(mode: str = "RGB", shape: tuple[int, int] = (300, 210)) -> Image.Image:
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3)).astype(np.uint8))
    return small.resize(shape, Image.Resampling.BICUBIC).convert(mode)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(photo(), "JPEG", exif=exif)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def see_through() -> Image.Image:
    image = photo("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


FILES = {
    "jpeg": saved(photo(), "JPEG"),
    "turned": turned(),
    "png": saved(photo(), "PNG"),
    "grey": saved(photo("L"), "PNG"),
    "palette": saved(photo("P"), "GIF"),
    "cmyk": saved(photo("CMYK"), "JPEG"),
    "see-through": saved(see_through(), "PNG"),
    "16 bits": saved(
        Image.fromarray(np.arange(0, 60000, dtype=np.uint16).reshape(200, 300)), "PNG"
    ),
    "deep colours": deep_png(np.arange(0, 4095, dtype=int).repeat(2)[:8100].reshape(50, 54, 3)),
    "white is 0": grey_tiff(
        np.arange(60000, dtype=np.uint16).reshape(200, 300), white_is_zero=True
    ),
    "signed": grey_tiff(np.asarray(photo("L")), signed=True),
    "pages": saved(photo(), "TIFF", save_all=True, append_images=[photo("L")]),
    "wide colours": saved(photo(), "PNG", icc_profile=display_p3()),
    "several pictures": saved(photo(), "MPO", save_all=True, append_images=[photo("L")]),
    "small": saved(photo(shape=(8, 11)), "PNG"),
    "as it is": saved(photo(shape=(SIZE, SIZE)), "PNG"),
}


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("name", list(FILES))
@pytest.mark.parametrize("how", ["", "2", "3:100:40000", "4", "5"])
def test_pictures_are_prepared_as_the_app_does(
    name: str, fit: Fit, how: str, tmp_path: Path
) -> None:
    file = tmp_path / "picture"
    file.write_bytes(FILES[name])
    how = f"{how}:p2" if name == "pages" and how else how
    expected = decode(FILES[name], SIZE, fit=fit, decoding=Decoding.parse(how))
    assert as_pixels(file, SIZE, fit, how).tolist() == expected.tolist()


_ASK = """
import sys
from prepare import as_pixels
print(as_pixels(sys.argv[1], 8, "stretch", sys.argv[2]).tolist())
"""


def _asked(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What somebody hears who has the export, and not Lightbox."""
    return subprocess.run(
        [sys.executable, "-c", _ASK, *words], cwd=folder, capture_output=True, text=True
    )


def test_an_export_reads_pages_and_dicom_by_itself_or_says_why_not(tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    add_reading(export)
    medical = tmp_path / "scan.dcm"
    medical.write_bytes(
        dicom_file(np.arange(64).reshape(8, 8) * 40, WindowCenter=900, WindowWidth=801)
    )
    expected = decode(medical.read_bytes(), 8)
    done = _asked(export, str(medical), "3")
    assert json.loads(done.stdout) == expected.tolist(), done.stderr
    pages = tmp_path / "pages.tif"
    pages.write_bytes(FILES["pages"])
    assert "It has no page 3" in _asked(export, str(pages), "3:p3").stderr
    without = (
        (export / "dicom.py").read_text().replace('importlib.util.find_spec("pydicom")', "None")
    )
    (export / "dicom.py").write_text(without)
    assert "pip install pydicom" in _asked(export, str(medical), "3").stderr
