"""A study is done once, phase by phase; what fails says so and holds nothing else up."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core.catalog import Catalog, RunRecord
from core.datasets import removal
from core.errors import Cancelled, InvalidInput, NotFound
from core.evaluation.evaluate import evaluate_folder, evaluate_run
from core.evaluation.predictions import load_predictions
from core.evaluation.study import basis
from core.evaluation.study import run as study
from core.evaluation.study.basis import load_features, load_heat
from core.evaluation.study.phases import StudyContext, load_study, phase
from core.evaluation.study.run import missing, run_study
from core.jobs import kinds
from core.jobs.execute import execute
from core.progress import Wishes
from core.workspace import write_json
from tests.core.evaluation.coloured import CLASSES, SIZE, make_run, write_colour
from tests.core.evaluation.dense import save_dense
from tests.recording import RecordingReporter

_IMAGES = {
    "train": [("red", "red"), ("green", "green"), ("blue", "blue")] * 2,
    "validation": [("red", "red")],
    "test": [("red", "red"), ("green", "blue"), ("blue", "blue"), ("red", "green")],
}
ASKED: list[str] = []


@phase("counted", "Counting", needs=("answers",))
def _counted(context: StudyContext) -> None:
    ASKED.append(context.on)
    context.save_values("counted", {"images": len(load_features(context.study)[0])})


@phase("moody", "Being in a mood")
def _moody(context: StudyContext) -> None:
    mood = context.catalog.workspace.home / "mood"
    if mood.exists():
        raise InvalidInput("Not today.") if mood.read_text() == "person" else ValueError("a defect")


@phase("last", "Coming last")
def _last(context: StudyContext) -> None:
    context.save_array("last", np.arange(3))


@pytest.fixture(autouse=True)
def _these_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "_FILES", (basis, sys.modules[__name__]))
    ASKED.clear()


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    made = make_run(catalog, tmp_path / "images", _IMAGES)
    save_dense(catalog.workspace.run(made.id))
    evaluate_run(catalog, made.id)
    return made


def test_features_of_all_images_and_heat_of_the_tested_ones(
    catalog: Catalog, run: RunRecord
) -> None:
    report = RecordingReporter()
    done = run_study(catalog, run.id, report=report)
    assert list(done.seconds) == ["answers", "heat", "counted", "moody", "last"]
    assert (done.failed, missing(done)) == ({}, [])
    images, features = load_features(done)
    assert images["split"].value_counts().to_dict() == {"train": 6, "test": 4, "validation": 1}
    assert (features.dtype, features.shape) == (np.dtype("float16"), (11, 3))
    # The features of this model are the mean of each channel: the label's, where it tells no lie.
    honest = images["split"] == "train"
    strongest = [["red", "green", "blue"][n] for n in features.argmax(axis=1)]
    assert (images["label"][honest] == np.array(strongest)[honest]).all()
    predictions = load_predictions(catalog.workspace, run.id)
    heat = load_heat(done)
    assert (heat.method, heat.answered.shape) == ("gradients", (4, SIZE, SIZE))
    wrong = np.flatnonzero(~predictions.correct)
    assert heat.wrong.tolist() == wrong.tolist()
    row = int(wrong[0])
    answered, true = heat.of(row), heat.of(row, true=True)
    assert answered is not None
    assert true is not None
    assert answered.max() == true.max() == 1
    assert not np.array_equal(answered, true)
    assert heat.of(int(np.flatnonzero(predictions.correct)[0]), true=True) is None
    assert done.values("counted") == {"images": 11}
    assert {step[0] for step in report.steps} >= {"answers", "heat", "counted"}


def test_what_is_done_is_not_done_again_but_after_another_test(
    catalog: Catalog, run: RunRecord
) -> None:
    run_study(catalog, run.id)
    run_study(catalog, run.id)
    assert ASKED == ["test"]
    kept = load_study(catalog.workspace, run.id).folder / "last.npy"
    evaluation = catalog.workspace.run(run.id) / "evaluation.json"
    evaluation.write_bytes(evaluation.read_bytes().replace(b'"seconds": ', b'"seconds": 1'))
    assert load_study(catalog.workspace, run.id).seconds == {}
    (kept.parent / "old.npy").touch()
    run_study(catalog, run.id)
    assert ASKED == ["test", "test"]
    assert kept.exists()
    assert not (kept.parent / "old.npy").exists()


@pytest.mark.parametrize("whose", ["person", "ours"])
def test_a_phase_that_fails_says_why_and_the_others_go_on(
    catalog: Catalog, run: RunRecord, whose: str
) -> None:
    mood = catalog.workspace.home / "mood"
    mood.write_text(whose)
    if whose == "ours":
        # Seen in the logs by whoever runs it, once all others are done.
        with pytest.raises(ValueError, match="a defect"):
            run_study(catalog, run.id)
    else:
        run_study(catalog, run.id)
    found = load_study(catalog.workspace, run.id)
    assert set(found.seconds) == {"answers", "heat", "counted", "last"}
    said = "Not today." if whose == "person" else "Something went wrong inside Lightbox"
    assert said in found.failed["moody"]
    mood.unlink()
    assert run_study(catalog, run.id).failed  # not tried again by itself
    assert run_study(catalog, run.id, again=True).failed == {}
    assert ASKED == ["test"]


def test_what_builds_on_a_failed_phase_says_the_same(catalog: Catalog, tmp_path: Path) -> None:
    bare = make_run(catalog, tmp_path / "images", _IMAGES)
    evaluate_run(catalog, bare.id)
    found = run_study(catalog, bare.id)
    assert "no dense layer" in found.failed["answers"]
    assert "no dense layer" in found.failed["counted"]
    assert load_heat(found).method == "occlusion"
    with pytest.raises(NotFound, match="not been found out"):
        load_features(found)


def test_stopped_in_the_middle_it_keeps_what_is_done(catalog: Catalog, run: RunRecord) -> None:
    class Impatient(RecordingReporter):
        def wishes(self) -> Wishes:
            begun = any(step[0] == "counted" for step in self.steps)
            return Wishes(stop="keep" if begun else "")

    with pytest.raises(Cancelled):
        run_study(catalog, run.id, report=Impatient())
    assert missing(load_study(catalog.workspace, run.id)) == ["moody", "last"]
    assert missing(run_study(catalog, run.id)) == []


def test_images_that_have_gone_are_left_out(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    for file in (tmp_path / "images" / "red").glob("*.png"):
        file.unlink()
    cache = catalog.workspace.cache / "pixels"
    for file in cache.rglob("*.*"):
        file.unlink()
    images, features = load_features(run_study(catalog, run.id))
    assert len(images) == len(features) == 6
    assert "red" not in set(images["label"])


def test_a_removed_dataset_is_said_in_a_sentence(catalog: Catalog, run: RunRecord) -> None:
    removal.remove(catalog, run.dataset_id)
    found = run_study(catalog, run.id)
    assert set(found.failed) == {"answers", "heat", "counted"}
    assert found.has("last")


def test_a_folder_that_was_tested_on_has_a_study_of_its_own(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    for number, colour in enumerate(CLASSES):
        write_colour(folder / colour / "one.png", colour, seed=100 + number)
    on = evaluate_folder(catalog, run.id, folder).on
    found = run_study(catalog, run.id, on)
    images, features = load_features(found)
    assert images["split"].tolist() == ["train"] * 6 + ["validation"] + ["test"] * 3
    tested = features[images["split"] == "test"]
    assert [["red", "green", "blue"][n] for n in tested.argmax(axis=1)] == CLASSES
    assert load_heat(found).answered.shape == (3, SIZE, SIZE)
    assert load_study(catalog.workspace, run.id).seconds == {}
    assert [on] == ASKED


def claim_and_do(catalog: Catalog, job_id: str) -> None:
    claimed = catalog.jobs.claim("light", pid=1, host="here", job_id=job_id)
    assert claimed is not None
    assert execute(catalog, claimed).state == "done"


def test_a_study_is_queued_once_and_makes_way_for_what_people_wait_for(
    catalog: Catalog, run: RunRecord
) -> None:
    first = kinds.submit_study(catalog, run.id)
    assert kinds.submit_study(catalog, run.id).id == first.id
    scan = kinds.submit_scan(catalog, run.dataset_id)
    claim_and_do(catalog, first.id)
    found = load_study(catalog.workspace, run.id)
    assert list(found.seconds) == ["answers"]
    waiting = catalog.jobs.queue("light")
    assert [job.kind for job in waiting] == ["scan", "study"]
    catalog.jobs.request_cancel(scan.id)
    claim_and_do(catalog, waiting[1].id)
    assert missing(load_study(catalog.workspace, run.id)) == []
    assert catalog.jobs.queue("light") == []


def test_a_damaged_note_counts_as_nothing_done(catalog: Catalog, run: RunRecord) -> None:
    done = run_study(catalog, run.id)
    (done.folder / "study.json").write_text("{", encoding="utf-8")
    assert load_study(catalog.workspace, run.id).seconds == {}
    write_json(done.folder / "study.json", {"of": "another"})
    assert load_study(catalog.workspace, run.id).seconds == {}
    assert missing(run_study(catalog, run.id)) == []
