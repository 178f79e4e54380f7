"""Results, Explain: where a model looks, asked of a model that can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, RunRecord
from core.evaluation.evaluate import evaluate_run
from core.evaluation.study import basis
from core.evaluation.study import run as study
from core.evaluation.study.run import run_study
from tests.core.evaluation.coloured import make_run
from tests.core.evaluation.dense import save_dense
from tests.pages.conftest import Open, assert_no_defect, click, gallery, words

_IMAGES = [("red", "red"), ("green", "blue"), ("blue", "blue")]


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRecord:
    monkeypatch.setattr(study, "_FILES", (basis,))
    made = make_run(catalog, tmp_path / "images", {"train": _IMAGES, "test": _IMAGES})
    save_dense(catalog.workspace.run(made.id))
    evaluate_run(catalog, made.id)
    catalog.jobs.finish(made.job_id, "done")
    return made


def explain(open_page: Open, **about: str) -> AppTest:
    at = open_page()
    at.session_state["section"] = "explain"
    if about:
        at.session_state["results-about"] = {"section": "explain", **about}
    at.switch_page("results.py").run()
    at._page_hash = ""
    assert_no_defect(at)
    return at


def part(at: AppTest, name: str) -> AppTest:
    at.session_state["explain-part"] = name
    at.run()
    assert_no_defect(at)
    return at


def test_a_mistake_is_shown_with_what_speaks_for_the_answer(
    open_page: Open, run: RunRecord
) -> None:
    at = explain(open_page)
    said = words(at)
    assert "Answer blue" in said.replace("*", "")
    assert "It is green" in said.replace("*", "")
    assert "what speaks for “blue” is" in said
    assert "HiResCAM" in said
    assert len(at.get("image")) == 1
    assert len(gallery(at, "explain-strip").tiles) == 1
    choice = next(box for box in at.selectbox if box.label == "Show what speaks for")
    assert choice.options == ["blue (the answer)", "green (what it is)", "red"]
    choice.select_index(1).run()
    assert_no_defect(at)
    assert "what speaks for “green” is" in words(at)


def test_another_section_leads_to_an_image(open_page: Open, run: RunRecord) -> None:
    at = explain(open_page, path="red/test-0.png")
    said = words(at).replace("*", "")
    assert "Answer red" in said
    assert "That is right" in said
    # And once there, another one can be chosen.
    next(box for box in at.selectbox if box.label == "Choose from").select("wrong").run()
    shown = gallery(at, "explain-strip")
    at.session_state[shown.key] = {"opened": {"id": shown.ids[0], "at": 1}}
    at.run()
    assert_no_defect(at)
    assert "Answer blue" in words(at).replace("*", "")


def test_a_class_is_shown_once_it_was_studied(
    open_page: Open, run: RunRecord, catalog: Catalog
) -> None:
    at = part(explain(open_page), "class")
    assert "takes a while, once" in words(at)
    click(at, "Find it out")
    (job,) = catalog.jobs.queue("light")
    assert (job.kind, job.spec["run_id"]) == ("study", run.id)
    catalog.jobs.request_cancel(job.id)
    run_study(catalog, run.id)
    at.run()
    assert_no_defect(at)
    assert "The mean of 2 images answered with “blue”, 1 of them wrongly" in words(at)
    shown = gallery(at, "explain-class-gallery")
    assert [tile["tone"] for tile in shown.tiles] == ["bad", "good"]
    at.session_state[shown.key] = {"opened": {"id": shown.ids[1], "at": 1}}
    at.run()
    assert_no_defect(at)
    assert "That is right" in words(at)


def test_a_network_without_convolutions_says_so(open_page: Open, run: RunRecord) -> None:
    assert "no convolutions" in words(part(explain(open_page), "inside"))


def test_an_image_that_has_gone_is_said(open_page: Open, run: RunRecord, tmp_path: Path) -> None:
    for file in (tmp_path / "images").rglob("*.png"):
        file.unlink()
    assert "This image is no longer there" in words(explain(open_page))


def test_it_is_begun_by_itself_where_that_is_wanted(
    open_page: Open, run: RunRecord, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_AHEAD", "1")
    at = explain(open_page)
    at.run()
    assert [job.kind for job in catalog.jobs.queue("light")] == ["study"]
    part(at, "class")
    # Stopped by the person, it isn't begun again behind their back.
    catalog.jobs.request_cancel(catalog.jobs.queue("light")[0].id)
    at.run()
    assert catalog.jobs.queue("light") == []
    assert "takes a while, once" in words(at)
