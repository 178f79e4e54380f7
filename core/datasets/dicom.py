"""DICOM, the format of medical pictures, for Pillow to open; through pydicom, where it is there.

What is shown is what a viewer shows: stored values become those of the modality (rescale slope and
intercept), the first window that the file names says what is black and what is white, and
MONOCHROME1 is turned over. Without a window the range of the dataset counts, as for other greys.
Of what the file says of people nothing is read or kept.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from core.errors import UnreadableImage

_KIND = "DICOM"
_AT, _MAGIC = 128, b"DICM"
HEAD_BYTES = _AT + len(_MAGIC)


def is_dicom(head: bytes) -> bool:
    """Whether a file begins so; at least :data:`HEAD_BYTES` bytes of it."""
    return head[_AT:HEAD_BYTES] == _MAGIC


def register() -> bool:
    """Teach Pillow to open them; whether pydicom is there for that."""
    if importlib.util.find_spec("pydicom") is None:
        return False
    # Pillow shows whoever asks to accept 16 bytes only, which end before the mark.
    Image.register_open(_KIND, _DicomFile)
    return True


class _DicomFile(ImageFile.ImageFile):
    """A DICOM file as Pillow has its own."""

    format = _KIND
    format_description = "DICOM"

    def _open(self) -> None:
        assert self.fp is not None
        # Pillow may ask of any picture, and importing takes longer than reading one.
        if not is_dicom(self.fp.read(HEAD_BYTES)):
            raise SyntaxError("no DICOM file")
        import pydicom
        from pydicom.errors import InvalidDicomError

        self.fp.seek(0)
        try:
            self._found = pydicom.dcmread(self.fp)
        except InvalidDicomError as error:
            raise SyntaxError("no DICOM file") from error
        found = self._found
        if "PixelData" not in found and "FloatPixelData" not in found:
            raise UnreadableImage(
                "unreadable",
                "This DICOM file holds no picture, only a report or measurements.",
                remedy="Leave it out.",
            )
        self._page = 0
        self._frames = max(1, int(found.get("NumberOfFrames", 1) or 1))
        self._grey = str(found.PhotometricInterpretation).startswith("MONOCHROME")
        self._mode = "F" if self._grey else "RGB"
        self._size = (int(found.Columns), int(found.Rows))
        self.tile = []
        if self._grey:
            self.info["inverted"] = str(found.PhotometricInterpretation) == "MONOCHROME1"
            if (window := _window(found)) is not None:
                self.info["window"] = window

    def seek(self, frame: int) -> None:
        if not 0 <= frame < self._frames:
            raise EOFError("no such frame")
        self._page = frame

    def tell(self) -> int:
        return self._page

    def load(self) -> Any:
        if self._im is None:
            self._im = _picture(self._found, self._page, grey=self._grey).im
        return Image.Image.load(self)


def _picture(found: Any, frame: int, *, grey: bool) -> Image.Image:
    from pydicom import pixels

    try:
        values = pixels.pixel_array(found, index=frame)
    except (NotImplementedError, RuntimeError, AttributeError, ValueError) as error:
        name = getattr(found.file_meta.TransferSyntaxUID, "name", "")
        raise UnreadableImage(
            "unreadable",
            f"This DICOM picture is packed in a way that can't be read here ({name}).",
            remedy="Export it without compression, or as PNG.",
        ) from error
    if grey:
        return Image.fromarray(np.asarray(pixels.apply_modality_lut(values, found), np.float32))
    if str(found.PhotometricInterpretation) == "PALETTE COLOR":
        values = pixels.apply_color_lut(values, found)
    if values.dtype != np.uint8:
        values = (values >> max(0, int(found.BitsStored) - 8)).clip(0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(values[..., :3]))


def _window(found: Any) -> tuple[float, float] | None:
    """Black and white of the first window that the file names (DICOM PS3.3, C.11.2.1.2)."""
    try:
        centre, width = (float(np.ravel(found.get(f"Window{of}"))[0]) for of in ("Center", "Width"))
    except (TypeError, ValueError, IndexError):
        return None
    if width < 1:
        return None
    return centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
