"""Exports over real HTTP: whoever has the address gets the file, nobody gets anything else."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from core.api import downloads
from core.catalog import Catalog
from core.delivery.exports.kept import Export, exports_folder
from core.jobs import kinds
from core.jobs.execute import execute
from core.quality import take_away
from core.quality.curation import decide
from core.workspace import write_json
from tests.core.api.serving import serving
from tests.core.quality.pictures import clean, scanned, write


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(downloads.ROUTES) as base:
        yield f"{base}{downloads.PREFIX}"


def packed(catalog: Catalog, dataset_id: str) -> str:
    """Have the job pack a dataset; returns the token."""
    job = kinds.submit_export(catalog, dataset_id, "classes")
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    ended = execute(catalog, claimed)
    assert (ended.state, ended.error) == ("done", "")
    return str(job.spec["token"])


@pytest.fixture
def dataset(catalog: Catalog, tmp_path: Path) -> str:
    return scanned(catalog, write(tmp_path / "a <b> & c", clean("cat", "dog"))).id


def test_what_was_packed_when_its_worker_was_killed_is_packed_anew(
    catalog: Catalog, dataset: str
) -> None:
    token = packed(catalog, dataset)
    before = take_away.find(catalog.workspace, token)
    assert before is not None
    # Nobody was told of it, so it is asked for once more.
    take_away.pack(catalog, dataset, token, "classes")
    assert take_away.find(catalog.workspace, token) == before
    assert zipfile.ZipFile(before).testzip() is None


def test_what_was_packed_is_fetched_without_what_was_excluded(
    catalog: Catalog, dataset: str, address: str
) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    answer = requests.get(f"{address}/{packed(catalog, dataset)}", timeout=20)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "attachment" in answer.headers["content-disposition"]
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert any(name.endswith("labels.csv") for name in names)
    assert any(name.endswith("cat/1.png") for name in names)
    assert not any(name.endswith("cat/0.png") for name in names)


@pytest.mark.parametrize("token", ["short", "x" * 32, "..%2f..%2fdatabase", "a" * 19 + "."])
def test_nothing_else_is_handed_out(token: str, address: str, catalog: Catalog) -> None:
    answer = requests.get(f"{address}/{token}", timeout=20)
    assert answer.status_code == 404


def test_old_exports_are_cleared_away_and_new_ones_stay(catalog: Catalog, dataset: str) -> None:
    old, new = packed(catalog, dataset), packed(catalog, dataset)
    folder = catalog.workspace.home / "exports" / old
    long_ago = time.time() - take_away.KEPT_S - 60
    os.utime(folder, (long_ago, long_ago))
    take_away.sweep(catalog.workspace)
    assert take_away.find(catalog.workspace, old) is None
    assert take_away.find(catalog.workspace, new) is not None


def test_a_models_export_is_fetched_by_its_whole_address_only(
    catalog: Catalog, address: str
) -> None:
    folder = exports_folder(catalog.workspace, "run-1") / "onnx"
    export = Export(
        format="onnx",
        file="Katzen & Hunde onnx.zip",
        bytes=4,
        model_bytes=4,
        images=1,
        same=1,
        largest_difference=0,
        milliseconds=1,
        made_at=1,
        seconds=1,
        token="t" * 32,
    )
    write_json(folder / "export.json", export.model_dump())
    (folder / export.file).write_bytes(b"PK\5\6")
    base = address.removesuffix(downloads.PREFIX)
    answer = requests.get(base + downloads.model_address("run-1", export), timeout=20)
    assert (answer.status_code, answer.content) == (200, b"PK\5\6")
    for wrong in ("run-1/onnx/" + "u" * 32, "run-1/keras/" + "t" * 32, "..%2frun-1/onnx/x"):
        assert requests.get(f"{address}/{wrong}", timeout=20).status_code == 404
