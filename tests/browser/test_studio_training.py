"""The studio in a real browser: one press trains and tests, and a wrong answer is put right."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from core.catalog import Catalog
from core.datasets.intake import add_folder
from core.evaluation.evaluate import evaluate_run
from core.quality.curation import curated, usable
from core.quality.scan import scan
from core.training.run import train_run
from core.training.start import create_run, suggest_spec
from tests.browser.conftest import running_app
from tests.browser.journey import TRAINING_MS, WORDS, settled
from tests.core.evaluation.coloured import CLASSES, write_colour

pytestmark = pytest.mark.keras
_MOST_TABS = 120
_FOCUSED = """(wanted) => {
  let now = document.activeElement;
  while (now?.shadowRoot?.activeElement) now = now.shadowRoot.activeElement;
  return now === wanted;
}"""


def press(page: Any, wanted: Any) -> None:
    """Go there by the keyboard alone, and press Enter."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate(_FOCUSED):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"{wanted} can't be reached by the keyboard")


def test_a_folder_and_one_press_are_a_tested_model_and_two_more_put_a_wrong_answer_right(
    catalog: Catalog,
    tmp_path: Path,
    new_page: Callable[..., Any],
    record_property: Callable[[str, object], None],
) -> None:
    for n in range(20 * len(CLASSES)):
        colour = CLASSES[n % len(CLASSES)]
        write_colour(tmp_path / "colours" / colour / f"{n:02d}.png", colour, n)
    photo = write_colour(tmp_path / "new.png", "green", 700)
    with running_app(catalog.workspace.home, tmp_path / "app.log") as server:
        page = new_page(server.url)
        button = page.locator(".st-key-studio-train button")
        expect(button).to_be_disabled()
        settled(page)
        words = page.evaluate(WORDS)
        assert words <= 60
        began = time.monotonic()
        # The first of two actions: a folder of one's own.
        page.locator("input.pick-folder").set_input_files(tmp_path / "colours")
        expect(button).to_be_enabled()
        settled(page)
        (record,) = catalog.datasets.all()
        press(page, button)
        wall = page.get_by_role("list", name="Pictures that this training")
        expect(wall.get_by_role("listitem").first).to_be_visible(timeout=TRAINING_MS)
        sentence = page.get_by_role("heading", name="it had never seen")
        expect(sentence).to_be_visible(timeout=TRAINING_MS)
        settled(page)
        seconds = round(time.monotonic() - began, 1)
        told = f"2 actions, {words} words, {seconds} s; {page.evaluate(WORDS)} words with a result"
        record_property("from a folder to a tested model", told)

        page.locator("input[type=file][accept^='image/*']").last.set_input_files(photo)
        headline = page.locator(".headline")
        expect(headline).to_be_visible()
        said = headline.inner_text()
        settled(page)
        other = next(label for label in CLASSES if label != said)
        press(page, page.locator("details.wrong summary"))
        really = page.get_by_role("group", name="What is it really?")
        expect(really).to_be_visible()
        began = time.monotonic()
        press(page, really.get_by_role("button", name=other))
        expect(page.get_by_text(f"Learned from as “{other}”")).to_be_visible(timeout=TRAINING_MS)
        record_property("learned after, in seconds", round(time.monotonic() - began, 1))
        expect(page.get_by_text("After learning 1 more photo")).to_be_visible()
        settled(page)
        runs = catalog.runs.all(record.id)
        assert [run.state for run in runs] == ["done", "done"]
        assert runs[0].spec["refits"] == runs[1].id

        press(page, page.get_by_role("button", name="Undo"))
        expect(page.get_by_text("1 photo left out again")).to_be_visible()
        expect(page.get_by_text("Learned from as")).to_have_count(0)
        settled(page)
        assert len(usable(curated(catalog, record.id))) == 20 * len(CLASSES)
        assert [run.id for run in catalog.runs.all(record.id)] == [runs[1].id]


def test_on_the_hands_a_wrong_answer_is_learned_from_also_right_after_the_start_of_the_app(
    hands: Path,
    catalog: Catalog,
    tmp_path: Path,
    new_page: Callable[..., Any],
    record_property: Callable[[str, object], None],
) -> None:
    record = add_folder(catalog, hands, "hands", restrict=False)
    scan(catalog, record.id)
    spec = suggest_spec(catalog, record.id, "auto").with_values({"minutes": 0.1})
    run = create_run(catalog, spec)
    train_run(catalog, run.id)
    evaluate_run(catalog, run.id)
    catalog.jobs.finish(run.job_id, "done")
    photo = tmp_path / "turned.png"
    picture = Image.open(sorted((hands / "3").iterdir())[5])
    picture.convert("RGB").rotate(5).save(photo)
    with running_app(catalog.workspace.home, tmp_path / "app.log") as server:
        page = new_page(server.url)
        expect(page.get_by_role("heading", name="it had never seen")).to_be_visible()
        settled(page)
        page.locator("input[type=file][accept^='image/*']").last.set_input_files(photo)
        wrong = page.locator("details.wrong summary")
        expect(wrong).to_be_visible()
        settled(page)
        wrong.click()
        other = page.get_by_role("group", name="What is it really?").get_by_role("button").first
        expect(other).to_be_enabled()
        label = other.inner_text()
        began = time.monotonic()
        other.click()
        expect(page.get_by_text(f"Learned from as “{label}”")).to_be_visible(timeout=TRAINING_MS)
        seconds = round(time.monotonic() - began, 1)
        expect(page.get_by_text("After learning 1 more photo")).to_be_visible()
    record_property("learned after, right after the start, in seconds", seconds)
    print(f"learned after {seconds} s, right after the start")
    again, first = catalog.runs.all(record.id)
    assert (again.state, again.spec["refits"], first.id) == ("done", run.id, run.id)
