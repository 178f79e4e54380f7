"""Every image gets its own answer, in order, however many are asked about and by whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.features.runtime import Compiled
from core.quiet import openvino
from tests.core.evaluation.coloured import GAIN, SIZE, save_model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_model(tmp_path)
    return tmp_path / "model.xml"


def images(n: int) -> np.ndarray:
    """Images of one colour each, all different."""
    colours = np.random.default_rng(1).integers(0, 256, (n, 1, 1, 3), dtype=np.uint8)
    return np.repeat(np.repeat(colours, SIZE, axis=1), SIZE, axis=2)


def expected(pixels: np.ndarray) -> np.ndarray:
    means = pixels.reshape(len(pixels), -1, 3).mean(axis=1)[:, ::-1] / 255
    powers = np.exp(GAIN * means)
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n", [1, 15, 16, 17, 33, 150])
@pytest.mark.parametrize("answer_soon", [False, True])
def test_answers_are_in_the_order_of_the_images(path: Path, n: int, answer_soon: bool) -> None:
    answers = Compiled(path, answer_soon=answer_soon).predict(images(n))
    assert (answers.shape, answers.dtype) == ((n, 3), np.float32)
    assert answers == pytest.approx(expected(images(n)), abs=1e-5)


def test_no_images_have_no_answers(path: Path) -> None:
    assert Compiled(path).predict(images(0)).shape == (0, 3)


def test_a_model_in_memory_answers_like_its_file(path: Path) -> None:
    model = openvino().Core().read_model(str(path))
    assert Compiled(model).predict(images(20)) == pytest.approx(Compiled(path).predict(images(20)))


def test_bfloat16_answers_nearly_the_same(path: Path) -> None:
    answers = Compiled(path, "bfloat16").predict(images(20))
    assert answers == pytest.approx(expected(images(20)), abs=0.05)


def test_images_that_are_not_contiguous_are_understood(path: Path) -> None:
    pixels = images(40)
    assert Compiled(path).predict(pixels[::-2]) == pytest.approx(expected(pixels[::-2]), abs=1e-5)


@pytest.mark.parametrize("n", [5, 300])
def test_it_says_how_far_it_is_and_never_more_than_all(path: Path, n: int) -> None:
    said: list[int] = []
    Compiled(path).predict(images(n), said.append)
    assert said == sorted(said)
    assert said
    assert max(said) <= n


def test_threads_can_share_one(path: Path) -> None:
    compiled = Compiled(path)
    pixels = images(96)
    parts = [pixels[start : start + 4] for start in range(0, 96, 4)]
    with ThreadPoolExecutor(8) as pool:
        answers = np.concatenate(list(pool.map(compiled.predict, parts)))
    assert answers == pytest.approx(expected(pixels), abs=1e-5)
