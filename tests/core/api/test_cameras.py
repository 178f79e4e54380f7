"""Frames of a camera over real HTTP: answered for whoever has the page's token, and kept
nowhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from core.api import live
from core.api.live import (
    MAX_FRAME_BYTES,
    answer_frame,
    camera_is_open,
    close_camera,
    open_camera,
)
from core.catalog import Catalog, RunRecord
from core.delivery.take_away.links import create_link, revoke_link
from core.errors import InvalidInput
from core.evaluation.out_of_distribution import fit_detector
from core.inference.predictor import open_predictor
from tests.core.api.asking import add_run
from tests.core.api.serving import serving
from tests.core.evaluation.coloured import write_colour
from tests.core.evaluation.test_out_of_distribution import of_another_kind
from tests.core.inference.shaped import weighing_run


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(live.ROUTES) as base:
        yield base + live.PREFIX + "/"


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    return weighing_run(catalog, tmp_path / "colours", training=60, validation=40)


def files(home: Path) -> set[Path]:
    return {file for file in home.rglob("*") if file.is_file() and "lightbox.db" not in file.name}


def test_a_frame_is_answered_as_the_page_answers_it_and_is_kept_nowhere(
    catalog: Catalog, run: RunRecord, address: str, tmp_path: Path
) -> None:
    fit_detector(catalog, run.id)
    token = open_camera(run.id)
    frame = write_colour(tmp_path / "frame.png", "green", 77).read_bytes()
    before = files(catalog.workspace.home)
    said = requests.post(address + token, data=frame, timeout=20)
    assert said.headers["cache-control"] == "no-store"
    (expected,) = open_predictor(catalog.workspace, run.id).predict([("x", frame)])
    answer = said.json()
    assert answer["top"] == [[label, round(p, 6)] for label, p in expected.top]
    assert answer["top"][0][0] == "green"
    assert answer["unfamiliar"] is False
    another = open_camera(run.id)
    other = requests.post(address + another, data=of_another_kind(3), timeout=20).json()
    assert other["unfamiliar"] is True
    assert files(catalog.workspace.home) == before


def test_nobody_else_is_answered(run: RunRecord, address: str) -> None:
    token = open_camera(run.id)
    assert camera_is_open(token, run.id)
    assert not camera_is_open(token, "another-run")
    for wrong in ("x", token[:-1], token + "x"):
        assert requests.post(address + wrong, data=b"x", timeout=20).status_code == 404
    close_camera(token)
    said = requests.post(address + token, data=b"x", timeout=20)
    assert (said.status_code, "Reload" in said.json()["detail"]) == (404, True)


@pytest.mark.parametrize("frame", [b"", b"no picture", bytes(MAX_FRAME_BYTES + 1)])
def test_what_is_no_frame_is_a_problem_document(run: RunRecord, address: str, frame: bytes) -> None:
    said = requests.post(address + open_camera(run.id), data=frame, timeout=20)
    assert said.status_code == 400
    assert said.headers["content-type"] == "application/problem+json"


def test_a_demo_that_is_taken_back_has_no_camera_any_more(
    catalog: Catalog, run: RunRecord, address: str, tmp_path: Path
) -> None:
    frame = write_colour(tmp_path / "frame.png", "green", 77).read_bytes()
    link = create_link(catalog, run.id, "demo")
    token = open_camera(run.id, link=link.token)
    assert requests.post(address + token, data=frame, timeout=20).status_code == 200
    revoke_link(catalog.workspace, link.token)
    assert requests.post(address + token, data=frame, timeout=20).status_code == 404


def test_a_frame_that_is_huge_in_memory_is_refused_by_its_header(catalog: Catalog) -> None:
    out = io.BytesIO()
    Image.new("1", (10_900, 10_900)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    token = open_camera(add_run(catalog).id)
    with pytest.raises(InvalidInput, match="too large"):
        answer_frame(catalog.workspace, token, out.getvalue())
