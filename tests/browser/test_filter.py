"""A click on a bar of a chart shows only those pictures; a chip lets them all come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from core.catalog import open_catalog
from core.datasets.intake import add_folder
from core.quality.scan import scan
from core.workspace import open_workspace
from tests.browser import journey
from tests.browser.conftest import Server, light_app
from tests.conftest import write_image


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with a dataset of fourteen images."""
    base = tmp_path_factory.mktemp("filter")
    for label, count in {"cat": 9, "dog": 4, "owl": 1}.items():
        for number in range(count):
            write_image(base / "photos" / label / f"{number}.jpg", ord(label[0]) * 10 + number)
    catalog = open_catalog(open_workspace(base / "home"))
    record = add_folder(catalog, base / "photos", "photos", restrict=False)
    scan(catalog, record.id)
    with light_app(base / "home", base / "app.log", LIGHTBOX_ROOTS=str(base)) as running:
        yield running


@pytest.mark.parametrize("phone", [False, True])
def test_a_bar_filters_the_pictures(
    phone: bool, server: Server, new_page: Callable[..., Any]
) -> None:
    page = new_page(f"{server.url}/data", phone=phone)
    page.get_by_role("heading", name="Images in each class").wait_for()
    journey.settled(page)
    bars = page.locator(".js-plotly-plot").first.locator(".point path")
    expect(bars).to_have_count(3, timeout=30_000)
    # Plotly listens through a sheet that lies over the bars.
    bars.nth(2).click(force=True)
    page.get_by_text("1 of 14 images", exact=True).wait_for()
    chip = page.get_by_role("button", name="Class: owl")
    chip.wait_for()
    journey.settled(page)
    chip.click()
    expect(chip).to_have_count(0)
    expect(page.get_by_text("1 of 14 images", exact=True)).to_have_count(0)
    journey.settled(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], "the page is wider than the screen"
