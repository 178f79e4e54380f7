"""Pictures of more than eight bits a channel, which Pillow reads and can’t write, and a profile of
wide colours."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms


def deep_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel; ``values`` int, shape (height, width, 3 or 4)."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, 2 if channels == 3 else 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def dicom_file(values: np.ndarray, **more: object) -> bytes:
    """A DICOM file of greys of 12 bits, with a patient's name in it.

    Args:
        values: of shape (height, width).
        more: other attributes of it.
    """
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.PatientName, made.Rows, made.Columns = "Doe^Jane", *values.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.PixelData = values.astype("<u2").tobytes()
    for name, value in more.items():
        setattr(made, name, value)
    out = io.BytesIO()
    pydicom.dcmwrite(out, made)
    return out.getvalue()


def display_p3() -> bytes:
    """The profile of today's phones and screens: sRGB's curve, wider colours."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    data = profile.tobytes().replace(b"s\0R\0G\0B", b"o\0t\0h\0r").replace(b"sRGB", b"othr")
    entries = struct.iter_unpack(">4sII", data[132 : 132 + 12 * data[131]])
    at = {name: start for name, start, _ in entries}
    for name, values in (
        (b"rXYZ", (0.51512, 0.2412, -0.00105)),
        (b"gXYZ", (0.29198, 0.69225, 0.04189)),
        (b"bXYZ", (0.1571, 0.06657, 0.78407)),
    ):
        packed = struct.pack(">3i", *(round(65536 * value) for value in values))
        data = data[: at[name] + 8] + packed + data[at[name] + 20 :]
    return data


def grey_tiff(values: np.ndarray, *, white_is_zero: bool = False, signed: bool = False) -> bytes:
    """A TIFF of greys, with its tags of what is white and of signs as they are asked for.

    Args:
        values: uint8 or uint16, shape (height, width): the bits as they lie in the file.
    """
    out = io.BytesIO()
    Image.fromarray(values).save(out, "TIFF", tiffinfo={339: 2} if signed else {})
    made = bytearray(out.getvalue())
    if white_is_zero:
        # Pillow writes the opposite whatever it is told.
        (at,) = struct.unpack_from("<I", made, 4)
        (count,) = struct.unpack_from("<H", made, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            if struct.unpack_from("<H", made, entry) == (262,):
                struct.pack_into("<H", made, entry + 8, 0)
    return bytes(made)
