"""Results, Reliability: what a person sees of it, and what moves when the slider does."""

from __future__ import annotations

import pandas as pd
from streamlit.testing.v1 import AppTest

from core.evaluation.predictions import load_predictions
from core.evaluation.trust.coverage import at_threshold
from core.evaluation.trust.words import sentence_of_point
from tests.core.evaluation.coloured import CLASSES
from tests.pages.conftest import Open, Trained, assert_no_defect, click, gallery, show, words


def opened(open_page: Open) -> AppTest:
    return show(open_page("results"), "Reliability")


def test_six_test_images_are_too_few_and_it_says_so(open_page: Open, trained: Trained) -> None:
    at = opened(open_page)
    said = words(at)
    assert "Too early to say: 6 images to test on are too few" in said
    for part in (
        "Does it know how sure it may be?",
        "Answer only when sure enough",
        "What if photos are worse?",
        "Is it worse on some kinds of images?",
    ):
        assert part in said
    tables = [each.value for each in at.dataframe]
    (bins,) = [each for each in tables if "confidence" in each.columns]
    assert int(bins.loc[bins["answers"] == "as it answers", "images"].sum()) == 6


def answer_with(trained: Trained, confidences: list[float]) -> None:
    """Let the answers about the test images be as sure as this, as if the model had said so."""
    folder = trained.catalog.workspace.run(trained.run_id)
    table = pd.read_parquet(folder / "predictions.parquet")
    tested = table.index[table["split"] == "test"]
    for row, sure in zip(tested, confidences, strict=True):
        for n, label in enumerate(CLASSES):
            at = table.loc[row, "predicted"] == label
            table.loc[row, f"p_{n}"] = sure if at else (1 - sure) / 2
        table.loc[row, "confidence"] = sure
    table.to_parquet(folder / "predictions.parquet", index=False)
    (folder / "reliability.json").unlink()


def test_the_slider_answers_with_what_is_answered_then(open_page: Open, trained: Trained) -> None:
    answer_with(trained, [0.95, 0.7, 0.6, 0.9, 0.8, 0.5])
    predictions = load_predictions(trained.catalog.workspace, trained.run_id)
    at = opened(open_page)
    for threshold, answered in ((0.0, 6), (0.65, 4), (0.99, 0)):
        at.select_slider[0].set_value(threshold).run()
        assert_no_defect(at)
        point = at_threshold(predictions, threshold)
        assert point.answered.images == answered
        assert sentence_of_point(point) in words(at)
    assert "would answer nothing" in words(at)
    at.select_slider[0].set_value(0.65).run()
    (toggle,) = [each for each in at.toggle if "left to you" in each.label]
    assert toggle.label == "Show the 2 images left to you"
    toggle.set_value(True).run()
    assert_no_defect(at)
    least_sure_first = predictions.table.sort_values("confidence")["path"].tolist()[:2]
    assert gallery(at, "below-").ids == least_sure_first


def test_worse_photos_are_tried_when_asked(open_page: Open, trained: Trained) -> None:
    jobs = trained.catalog.jobs
    for job in jobs.all(states=("queued",)):
        jobs.request_cancel(job.id)
    at = opened(open_page)
    click(at, "Find it out")
    assert [job.kind for job in jobs.all(states=("queued",))] == ["study"]
