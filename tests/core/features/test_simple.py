"""Simple features see form, place and colour, and not small noise."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.features.simple import FEATURES, SIZE, describe


def drawn(shape: str, colour: tuple[int, int, int], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    image = Image.fromarray(rng.integers(110, 146, (SIZE, SIZE, 3), dtype=np.uint8))
    x, y = rng.integers(8, 16, 2).tolist()
    pen = ImageDraw.Draw(image)
    if shape == "disc":
        pen.ellipse((x, y, x + 40, y + 40), fill=colour)
    else:
        for row in range(4):
            pen.rectangle((x, y + 10 * row, x + 40, y + 10 * row + 4), fill=colour)
    return np.asarray(image)


def test_each_image_has_as_many_finite_features_as_is_said() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)
    found = describe(images)
    assert (found.shape, found.dtype) == ((5, FEATURES), np.float32)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_image_is_described_too(level: int) -> None:
    found = describe(np.full((1, SIZE, SIZE, 3), level, np.uint8))
    assert np.isfinite(found).all()


def test_an_image_is_described_alike_alone_and_among_others() -> None:
    images = np.stack([drawn("disc", (200, 30, 30), seed) for seed in range(4)])
    together = describe(images)
    alone = np.concatenate([describe(image[None]) for image in images])
    assert np.allclose(together, alone, atol=1e-4)


def test_images_of_one_form_are_nearer_than_those_of_another() -> None:
    grey = (230, 230, 230)
    discs = describe(np.stack([drawn("disc", grey, seed) for seed in range(6)]))
    bars = describe(np.stack([drawn("bars", grey, 10 + seed) for seed in range(6)]))
    inside = np.linalg.norm(discs[:, None] - discs[None], axis=2).max()
    across = np.linalg.norm(discs[:, None] - bars[None], axis=2).min()
    assert inside < across


def test_colour_tells_images_of_the_same_form_apart() -> None:
    red, blue = (describe(drawn("disc", c, 3)[None])[0] for c in ((220, 40, 40), (40, 40, 220)))
    again = describe(drawn("disc", (220, 40, 40), 4)[None])[0]
    colour = slice(FEATURES - 8 * 8 * 3, None)
    assert np.linalg.norm((red - again)[colour]) < np.linalg.norm((red - blue)[colour])


def test_the_direction_of_edges_counts_and_which_side_is_light_does_not() -> None:
    rows = np.zeros((SIZE, SIZE, 3), np.uint8)
    rows[SIZE // 2 :] = 200
    columns = rows.transpose(1, 0, 2)
    edges = slice(0, FEATURES - 8 * 8 * 3)
    across, down, inverted = (
        describe(image[None])[0, edges] for image in (columns, rows, 200 - rows)
    )
    assert np.allclose(down, inverted, atol=1e-4)
    assert np.linalg.norm(across - down) > 1
