"""Maps: the same for the same features, alike by alike, and nothing odd where there is little."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from core.catalog import Catalog
from core.errors import NotFound
from core.evaluation.study.embedding import (
    AT_MOST,
    Method,
    draw_umap,
    flatten,
    has_map,
    load_map,
    sample,
)
from core.evaluation.study.phases import load_study
from core.evaluation.study.run import run_study
from core.evaluation.study.sheet import PICTURE
from tests.core.evaluation.dense_run import make_dense_run


def clusters(each: int = 12, kinds: int = 4, f: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(kinds, f)) * 4
    labels = np.repeat(np.arange(kinds), each)
    return (centres[labels] + rng.normal(size=(len(labels), f))).astype(np.float16), labels


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_planted_groups_stay_apart(method: Method) -> None:
    features, labels = clusters()
    flat = flatten(features, method)
    assert flat.method == method
    assert flat.points.shape == (48, 2)
    assert silhouette_score(flat.points, labels) > 0.5


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_the_same_features_give_the_same_map(method: Method) -> None:
    features, _ = clusters(6)
    np.testing.assert_array_equal(
        flatten(features, method).points, flatten(features.copy(), method).points
    )


@pytest.mark.slow
def test_umap_keeps_groups_apart_and_loads_no_tensorflow() -> None:
    features, labels = clusters()
    flat = flatten(features, "umap")
    assert (flat.method, flat.points.shape) == ("umap", (48, 2))
    assert silhouette_score(flat.points, labels) > 0.5
    assert sys.modules["umap.parametric_umap"] is None


def test_pca_says_how_much_is_seen() -> None:
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(300, 2))
    features = np.repeat(hidden, 10, axis=1) + rng.normal(size=(300, 20)) * 0.05
    across, up = flatten(features, "pca").explained
    assert across + up == pytest.approx(1, abs=0.02)
    assert across >= up > 0.3


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_handful_of_images_has_a_map_too(method: Method, count: int) -> None:
    features, _ = clusters(1)
    flat = flatten(features[:count], method)
    assert flat.points.shape == (count, 2)
    assert np.isfinite(flat.points).all()
    assert flat.method == "pca"


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_images_that_do_not_differ_lie_on_one_another(method: Method) -> None:
    flat = flatten(np.full((30, 7), 1.3, np.float16), method)
    assert not flat.points.any()
    assert flat.explained == (0, 0)


@pytest.mark.parametrize("shape", [(40, 1), (40, 2), (12, 3000)])
def test_few_and_many_features(shape: tuple[int, int]) -> None:
    features = np.random.default_rng(1).normal(size=shape)
    for method in ("pca", "tsne"):
        points = flatten(features, method).points  # type: ignore[arg-type]
        assert points.shape == (shape[0], 2)
        assert np.isfinite(points).all()


def test_few_enough_images_are_all_on_the_map() -> None:
    assert sample(np.zeros(AT_MOST, int), np.ones(AT_MOST, bool)).tolist() == list(range(AT_MOST))


def test_of_many_images_all_mistakes_and_equally_many_of_each_class_are_shown() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1, 2], [5000, 400, 60])
    wrong = rng.random(len(labels)) < 0.02
    chosen = sample(labels, wrong, 900)
    assert len(chosen) == len(np.unique(chosen)) == 900
    assert (np.diff(chosen) > 0).all()
    assert wrong[chosen].sum() == wrong.sum()
    counts = np.bincount(labels[chosen])
    assert counts[2] == 60
    assert abs(int(counts[0]) - int(counts[1])) <= max(0, int(wrong[labels == 0].sum()) - 380) + 40
    np.testing.assert_array_equal(chosen, sample(labels, wrong, 900))


def test_where_most_is_wrong_there_is_still_something_right() -> None:
    labels = np.arange(2000) % 4
    wrong = np.arange(2000) >= 300
    chosen = sample(labels, wrong, 400)
    assert (wrong[chosen].sum(), (~wrong[chosen]).sum()) == (300, 100)
    assert np.bincount(labels[chosen]).tolist() == [100] * 4


def test_where_all_is_wrong_the_map_is_full_of_mistakes() -> None:
    assert len(sample(np.zeros(500, int), np.ones(500, bool), 100)) == 100


def test_a_study_keeps_two_maps_and_a_third_when_asked(catalog: Catalog, tmp_path: Path) -> None:
    right = [(colour, colour) for colour in ("red", "green", "blue")]
    run = make_dense_run(
        catalog,
        tmp_path / "photos",
        {"train": right, "validation": right, "test": [*right * 2, ("red", "blue")]},
    )
    run_study(catalog, run.id)
    study = load_study(catalog.workspace, run.id)
    made = load_map(study, "tsne")
    assert (made.asked, made.method) == ("tsne", "pca"), "seven images are too few for neighbours"
    assert (made.of, made.mistakes, made.of_mistakes) == (7, 1, 1)
    assert set(made.table["path"]) == {
        *(f"{label}/test-{n}.png" for n, (label, _) in enumerate([*right * 2, ("red", "blue")]))
    }
    assert (study.folder / PICTURE).stat().st_size > 0
    assert study.table("sheet")["path"].tolist() == made.table["path"].tolist()
    with pytest.raises(NotFound, match="no UMAP map"):
        load_map(study, "umap")
    draw_umap(catalog, run.id, "test")
    assert has_map(study, "umap")
    assert load_map(study, "umap").table["path"].tolist() == made.table["path"].tolist()
