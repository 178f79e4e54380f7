"""Features are computed once, for the images that lack them, and are the same ever after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.content import hash_bytes
from core.datasets.pixels import Pixels
from core.errors import Cancelled
from core.features import mobilenet_v2
from core.features.cache import Features, load_features
from core.features.mobilenet_v2 import FEATURES, backbone
from core.features.runtime import Compiled
from core.features.weights import find_mobilenet_v2
from core.progress import RecordingReporter
from core.quiet import openvino
from core.training.views import VARIATIONS, VIEWS
from core.workspace import Workspace, open_workspace

SIZE = 16


@pytest.fixture(scope="module")
def some_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many features as MobileNetV2's, in a millisecond: a random projection of the pixels."""
    ov = openvino()
    op = ov.opset13
    images = op.parameter([-1, SIZE, SIZE, 3], np.float32)
    flat = op.reshape(images, np.array([-1, SIZE * SIZE * 3]), False)
    weights = np.random.default_rng(0).normal(0, 1e-3, (SIZE * SIZE * 3, FEATURES))
    answer = op.matmul(flat, weights.astype(np.float32), False, False)
    path = tmp_path_factory.mktemp("backbone") / "backbone.xml"
    ov.save_model(ov.Model([answer], [images]), str(path), compress_to_fp16=False)
    return path


def images(n: int, seed: int = 0) -> Pixels:
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
    return Pixels(coarse.repeat(4, axis=1).repeat(4, axis=2), np.arange(n), [], 0)


def load(
    workspace: Workspace,
    model: Path,
    pixels: Pixels,
    *,
    varied: Any = True,
    report: RecordingReporter | None = None,
) -> Features:
    rows = len(pixels.slots)
    return load_features(
        workspace, "d", model, pixels, [hash_bytes(pixels.store[s].tobytes()) for s in pixels.slots],
        size=SIZE, precision="float32", report=report or RecordingReporter(),
        varied=np.broadcast_to(varied, rows), variations=VARIATIONS,
    )  # fmt: skip


def values(features: Features) -> np.ndarray:
    """Every view's features of every row: (views, rows, features)."""
    pairs = zip(features.stores, features.slots, strict=True)
    return np.stack([store[slots] for store, slots in pairs])


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether they are the same, as far as the float16 of the cache goes."""
    return np.allclose(found.astype(np.float32), expected.astype(np.float32), 1e-3, 1e-3)


def test_features_are_those_of_the_backbone(workspace: Workspace, some_backbone: Path) -> None:
    pixels = images(20)
    found = values(load(workspace, some_backbone, pixels))[0]
    assert close(found, Compiled(some_backbone).predict(pixels.store))


def test_a_second_time_none_are_computed_and_all_are_equal(
    workspace: Workspace, some_backbone: Path
) -> None:
    first = load(workspace, some_backbone, images(20))
    # A backbone that isn't there: nothing may be left to compute.
    again = load(workspace, Path("nowhere.xml"), images(20))
    assert (first.computed, again.computed) == (20 * (1 + VIEWS), 0)
    assert np.array_equal(values(first), values(again))


def test_cached_features_equal_those_computed_afresh_elsewhere(
    workspace: Workspace, some_backbone: Path, tmp_path: Path
) -> None:
    load(workspace, some_backbone, images(20))
    fresh = load(open_workspace(tmp_path / "other"), some_backbone, images(20))
    cached = load(workspace, some_backbone, images(20))
    assert np.array_equal(values(cached), values(fresh))


def test_only_new_images_are_computed_and_the_old_keep_their_features(
    workspace: Workspace, some_backbone: Path
) -> None:
    before = values(load(workspace, some_backbone, images(10)))
    more = Pixels(np.concatenate([images(5, 9).store, images(10).store]), np.arange(15), [], 0)
    after = load(workspace, some_backbone, more)
    assert after.computed == 5 * (1 + VIEWS)
    assert np.array_equal(values(after)[:, 5:], before)


def test_an_images_variations_depend_on_nothing_but_itself(
    workspace: Workspace, some_backbone: Path, tmp_path: Path
) -> None:
    among = values(load(workspace, some_backbone, images(12)))
    pixels = images(12)
    alone = Pixels(pixels.store, pixels.slots[[7]], [], 0)
    other = values(load(open_workspace(tmp_path / "other"), some_backbone, alone))
    assert close(other[:, 0], among[:, 7])


def test_variations_differ_from_the_image_and_from_each_other(
    workspace: Workspace, some_backbone: Path
) -> None:
    found = values(load(workspace, some_backbone, images(10)))
    for row in range(10):
        assert len(np.unique(found[:, row], axis=0)) == 1 + VIEWS


def test_only_images_that_are_to_be_varied_are(workspace: Workspace, some_backbone: Path) -> None:
    varied = np.arange(10) < 6
    features = load(workspace, some_backbone, images(10), varied=varied)
    assert features.computed == 10 + 6 * VIEWS
    assert (features.slots[0] >= 0).all()
    assert ((features.slots[1:] >= 0) == varied).all()


def test_without_augmentation_there_is_one_view(workspace: Workspace, some_backbone: Path) -> None:
    features = load(workspace, some_backbone, images(10), varied=False)
    assert (len(features.stores), features.computed) == (1, 10)


def test_images_that_could_not_be_decoded_are_passed_over(
    workspace: Workspace, some_backbone: Path
) -> None:
    pixels = images(6)
    broken = Pixels(pixels.store, np.array([0, 1, -1, 3, 4]), [], 0)
    features = load(workspace, some_backbone, broken, varied=False)
    assert features.computed == 4
    assert (features.slots[0] >= 0).tolist() == [True, True, False, True, True]


def test_it_says_how_far_it_is_up_to_all(workspace: Workspace, some_backbone: Path) -> None:
    report = RecordingReporter()
    load(workspace, some_backbone, images(300), report=report)
    total = 300 * (1 + VIEWS)
    done = [step[1] for step in report.steps]
    assert {step[0] for step in report.steps} == {"features"}
    assert {step[2] for step in report.steps} == {total}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, total)


def test_stopping_keeps_what_was_computed(workspace: Workspace, some_backbone: Path) -> None:
    class Stops(RecordingReporter):
        def cancelled(self) -> bool:
            return len(self.steps) >= 1

    with pytest.raises(Cancelled):
        load(workspace, some_backbone, images(300), varied=False, report=Stops())
    rest = load(workspace, some_backbone, images(300), varied=False)
    assert 0 < rest.computed < 300
    fresh = Compiled(some_backbone).predict(images(300).store)
    assert close(values(rest)[0], fresh)


@pytest.mark.real
def test_the_real_backbone_is_converted_once_and_answers_like_keras(
    workspace: Workspace, keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    weights = find_mobilenet_v2()
    assert weights is not None
    path = mobilenet_v2.load(workspace, 96)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 24, 24, 3), dtype=np.uint8)
    pixels = pixels.repeat(4, axis=1).repeat(4, axis=2)
    expected = backbone(96, weights).predict(pixels.astype(np.float32), verbose=0)
    assert expected.shape == (4, FEATURES)
    assert np.abs(Compiled(path).predict(pixels) - expected).max() <= 1e-3
    monkeypatch.setenv("KERAS_HOME", str(workspace.home / "nowhere"))
    assert mobilenet_v2.load(workspace, 96) == path, "no weights needed any more"
