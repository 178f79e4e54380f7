"""Kinds of images on which a model is worse: what is planted is found, and chance is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import false_discovery_control, fisher_exact

from core.evaluation.trust.slices import Column, columns_of, facts_of_files, find_slices

IMAGES = 300


def facts(**columns: object) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "path": [f"{'ab'[n % 2]}/{n}.jpg" for n in range(IMAGES)],
            "label": ["ab"[n % 2] for n in range(IMAGES)],
            "brightness": random.random(IMAGES),
            "sharpness": random.random(IMAGES),
            "width": random.integers(20, 900, IMAGES),
            "height": random.integers(20, 900, IMAGES),
            "format": np.where(random.random(IMAGES) < 0.5, "PNG", "JPEG"),
            **columns,
        }
    )


def test_a_planted_bad_slice_is_pointed_out_with_fishers_test() -> None:
    lamp = np.array(["off"] * 31 + ["on"] * (IMAGES - 31))
    correct = np.ones(IMAGES, bool)
    correct[:9] = False
    correct[100:113] = False
    found = find_slices(columns_of(facts(lamp=lamp), ["a", "b"]), correct)
    first = found[0]
    assert (first.key, first.part, first.worse) == ("lamp", "off", True)
    assert (first.inside.correct, first.inside.images) == (22, 31)
    assert (first.rest.correct, first.rest.images) == (256, 269)
    assert first.p == pytest.approx(fisher_exact([[22, 9], [256, 13]]).pvalue)
    assert [each.part for each in found if each.worse] == ["off"]
    expected = false_discovery_control([each.p for each in found], method="bh")
    assert [each.q for each in found] == pytest.approx(expected)


def test_dark_images_are_a_slice_of_their_own() -> None:
    table = facts()
    correct = table["brightness"].to_numpy() > 0.12
    (worse,) = [each for each in find_slices(columns_of(table, ["a", "b"]), correct) if each.worse]
    assert worse.part == "darkest fifth"
    assert "brightness up to" in worse.said


def test_chance_seldom_points_anything_out() -> None:
    columns = columns_of(facts(), ["a", "b"])
    pointed_out = 0
    for seed in range(100, 120):
        found = find_slices(columns, np.random.default_rng(seed).random(IMAGES) < 0.9)
        assert len(found) > 10
        pointed_out += any(each.worse for each in found)
    # Without the correction, it would be about every third.
    assert pointed_out <= 1


def test_all_right_and_all_wrong_point_nothing_out() -> None:
    for correct in (np.ones(IMAGES, bool), np.zeros(IMAGES, bool)):
        assert not any(each.worse for each in find_slices(columns_of(facts(), []), correct))


def test_small_slices_are_not_judged() -> None:
    few = np.array(["rare"] * 9 + ["common"] * (IMAGES - 9))
    correct = np.arange(IMAGES) >= 9
    found = find_slices(columns_of(facts(camera=few), []), correct)
    assert {each.part for each in found if each.key == "camera"} == {"common"}
    assert not any(each.part == "rare" for each in found)


def test_folders_are_slices_level_by_level_but_class_folders_are_no_news() -> None:
    table = facts(path=[f"{'ab'[n % 2]}/{'xyz'[n % 3]}/{n}.jpg" for n in range(IMAGES)])
    keys = {column.key: set(column.said) for column in columns_of(table, ["a", "b"])}
    assert keys["folder-2"] == {"x", "y", "z"}
    assert "folder-1" not in keys


def test_the_same_parts_under_two_names_count_once() -> None:
    table = facts()
    table["kind"] = table["format"].str.lower()
    keys = [column.key for column in columns_of(table, [])]
    assert "type" in keys
    assert "kind" not in keys


def test_columns_without_a_difference_or_without_facts_are_left_out() -> None:
    table = facts(brightness=0.5, format="PNG", width=64, height=64, sharpness=np.nan)
    assert columns_of(table, ["a", "b"]) == []
    bare = facts()[["path", "label"]]
    assert columns_of(bare, ["a", "b"]) == []
    assert find_slices([], np.ones(3, bool)) == []


def test_an_image_without_facts_is_in_no_part() -> None:
    table = facts()
    table.loc[:9, ["brightness", "width", "height", "format"]] = None
    for column in columns_of(table, ["a", "b"]):
        if column.key in ("brightness", "size", "shape", "type"):
            assert set(column.part[:10]) == {""}
            assert "" not in column.said


def test_one_image_has_no_kinds() -> None:
    assert columns_of(facts().iloc[:1], ["a"]) == []
    one = Column("x", "X", np.array(["a"], dtype=object), {"a": "images"})
    assert find_slices([one], np.array([True])) == []


def test_files_of_a_folder_are_measured(tmp_path: Path) -> None:
    for name, level in (("dark.png", 10), ("bright.png", 240)):
        Image.new("RGB", (40, 20), (level,) * 3).save(tmp_path / name)
    table = facts_of_files(tmp_path, ["dark.png", "bright.png", "gone.png"])
    assert table["brightness"].to_numpy() == pytest.approx(
        [10 / 255, 240 / 255, np.nan], nan_ok=True
    )
    assert table["width"].tolist()[:2] == [40, 40]
    assert table["format"].tolist()[:2] == ["PNG", "PNG"]
    assert list(table["path"]) == ["dark.png", "bright.png", "gone.png"]
