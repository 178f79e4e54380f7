"""The sample's pictures, one after the other, and as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.datasets.fruit.scene import draw
from core.progress import SILENT, Reporter

CLASSES = ("apple", "banana", "orange", "pear")
EACH = 75
IMAGES = EACH * len(CLASSES)
# One picture in so many is hard, in two ways at once.
_HARD_EVERY = 6
_HARD = (
    *(("dark", "far"), ("soft", "cut"), ("hidden", "tinted")),
    *(("dark", "hidden"), ("far", "soft"), ("cut", "tinted")),
)
_QUALITY = 90
_SEED = 20_260


def draw_fruit(kind: str, number: int) -> NDArray[np.uint8]:
    """The picture of this number, from 0, of a class: uint8 of shape (224, 224, 3)."""
    rng = np.random.Generator(np.random.PCG64([_SEED, CLASSES.index(kind), number]))
    turn = number // _HARD_EVERY
    hard = _HARD[turn % len(_HARD)] if number % _HARD_EVERY == _HARD_EVERY - 1 else ()
    return draw(kind, rng, hard)


def write_fruit(target: Path, report: Reporter = SILENT) -> int:
    """Write all below ``target`` as ``<class>/<class> <number>.jpg``; returns how many."""
    done = 0
    for kind in CLASSES:
        (target / kind).mkdir(parents=True, exist_ok=True)
    for number in range(EACH):
        for kind in CLASSES:
            if done % 10 == 0:
                report.step("write", done, IMAGES, "Drawing the sample")
            picture = Image.fromarray(draw_fruit(kind, number))
            picture.save(target / kind / f"{kind} {number + 1:02d}.jpg", quality=_QUALITY)
            done += 1
    return done
