"""The map of test images."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, RunRecord
from core.evaluation.study.run import run_study
from tests.core.evaluation.dense_run import make_dense_run
from tests.pages.conftest import Open, assert_no_defect, click, show, words

COLOURS = ("red", "green", "blue")


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    right = [(colour, colour) for colour in COLOURS]
    return make_dense_run(
        catalog,
        tmp_path / "photos",
        {"train": right, "validation": right, "test": [*right * 4, ("red", "blue")]},
    )


def opened(open_page: Open, run: RunRecord) -> AppTest:
    return show(open_page("results", run=run.id), "Map")


def drawn(at: AppTest) -> tuple[str, dict[str, Any]]:
    (found,) = [each for each in at.get("bidi_component") if (each.key or "").startswith("map-")]
    return found.key or "", json.loads(found.proto.json)


def test_every_test_image_is_a_point_with_its_picture(
    open_page: Open, catalog: Catalog, run: RunRecord
) -> None:
    run_study(catalog, run.id)
    at = opened(open_page, run)
    _, data = drawn(at)
    assert len(data["ids"]) == len(data["x"]) == len(data["w"]) == 13
    assert data["classes"] == ["blue", "green", "red"]
    wrong = [data["ids"][n] for n in range(13) if data["t"][n] != data["p"][n]]
    assert wrong == ["red/test-12.png"]
    assert data["style"] == [0, 1, 2]
    assert base64.b64decode(data["sheet"])[8:12] == b"WEBP"
    assert "t-SNE keeps images together" in words(at)


def test_a_click_on_a_point_opens_its_image(
    open_page: Open, catalog: Catalog, run: RunRecord
) -> None:
    run_study(catalog, run.id)
    at = opened(open_page, run)
    key, _ = drawn(at)
    at.session_state[key] = {"opened": {"id": "red/test-12.png", "at": 5}}
    at.run()
    assert_no_defect(at)
    assert "Answered “blue”" in words(at)
    assert "1 of 13" in words(at)


def test_umap_is_drawn_when_asked_for(open_page: Open, catalog: Catalog, run: RunRecord) -> None:
    run_study(catalog, run.id)
    at = opened(open_page, run)
    (kind,) = [each for each in at.segmented_control if each.label == "Kind of map"]
    kind.select("umap").run()
    assert "drawn when somebody asks for it" in words(at)
    click(at, "Draw it")
    (job,) = [job for job in catalog.jobs.all(subject=run.id) if job.kind == "umap"]
    assert (job.state, job.spec["on"]) == ("queued", "test")


def test_before_the_study_it_can_be_begun(
    open_page: Open, catalog: Catalog, run: RunRecord
) -> None:
    at = opened(open_page, run)
    assert "Drawing a map of the images" in words(at)
    click(at, "Find it out")
    assert [job.kind for job in catalog.jobs.all(states=("queued",))] == ["study"]
