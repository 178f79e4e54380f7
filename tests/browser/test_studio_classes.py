"""The studio's classes: a folder of one's own in two actions, and classes from the webcam."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core.catalog import open_catalog
from core.quality.by_hand import classes_of
from core.quality.curation import curated
from core.workspace import open_workspace
from tests.browser import journey
from tests.browser.conftest import DESKTOP, light_app, running_app, sign_in
from tests.browser.heard import follow
from tests.browser.test_live_camera import write_video
from tests.waiting import wait_until


def test_a_folder_of_ones_own_is_ready_for_training_after_one_action(
    tmp_path: Path, class_folders: Callable[..., Path], new_page: Callable[..., Any]
) -> None:
    folder = class_folders({"cats": 12, "dogs <b>&": 12})
    (folder / "cats" / "notes.docx").write_text("not an image")
    home = tmp_path / "home"
    with light_app(home, tmp_path / "app.log") as server:
        page = new_page(server.url)
        page.get_by_role("button", name="Webcam: record Class 1").wait_for()
        journey.settled(page)
        assert page.evaluate(journey.WORDS) <= 60
        page.locator("input.pick-folder").set_input_files(folder)
        # Shown from the browser's own memory, before anything has arrived.
        page.get_by_role("img", name="dogs <b>&, photo 6").wait_for()
        train = page.get_by_role("button", name="Train", disabled=False).filter(visible=True)
        train.first.wait_for()
        page.get_by_role("button", name="See all 12 photos of cats").wait_for()
        journey.settled(page)
        train.first.click()
        catalog = open_catalog(open_workspace(home))
        wait_until(lambda: bool(catalog.runs.all()), 30, "the training that was asked for")

        journey.settled(page)

        # A name is edited in place, and everything is there after a reload, on a phone too.
        name = page.get_by_label("Name of class cats", exact=True)
        name.fill("kittens")
        name.press("Enter")
        page.get_by_label("Name of class kittens", exact=True).wait_for()
        other = new_page(server.url, phone=True, dark=True)
        other.get_by_role("button", name="See all 12 photos of kittens").wait_for()
        journey.settled(other)
        assert other.evaluate("document.documentElement.scrollWidth") <= 390
        # A card ends where its column does, whatever lies beside it.
        for width in (390, 768):
            other.set_viewport_size({"width": width, "height": 844})
            card = other.locator("li.card").first.bounding_box()
            column = other.get_by_test_id("stColumn").first.bounding_box()
            assert card["x"] + card["width"] <= column["x"] + column["width"] + 1, width

        # What was just done, and the way back, is in view wherever among the cards one is.
        page.set_viewport_size({"width": 1440, "height": 420})
        page.get_by_role("button", name="Remove class dogs <b>&").click()
        undo = page.get_by_role("button", name="Undo")
        undo.wait_for()
        page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
        expect(undo).to_be_in_viewport(ratio=1)
        undo.click()
        page.get_by_role("button", name="See all 12 photos of dogs").wait_for()

        # An address that is mistyped leads on, in words of the house.
        other.goto(f"{server.url}/of/old/dta")
        expect(other.get_by_text("There is no page “dta” in Lightbox.")).to_be_visible()
        expect(other.get_by_role("dialog")).to_have_count(0)
        other.get_by_role("button", name="Open Data").click()
        expect(other.get_by_role("heading", name="Data", level=1)).to_be_visible()


def test_once_the_app_has_ended_its_page_says_what_to_do(
    tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    with light_app(tmp_path / "home", tmp_path / "app.log") as server:
        # As it prints its address: Streamlit says less where it is called by another name.
        page = new_page(server.url.replace("127.0.0.1", "localhost"))
        journey.settled(page)
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    code = dialog.get_by_test_id("stErrorCodeBlock")
    expect(code).to_be_hidden()
    words = code.locator("..").evaluate("box => getComputedStyle(box, '::after').content")
    assert "Start it again as you did before; this page then goes on by itself." in words


@pytest.mark.keras
def test_two_classes_from_the_webcam_become_a_live_answer_in_four_actions(
    launch: Callable[..., Any], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seen = {"Class 1": (220, 40, 40), "Class 2": (40, 220, 40)}
    running = launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'camera.y4m'}",
    )
    home = tmp_path / "home"
    with running_app(home, tmp_path / "app.log") as server:
        context = running.new_context(
            permissions=["camera"], viewport=DESKTOP, reduced_motion="reduce"
        )
        sign_in(context, server.url)
        page = context.new_page()
        follow(page)
        page.set_default_timeout(60_000)
        page.goto(server.url)
        expect(page.get_by_role("button", name="Webcam: record Class 1")).to_be_visible()
        journey.settled(page)
        words, began = page.evaluate(journey.WORDS), time.monotonic()
        assert words <= 60
        for label, colour in seen.items():
            # Another file under the name that the browser opens when the camera is switched on.
            write_video(tmp_path / "next.y4m", [colour] * 3, noise=40)
            (tmp_path / "next.y4m").replace(tmp_path / "camera.y4m")
            webcam = page.get_by_role("button", name=f"Webcam: record {label}")
            expect(webcam).to_be_visible()
            journey.settled(page)
            # One action: pressed, held until some pictures are there, and let go.
            webcam.hover()
            page.mouse.down()
            page.get_by_label(re.compile(rf"See all \d\d+ photos of {label}")).wait_for()
            page.mouse.up()
            page.get_by_text(f"added to “{label}”").wait_for()
        catalog = open_catalog(open_workspace(home))
        (record,) = catalog.datasets.all()
        assert [each.label for each in classes_of(catalog, record.id)] == ["Class 1", "Class 2"]
        wait_until(
            lambda: min(each.images for each in classes_of(catalog, record.id)) >= 10,
            60,
            "the pictures of both recordings",
        )
        recordings = curated(catalog, record.id).groupby("label")["together"].nunique()
        assert recordings.tolist() == [1, 1]

        train = page.locator(".st-key-studio-train button")
        expect(train).to_be_enabled()
        journey.settled(page)
        train.click()
        sentence = page.get_by_role("heading", name="it had never seen")
        expect(sentence).to_be_visible(timeout=journey.TRAINING_MS)
        journey.settled(page)
        page.get_by_text("Camera", exact=True).click()
        expect(page.locator(".answer")).to_have_text(re.compile("Class|Not sure|look like"))
        told = f"4 actions, {words} words, {time.monotonic() - began:.1f} s"
        record_property("from the webcam to a live answer", told)
    running.close()
