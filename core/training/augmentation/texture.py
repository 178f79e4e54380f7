"""Blur, noise and cut-out squares."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from PIL import Image, ImageFilter

from core.training.augmentation.kind import TEXTURE, Kind
from core.training.setting import SHARE

# Up to here one pass of a three-pixel filter has the wanted variance; beyond it takes several.
_ONE_PASS = 0.8
_GREY = 127
_NOISE = 2**20


def blur(image: Image.Image, deviation: float) -> Image.Image:
    """The image, blurred by a standard deviation in pixels."""
    if deviation > _ONE_PASS:
        return image.filter(ImageFilter.GaussianBlur(deviation))
    # Weights r, 1, r over 1 + 2r, of variance 2r / (1 + 2r): a third of the time.
    variance = deviation**2
    return image.filter(ImageFilter.BoxBlur(variance / (2 - 2 * variance)))


@cache
def _noise() -> np.ndarray:
    """Normal noise to take pieces of: drawing it anew for every image would cost more than all
    other kinds together."""
    return np.random.default_rng(0).standard_normal(_NOISE, dtype=np.float32)


def add_noise(image: np.ndarray, deviation: float, where: float) -> None:
    """Add noise to an image, in place.

    Args:
        image: uint8, any shape.
        deviation: in shares of the range.
        where: 0 to 1, which piece of the noise.
    """
    noise = _noise()
    if image.size > len(noise):
        noise = np.resize(noise, image.size)
    start = int(where * (len(noise) - image.size + 1))
    piece = noise[start : start + image.size].reshape(image.shape)
    noisy = piece * np.float32(255 * deviation)
    noisy += image
    np.rint(noisy, out=noisy)
    np.clip(noisy, 0, 255, out=noisy)
    image[...] = noisy


def cut_out(image: np.ndarray, side: float, x: float, y: float) -> None:
    """Cover a square of an image with grey, in place; it may reach beyond the border.

    Args:
        image: uint8, shape (size, size, 3).
        side, x, y: the square's side and middle, in shares of the image's side.
    """
    size = len(image)
    pixels = round(side * size)
    left, top = round(x * size - pixels / 2), round(y * size - pixels / 2)
    image[max(top, 0) : max(top + pixels, 0), max(left, 0) : max(left + pixels, 0)] = _GREY


_texture = partial(Kind, group=TEXTURE)
KINDS = (
    _texture(
        "blur",
        "Blur",
        "Blurs each image by a standard deviation of up to so many pixels, at the size that the "
        "network sees.",
        "blurred by up to {}",
        maximum=5,
        step=0.1,
        unit=" px",
    ),
    _texture(
        "noise",
        "Noise",
        (
            "Adds grain with a standard deviation of up to this share of the range from black to "
            "white."
        ),
        "with up to {} of noise",
        maximum=0.5,
        step=0.01,
        unit=SHARE,
    ),
    # DeVries and Taylor, 2017.
    _texture(
        "cutout",
        "Cut out",
        "Covers a grey square of up to this share of the side, so that the network can't rely on "
        "one detail alone.",
        "with a grey square of up to {} of the side",
        maximum=0.7,
        step=0.01,
        unit=SHARE,
    ),
)
