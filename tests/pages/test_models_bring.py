"""Bring your own model, on the page Models: refused with a sentence, or a run like any other."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog
from core.jobs.execute import execute
from tests.core.delivery.test_imported import means, saved
from tests.core.evaluation.coloured import CLASSES
from tests.pages.conftest import Open, assert_no_defect, click, words


def give(at: AppTest, name: str, data: bytes) -> None:
    at.file_uploader[0].set_value([(name, data, "application/octet-stream")]).run()
    assert_no_defect(at)


def test_a_file_that_is_no_model_is_refused_in_a_sentence(open_page: Open, tmp_path: Path) -> None:
    at = open_page("models")
    give(at, "not.keras", b"pickled")
    assert any("not a .keras file" in box.value.replace("\\", "") for box in at.error)
    with zipfile.ZipFile(tmp_path / "odd.keras", "w") as archive:
        archive.writestr("../evil", "x")
    give(at, "odd.keras", (tmp_path / "odd.keras").read_bytes())
    assert any("leads out of it" in box.value for box in at.error)


@pytest.mark.keras
def test_a_model_is_brought_in_and_can_be_used(
    open_page: Open, catalog: Catalog, tmp_path: Path
) -> None:
    file = saved(means(), tmp_path / "mine.keras")
    at = open_page("models")
    give(at, "mine.keras", file.read_bytes())
    assert "Takes colour images of 16 × 16 pixels, gives 3 numbers" in words(at)
    at.text_area[0].set_value("blue\ngreen").run()
    click(at, "Bring it in")
    assert any("gives 3 numbers, but 2 classes" in box.value for box in at.error)
    at.text_area[0].set_value("\n".join(CLASSES)).run()
    click(at, "Bring it in")
    (run,) = catalog.runs.all()
    assert (run.name, run.state) == ("mine", "queued")
    assert "Bringing in **mine**" in words(at)
    claimed = catalog.jobs.claim("train", pid=os.getpid(), host="here", job_id=run.job_id)
    assert claimed is not None
    assert execute(catalog, claimed).state == "done"
    at.run()
    assert_no_defect(at)
    assert "**mine** is here." in words(at)
    # Without a test, Results says what to do about it.
    at = open_page("results", run=run.id)
    assert any("has not been tested yet" in box.value for box in at.info)
