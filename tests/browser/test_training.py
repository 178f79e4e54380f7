"""An own network from its first layer to a stopped training, with the page reloaded in the
middle."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from core.catalog import Catalog, open_catalog
from core.datasets import intake
from core.jobs.live import curves
from core.progress import Reporter
from core.quality.scan import scan
from core.training.architectures import ARCHITECTURES
from core.workspace import open_workspace
from tests.browser import journey
from tests.browser.conftest import running_app
from tests.waiting import wait_until


def with_sample(home: Path) -> Catalog:
    """A workspace with the handwritten digits in it."""
    catalog = open_catalog(open_workspace(home))
    record = intake.add_sample(catalog)
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    return catalog


def choose(page: Any, label: str, option: str) -> None:
    """Choose from a select box."""
    box = page.get_by_role("combobox", name=re.compile(label)).first
    box.click()
    # Typed, since a long list shows only what fits.
    box.fill(option)
    box.press("Enter")
    expect(box).to_have_value(option)
    journey.settled(page)


def changes_rows(page: Any, act: Callable[[], object]) -> None:
    """Do what changes the table of what becomes of an image, and wait until it has changed."""
    table = page.get_by_role("table").first
    before = table.inner_text()
    act()
    expect(table).not_to_have_text(before, use_inner_text=True)
    journey.settled(page)


def press(page: Any, name: str) -> None:
    changes_rows(page, page.get_by_role("button", name=name, exact=True).click)


def add_layer(page: Any, kind: str) -> None:
    choose(page, "New layer", kind)
    press(page, "Add at the end")


def points(page: Any) -> list[int]:
    """The epochs that the loss curve of the training images has a mark for."""
    marks = page.get_by_test_id("stVegaLiteChart").first.locator("path[aria-label$='training']")
    labels = marks.evaluate_all("marks => marks.map(mark => mark.getAttribute('aria-label'))")
    found = [re.match(r"x: (\d+);", label) for label in labels]
    return sorted({int(match[1]) for match in found if match})


def test_an_own_network_is_built_trained_paused_found_again_resumed_and_stopped(
    tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    home = tmp_path / "home"
    catalog = with_sample(home)
    with running_app(home, tmp_path / "app.log", KERAS_HOME=str(tmp_path)) as server:
        page = new_page(f"{server.url}/train")
        journey.choose_recipe(page, "scratch")
        journey.expert(page, "Network")
        choose(page, "Architecture", ARCHITECTURES["custom"].title)
        choose(page, "Image size", "32 × 32 pixels")

        # Down to one layer, then built up again; what can't be is said at the layer.
        remove = page.get_by_role("button", name="Remove", exact=True)
        remove.wait_for()
        while remove.count():
            changes_rows(page, remove.click)
        add_layer(page, "Flatten")
        add_layer(page, "Conv2D")
        expect(page.get_by_role("button", name="Start training")).to_be_disabled()
        press(page, "Up")
        expect(page.get_by_role("button", name="Start training")).to_be_enabled()
        press(page, "Copy")
        rows = page.get_by_role("table").first.inner_text().split()
        assert rows.count("9.25") == 1, "the second convolution's weights"

        journey.expert(page, "Augmentation")
        page.get_by_alt_text("One of your images").first.wait_for()
        journey.settled(page)
        looks = page.locator("img[alt^='One of your images']")

        def shown() -> list[str]:
            return list(looks.evaluate_all("looks => looks.map((look) => look.src)"))

        light = shown()
        assert len(light) >= 8
        page.get_by_role("radio", name="Strong").click()
        wait_until(
            lambda: len(set(shown()) - set(light)) > len(light) / 2,
            30,
            "the varied images to change",
        )
        journey.settled(page)

        journey.expert(page, "Training")
        field = page.get_by_label("Epochs", exact=True)
        field.fill("400")
        field.press("Enter")
        journey.settled(page)
        page.get_by_role("button", name="Start training").click()
        page.get_by_text("Loss: how wrong").wait_for(timeout=journey.TRAINING_MS)

        (run,) = catalog.runs.all()
        assert [layer["kind"] for layer in run.spec["stack"]] == ["Conv2D", "Conv2D", "Flatten"]
        wait_until(lambda: len(curves(catalog, run.job_id).epochs) >= 2, 60, "two epochs")
        page.get_by_role("button", name="Pause", exact=True).click()
        page.get_by_text("Paused.").first.wait_for()
        wait_until(
            lambda: catalog.jobs.latest_event(run.job_id, "paused") is not None, 30, "the pause"
        )
        held = len(curves(catalog, run.job_id).epochs)

        page.reload()
        page.get_by_text("Paused.").first.wait_for()
        journey.settled(page)
        assert len(curves(catalog, run.job_id).epochs) == held
        page.get_by_role("button", name="Resume", exact=True).click()
        wait_until(lambda: len(curves(catalog, run.job_id).epochs) >= held + 2, 60, "more epochs")
        expect(page.get_by_text("Paused.")).to_have_count(0)
        wait_until(lambda: len(points(page)) >= held + 2, 30, "the curve to go on")
        drawn = points(page)
        assert drawn == list(range(1, len(drawn) + 1)), "no gap, none twice"

        page.get_by_role("button", name="Stop and keep the best").click()
        results = page.get_by_role("button", name="See the results")
        results.wait_for(timeout=journey.TRAINING_MS)
        journey.settled(page)
        results.click()
        page.get_by_text("images it had never seen").wait_for()
    run = catalog.runs.get(run.id)
    assert (run.state, run.summary.stopped) == ("done", True)
    assert held < run.summary.epochs < 400
