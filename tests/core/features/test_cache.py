"""Features are computed once, for the images that lack them, and are the same ever after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.content import hash_bytes
from core.datasets.pixels import Pixels
from core.errors import Cancelled
from core.features import backbones
from core.features.cache import Extractor, FeatureViews, Variations
from core.features.runtime import Compiled
from core.quiet import openvino
from core.workspace import Workspace, open_workspace
from tests.recording import RecordingReporter

SIZE = 16
VIEWS = 2
BACKBONE = backbones.get("mobilenet_v2")


@pytest.fixture(scope="module")
def some_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many features as MobileNetV2's, in a millisecond: a random projection of the pixels."""
    ov = openvino()
    op = ov.opset13
    images = op.parameter([-1, SIZE, SIZE, 3], np.float32)
    flat = op.reshape(images, np.array([-1, SIZE * SIZE * 3]), False)
    weights = np.random.default_rng(0).normal(0, 1e-3, (SIZE * SIZE * 3, BACKBONE.features))
    answer = op.matmul(flat, weights.astype(np.float32), False, False)
    path = tmp_path_factory.mktemp("backbone") / "backbone.xml"
    ov.save_model(ov.Model([answer], [images]), str(path), compress_to_fp16=False)
    return path


def vary(images: np.ndarray, digests: list[str], view: int) -> np.ndarray:
    """Each image rolled by an amount of its own."""
    by = [view + int(digest[:2], 16) % 5 for digest in digests]
    return np.stack([np.roll(image, n, axis=0) for image, n in zip(images, by, strict=True)])


def images(n: int, seed: int = 0) -> Pixels:
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
    return Pixels(coarse.repeat(4, axis=1).repeat(4, axis=2), np.arange(n), [], 0)


def views_of(
    workspace: Workspace,
    model: Path,
    pixels: Pixels,
    *,
    tag: str = "",
    version: str = "1",
    report: RecordingReporter | None = None,
) -> FeatureViews:
    return FeatureViews(
        workspace,
        "d",
        Extractor(model=model, backbone=BACKBONE, size=SIZE, precision="float32", tag=tag),
        pixels,
        [hash_bytes(pixels.store[s].tobytes()) for s in pixels.slots],
        report=report or RecordingReporter(),
        variations=Variations(VIEWS, version, vary),
    )


def computed(features: FeatureViews) -> int:
    """How many features had to be computed for all views."""
    return sum(features.compute(view) for view in range(1 + VIEWS))


def values(features: FeatureViews) -> np.ndarray:
    """Every view's features of every row: (views, rows, features)."""
    computed(features)
    found = [features.view(view) for view in range(1 + VIEWS)]
    return np.stack([store[slots] for store, slots in found])


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether they are the same, as far as the float16 of the cache goes."""
    return np.allclose(found.astype(np.float32), expected.astype(np.float32), 1e-3, 1e-3)


def test_features_are_those_of_the_backbone(workspace: Workspace, some_backbone: Path) -> None:
    pixels = images(20)
    found = values(views_of(workspace, some_backbone, pixels))
    digests = [hash_bytes(image.tobytes()) for image in pixels.store]
    compiled = Compiled(some_backbone)
    assert close(found[0], compiled.predict(pixels.store))
    assert close(found[2], compiled.predict(vary(pixels.store, digests, 2)))


def test_a_second_time_none_are_computed_and_all_are_equal(
    workspace: Workspace, some_backbone: Path
) -> None:
    first = views_of(workspace, some_backbone, images(20))
    assert computed(first) == 20 * (1 + VIEWS)
    # A backbone that isn't there: nothing may be left to compute.
    again = views_of(workspace, Path("nowhere.xml"), images(20))
    assert computed(again) == 0
    assert np.array_equal(values(first), values(again))


def test_cached_features_equal_those_computed_afresh_elsewhere(
    workspace: Workspace, some_backbone: Path, tmp_path: Path
) -> None:
    values(views_of(workspace, some_backbone, images(20)))
    fresh = values(views_of(open_workspace(tmp_path / "other"), some_backbone, images(20)))
    assert np.array_equal(values(views_of(workspace, some_backbone, images(20))), fresh)


def test_only_new_images_are_computed_and_the_old_keep_their_features(
    workspace: Workspace, some_backbone: Path
) -> None:
    before = values(views_of(workspace, some_backbone, images(10)))
    more = Pixels(np.concatenate([images(5, 9).store, images(10).store]), np.arange(15), [], 0)
    after = views_of(workspace, some_backbone, more)
    assert computed(after) == 5 * (1 + VIEWS)
    assert np.array_equal(values(after)[:, 5:], before)


@pytest.mark.parametrize("change", [{"tag": "crop"}, {"version": "2"}])
def test_what_features_depend_on_keeps_them_apart(
    workspace: Workspace, some_backbone: Path, change: dict[str, Any]
) -> None:
    computed(views_of(workspace, some_backbone, images(4)))
    apart = 1 + VIEWS if "tag" in change else VIEWS  # the images themselves are not varied
    assert computed(views_of(workspace, some_backbone, images(4), **change)) == 4 * apart


def test_features_that_were_computed_before_are_still_found_by_name(
    workspace: Workspace, some_backbone: Path
) -> None:
    views_of(workspace, some_backbone, images(4)).compute(0)
    names = [path.name for path in (workspace.cache / "features" / "d").glob("*.bin")]
    assert names == [f"{BACKBONE.version}-{SIZE}-float32-view0.bin"]


def test_an_images_variations_depend_on_nothing_but_itself(
    workspace: Workspace, some_backbone: Path, tmp_path: Path
) -> None:
    among = values(views_of(workspace, some_backbone, images(12)))
    pixels = images(12)
    alone = Pixels(pixels.store, pixels.slots[[7]], [], 0)
    other = values(views_of(open_workspace(tmp_path / "other"), some_backbone, alone))
    assert close(other[:, 0], among[:, 7])


def test_only_rows_that_are_asked_for_are_computed(
    workspace: Workspace, some_backbone: Path
) -> None:
    features = views_of(workspace, some_backbone, images(10))
    assert features.compute(1, np.array([2, 5])) == 2
    assert np.flatnonzero(features.view(1)[1] >= 0).tolist() == [2, 5]
    assert features.compute(1) == 8


def test_images_that_could_not_be_decoded_are_passed_over(
    workspace: Workspace, some_backbone: Path
) -> None:
    pixels = images(6)
    broken = Pixels(pixels.store, np.array([0, 1, -1, 3, 4]), [], 0)
    features = views_of(workspace, some_backbone, broken)
    assert (features.compute(0), features.compute(1, np.array([1, 2]))) == (4, 1)
    assert (features.view(0)[1] >= 0).tolist() == [True, True, False, True, True]


def test_it_says_how_far_it_is_up_to_all(workspace: Workspace, some_backbone: Path) -> None:
    report = RecordingReporter()
    views_of(workspace, some_backbone, images(300), report=report).compute(0)
    done = [step[1] for step in report.steps]
    assert {(step[0], step[2]) for step in report.steps} == {("features", 300)}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 300)
    assert {step[3] for step in report.steps} == {"Looking at images with MobileNetV2"}


def test_stopping_keeps_what_was_computed(workspace: Workspace, some_backbone: Path) -> None:
    class Stops(RecordingReporter):
        def cancelled(self) -> bool:
            return len(self.steps) >= 1

    with pytest.raises(Cancelled):
        views_of(workspace, some_backbone, images(300), report=Stops()).compute(0)
    rest = views_of(workspace, some_backbone, images(300))
    assert 0 < rest.compute(0) < 300
    store, slots = rest.view(0)
    assert close(store[slots], Compiled(some_backbone).predict(images(300).store))
