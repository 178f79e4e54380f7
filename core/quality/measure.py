"""What is measured of every image in the one pass, for detectors to judge.

All from one small copy of the decoded image (at most 128 pixels wide and high), so the cost hardly
depends on the image's size. Values are stored in the index; thresholds are applied later.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 128


def measure(image: Image.Image) -> dict[str, float]:
    """Measurements of an upright RGB image.

    Returns:
        ``brightness``: mean luma (ITU-R 601), 0 black to 1 white.
        ``bright_spread``: standard deviation of luma, 0 to 0.5.
        ``dark_percentile``, ``bright_percentile``: 5th and 99th percentile of luma, 0 to 1.
        ``sharpness``: standard deviation of the Laplacian over that of luma; scale-free, about
        0.2 for a blurred photo and above 0.5 for a sharp one.
        ``entropy``: Shannon entropy of the luma histogram, in bits, 0 to 8.
        ``colourfulness``: mean difference between the largest and smallest channel, 0 to 1.
    """
    small = image
    if max(image.size) > SIDE:
        small = image.copy()
        small.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    grey_image = small.convert("L")
    histogram = np.asarray(grey_image.histogram(), dtype=np.float64)
    share = histogram / histogram.sum()
    levels = np.arange(256) / 255
    mean = float(share @ levels)
    spread = float(np.sqrt(max(0.0, share @ (levels - mean) ** 2)))
    cumulative = np.cumsum(share)
    present = share[share > 0]
    grey = np.asarray(grey_image, dtype=np.float32) / 255
    return {
        "brightness": mean,
        "bright_spread": spread,
        "dark_percentile": float(levels[np.searchsorted(cumulative, 0.05)]),
        "bright_percentile": float(levels[min(255, int(np.searchsorted(cumulative, 0.99)))]),
        "sharpness": _sharpness(grey, spread),
        "entropy": float(-(present @ np.log2(present))) + 0.0,
        "colourfulness": _colourfulness(small),
    }


def _sharpness(grey: np.ndarray, spread: float) -> float:
    if min(grey.shape) < 3 or spread < 1e-3:
        return 0.0
    laplacian = (
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    )
    return float(laplacian.std() / spread)


def _colourfulness(image: Image.Image) -> float:
    tiny = np.asarray(image.resize((16, 16), Image.Resampling.BOX))
    return float((tiny.max(axis=2).astype(np.float32) - tiny.min(axis=2)).mean() / 255)
