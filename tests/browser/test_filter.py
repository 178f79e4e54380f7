"""A click on a bar of a chart shows only those pictures; a chip lets them all come back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import journey
from tests.browser.conftest import ROOT, light_app


@pytest.mark.parametrize("phone", [False, True])
def test_a_bar_filters_the_pictures(
    phone: bool,
    tmp_path: Path,
    new_page: Callable[..., Any],
    class_folders: Callable[..., Path],
) -> None:
    folder = class_folders({"cat": 9, "dog": 4, "owl": 1})
    env = {"LIGHTBOX_HOME": str(tmp_path / "home"), "LIGHTBOX_ROOTS": str(tmp_path)}
    command = [sys.executable, "-m", "core", "dataset", "add", str(folder)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=True, timeout=120)
    with light_app(tmp_path / "home", tmp_path / "app.log", LIGHTBOX_ROOTS=str(tmp_path)) as app:
        page = new_page(f"{app.url}/data", phone=phone)
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
