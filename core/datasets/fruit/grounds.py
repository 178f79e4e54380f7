"""What fruit lies on: wood, cloth, marble, a plate, a plain sheet, slate, or a garden out of
focus."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from core.datasets.fruit.pixels import SIDE, F, Rng, between, blurred, grid, mix, noise, step

Ground = Callable[[Rng], F]


def wood(rng: Rng) -> F:
    """Boards with grain and seams."""
    dark = np.array([0.33, 0.20, 0.11]) * between(rng, 0.8, 1.3)
    light = np.array([0.68, 0.47, 0.28]) * between(rng, 0.85, 1.25)
    grain = 0.55 * noise(rng, 3, 70) + 0.3 * noise(rng, 5, 24) + 0.15 * noise(rng, 60, 200)
    _, rows = grid()
    width = between(rng, 44, 90)
    place = (rows + np.float32(between(rng, 0, 60))) / np.float32(width)
    board = np.floor(place)
    edge = np.abs(place - board - np.float32(0.5)) * 2
    shade = (board * 7 % 5) / 5 * np.float32(0.22) - np.float32(0.1)
    drawn = mix(dark, light, np.clip(grain + shade, 0, 1))
    drawn *= (1 - 0.65 * step(edge, 0.955, 0.99))[..., None]
    return np.ascontiguousarray(drawn.transpose(1, 0, 2)) if rng.integers(2) else drawn


def cloth(rng: Rng) -> F:
    """A checked table cloth with soft folds."""
    colours = ([0.75, 0.16, 0.18], [0.20, 0.38, 0.66], [0.28, 0.50, 0.32], [0.80, 0.60, 0.20])
    colour = np.array(colours[int(rng.integers(len(colours)))])
    columns, rows = grid()
    size = np.float32(between(rng, 13, 26))
    folds = (noise(rng, 4, 3) - np.float32(0.5)) * 26
    stripes = [
        step(np.abs(((axis + folds) / size) % 2 - 1), 0.42, 0.58) for axis in (columns, rows)
    ]
    share = np.asarray((stripes[0] + stripes[1]) / 2, np.float32)
    drawn = mix([0.94, 0.93, 0.90], colour, share)
    light = 0.82 + 0.3 * noise(rng, 4, 3) + 0.06 * noise(rng, 112, 112)
    return drawn * np.asarray(light, np.float32)[..., None]


def plain(rng: Rng) -> F:
    """A sheet of one colour, lighter on one side."""
    colours = (
        *([0.93, 0.90, 0.84], [0.70, 0.80, 0.86], [0.92, 0.78, 0.76]),
        *([0.75, 0.84, 0.72], [0.88, 0.88, 0.90], [0.55, 0.60, 0.68]),
    )
    colour = np.array(colours[int(rng.integers(len(colours)))], np.float32)
    light = 0.72 + 0.36 * noise(rng, 2, 2) + 0.03 * noise(rng, 90, 90)
    return np.asarray(colour * np.asarray(light, np.float32)[..., None], np.float32)


def marble(rng: Rng) -> F:
    """White stone with grey veins."""
    rough = 0.6 * noise(rng, 5, 4) + 0.28 * noise(rng, 13, 11) + 0.12 * noise(rng, 40, 40)
    veins = 1 - step(np.abs(np.asarray(rough, np.float32) - np.float32(0.5)), 0.0, 0.07)
    cloud = noise(rng, 4, 4)
    drawn = mix([0.92, 0.92, 0.91], [0.80, 0.80, 0.82], cloud)
    return drawn * (1 - 0.36 * veins)[..., None]


def slate(rng: Rng) -> F:
    """Dark stone."""
    rough = 0.5 * noise(rng, 9, 9) + 0.3 * noise(rng, 50, 50) + 0.2 * noise(rng, 160, 160)
    tone = between(rng, 0.85, 1.3)
    shade = np.asarray(rough, np.float32)
    return mix([0.10, 0.11, 0.13], [0.29, 0.30, 0.32], shade) * np.float32(tone)


def garden(rng: Rng) -> F:
    """Leaves and light far behind, out of focus, above a board."""
    side = 56
    sheet = Image.new("RGB", (side, side), (34, 58, 30))
    pen = ImageDraw.Draw(sheet)
    for _ in range(60):
        x, y, size = (int(each) for each in rng.integers((0, 0, 2), (side, side, 7)))
        green = int(rng.integers(60, 190))
        colour = (int(green * 0.62), green, int(green * 0.35))
        if not rng.integers(6):
            colour = (235, 235, 190)
        pen.ellipse((x - size, y - size, x + size, y + size), fill=colour)
    far = sheet.filter(ImageFilter.GaussianBlur(1.6)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    behind = np.asarray(far, np.float32) / np.float32(255)
    _, rows = grid()
    line = between(rng, 110, 150)
    return mix(behind, wood(rng) * np.float32(0.95), step(rows, line - 4, line + 4))


def plate(rng: Rng) -> F:
    """A plate on one of the others."""
    under = (wood, cloth, slate)[int(rng.integers(3))](rng)
    columns, rows = grid()
    middle = np.float32(SIDE / 2)
    x = (columns - middle) / np.float32(between(rng, 96, 108))
    y = (rows - middle - 16) / np.float32(between(rng, 84, 96))
    d = np.sqrt(x * x + y * y)
    tint = np.array(([0.95, 0.95, 0.94], [0.80, 0.87, 0.92], [0.93, 0.88, 0.78])[rng.integers(3)])
    glaze = tint * np.float32(0.92) * (0.94 + 0.10 * noise(rng, 3, 3))[..., None]
    inner = 1 - step(np.abs(d - np.float32(0.70)), 0.0, 0.035)
    rim = step(d, 0.90, 0.985) * (1 - step(d, 0.985, 1.0))
    glaze = glaze * (1 - 0.16 * inner - 0.22 * rim + 0.05 * step(d, 0.72, 0.8))[..., None]
    shadow = blurred(1 - step(np.sqrt(x * x + (y - 0.07) * (y - 0.07)), 0.98, 1.02), 5)
    under = under * (1 - 0.45 * shadow)[..., None]
    return mix(under, np.asarray(glaze, np.float32), 1 - step(d, 0.985, 1.0))


GROUNDS: tuple[Ground, ...] = (wood, cloth, plain, marble, slate, garden, plate)
