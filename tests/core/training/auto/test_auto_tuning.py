"""Auto fine-tunes what it found, and keeps that only where it is better."""

from __future__ import annotations

import dataclasses
from types import ModuleType, SimpleNamespace
from typing import cast

import numpy as np
import pytest

from core.catalog import Catalog, DatasetRecord
from core.delivery.take_away import notebook
from core.delivery.take_away.material import load_material
from core.errors import InvalidInput
from core.evaluation.evaluate import evaluate_run
from core.evaluation.explain.explainer import open_explainer
from core.features.weights import find_weights
from core.runs.files import RunFiles
from core.training.auto import looks, search
from core.training.heads import choose
from tests import small_network
from tests.core.training.auto.conftest import SMALL
from tests.core.training.running import train

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        find_weights("efficientnet_lite0") is None, reason="the weights of Lite0 are not installed"
    ),
]


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A small network is looked at by one head alone and then tuned, an image seen once; the module
    that tunes, of which more can be settled."""
    from core.training.fitting import tuning

    monkeypatch.setattr(looks, "sizes", lambda _: [64])
    monkeypatch.setattr(looks, "networks", lambda _: [small_network.KEY])
    monkeypatch.setattr(search, "_later", list)
    monkeypatch.setattr(choose, "FEWEST_WRONG", 0)
    monkeypatch.setattr(tuning, "_PLANS", (("folds", 1.0),))
    monkeypatch.setattr(tuning, "_LITTLE_WRONG", 0.0)
    monkeypatch.setattr(tuning, "_EACH_SEEN", 1)
    monkeypatch.setattr(tuning, "_SEEN", 1)
    monkeypatch.setattr(tuning, "_ENOUGH", 1)
    return tuning


@pytest.mark.parametrize("share", [0.0, 1.0], ids=["alone", "averaged"])
def test_a_network_whose_upper_part_was_tuned_is_one_model_for_all_that_follows(
    home: Catalog,
    dataset: DatasetRecord,
    tuned: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    share: float,
) -> None:
    from core.training.fitting import judged

    monkeypatch.setattr(judged, "_SHARES", (share,))
    networks = [small_network.KEY]
    if share:
        # What is averaged with is two networks with a kernel, of which a linear head takes the
        # place; one of them is real.
        networks.insert(0, "efficientnet_lite0")
        monkeypatch.setattr(looks, "sizes", lambda _: [96])
        request.getfixturevalue("as_written")
    monkeypatch.setattr(looks, "networks", lambda _: networks)
    monkeypatch.setattr(looks, "squares", lambda _: [])
    monkeypatch.setattr(search, "better", lambda *_: True)
    monkeypatch.setattr(search, "surely_better", lambda *_: True)
    monkeypatch.setattr(search, "_later", lambda: ["kernel"] if share else [])
    monkeypatch.setattr(tuned, "is_ahead", lambda *_, **__: True)
    made = train(home, dataset, **SMALL | ({"image_size": 160} if share else {}))
    last = made.summary.ladder[-1]
    assert "fine-tuned" in last["what"]
    assert ("averaged" in last["what"]) is bool(share)
    assert last["kept"]
    tried = [rung for rung in made.summary.ladder if "fine-tuned" in rung["what"]]
    assert len(tried) == len(networks)
    assert made.summary.validation_accuracy == pytest.approx(last["accuracy"], abs=1e-5)
    # What was said by networks that had not seen an image stands for all that were learned from.
    kept = RunFiles(home.workspace, made.run_id).out_of_fold()
    assert kept is not None
    assert sorted(kept["path"]) == sorted(made.split.loc[made.split["split"] != "test", "path"])
    images, labels = made.validation()
    answers = np.asarray(made.model()(images.astype(np.float32), training=False))
    compiled = RunFiles(home.workspace, made.run_id).compiled()
    np.testing.assert_allclose(answers, compiled.predict(images), atol=1e-3)
    if share:  # a step or two teach a network alone too little
        assert (answers.argmax(axis=1) == labels).mean() > 0.9
    evaluate_run(home, made.run_id)
    explainer = open_explainer(home.workspace, made.run_id)
    assert explainer.why_not == ""
    assert np.abs(explainer.evidence(images[:1], labels[:1])).max() > 0
    with pytest.raises(InvalidInput, match="fine-tuned"):
        notebook.notebook(load_material(home, made.run_id))


@pytest.mark.parametrize(("validation", "is_tried"), [(90, False), (250, True)])
def test_a_few_validation_images_alone_do_not_judge_it(validation: int, is_tried: bool) -> None:
    from core.training.fitting.tuning import Tuning

    rows = np.arange(1_250)
    itself = SimpleNamespace(
        _rows=rows,
        data=SimpleNamespace(validation=rows[:validation]),
        _search=SimpleNamespace(folds=np.array_split(rows, 5)),
        _wrong=np.ones(len(rows), bool),
        clock=SimpleNamespace(left=100.0),
    )
    # For the folds, or some of them, there is no time.
    plan = Tuning._plan(cast(Tuning, itself), 90.0, None)
    assert (plan is not None) is is_tried


def test_what_is_surer_is_kept_if_it_is_right_no_less_often() -> None:
    from core.training.fitting.judged import is_ahead

    labels, rows = np.zeros(40, np.int64), np.arange(40)
    then = np.tile([0.6, 0.4], (40, 1))
    surer = np.tile([0.9, 0.1], (40, 1))
    assert is_ahead(labels, rows, surer, then)
    assert not is_ahead(labels, rows, then, surer)
    assert not is_ahead(labels, rows, then, then)
    surer[0] = 0.45, 0.55
    # Enough to go on to the next fold, and too little to be kept.
    assert is_ahead(labels, rows, surer, then, by=0)
    assert not is_ahead(labels, rows, surer, then)
    # Right more often, and so sure of what is wrong that this is no gain.
    then[:10] = 0.45, 0.55
    rash = np.tile([0.6, 0.4], (40, 1))
    assert is_ahead(labels, rows, rash, then)
    rash[:2] = 1e-6, 1
    assert not is_ahead(labels, rows, rash, then)


def test_frozen_networks_have_a_say_unless_the_tuned_one_is_surely_better_alone() -> None:
    from core.training.fitting.judged import Judged, Member, mixed

    rng = np.random.default_rng(0)
    labels, rows = rng.integers(0, 2, 200), np.arange(200)
    true = np.eye(2)[labels]

    def answers(sure: float) -> np.ndarray:
        scores = true * sure + rng.normal(0, 1, true.shape)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))

    as_good = Judged([], np.exp(answers(2)), None, rows)
    beside = dataclasses.replace(as_good, members=[cast(Member, None)])
    assert mixed(answers(2), beside, labels, rows)[1] > 0
    misleading = dataclasses.replace(beside, probabilities=np.exp(answers(-1)))
    assert mixed(answers(2), misleading, labels, rows)[1] == 0


def test_fine_tuning_that_is_not_better_is_told_of_and_left_out(
    home: Catalog, dataset: DatasetRecord, tuned: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuned, "is_ahead", lambda *_, **__: False)
    made = train(home, dataset, **SMALL)
    last = made.summary.ladder[-1]
    # The first of the folds was enough to see it.
    assert "fine-tuned" in last["what"]
    assert "judged on" in last["what"]
    assert not last["kept"]
    assert made.summary.head
    assert "fine-tuned" not in made.summary.story.split(" was kept")[0]


def test_fine_tuning_that_could_not_end_in_time_is_not_begun(
    home: Catalog, dataset: DatasetRecord, tuned: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuned, "SLOWER", {True: 1e6, False: 1e6})
    made = train(home, dataset, **SMALL | {"minutes": 1})
    assert not any("lower part" in note for *_, note in made.report.steps)
    assert "would have tried fine-tuning Small network" in made.summary.story


def test_where_hardly_any_answer_is_wrong_no_network_is_bent_to_these_images(
    home: Catalog, dataset: DatasetRecord, tuned: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuned, "_LITTLE_WRONG", 1.1)
    made = train(home, dataset, **SMALL)
    assert not any("lower part" in note for *_, note in made.report.steps)
    assert not any("fine-tuned" in each["what"] for each in made.summary.ladder)
    assert "fine-tuning" not in made.summary.story
