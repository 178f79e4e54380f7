"""What is measured of every image in the one pass, for detectors to judge.

In two steps: :func:`tally` counts in one small copy of an image (at most 160 pixels wide and high,
so the cost hardly depends on the image's size), and :func:`measure` makes the measurements of many
images from their tallies at once. Values are stored in the index; thresholds are applied later.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MEASUREMENTS = (
    "brightness",
    "bright_spread",
    "dark_percentile",
    "bright_percentile",
    "sharpness",
    "entropy",
    "colourfulness",
)
_TINY = 16
_LEVELS = np.arange(256) / 255


class Tally(NamedTuple):
    """What was counted in one image.

    Attributes:
        histogram: how many pixels have each of the 256 levels of luma (ITU-R 601), as bytes of
            256 integers of C.
        laplacian: variance of luma's Laplacian (4 neighbours, rim left out), in levels².
        colours: the image at 16×16 pixels, RGB, as bytes.
    """

    histogram: bytes
    laplacian: float
    colours: bytes


def tally(small: Image.Image) -> Tally:
    """Count in an upright RGB image, best of at most 160 pixels wide and high."""
    grey = small.convert("L")
    tiny = small.resize((_TINY, _TINY), Image.Resampling.BOX)
    histogram = array("i", grey.histogram()).tobytes()
    return Tally(histogram, _laplacian_variance(np.asarray(grey)), tiny.tobytes())


def measure(tallies: Sequence[Tally]) -> NDArray[np.float32]:
    """Measurements of images.

    Returns:
        float32 of shape (len(tallies), 7), columns as in :data:`MEASUREMENTS`:
        ``brightness``: mean luma, 0 black to 1 white.
        ``bright_spread``: standard deviation of luma, 0 to 0.5.
        ``dark_percentile``, ``bright_percentile``: 5th and 99th percentile of luma, 0 to 1.
        ``sharpness``: standard deviation of the Laplacian over that of luma; scale-free, about
        0.2 for a blurred photo and above 0.5 for a sharp one.
        ``entropy``: Shannon entropy of the luma histogram, in bits, 0 to 8.
        ``colourfulness``: mean difference between the largest and smallest channel, 0 to 1.
    """
    n = len(tallies)
    counted = np.frombuffer(b"".join(each.histogram for each in tallies), np.intc).reshape(n, 256)
    share = counted / counted.sum(1, keepdims=True)
    mean = share @ _LEVELS
    spread = np.sqrt((share * (_LEVELS - mean[:, None]) ** 2).sum(1))
    below = share.cumsum(1)
    edges = np.sqrt(np.array([each.laplacian for each in tallies])) / 255
    sharp = np.where(spread < 1e-3, 0.0, edges / np.maximum(spread, 1e-3))
    bits = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(1)
    colours = np.frombuffer(b"".join(each.colours for each in tallies), np.uint8)
    colours = colours.reshape(n, _TINY * _TINY, 3)
    chroma = (colours.max(2).astype(np.float32) - colours.min(2)).mean(1) / 255
    return np.stack(
        (
            mean,
            spread,
            _LEVELS[(below >= 0.05).argmax(1)],
            _LEVELS[(below >= 0.99).argmax(1)],
            sharp,
            np.abs(bits),  # without a sign for -0.0
            chroma,
        ),
        axis=1,
    ).astype(np.float32)


def _laplacian_variance(grey: NDArray[np.uint8]) -> float:
    if min(grey.shape) < 3:
        return 0.0
    # 16-bit integers hold the Laplacian exactly (±1020) and fit twice as many into a register; in
    # one row after the other, which is quicker than within a frame, and without the rim in the end.
    height, width = grey.shape
    luma = grey.astype(np.int16).ravel()
    laplacian = np.zeros((height - 2) * width, np.int16)
    inner = laplacian[: len(luma) - 2 * width - 2]
    np.add(luma[1 : -2 * width - 1], luma[2 * width + 1 : -1], out=inner)
    inner += luma[width : -width - 2]
    inner += luma[width + 2 : -width]
    inner -= luma[width + 1 : -width - 1] << 2
    values = laplacian.reshape(-1, width)[:, : width - 2].astype(np.float32).ravel()
    mean = float(np.add.reduce(values)) / len(values)
    # einsum and not @: BLAS would start threads for each image.
    return max(0.0, float(np.einsum("i,i->", values, values)) / len(values) - mean * mean)
