"""Images of another kind than those trained with are marked, and those of the same kind are not."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import Catalog
from core.cli import main
from core.errors import InvalidInput, NotFound
from core.evaluation.answering import distances_of
from core.evaluation.explain.rules import op
from core.evaluation.out_of_distribution import (
    FILE,
    find_detector,
    fit_detector,
    fit_mahalanobis,
    out_of_distribution_files,
)
from core.jobs import kinds
from core.progress import Reporter
from core.quiet import openvino
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.inference.shaped import weighing_run
from tests.recording import RecordingReporter


def clouds(count: int, features: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three classes, long in some directions and flat in others; their features and labels."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(0, 20, (3, features))
    spread = np.linspace(0.1, 8, features)
    labels = np.arange(count) % 3
    return (centres[labels] + rng.normal(0, 1, (count, features)) * spread).astype("f4"), labels


@pytest.mark.parametrize("features", [12, 1500])
def test_about_one_image_in_a_hundred_of_the_same_kind_is_marked(features: int) -> None:
    known, labels = clouds(1200, features, seed=1)
    validation, _ = clouds(600, features, seed=2)
    measure = fit_mahalanobis(known, labels, validation)
    marked = np.mean(
        [one.out_of_distribution for one in measure.score(clouds(3000, features, seed=3)[0])]
    )
    assert 0.002 < marked < 0.03


@pytest.mark.parametrize("features", [12, 1500])
def test_a_model_measures_in_its_graph_as_single_images_are_measured(features: int) -> None:
    known, labels = clouds(1200, features, seed=1)
    measure = fit_mahalanobis(known, labels, clouds(600, features, seed=2)[0])
    given = op().parameter([-1, features], np.float32)
    model = openvino().Model([op().result(distances_of(given, measure))], [given])
    new = np.concatenate([clouds(50, features, seed=3)[0], 40 * clouds(50, features, seed=4)[0]])
    found = (
        openvino().Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([new])
    )
    alone = [one.distance for one in measure.score(new)]
    np.testing.assert_allclose(found[0][:, 0], alone, rtol=1e-4)


def test_what_is_near_in_a_flat_direction_is_far() -> None:
    known, labels = clouds(1200, 12, seed=1)
    measure = fit_mahalanobis(known, labels, clouds(600, 12, seed=2)[0])
    flat, long = np.zeros((2, 12), "f4")
    flat[0], long[-1] = 8, 8
    centre = known[labels == 0].mean(axis=0)
    near, far = measure.score(np.stack([centre + long, centre + flat]))
    assert (near.out_of_distribution, far.out_of_distribution) == (False, True)
    assert near.distance < 1 < far.distance


def test_too_few_validation_images_are_said_and_nothing_is_guessed() -> None:
    known, labels = clouds(60, 12, seed=1)
    with pytest.raises(InvalidInput, match="only 9 validation"):
        fit_mahalanobis(known, labels, clouds(9, 12, seed=2)[0])


def test_with_too_few_validation_images_none_is_looked_at(catalog: Catalog, tmp_path: Path) -> None:
    run = weighing_run(catalog, tmp_path / "colours", training=30, validation=9)
    report = RecordingReporter()
    with pytest.raises(InvalidInput, match="only 9 validation and 30 training"):
        fit_detector(catalog, run.id, report)
    assert report.steps == []


def of_another_kind(seed: int) -> bytes:
    """Stripes of strong colours: no image of one colour."""
    rng = np.random.default_rng(seed)
    stripes = np.repeat(rng.integers(0, 256, (1, 4, 3)), 6, axis=1).repeat(20, axis=0)
    out = io.BytesIO()
    Image.fromarray(stripes.astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_images_of_another_kind_are_marked_and_validation_images_mostly_not(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = weighing_run(catalog, tmp_path / "colours")
    assert find_detector(catalog.workspace, run.id) is None
    kinds.KINDS["familiar"].work(catalog, {"run_id": run.id}, Reporter())
    others = [(f"{n}.png", of_another_kind(n)) for n in range(20)]
    same = [
        (str(file), file.read_bytes())
        for file in sorted((tmp_path / "colours").rglob("validation-*.png"))
    ]
    found = out_of_distribution_files(
        catalog.workspace, run.id, [*others, ("no.png", b"no image"), *same]
    )
    assert found[:20] == [True] * 20
    assert found[20] is None
    assert sum(map(bool, found[21:])) <= 2

    like, unlike = write_colour(tmp_path / "new.png", "red", 999), tmp_path / "other.png"
    unlike.write_bytes(others[0][1])
    assert main(["predict", run.id, str(like), str(unlike), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["unfamiliar"] for one in said] == [False, True]
    assert main(["predict", run.id, str(unlike)]) == 0
    assert "doesn't look like what it was trained on" in capsys.readouterr().out


def test_another_model_needs_its_own_measure(catalog: Catalog, tmp_path: Path) -> None:
    run = weighing_run(catalog, tmp_path / "colours", training=30, validation=20)
    fit_detector(catalog, run.id)
    folder = catalog.workspace.run(run.id)
    assert find_detector(catalog.workspace, run.id) is not None
    weights = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(bytes([weights[0] ^ 1]) + weights[1:])
    assert find_detector(catalog.workspace, run.id) is None
    (folder / "model.bin").write_bytes(weights)
    assert find_detector(catalog.workspace, run.id) is not None
    (folder / FILE).write_bytes(b"damaged")
    assert find_detector(catalog.workspace, run.id) is None


def test_a_model_without_features_says_so(catalog: Catalog, tmp_path: Path) -> None:
    some = [("red", "red"), ("blue", "blue")]
    run = make_run(catalog, tmp_path / "colours", {"train": some * 2, "validation": some * 5})
    with pytest.raises(NotFound, match="no dense layer"):
        fit_detector(catalog, run.id)
    (catalog.workspace.run(run.id) / "split.parquet").unlink()
    with pytest.raises(NotFound, match="Which images this run was trained"):
        fit_detector(catalog, run.id)
