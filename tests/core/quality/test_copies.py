"""Copies are found whatever was done to them, told apart, and look-alikes are left alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.quality.copies import (
    DEFAULT_THRESHOLD,
    LOWEST,
    MIRRORED,
    ROTATED,
    SAME,
    Copies,
    find_copies,
    groups,
)
from core.quality.descriptor import DESCRIPTOR_BYTES, describe
from tests.core.quality.altered import COPIES, photo, saved


def described(images: Iterable[Image.Image]) -> NDArray[np.uint8]:
    rows = [np.frombuffer(describe(image), np.uint8) for image in images]
    return np.stack(rows) if rows else np.zeros((0, DESCRIPTOR_BYTES), np.uint8)


def planted(
    originals: list[Image.Image], each: int
) -> tuple[list[Image.Image], NDArray[np.int64], list[str]]:
    """``each`` copies of every kind: the images, the originals they are of, their kinds."""
    rng = np.random.default_rng(0)
    images, of, kinds = [], [], []
    for kind, (_, change) in COPIES.items():
        for row in rng.choice(len(originals), each, replace=False):
            images.append(change(originals[row]))
            of.append(int(row))
            kinds.append(kind)
    return images, np.array(of), kinds


def check_quality(originals: list[Image.Image], each: int) -> None:
    copies, of, kinds = planted(originals, each)
    found = find_copies(described([*originals, *copies]))
    source = np.concatenate((np.arange(len(originals)), of))
    sure = found.scores >= DEFAULT_THRESHOLD
    true = source[found.pairs[:, 0]] == source[found.pairs[:, 1]]
    assert true[sure].mean() >= 0.98
    told = {
        (int(a), int(b)): relation
        for (a, b), relation, good in zip(found.pairs, found.relations, sure & true, strict=True)
        if good
    }
    recalled: dict[str, list[bool]] = {}
    for row, (original, kind) in enumerate(zip(of, kinds, strict=True), len(originals)):
        recalled.setdefault(kind, []).append(told.get((int(original), row)) == COPIES[kind][0])
    assert {
        kind: float(np.mean(hits)) for kind, hits in recalled.items() if np.mean(hits) < 0.95
    } == {}


def test_copies_of_every_kind_are_found_and_nothing_else() -> None:
    check_quality([photo(seed) for seed in range(300)], 40)


@pytest.mark.real
def test_copies_of_real_photos_are_found_and_nothing_else(hands: Path) -> None:
    files = sorted(hands.glob("*/*"))[::2]
    check_quality([Image.open(file).convert("RGB") for file in files], 40)


@pytest.mark.real
def test_different_photos_of_the_same_scene_are_no_copies(hands: Path) -> None:
    files = sorted(hands.glob("*/*"))
    found = find_copies(described(Image.open(file).convert("RGB") for file in files))
    assert not (found.scores >= DEFAULT_THRESHOLD).any()


def test_lists_find_what_comparing_everything_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    originals = [photo(seed) for seed in range(500)]
    rows = described([*originals, *(saved(image.rotate(3)) for image in originals[:100])])
    everything = find_copies(rows)
    monkeypatch.setattr("core.quality.copies.search._BRUTE", 100)
    with_lists = find_copies(rows)
    sure = everything.pairs[everything.scores >= DEFAULT_THRESHOLD]
    assert len(sure) >= 95
    assert len({*map(tuple, sure)} - {*map(tuple, with_lists.pairs)}) <= 1


def test_equal_pictures_pair_with_the_first_of_them() -> None:
    found = find_copies(described([photo(1), photo(2), photo(1), photo(1)]))
    assert found.pairs.tolist() == [[0, 2], [0, 3]]
    assert found.scores.tolist() == [1, 1]
    assert found.relations.tolist() == [SAME, SAME]


def test_a_symmetric_picture_counts_as_the_same_rather_than_mirrored() -> None:
    half = np.asarray(photo(3))
    symmetric = Image.fromarray(np.maximum(half, half[:, ::-1]))
    found = find_copies(described([symmetric, saved(symmetric, 40)]))
    assert found.relations.tolist() == [SAME]


def test_blank_pictures_are_only_alike_in_the_same_colour() -> None:
    rng = np.random.default_rng(0)
    colours = [(0, 0, 0), (255, 255, 255), (90, 90, 90), (200, 20, 20), (20, 200, 20)]
    images = [Image.new("RGB", (30 + n, 40), colour) for colour in colours for n in range(3)]
    noise = [Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)) for _ in range(30)]
    number = groups(find_copies(described([*images, *noise])))
    assert number.tolist() == [*np.repeat(range(5), 3), *range(5, 35)]


def test_a_shape_in_another_colour_is_no_copy() -> None:
    shapes = []
    for colour in ((220, 60, 60), (40, 110, 220)):
        shape = Image.new("RGB", (64, 64), "white")
        shape.paste(colour, (12, 20, 40, 50))
        shapes.append(shape)
    assert len(find_copies(described(shapes)).pairs) == 0


def test_most_digits_are_not_taken_for_copies() -> None:
    from sklearn.datasets import load_digits

    scans = (load_digits().images[:1000] * (255 / 16)).astype(np.uint8)
    digits = [Image.fromarray(scan).resize((28, 28)) for scan in scans]
    number = groups(find_copies(described(digits)))
    assert len(np.unique(number)) > 0.97 * len(digits)


@pytest.mark.parametrize("n", [0, 1])
def test_few_pictures_have_no_copies(n: int) -> None:
    found = find_copies(described(photo(seed) for seed in range(n)))
    assert found.pairs.shape == (0, 2)
    assert groups(found).tolist() == [0] * n


def test_descriptors_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="descriptors must be"):
        find_copies(np.zeros((2, 3), np.uint8))


def test_progress_rises_to_one_and_can_stop_the_search() -> None:
    rows = described([photo(1), saved(photo(1)), photo(2)])
    told: list[float] = []
    find_copies(rows, told.append)
    assert told == sorted(told)
    assert told[-1] == 1

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_copies(rows, stop)


def copies(n: int, *links: tuple[int, int, float, str]) -> Copies:
    return Copies(
        n,
        np.array([link[:2] for link in links], np.int64).reshape(-1, 2),
        np.array([link[2] for link in links], np.float32),
        np.array([link[3] for link in links], dtype="<U8"),
    )


def test_groups_count_the_threshold_and_the_relations_asked_for() -> None:
    found = copies(6, (0, 1, 0.99, SAME), (2, 3, 0.97, SAME), (4, 5, 0.99, MIRRORED))
    assert groups(found, 0.98).tolist() == [0, 0, 1, 2, 3, 4]
    assert groups(found, 0.96).tolist() == [0, 0, 1, 1, 2, 3]
    assert groups(found, 0.98, (SAME, MIRRORED, ROTATED)).tolist() == [0, 0, 1, 2, 3, 3]


def test_middling_links_do_not_chain_pictures_into_one_group() -> None:
    weak = copies(100, *((n, n + 1, LOWEST + 0.02, SAME) for n in range(99)))
    assert np.bincount(groups(weak, LOWEST)).max() <= 3
    strong = copies(100, *((n, n + 1, 0.99, SAME) for n in range(99)))
    assert np.bincount(groups(strong, LOWEST)).tolist() == [100]
