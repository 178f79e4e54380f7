"""Home is the studio: what is on it for an empty app, a dataset, and a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.catalog import Catalog, DatasetRecord
from tests.pages.conftest import Open, Trained, click, words

BringIn = Callable[..., DatasetRecord]


def test_the_digits_are_queued_once_however_often_they_are_asked_for(
    open_page: Open, catalog: Catalog
) -> None:
    click(open_page(), "Digits sample")
    click(open_page(), "Digits sample")
    (record,) = catalog.datasets.all()
    (job,) = catalog.jobs.all()
    assert record.origin == "sample"
    assert (job.kind, job.state, job.subject) == ("import", "queued", record.id)


def test_classes_have_a_card_each_and_can_be_trained_on(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 5, "dog": 5}), "Pets")
    at = open_page()
    assert "cat" in words(at)
    assert "dog" in words(at)
    assert not at.button(key="studio-train").disabled


def test_a_finished_model_can_be_tried(open_page: Open, trained: Trained) -> None:
    at = open_page()
    assert at.get("file_uploader")
    assert trained.run_id
