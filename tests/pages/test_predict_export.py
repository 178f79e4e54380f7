"""Export, as a person meets it: what can be made, what was made, and where to fetch it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog
from core.delivery.exports import formats
from core.delivery.exports.kept import Export, exports_folder, find
from core.workspace import write_json
from tests.core.evaluation.coloured import make_run
from tests.pages.conftest import click, words


def draw(run_id: str) -> None:
    from pages._widgets.predict import export
    from pages._widgets.session import catalog

    export.draw(catalog().runs.get(run_id))


@pytest.fixture
def run_id(catalog: Catalog, tmp_path: Path) -> str:
    splits = {"train": [("red", "red")], "validation": [("blue", "blue")], "test": []}
    return make_run(catalog, tmp_path / "colours", splits).id


def opened(run_id: str) -> AppTest:
    return AppTest.from_function(draw, args=(run_id,), default_timeout=60).run()


def test_every_format_is_offered_and_made_once(catalog: Catalog, run_id: str) -> None:
    at = opened(run_id)
    assert [button.label for button in at.button] == ["Make it"] * len(formats.offered())
    click(at, "Make it")
    (job,) = [job for job in catalog.jobs.all() if job.kind == "export_model"]
    assert (job.lane, job.spec) == ("train", {"run_id": run_id, "format": "keras"})
    assert "Cancel" in [button.label for button in at.button]


def test_what_was_made_is_there_to_fetch_with_how_near_it_comes(
    catalog: Catalog, run_id: str
) -> None:
    folder = exports_folder(catalog.workspace, run_id) / "litert-int8"
    export = Export(
        format="litert-int8",
        file="a.zip",
        bytes=2_300_000,
        model_bytes=2_800_000,
        images=200,
        same=195,
        largest_difference=0.284,
        milliseconds=0.9,
        made_at=1.0,
        seconds=9.0,
        token="t" * 32,
    )
    write_json(folder / "export.json", export.model_dump())
    (folder / "a.zip").write_bytes(b"PK")
    at = opened(run_id)
    assert "Same answer on 195 of 200 images, probabilities within 28.4 % · 2.8 MB" in words(at)
    (link,) = at.get("link_button")
    _, _, run, key, token = link.proto.url.removeprefix("/").split("/")
    assert link.proto.label == "Download (2.3 MB)"
    assert find(catalog.workspace, run, key, token) == folder / "a.zip"


def test_why_there_is_none_is_said(catalog: Catalog, run_id: str) -> None:
    click(opened(run_id), "Make it")
    (job,) = [job for job in catalog.jobs.all() if job.kind == "export_model"]
    catalog.jobs.claim("train", pid=os.getpid(), host="here", job_id=job.id)
    catalog.jobs.finish(job.id, "failed", "As <b>Keras</b> it differs.")
    at = opened(run_id)
    assert "As <b>Keras</b> it differs." in words(at)
    assert [button.label for button in at.button].count("Make it") == len(formats.offered())
