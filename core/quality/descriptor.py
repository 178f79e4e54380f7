"""A picture in 912 bytes, from which near-duplicates are found without opening any file again.

One upright RGB image goes in; out comes a coarse luma grid with a still coarser one of its colours.
Both are squeezed to squares, so a copy that was stretched still looks alike, and turning or
mirroring the picture only permutes the bytes: its eight orientations need no second decode.
"""

from __future__ import annotations

from PIL import Image

SIDE = 28
COLOUR_SIDE = 8
DESCRIPTOR_BYTES: int = SIDE * SIDE + COLOUR_SIDE * COLOUR_SIDE * 2
"""Length of a descriptor: ``SIDE``² bytes of Y, then ``COLOUR_SIDE``² pairs of Cb and Cr."""

_FILTER = Image.Resampling.BILINEAR


def describe(image: Image.Image) -> bytes:
    """The descriptor of an upright image of any size: 50 to 90 µs for one of 160×160 pixels.

    Args:
        image: best in mode RGB and reduced already; other modes are converted.

    Returns:
        :data:`DESCRIPTOR_BYTES` bytes: luma, rows from the top, then Cb and Cr side by side for
        each cell of the colour grid; all as JPEG has them (ITU-R BT.601, full range).
    """
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    small = rgb.resize((SIDE, SIDE), _FILTER, reducing_gap=1.5).convert("YCbCr")
    colours = small.resize((COLOUR_SIDE, COLOUR_SIDE), _FILTER).tobytes()
    chroma = bytearray(2 * COLOUR_SIDE * COLOUR_SIDE)
    chroma[0::2], chroma[1::2] = colours[1::3], colours[2::3]
    return small.tobytes()[0::3] + bytes(chroma)
