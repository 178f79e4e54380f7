"""A camera that shows red, then green: the page says so several times a second, and keeps no
frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import Catalog, RunRecord
from core.delivery.take_away.links import create_link, revoke_link
from core.evaluation.evaluate import evaluate_run
from tests.browser import journey
from tests.browser.conftest import light_app, sign_in
from tests.browser.heard import follow
from tests.core.evaluation.coloured import CLASSES, make_run


def write_video(path: Path, colours: list[tuple[int, int, int]], noise: int = 0) -> None:
    """Ten frames of each colour, ten a second, as the fake camera of Chromium reads them.

    Args:
        noise: by how many levels of brightness each pixel of each frame may differ.
    """
    width, height = 64, 48
    rng = np.random.default_rng(1)
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode())
        for colour in colours:
            picture = Image.new("RGB", (width, height), colour).convert("YCbCr")
            luma, *chroma = (np.asarray(band) for band in picture.split())
            colour_of_it = b"".join(each[::2, ::2].tobytes() for each in chroma)
            for _ in range(10):
                varied = luma + rng.integers(-noise, noise + 1, luma.shape)
                out.write(b"FRAME\n" + varied.clip(0, 255).astype(np.uint8).tobytes())
                out.write(colour_of_it)


@pytest.fixture
def page(launch, tmp_path: Path) -> Iterator[object]:  # type: ignore[no-untyped-def]
    write_video(tmp_path / "camera.y4m", [(220, 40, 40), (40, 220, 40)])
    running = launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'camera.y4m'}",
    )
    opened = running.new_context(permissions=["camera"], reduced_motion="reduce").new_page()
    follow(opened)
    opened.set_default_timeout(30_000)
    yield opened
    running.close()


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    splits = {split: [(c, c) for c in CLASSES] for split in ("train", "validation", "test")}
    made = make_run(catalog, tmp_path / "colours", splits)
    evaluate_run(catalog, made.id)
    catalog.jobs.finish(made.job_id, "done")
    return catalog.runs.get(made.id)


def files(home: Path) -> set[str]:
    return {str(file) for file in home.rglob("*") if file.suffix in (".jpg", ".png", ".webp")}


def test_the_live_camera_is_answered_and_a_demo_of_it_ends_with_its_link(  # type: ignore[no-untyped-def]
    page, catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    home = catalog.workspace.home
    with light_app(home, tmp_path / "app.log") as server:
        before = files(home)
        sign_in(page.context, server.url)
        page.goto(f"{server.url}/predict?run={run.id}")
        camera = page.get_by_text("Camera", exact=True)
        camera.wait_for()
        journey.settled(page)
        camera.click()
        start = page.get_by_role("button", name="Start the camera")
        start.wait_for()
        assert page.locator("video").evaluate("video => video.srcObject") is None
        start.click()
        answer = page.locator(".answer")
        for colour in ("red", "green", "red"):
            answer.filter(has_text=colour).wait_for()
        page.wait_for_function(
            "() => [...document.querySelectorAll('*')].some((each) => {"
            "  const found = (each.shadowRoot ?? each).querySelector?.('.camera');"
            "  return Number(found?.dataset.answers ?? 0) >= 10; })"
        )
        page.get_by_role("button", name="Keep this picture").click()
        page.get_by_text("camera 1.jpg").wait_for()
        assert answer.inner_text() in CLASSES, "the camera stopped when a picture was kept"
        page.get_by_role("button", name="Stop").click()
        start.wait_for()
        assert files(home) == before
        assert "camera" not in (tmp_path / "app.log").read_text(encoding="utf-8")

        link = create_link(catalog, run.id, "demo")
        page.goto(server.url + link.address)
        camera.wait_for()
        journey.settled(page)
        camera.click()
        page.get_by_role("button", name="Start the camera").click()
        page.locator(".answer").filter(has_text=re.compile("red|green")).wait_for()
        revoke_link(catalog.workspace, link.token)
        page.get_by_text("This camera is not known here any more").wait_for()
