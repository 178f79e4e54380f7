"""The training images most like a tested one: exact, in any number of blocks, and said in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog
from core.evaluation.study import nearest as module
from core.evaluation.study.nearest import nearest, nearest_of, nearest_table, verdict_of
from core.evaluation.study.phases import load_study
from core.evaluation.study.run import run_study
from tests.core.evaluation.dense_run import make_dense_run


def brute(features: np.ndarray, known: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    features, known = features.astype(float), known.astype(float)
    spread = known.std(0)
    a, b = (
        (x[:, spread > 0] - known.mean(0)[spread > 0]) / spread[spread > 0]
        for x in (features, known)
    )
    cosine = (a / np.linalg.norm(a, axis=1, keepdims=True)) @ (
        b / np.linalg.norm(b, axis=1, keepdims=True)
    ).T
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(cosine, order, axis=1)


def photos(n: int, f: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    # Features of different sizes, some of them useless, as networks have them.
    found = rng.normal(3, 1, (n, f)) * rng.uniform(0.01, 50, f)
    found[:, 0] = 7
    return found.astype(np.float16)


@pytest.mark.parametrize("rows", [3, 17, 2048])
def test_it_equals_comparing_every_pair(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_block_rows", lambda _: rows)
    features, known = photos(23, 12, 1), photos(40, 12, 2)
    found = nearest(features, known, 5)
    order, cosine = brute(features, known, 5)
    np.testing.assert_array_equal(found.rows, order)
    np.testing.assert_allclose(found.similarity, cosine, atol=1e-4)


def test_a_copy_of_a_training_image_is_its_nearest_at_1() -> None:
    known = photos(30, 8)
    found = nearest(known[[4, 20]], known, 3)
    assert found.rows[:, 0].tolist() == [4, 20]
    assert found.similarity[:, 0] == pytest.approx([1, 1], abs=1e-5)


def test_no_feature_counts_more_because_its_numbers_are_larger() -> None:
    features, known = photos(9, 6, 1).astype(np.float32), photos(20, 6, 2).astype(np.float32)
    scale = np.array([1, 1000, 1, 1, 0.001, 1], np.float32)
    expected, found = nearest(features, known), nearest(features * scale, known * scale)
    np.testing.assert_array_equal(found.rows, expected.rows)


def test_equal_ones_come_in_their_order_also_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_block_rows", lambda _: 4)
    known = np.tile(np.array([[1.0, 0], [0, 1]], np.float32), (10, 1))
    found = nearest(known[:1], known, 5)
    assert found.rows.tolist() == [[0, 2, 4, 6, 8]]


def test_images_that_do_not_differ_have_nothing_in_common_rather_than_nonsense() -> None:
    same = np.full((6, 4), 2.5, np.float16)
    found = nearest(same, same, 3)
    assert np.isfinite(found.similarity).all()
    assert (found.similarity == 0).all()


def test_numbers_too_large_for_float16_do_no_harm() -> None:
    known = photos(12, 5)
    known[3, 2] = np.inf
    found = nearest(known, known, 2)
    assert np.isfinite(found.similarity).all()
    assert found.rows[3, 0] == 3


@pytest.mark.parametrize(
    ("tested", "known", "shape"), [(4, 2, (4, 2)), (0, 3, (0, 3)), (3, 0, (3, 0))]
)
def test_few_images_give_as_many_as_there_are(
    tested: int, known: int, shape: tuple[int, int]
) -> None:
    found = nearest(photos(tested, 4), photos(known, 4), 5)
    assert found.rows.shape == found.similarity.shape == shape


def test_progress_is_told_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_block_rows", lambda _: 10)
    steps: list[tuple[int, int]] = []
    nearest(photos(3, 4), photos(25, 4), 2, step=lambda done, all_: steps.append((done, all_)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_the_table_names_them() -> None:
    known = pd.DataFrame({"path": ["a/1", "b/1", "a/2"], "label": ["a", "b", "a"]})
    features = np.array([[1, 0], [0, 1], [0.9, 0.2]], np.float32)
    found = nearest(features[:1], features, 2)
    table = nearest_table(pd.Series(["x/9"]), known, found)
    assert table[["path", "rank", "near", "label"]].to_numpy().tolist() == [
        ["x/9", 1, "a/1", "a"],
        ["x/9", 2, "a/2", "a"],
    ]


def near(*labels: str) -> pd.DataFrame:
    return pd.DataFrame({"label": labels})


@pytest.mark.parametrize(
    ("labels", "predicted", "said"),
    [
        ("88888", "8", "All 5 are “8”: by what it was shown, that was the likeliest answer."),
        ("77777", "8", "All 5 are “7”, as this one is: it had seen such images"),
        ("87788", "8", "3 of these 5 are “8”, 2 “7”."),
        ("81111", "8", "1 of these 5 is “8”, none “7”."),
        ("77777", "7", "All 5 are “7” too"),
        ("77888", "7", "2 of these 5 are “7” too."),
    ],
)
def test_what_they_say_about_the_answer(labels: str, predicted: str, said: str) -> None:
    assert verdict_of(near(*labels), "7", predicted).startswith(said)


def test_a_study_keeps_them_of_training_images_only(catalog: Catalog, tmp_path: Path) -> None:
    right = [(colour, colour) for colour in ("red", "green", "blue")]
    run = make_dense_run(
        catalog,
        tmp_path / "photos",
        {"train": right * 4, "validation": right, "test": [*right, ("red", "blue")]},
    )
    run_study(catalog, run.id)
    study = load_study(catalog.workspace, run.id)
    table = study.table("nearest")
    assert len(table) == 4 * 5
    assert table["near"].str.contains("/train-").all()
    # The image that is blue under the label “red” learned that from blue ones.
    blue = nearest_of(study, "red/test-3.png")
    assert blue["label"].head(4).tolist() == ["blue"] * 4
    assert blue["similarity"].is_monotonic_decreasing
