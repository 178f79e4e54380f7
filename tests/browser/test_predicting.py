"""What people do with a model: drop, correct, a whole folder, and a program of their own."""

from __future__ import annotations

import csv
import json
import re
import time
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core.catalog import Catalog
from core.delivery.take_away.links import Link, create_link
from core.evaluation.evaluate import evaluate_run
from tests.browser import journey
from tests.browser.conftest import PHONE, light_app
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour


def ask(address: str, key: str, file: Path) -> dict[str, Any]:
    """What any program would send: one image as a form."""
    mark = uuid.uuid4().hex
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{file.name}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    request = urllib.request.Request(
        address,
        head.encode() + file.read_bytes() + f"\r\n--{mark}--\r\n".encode(),
        {
            "Authorization": f"Bearer {key}",
            "Content-Type": f"multipart/form-data; boundary={mark}",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))


def seen_on_a_phone(new_page: Callable[..., Any], url: str, link: Link) -> float:
    """A guest opens a demo: the answer is in sight, and the largest text; an example is a tap.

    Returns:
        Seconds until the answer was there.
    """
    began = time.monotonic()
    page = new_page(url + link.address, phone=True, guest=True)
    page.get_by_role("heading", name="Colour?").wait_for()
    headline = page.locator(".headline")
    expect(headline).to_have_text(re.compile("|".join(CLASSES)))
    seconds = round(time.monotonic() - began, 1)
    size = "each => parseFloat(getComputedStyle(each).fontSize)"
    title = page.get_by_role("heading", level=1).evaluate(size)
    assert headline.evaluate(size) > 1.5 * title
    assert headline.bounding_box()["y"] < PHONE["height"], "the answer is below the first screen"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("option", name="Test image 2").click()
    page.get_by_text("Test image 2", exact=True).wait_for()
    return seconds


def test_images_are_dropped_one_is_corrected_a_folder_answered_and_a_program_agrees(
    catalog: Catalog,
    tmp_path: Path,
    new_page: Callable[..., Any],
    record_property: Callable[[str, object], None],
) -> None:
    splits = {split: [(c, c) for c in CLASSES] for split in ("train", "validation", "test")}
    run = make_run(catalog, tmp_path / "photos" / "colours", splits)
    evaluate_run(catalog, run.id)
    catalog.jobs.finish(run.job_id, "done")
    given = [
        write_colour(tmp_path / "photos" / "new" / f"{colour} 1.png", colour, 500 + n)
        for n, colour in enumerate(CLASSES)
    ]
    (tmp_path / "photos" / "new" / "broken.png").write_bytes(b"no image")
    home, roots = catalog.workspace.home, str(tmp_path / "photos")
    with light_app(home, tmp_path / "app.log", LIGHTBOX_ROOTS=roots) as server:
        link = create_link(catalog, run.id, "demo", title="Colour?")
        seconds = seen_on_a_phone(new_page, server.url, link)
        record_property("a demo's answer on a phone", f"1 action, {seconds} s")
        page = new_page(f"{server.url}/predict?run={run.id}")
        page.locator("input[type=file]").first.set_input_files(given)
        page.get_by_text("3 images answered").wait_for()
        journey.settled(page)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download as CSV").click()
        with Path(download.value.path()).open(encoding="utf-8") as file:
            said = {row["file"]: row for row in csv.DictReader(file)}
        assert [said[each.name]["prediction"] for each in given] == CLASSES

        page.locator("details.wrong summary").first.click()
        page.get_by_role("button", name="None of these").first.click()
        expect(page.get_by_text("nothing is learned from it")).to_be_visible()
        really = page.get_by_role("group", name="What is it really?").first
        really.get_by_role("button", name="red").click()
        expect(page.get_by_text("It is “red”.")).to_be_visible()
        expect(page.get_by_text("1 correction to look through")).to_be_visible()
        journey.settled(page)

        journey.section(page, "Batch")
        folder = page.get_by_label("Folder", exact=True)
        folder.fill(str(tmp_path / "photos" / "new"))
        folder.press("Enter")
        journey.settled(page)
        page.get_by_role("button", name="Answer this folder").click()
        unreadable = page.get_by_test_id("stMetric").filter(has_text="Can’t be read")
        unreadable.wait_for(timeout=60_000)
        journey.settled(page)
        assert unreadable.inner_text().split()[-1] == "1"
        sure, unsure = (
            int(
                page.get_by_test_id("stMetric")
                .filter(has_text=re.compile(f"^{name}"))
                .inner_text()
                .split()[-1]
            )
            for name in ("Sure", "Unsure")
        )
        assert sure + unsure == 3

        journey.section(page, "API")
        page.get_by_role("button", name="Make a key").click()
        page.get_by_label("What it is for").fill("a test")
        page.get_by_role("button", name="Make it", exact=True).click()
        shown = page.get_by_test_id("stCode").filter(has_text=re.compile(r"^\s*lb_\w+")).first
        shown.wait_for()
        key = shown.inner_text().strip().split()[0]
        for file in given:
            answer = ask(f"{server.url}/api/v1/models/{run.id}/predict", key, file)
            (one,) = answer["predictions"]
            for item in one["top"]:
                on_page = float(said[file.name][item["label"]])
                assert item["probability"] == pytest.approx(on_page, abs=1e-6)
