"""Images in, varied images out. Everything is drawn first and applied after, image by image."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from core.training.augmentation.colour import colour_maps, light_tables
from core.training.augmentation.draw import COLUMNS, Drawn, draw
from core.training.augmentation.geometry import affine_maps, margins, move
from core.training.augmentation.kind import CHANGES
from core.training.augmentation.mix import mix
from core.training.augmentation.options import Augmentation
from core.training.augmentation.texture import add_noise, blur, cut_out

# Part of the name of caches of augmented features: change it when the same options and numbers
# come to give other pixels.
VERSION = 2


def vary(
    images: np.ndarray, options: Augmentation, rng: np.random.Generator, *, threads: int = 1
) -> np.ndarray:
    """Vary each image in its own way; everything of ``options`` but mixing.

    Args:
        images: uint8, shape (n, size, size, 3); left as they are.
        rng: decides all; used alike whatever the options are, and however many threads.
        threads: how many work at it.

    Returns:
        uint8, the same shape.
    """
    if not options.varies:
        rng.random((len(images), len(COLUMNS)))
        return np.array(images)
    numbers = rng.random((len(images), len(COLUMNS)))
    return apply(images, draw(options, numbers, images.shape[1]), threads=threads)


def vary_some(
    images: np.ndarray, options: Augmentation, rng: np.random.Generator, part: slice, of: int
) -> np.ndarray:
    """As :func:`vary` would vary these among ``of`` images, of which they are ``part``."""
    numbers = rng.random((of, len(COLUMNS)))[part]
    if not options.varies:
        return np.array(images)
    return apply(images, draw(options, numbers, images.shape[1]))


def apply(images: np.ndarray, drawn: Drawn, *, threads: int = 1) -> np.ndarray:
    """Do to each image what was drawn for it.

    Args:
        images: uint8, shape (n, size, size, 3).
        drawn: of the same n.
    """
    work = _Work(images, drawn)
    if threads <= 1:
        work.do(range(len(images)))
    else:
        parts = [range(start, len(images), threads) for start in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work.do, parts))
    return work.out


class _Work:
    """What is to be done to each image, worked out for all at once."""

    def __init__(self, images: np.ndarray, drawn: Drawn) -> None:
        self.images = images
        self.out = np.empty(images.shape, np.uint8)
        self.drawn = drawn
        off = drawn.across, drawn.down, drawn.turn, drawn.shear
        self.moved = np.any(off, axis=0) | (drawn.zoom != 1)
        if self.moved.any():
            self.affine = affine_maps(drawn, images.shape[1])
            self.margins = margins(self.affine, images.shape[1])
        self.coloured = (drawn.saturation != 1) | (drawn.hue != 0)
        self.lit = ~self.coloured & ((drawn.brightness != 0) | (drawn.contrast != 1))
        if self.coloured.any():
            self.colours = colour_maps(drawn).reshape(-1, 12)
        if self.lit.any():
            self.tables = light_tables(drawn)

    def do(self, rows: range) -> None:
        for i in rows:
            self._one(i)

    def _one(self, i: int) -> None:
        out = self.out[i]
        pixels: np.ndarray | Image.Image = self.images[i]
        if self.moved[i]:
            pixels = move(self.images[i], self.affine[i], int(self.margins[i]))
        elif self.drawn.mirror[i] or self.drawn.flip[i]:
            # Only mirrored: the same at no cost.
            down, across = -1 if self.drawn.flip[i] else 1, -1 if self.drawn.mirror[i] else 1
            pixels = self.images[i, ::down, ::across]
        if self.drawn.blur[i] > 0:
            pixels = blur(_picture(pixels), float(self.drawn.blur[i]))
        if self.coloured[i]:
            pixels = _picture(pixels).convert("RGB", tuple(self.colours[i].tolist()))
        if self.lit[i]:
            # Values are all in range; "clip" spares NumPy the check.
            np.take(self.tables[i], np.asarray(pixels), out=out, mode="clip")
        else:
            out[...] = np.asarray(pixels)
        if self.drawn.noise[i] > 0:
            add_noise(out, float(self.drawn.noise[i]), float(self.drawn.noise_at[i]))
        if self.drawn.cutout[i] > 0:
            cut_out(
                out,
                *(
                    float(v[i])
                    for v in (self.drawn.cutout, self.drawn.cutout_x, self.drawn.cutout_y)
                ),
            )
        if self.drawn.more:
            seeds = self.drawn.seeds
            assert seeds is not None
            for name, strength in self.drawn.more:
                # The same numbers whatever else is on.
                rng = np.random.default_rng([int(seeds[i]), zlib.crc32(name.encode())])
                out[...] = CHANGES[name](out, strength, rng)


def _picture(pixels: np.ndarray | Image.Image) -> Image.Image:
    if isinstance(pixels, Image.Image):
        return pixels
    return Image.fromarray(np.ascontiguousarray(pixels))


def preview(images: np.ndarray, options: Augmentation, seed: int, count: int) -> np.ndarray:
    """Each image as it is, then varied in ``count - 1`` ways by the very code of training.

    A seed fixes how: a kind that is switched on or made stronger leaves the others as they were.
    Mixing takes place among the given images; one alone can't be mixed.

    Args:
        images: uint8, shape (n, size, size, 3).
        count: at least 1.

    Returns:
        uint8, shape (n, count, size, size, 3).
    """
    shown = [images]
    for column in range(1, count):
        rng = np.random.default_rng([seed, column])
        varied = vary(images, options, rng)
        if options.mixes:
            mixed, _ = mix(varied, np.eye(len(images), dtype=np.float32), options, rng)
            varied = np.rint(mixed).astype(np.uint8)
        shown.append(varied)
    return np.stack(shown, axis=1)
