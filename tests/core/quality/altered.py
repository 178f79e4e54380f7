"""Photo-like pictures made from a number, and copies of a picture as people make them."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance

from core.quality.copies import MIRRORED, ROTATED, SAME


def photo(seed: int, side: int = 64) -> Image.Image:
    """A picture that depends on ``seed`` only: light and texture with the spectrum of photos (power
    falling with frequency), and a few shapes before it."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = 1
    waves = rng.normal(size=(2, side, side // 2 + 1)) / frequency ** rng.uniform(1.1, 1.6)
    waves[:, 0, 0] = 0
    texture = np.fft.irfft2(waves[0] + 1j * waves[1], s=(side, side))
    axis = np.linspace(-1, 1, side)
    light = np.add.outer(axis * rng.normal(), axis * rng.normal()) * 30
    shade = texture[..., None] / texture.std() * (30 + 10 * rng.normal(size=3))
    pixels = rng.uniform(60, 190, 3) + shade + light[..., None]
    for _ in range(rng.integers(1, 6)):
        angle, (x, y), (a, b) = (
            rng.uniform(0, np.pi),
            rng.uniform(-0.8, 0.8, 2),
            rng.uniform(0.1, 0.6, 2),
        )
        along = np.add.outer((axis - y) * np.sin(angle), (axis - x) * np.cos(angle)) / a
        across = np.add.outer((axis - y) * np.cos(angle), -(axis - x) * np.sin(angle)) / b
        inside = np.hypot(along, across) < 1
        pixels[inside] = pixels[inside] * 0.3 + rng.uniform(0, 255, 3) * 0.7
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def saved(image: Image.Image, quality: int = 90) -> Image.Image:
    """The picture as it comes back from a JPEG file."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")


def cropped(image: Image.Image, share: float) -> Image.Image:
    """The picture without a ``share`` of its width and height at each side."""
    width, height = image.size
    left, top = round(width * share), round(height * share)
    return image.crop((left, top, width - left, height - top))


Change = Callable[[Image.Image], Image.Image]

COPIES: dict[str, tuple[str, Change]] = {
    "converted to PNG": (SAME, lambda image: image),
    "half the size": (
        SAME,
        lambda image: saved(image.resize((image.width // 2, image.height // 2))),
    ),
    "JPEG quality 40": (SAME, lambda image: saved(image, 40)),
    "cropped 2.5 % a side": (SAME, lambda image: saved(cropped(image, 0.025))),
    "cropped 5 % a side": (SAME, lambda image: saved(cropped(image, 0.05))),
    "15 % darker": (SAME, lambda image: saved(ImageEnhance.Brightness(image).enhance(0.85))),
    "15 % brighter": (SAME, lambda image: saved(ImageEnhance.Brightness(image).enhance(1.15))),
    "turned 3° left": (SAME, lambda image: saved(image.rotate(3, Image.Resampling.BICUBIC))),
    "turned 3° right": (SAME, lambda image: saved(image.rotate(-3, Image.Resampling.BICUBIC))),
    "mirrored": (MIRRORED, lambda image: saved(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))),
    "upside down mirrored": (
        MIRRORED,
        lambda image: saved(image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)),
    ),
    "turned 90°": (ROTATED, lambda image: saved(image.transpose(Image.Transpose.ROTATE_90))),
    "turned 180°": (ROTATED, lambda image: saved(image.transpose(Image.Transpose.ROTATE_180))),
    "turned 270°": (ROTATED, lambda image: saved(image.transpose(Image.Transpose.ROTATE_270))),
}
"""Kind of copy → the relation it should be told to have, and how it is made."""
