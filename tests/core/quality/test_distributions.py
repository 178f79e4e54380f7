"""Every image is in exactly one part of every distribution, and parts can be looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.quality.distributions import KINDS, distribution, imbalance
from core.quality.shown import Shown


def table_of(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"label": "a", "width": 64, "height": 64, "brightness": 0.5, "format": "JPEG"}
    columns = list(usual)
    types = {
        "label": "str",
        "width": "int32",
        "height": "int32",
        "brightness": "float32",
        "format": "str",
    }
    return pd.DataFrame([{**usual, **row} for row in rows], columns=columns).astype(types)


def within(table: pd.DataFrame, chosen: dict[str, list[str]]) -> pd.DataFrame:
    shown = Shown(table.assign(status="ok", excluded=False, bytes=1))
    return shown.at(shown.within(chosen))


def parts(key: str, *rows: dict[str, Any]) -> list[str]:
    found = distribution(key, table_of(*rows))
    return [found.names[number] for number in found.number]


@pytest.mark.parametrize("key", KINDS)
def test_every_image_is_counted_once(key: str) -> None:
    table = table_of(
        *(
            {
                "label": f"c{n % 3}",
                "width": 10 + n * 37,
                "height": 20 + n * 11,
                "brightness": n / 40,
            }
            for n in range(41)
        ),
        {"format": "PNG", "brightness": float("nan")},
    )
    found = distribution(key, table)
    assert sum(found.counts.values()) == len(table)
    assert np.bincount(found.number).sum() == len(found.number) == len(table)
    for part in found.counts:
        assert len(within(table, {key: [part]})) == found.counts[part]


@pytest.mark.parametrize("key", KINDS)
def test_of_no_images_there_are_no_parts(key: str) -> None:
    assert distribution(key, table_of()).counts == {}
    assert within(table_of(), {key: ["a"]}).empty


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((100, 100), "about square"),
        ((125, 100), "about square"),
        ((100, 125), "about square"),
        ((126, 100), "wide"),
        ((100, 126), "tall"),
        ((200, 100), "wide"),
        ((100, 200), "tall"),
        ((201, 100), "very wide (over 2:1)"),
        ((100, 201), "very tall (over 2:1)"),
    ],
)
def test_shapes_and_their_turned_ones_are_alike(size: tuple[int, int], shape: str) -> None:
    assert parts("shape", {"width": size[0], "height": size[1]}) == [shape]


def test_a_few_sizes_are_named_one_by_one_the_smallest_first() -> None:
    table = table_of({"width": 100, "height": 80}, {"width": 64}, {"width": 100, "height": 80})
    assert distribution("size", table).counts == {"64 × 64": 1, "100 × 80": 2}


def test_many_sizes_are_gathered_by_their_shorter_side() -> None:
    rows = [{"width": 3000, "height": side} for side in (31, 32, 63, 64, 127, 128, 255, 256)]
    rows += [{"width": 5000, "height": side} for side in (1024, 4095, 4096, 9999)]
    assert parts("size", *rows) == [
        *("under 32 px", "32 to 63 px", "32 to 63 px", "64 to 127 px", "64 to 127 px"),
        *("128 to 255 px", "128 to 255 px", "256 to 511 px", "1024 to 2047 px", "2048 to 4095 px"),
        *("4096 px and more", "4096 px and more"),
    ]


def test_the_ends_of_brightness_are_in_the_first_and_last_part() -> None:
    assert parts("light", {"brightness": 0}, {"brightness": 1}) == ["0 to 10 %", "90 to 100 %"]


def test_choices_of_several_kinds_are_met_together() -> None:
    table = table_of(
        {"label": "a", "format": "PNG"}, {"label": "b", "format": "PNG"}, {"label": "c"}
    )
    chosen = within(table, {"class": ["a", "c"], "type": ["PNG"], "size": []})
    assert list(chosen["label"]) == ["a"]
    assert len(within(table, {})) == 3


def test_imbalance_is_largest_to_smallest() -> None:
    assert imbalance({"a": 30, "b": 10, "c": 20}) == 3
    assert imbalance({"a": 30, "b": 0}) == 1
    assert imbalance({}) == 1
