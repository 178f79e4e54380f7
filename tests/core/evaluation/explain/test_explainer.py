"""Heat lies where the evidence is: on a planted patch that alone decides the class."""

from __future__ import annotations

import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput, NotFound
from core.evaluation.explain.explainer import Explainer, ninths, open_explainer
from core.evaluation.explain.inside import (
    as_pictures,
    convolutions,
    feature_maps,
    filters,
    strongest,
)
from core.evaluation.explain.occlusion import occlude
from core.features.runtime import Compiled
from core.quiet import openvino
from core.workspace import Workspace, open_workspace
from tests.core.evaluation.coloured import CLASSES, SIZE, save_model
from tests.core.evaluation.dense import save_dense
from tests.core.evaluation.explain.planted import RUN, SIDE, learn, planted, shares


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = open_workspace(tmp_path_factory.mktemp("planted"))
    learn(workspace)
    return workspace


@pytest.fixture
def coloured(workspace: Workspace) -> Explainer:
    save_model(workspace.run("coloured"))
    return open_explainer(workspace, "coloured")


@pytest.mark.keras
def test_most_of_the_heat_lies_on_the_patch_that_decides(learned: Workspace) -> None:
    explainer = open_explainer(learned, RUN)
    images, classes, masks = planted(60, seed=2)
    probabilities, _ = explainer.answer(images)
    assert (probabilities.argmax(axis=1) == classes).mean() > 0.95
    assert explainer.method == "gradients"
    on_it = shares(explainer.heat(images, classes), masks)
    assert masks.mean() < 0.07
    assert on_it.mean() > 0.55
    assert (on_it > 0.5).mean() > 0.9


@pytest.mark.keras
def test_occlusion_finds_it_too(learned: Workspace) -> None:
    images, classes, masks = planted(15, seed=3)
    compiled = Compiled(learned.run(RUN) / "model.xml", answer_soon=True)
    heat = np.maximum(occlude(compiled.predict, images, classes), 0)
    assert shares(heat, masks).mean() > 0.5


@pytest.mark.keras
def test_heat_follows_the_patch_and_not_the_picture(learned: Workspace) -> None:
    images, classes, masks = planted(30, seed=4)
    mirrored = open_explainer(learned, RUN).heat(images[:, :, ::-1], classes)
    assert shares(mirrored, masks).mean() < 0.1
    assert shares(mirrored, masks[:, :, ::-1]).mean() > 0.5


@pytest.mark.keras
def test_another_class_has_little_to_say_for_itself_on_the_patch(learned: Workspace) -> None:
    images, classes, masks = planted(30, seed=5)
    explainer = open_explainer(learned, RUN)
    other = explainer.evidence(images, (classes + 1) % 3)
    own = explainer.evidence(images, classes)
    fine = SIDE // own.shape[1]
    on_it = masks[:, ::fine, ::fine]
    assert (other * on_it).sum() < 0.5 * (own * on_it).sum()


@pytest.mark.keras
def test_heat_is_scaled_for_each_image(learned: Workspace) -> None:
    images, classes, _ = planted(7, seed=6)
    heat = open_explainer(learned, RUN).heat(images, classes)
    assert heat.dtype == np.float32
    assert heat.shape == (7, 16, 16)
    assert heat.min() == 0
    np.testing.assert_array_equal(heat.max(axis=(1, 2)), 1)
    assert open_explainer(learned, RUN).heat(images[:0], classes[:0]).shape == (0, 16, 16)


@pytest.mark.keras
def test_many_images_are_answered_as_one_by_one(learned: Workspace) -> None:
    images, classes, _ = planted(70, seed=7)
    explainer = open_explainer(learned, RUN)
    probabilities, features = explainer.answer(images)
    heat = explainer.heat(images, classes)
    assert features is not None
    for row in (0, 33, 69):
        one = slice(row, row + 1)
        alone, of_it = explainer.answer(images[one])
        assert of_it is not None
        np.testing.assert_allclose(alone[0], probabilities[row], atol=1e-5)
        np.testing.assert_allclose(of_it[0], features[row], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(
            explainer.heat(images[one], classes[one])[0], heat[row], atol=1e-3
        )
    assert not np.allclose(features[0], features[33], rtol=1e-3, atol=1e-4)


def test_a_model_whose_end_is_not_known_is_explained_by_covering(coloured: Explainer) -> None:
    assert (coloured.method, coloured.why_not) == ("occlusion", "Gather")
    grey = np.full((1, SIZE, SIZE, 3), 90, np.uint8)
    grey[0, :4, :4] = (90, 90, 250)
    probabilities, features = coloured.answer(grey)
    assert coloured.info.classes[probabilities[0].argmax()] == "blue"
    assert features is None
    heat = coloured.heat(grey, np.array([coloured.info.classes.index("blue")]))[0]
    assert heat.shape == coloured.places
    shown = ninths(heat)
    assert shown[0, 0] > 0.8
    # Red has nothing that speaks for it where there is no red.
    assert coloured.heat(grey * 0, np.array([coloured.info.classes.index("red")])).max() == 0


def test_an_image_needs_no_more_memory_than_it_has_classes(workspace: Workspace) -> None:
    more = [f"class {number}" for number in range(5000)]
    save_model(workspace.run("many"), classes=[*CLASSES, *more])
    save_dense(workspace.run("many"), len(more))
    explainer = open_explainer(workspace, "many")
    assert explainer.method == "gradients"
    blue = np.full((1, SIZE, SIZE, 3), (40, 40, 220), np.uint8)
    tracemalloc.start()
    probabilities, _ = explainer.answer(blue)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert probabilities[0].argmax() == CLASSES.index("blue")
    assert peak < 5_000_000


def test_a_run_is_loaded_once_for_all_threads_and_anew_once_it_was_retrained(
    workspace: Workspace,
) -> None:
    save_model(workspace.run("coloured"))
    found: list[Explainer] = []
    threads = [
        threading.Thread(target=lambda: found.append(open_explainer(workspace, "coloured")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1
    save_model(workspace.run("coloured"), gain=1.0)
    assert open_explainer(workspace, "coloured") is not found[0]
    with pytest.raises(NotFound):
        open_explainer(workspace, "nowhere")


def test_ninths_are_shares_of_the_whole() -> None:
    heat = np.zeros((4, 4))
    heat[0, 0], heat[3, 3] = 1, 3
    shown = ninths(heat)
    expected = np.zeros((3, 3))
    expected[0, 0], expected[2, 2] = 0.25, 0.75
    np.testing.assert_allclose(shown, expected)
    # What lies across an edge belongs to both sides: a third of it is in the first third.
    across = np.zeros((4, 4))
    across[1, 1] = 1
    np.testing.assert_allclose(ninths(across)[:2, :2], [[1 / 9, 2 / 9], [2 / 9, 4 / 9]])
    assert ninths(np.zeros((5, 7))).sum() == 0


@pytest.mark.keras
def test_filters_and_what_they_make_of_an_image(learned: Workspace) -> None:
    layers = convolutions(learned, RUN)
    assert [(layer.filters, layer.inputs, layer.kernel, layer.places) for layer in layers] == [
        (12, 3, (3, 3), (32, 32)),
        (24, 12, (3, 3), (16, 16)),
    ]
    images, _, _ = planted(2, seed=8)
    weights = filters(learned, RUN, 1)
    assert weights.shape == (12, 3, 3, 3)
    maps = feature_maps(learned, RUN, 1, images)
    assert maps.shape == (2, 12, 32, 32)
    # By hand, away from the edges: weights times scaled pixels, and nothing below 0.
    scaled = images[1].astype(np.float64) / 127.5 - 1
    by_hand = np.einsum("oikl,kli->o", weights, scaled[9:12, 19:22])
    bias = _bias(learned.run(RUN) / "model.xml")
    np.testing.assert_allclose(maps[1, :, 10, 20], np.maximum(by_hand + bias, 0), atol=1e-3)
    with pytest.raises(InvalidInput, match="no convolution 3"):
        filters(learned, RUN, 3)


def _bias(path: Path) -> np.ndarray:
    model = openvino().Core().read_model(str(path))
    first = next(op for op in model.get_ordered_ops() if op.get_type_name() == "Convolution")
    add = next(iter(first.output(0).get_target_inputs())).get_node()
    return np.array(add.input_value(1).get_node().data).reshape(-1)


def test_filters_are_pictures_in_which_grey_is_nothing() -> None:
    weights = np.zeros((2, 3, 1, 2), np.float32)
    weights[0, 0, 0, 1], weights[0, 2, 0, 1] = 2, -1
    seen = as_pictures(weights)
    assert seen.shape == (2, 1, 2, 3)
    assert seen[0, 0, 0].tolist() == [128, 128, 128]
    assert seen[0, 0, 1].tolist() == [255, 128, 64]
    assert (seen[1] == 128).all()
    # Of more channels the one that counts most, in grey.
    many = np.zeros((1, 4, 1, 1), np.float32)
    many[0, 1], many[0, 3] = 1, -3
    assert as_pictures(many)[0, 0, 0].tolist() == [1, 1, 1]


def test_the_liveliest_maps_come_first() -> None:
    maps = np.stack([np.full((4, 4), 9.0), np.eye(4) * 5, np.eye(4)]).astype(np.float32)
    assert strongest(maps, 2).tolist() == [1, 2]
