"""Images in a bucket, on the pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.jobs.execute import execute
from tests.bucket import Bucket
from tests.pages.conftest import Open, click, words
from tests.pages.test_data import ways_in


def test_a_place_in_a_bucket_is_found_by_clicking_and_becomes_a_dataset(
    open_page: Open,
    catalog: Catalog,
    bucket: Bucket,
    class_folders: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIGHTBOX_ROOTS", f"s3://{bucket.name}")
    address = bucket.fill(class_folders({"cat": 3, "dog": 3}), "photos")
    at = ways_in(open_page("data"), "Folder on this computer")
    assert f"`s3://{bucket.name}` can be used" in words(at)
    click(at, "photos")
    assert at.text_input[0].value == address
    click(at, "Use this folder")
    (record,) = catalog.datasets.all()
    assert (record.name, record.root) == ("photos", address)
    job = catalog.jobs.claim("light", pid=1, host="here")
    assert job is not None
    execute(catalog, job)
    at.run()
    assert "Usable images: 6" in words(at)
    assert f"Read from {address}" in words(at)
