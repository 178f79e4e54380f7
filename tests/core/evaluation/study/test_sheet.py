"""Every picture is found where its cell is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.evaluation.study.sheet import PICTURE, TABLE, save_sheet


def test_pictures_lie_in_their_cells_in_their_own_proportions(tmp_path: Path) -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250)]
    pictures = [Image.new("RGB", (160, 80), colour) for colour in colours]
    paths = [f"{n}.png" for n in range(5)]
    save_sheet(tmp_path, paths, [*pictures[:3], None, pictures[4]])
    table = pd.read_parquet(tmp_path / TABLE)
    side = int(table["side"].iloc[0])
    assert table["path"].tolist() == paths
    assert table["width"].tolist() == [side, side, side, 0, side]
    assert table["height"].tolist() == [side // 2] * 3 + [0, side // 2]
    with Image.open(tmp_path / PICTURE) as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    for number, colour in enumerate(colours):
        x, y = number % 3 * side + side // 2, number // 3 * side + side // 4
        expected = (0, 0, 0) if number == 3 else colour
        assert np.abs(pixels[y, x] - expected).max() < 40


def test_tiny_pictures_keep_their_pixels(tmp_path: Path) -> None:
    save_sheet(tmp_path, ["a"], [Image.new("RGB", (8, 8), (9, 9, 9))])
    (row,) = pd.read_parquet(tmp_path / TABLE).itertuples()
    assert (row.width, row.height, row.tiny) == (8, 8, True)


def test_a_sheet_of_nothing_is_written_too(tmp_path: Path) -> None:
    save_sheet(tmp_path, [], [])
    assert pd.read_parquet(tmp_path / TABLE).empty
    assert (tmp_path / PICTURE).exists()
