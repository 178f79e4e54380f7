"""A run by Auto, from the click to the tested model."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog, DatasetRecord
from core.delivery.take_away import notebook
from core.delivery.take_away.material import load_material
from core.errors import InvalidInput
from core.evaluation.comparison.learned import learned
from core.evaluation.document.parts import Note
from core.evaluation.document.result import load_result
from core.evaluation.document.sections.verdict import verdict
from core.evaluation.evaluate import evaluate_run
from core.evaluation.explain.explainer import open_explainer
from core.evaluation.intervals import wilson
from core.evaluation.predictions import predictions_table
from core.evaluation.threshold import sure_from
from core.features.weights import find_weights
from core.quality.scan import scan
from core.runs.files import RunFiles
from core.text import rate
from core.training.again import ways_kept
from core.training.auto import looks, search
from core.training.checks import check
from core.training.heads import choose, kernel
from core.training.run import train_run
from core.training.spec import parse_spec
from core.training.start import learn_again
from tests import small_network
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.core.training.auto.conftest import SMALL
from tests.core.training.running import Trained, queued, train
from tests.core.training.small import (
    StopsAt,
    spec_of,
    table_of,
    told,
)
from tests.recording import RecordingReporter

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        find_weights("efficientnet_lite0") is None, reason="the weights of Lite0 are not installed"
    ),
]


@pytest.fixture(scope="module")
def trained(home: Catalog, dataset: DatasetRecord) -> Trained:
    return train(home, dataset, recipe="auto", image_size=160, minutes=0.3)


def test_the_ladder_only_climbs_and_its_top_is_what_was_kept(trained: Trained) -> None:
    rungs = told(trained.report, "rung")
    kept = [rung["accuracy"] for rung in rungs if rung["kept"]]
    assert kept[-1] >= max(kept) - 0.03
    assert trained.summary.validation_accuracy == pytest.approx(kept[-1], abs=1e-5)
    assert list(trained.summary.ladder) == rungs
    assert trained.summary.story


def test_pictures_that_nobody_learns_from_are_answered_from_before_there_is_a_head(
    trained: Trained,
) -> None:
    kinds = [kind for kind, _ in trained.report.events]
    shown = told(trained.report, "snapshot")
    assert kinds.index("snapshot") < kinds.index("rung")
    split = trained.split.set_index("path")["split"]
    for payload in shown:
        assert {split[one["path"]] for one in payload["samples"]} == {"validation"}
        assert 0 <= payload["right"] <= payload["of"]
    kept = RunFiles(trained.catalog.workspace, trained.run_id).out_of_fold()
    assert kept is not None
    said = kept.set_index("path").idxmax(axis=1)
    last = shown[-1]
    assert all(
        one["answer"] == last["labels"][int(said[one["path"]].removeprefix("p_"))]
        for one in last["samples"]
    )


def test_the_run_says_with_which_settings_it_was_trained(trained: Trained) -> None:
    spec = parse_spec(trained.catalog.runs.get(trained.run_id).spec)
    info = RunFiles(trained.catalog.workspace, trained.run_id).model()
    assert (spec.recipe, spec.minutes) == ("auto", 0.3)
    assert (spec.architecture, spec.image_size) == (info.architecture, info.image_size)


def test_the_saved_model_is_keras_alone_and_answers_like_its_export(trained: Trained) -> None:
    images, labels = trained.validation()
    answers = np.asarray(trained.model()(images.astype(np.float32), training=False))
    compiled = RunFiles(trained.catalog.workspace, trained.run_id).compiled()
    np.testing.assert_allclose(answers, compiled.predict(images), atol=1e-3)
    assert (answers.argmax(axis=1) == labels).mean() > 0.9


def test_reliability_is_judged_by_answers_from_before_the_images_were_learned(
    trained: Trained,
) -> None:
    workspace = trained.catalog.workspace
    evaluate_run(trained.catalog, trained.run_id)
    kept = RunFiles(workspace, trained.run_id).out_of_fold()
    assert kept is not None
    split = trained.split
    learned = split[split["split"] != "test"]
    assert sorted(kept["path"]) == sorted(learned["path"])
    table = predictions_table(workspace, trained.run_id, split="validation")
    both = table.merge(kept, on="path", suffixes=("", "_before"))
    assert sorted(table["path"]) == sorted(learned["path"])
    assert sure_from(workspace, trained.run_id).in_turn
    assert sure_from(workspace, trained.run_id).images == len(learned)
    columns = [name for name in kept if name.startswith("p_")]
    before = both[[f"{name}_before" for name in columns]]
    np.testing.assert_allclose(both[columns], before, atol=1e-6)


def test_where_classes_are_small_the_verdict_has_a_second_measure_on_more_images(
    trained: Trained,
) -> None:
    evaluate_run(trained.catalog, trained.run_id)
    run = trained.catalog.runs.get(trained.run_id)
    result = load_result(trained.catalog, run)
    learned = int((trained.split["split"] != "test").sum())
    assert run.summary.judged == learned > result.evaluation.images
    notes = {part.key: part for part in verdict(result)}
    note = notes["out_of_fold"]
    assert isinstance(note, Note)
    right = round(trained.summary.validation_accuracy * learned)
    interval = wilson(right, learned)
    assert f"{learned} images that it learned from" in note.text
    assert rate(interval.low, learned) in note.text
    large = dataclasses.replace(run, summary=run.summary.model_copy(update={"judged": 0}))
    assert "out_of_fold" not in {part.key for part in verdict(load_result(trained.catalog, large))}


@pytest.mark.parametrize("key", ["discriminant", "kernel"])
def test_the_notebook_fits_the_same_head_again(
    trained: Trained, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training.fitting import tuning

    made = trained
    if key != trained.summary.head:
        monkeypatch.setattr(search, "_FIRST", key)
        monkeypatch.setattr(search, "_later", list)
        monkeypatch.setattr(looks, "sizes", lambda _: [64])
        monkeypatch.setattr(looks, "networks", lambda _: [small_network.KEY])
        # Fine-tuning is no part of this, and a closer look is.
        monkeypatch.setattr(tuning, "_LEAST_S", 1e9)
        monkeypatch.setattr(search, "better", lambda *_: True)
        monkeypatch.setattr(choose, "FEWEST_WRONG", 0)
        made = train(trained.catalog, trained.dataset, **SMALL)
        assert made.summary.closer
    assert made.summary.head == key
    evaluate_run(made.catalog, made.run_id)
    material = load_material(made.catalog, made.run_id)
    cells = [cell.source for cell in notebook.cells(material) if cell.kind == "code"]
    # Up to the model; the test and its figures are other notebooks' too.
    upto = next(n for n, text in enumerate(cells) if "model = assemble(" in text) + 1
    known: dict[str, Any] = {}
    exec(compile("\n".join(cells[:upto]), key, "exec"), known)
    images, _ = made.validation()
    again = known["model"].predict(images, verbose=0)
    np.testing.assert_allclose(
        again, RunFiles(made.catalog.workspace, made.run_id).compiled().predict(images), atol=0.02
    )


def test_heat_follows_the_slope_through_the_head(trained: Trained) -> None:
    explainer = open_explainer(trained.catalog.workspace, trained.run_id)
    assert (explainer.method, explainer.why_not) == ("gradients", "")
    images, labels = trained.validation()
    assert explainer.heat(images[:2], labels[:2]).max() == pytest.approx(1)
    _, features = explainer.answer(images[:2])
    assert features is not None


def test_a_kernel_head_is_explained_and_has_features_to_compare_by(
    home: Catalog, dataset: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(search, "_FIRST", "kernel")
    monkeypatch.setattr(search, "_later", list)
    monkeypatch.setattr(looks, "sizes", lambda _: [64])
    monkeypatch.setattr(looks, "networks", lambda _: [small_network.KEY])
    made = train(home, dataset, **SMALL)
    explainer = open_explainer(home.workspace, made.run_id)
    assert made.summary.head == "kernel"
    assert explainer.why_not == ""
    images, labels = made.validation()
    step = 4
    heat = explainer.evidence(images[:1], labels[:1])
    assert np.abs(heat).max() > 0
    _, features = explainer.answer(images[:step])
    assert features is not None
    # What likenesses are made of, of unit length; not the likenesses themselves.
    np.testing.assert_allclose(np.square(features).sum(axis=1), 1, atol=1e-3)
    assert len(images) < kernel.MOST_EXACT


@pytest.mark.skipif(
    find_weights("mobilenet_v2") is None, reason="no weights of a second network are here"
)
def test_two_networks_that_look_closer_are_one_model_for_all_that_follows(
    home: Catalog, dataset: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training.fitting import tuning

    # Whatever was tried last wins, and that is both networks together; time is no part of this.
    monkeypatch.setattr(tuning, "_LEAST_S", 1e9)
    monkeypatch.setattr(search, "better", lambda *_: True)
    monkeypatch.setattr(choose, "FEWEST_WRONG", 0)
    monkeypatch.setattr(search, "_later", list)
    monkeypatch.setattr(looks, "sizes", lambda _: [96])
    monkeypatch.setattr(looks, "networks", lambda _: ["efficientnet_lite0", "mobilenet_v2"])
    monkeypatch.setattr(looks, "squares", lambda _: [])
    made = train(home, dataset, recipe="auto", image_size=160, minutes=30)
    kept = made.summary.story.split(" was kept")[0]
    networks = "EfficientNet-Lite0 and MobileNetV2 at 96 pixels"
    assert f"{networks}, whole and 2 times closer up, with fine detail" in kept
    assert made.summary.closer == (looks.CLOSER, looks.MORE[0])
    images, labels = made.validation()
    compiled = RunFiles(home.workspace, made.run_id).compiled()
    answers = np.asarray(made.model()(images.astype(np.float32), training=False))
    np.testing.assert_allclose(answers, compiled.predict(images), atol=1e-3)
    assert (answers.argmax(axis=1) == labels).mean() > 0.9
    explainer = open_explainer(home.workspace, made.run_id)
    assert explainer.why_not == ""
    assert np.abs(explainer.evidence(images[:1], labels[:1])).max() > 0
    _, features = explainer.answer(images[:2])
    assert features is not None


def test_it_learns_again_by_its_last_step_alone_with_the_same_images_held_out(
    trained: Trained,
) -> None:
    catalog = trained.catalog
    write_colour(
        catalog.workspace.load_path(catalog.datasets.get(trained.dataset.id).root)
        / CLASSES[0]
        / "new.png",
        CLASSES[0],
        777,
    )
    scan(catalog, trained.dataset.id)
    evaluate_run(catalog, trained.run_id)
    again = learn_again(catalog, trained.run_id)
    report = RecordingReporter()
    summary = train_run(catalog, again.id, report)
    evaluate_run(catalog, again.id)
    assert len(told(report, "rung")) == 1
    assert (summary.head, summary.networks, summary.chosen) == (
        trained.summary.head,
        trained.summary.networks,
        trained.summary.chosen,
    )
    split = RunFiles(catalog.workspace, again.id).split()
    both = split.merge(trained.split, on="hash", suffixes=("", "_before"))
    assert len(both) == len(trained.split)
    assert (both["split"] == both["split_before"]).all()
    found = learned(catalog, catalog.runs.get(again.id))
    assert found is not None
    assert found.paired.images == (trained.split["split"] == "test").sum()
    assert [path.rpartition("/")[2] for path in found.added] == ["new.png"]
    in_turn = RunFiles(catalog.workspace, trained.run_id).out_of_fold()
    assert in_turn is not None
    assert found.in_turn.images == len(in_turn)
    assert found.in_turn.first == pytest.approx(trained.summary.validation_accuracy)


def test_where_next_to_nothing_is_wrong_it_ends_before_its_time(
    home: Catalog, dataset: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "FEWEST_WRONG", 10_000)
    made = train(home, dataset, **SMALL)
    assert len(made.summary.ladder) == 1
    assert "nothing could be shown to be better" in made.summary.story


def test_stopping_keeps_the_best_so_far(
    home: Catalog, dataset: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "FEWEST_WRONG", 0)
    made = train(home, dataset, StopsAt("rung"), **SMALL)
    assert made.summary.stopped
    assert len(made.summary.ladder) == 1
    assert "You ended it" in made.summary.story


def test_the_same_seed_finds_the_same(home: Catalog, dataset: DatasetRecord) -> None:
    first, again = (train(home, dataset, StopsAt("rung"), **SMALL) for _ in range(2))
    files = [RunFiles(home.workspace, run.run_id) for run in (first, again)]
    tables: list[pd.DataFrame | None] = [each.out_of_fold() for each in files]
    assert tables[0] is not None
    assert tables[1] is not None
    pd.testing.assert_frame_equal(tables[0], tables[1], atol=1e-6)


class _Power(RecordingReporter):
    """Fails at the second thing that was tried, as if the computer had."""

    def event(self, kind: str, **payload: Any) -> None:
        super().event(kind, **payload)
        if len(told(self, "rung")) == 2:
            raise SystemExit


def test_a_search_that_was_killed_goes_on_where_it_was_and_finds_the_same(
    home: Catalog, dataset: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training.fitting import tuning

    monkeypatch.setattr(looks, "sizes", lambda _: [96, 64])
    monkeypatch.setattr(looks, "networks", lambda _: [small_network.KEY])
    monkeypatch.setattr(search, "_later", list)
    monkeypatch.setattr(choose, "FEWEST_WRONG", 0)
    # Fine-tuning is no part of this; TensorFlow crashes on the small network's backward pass.
    monkeypatch.setattr(tuning, "_LEAST_S", 1e9)
    whole = train(home, dataset, **SMALL)
    run_id, _ = queued(home, dataset, **SMALL)
    before, after = _Power(), RecordingReporter()
    with pytest.raises(SystemExit):
        train_run(home, run_id, before)
    assert ways_kept(home.workspace, run_id) == 2
    summary = train_run(home, run_id, after)
    # Who watches lets go of all that was told before it went on, and hears it again.
    assert told(after, "resumed") == [{"epoch": 0}]
    assert told(after, "rung") == list(summary.ladder)
    assert told(before, "rung") == list(summary.ladder)[:2]
    once = [(rung["what"], rung["accuracy"], rung["kept"]) for rung in whole.summary.ladder]
    assert once == [(rung["what"], rung["accuracy"], rung["kept"]) for rung in summary.ladder]
    assert summary.head == whole.summary.head
    assert ways_kept(home.workspace, run_id) == 0
    kept, again = (RunFiles(home.workspace, each).out_of_fold() for each in (whole.run_id, run_id))
    assert kept is not None
    assert again is not None
    pd.testing.assert_frame_equal(kept, again, atol=1e-6)


def test_auto_refuses_a_network_that_knows_no_photos(dataset: DatasetRecord) -> None:
    with pytest.raises(InvalidInput, match="learned from photos"):
        check(spec_of(dataset, minutes=1), table_of({"a": 40, "b": 40}))
