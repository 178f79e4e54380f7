"""The samples, which need no network: fruit, drawn by code, and handwritten digits.

The digits are scikit-learn's 1,797, written out as PNG class folders. Source: E. Alpaydin and
C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (CC BY 4.0),
as shipped with scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.datasets.fruit import IMAGES as FRUIT_IMAGES
from core.datasets.fruit import write_fruit
from core.progress import SILENT, Reporter

IMAGES = 1797


@dataclass(frozen=True)
class Sample:
    """One of them.

    Attributes:
        name: of its dataset.
        sentence: what it shows.
        images: how many.
        write: writes its class folders below a folder, and returns how many images there are; in
            a worker, since it may import scikit-learn.
    """

    name: str
    sentence: str
    images: int
    write: Callable[[Path, Reporter], int]


def write_digits(target: Path, report: Reporter = SILENT) -> int:
    """Write the digits below ``target`` as ``<digit>/<number>.png``, 8×8 grey pixels each.

    Runs in a worker, since it imports scikit-learn. Returns the number of images.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    # 0 is paper and 16 full ink; scaled to the whole range of 8 bits.
    pixels = np.round(digits.images * (255 / 16)).astype(np.uint8)
    for label in digits.target_names:
        (target / str(label)).mkdir(parents=True, exist_ok=True)
    for number, (image, label) in enumerate(zip(pixels, digits.target, strict=True)):
        if number % 200 == 0:
            report.step("write", number, len(pixels), "Writing the sample")
        Image.fromarray(image).save(target / str(label) / f"{number:04d}.png")
    return len(pixels)


SAMPLES: dict[str, Sample] = {
    "fruit": Sample(
        "Fruit",
        "300 pictures of apples, bananas, oranges and pears, drawn by Lightbox.",
        FRUIT_IMAGES,
        write_fruit,
    ),
    "digits": Sample(
        "Handwritten digits",
        "1,797 handwritten digits from 0 to 9, of 8 × 8 pixels.",
        IMAGES,
        write_digits,
    ),
}
DEFAULT = "digits"
