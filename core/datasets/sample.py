"""The sample: scikit-learn's 1,797 handwritten digits, written out as PNG class folders.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
Learning Repository (CC BY 4.0), as shipped with scikit-learn. It needs no network.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core.progress import Reporter

NAME = "Handwritten digits"
IMAGES = 1797


def write_digits(target: Path, report: Reporter | None = None) -> int:
    """Write the digits below ``target`` as ``<digit>/<number>.png``, 8×8 grey pixels each.

    Runs in a worker, since it imports scikit-learn. Returns the number of images.
    """
    from sklearn.datasets import load_digits

    report = report or Reporter()
    digits = load_digits()
    # 0 is paper and 16 full ink; scaled to the whole range of 8 bits.
    pixels = np.round(digits.images * (255 / 16)).astype(np.uint8)
    for label in digits.target_names:
        (target / str(label)).mkdir(parents=True, exist_ok=True)
    for number, (image, label) in enumerate(zip(pixels, digits.target, strict=True)):
        if number % 200 == 0:
            report.check()
            report.progress("write", number, len(pixels), "Writing the sample")
        Image.fromarray(image).save(target / str(label) / f"{number:04d}.png")
    return len(pixels)
