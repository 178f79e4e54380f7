"""Somebody who never trains: a link, a verdict, pictures of what goes wrong, a threshold, a PDF."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from core.workspace import Workspace
from tests.browser import journey
from tests.browser.conftest import light_app
from tests.earlier import ask
from tests.waiting import wait_until

RUN = "Few epochs"
# The pixel in the middle of a cell of the confusion matrix, for the mouse.
_MIDDLE = """([row, column]) => {
  const plot = document.querySelector(".js-plotly-plot"), box = plot.getBoundingClientRect();
  const { xaxis, yaxis } = plot._fullLayout;
  return { x: box.x + xaxis._offset + xaxis.d2p(String(column)),
           y: box.y + yaxis._offset + yaxis.d2p(String(row)) };
}"""


pytestmark = pytest.mark.keras


def test_a_guest_judges_a_model_by_its_link(
    workspace: Workspace, tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    name = ask("dataset", "sample")["name"]
    hasty = ("--set", "epochs=2", "--set", "image_size=16", "--name", RUN)
    ask("train", name, "--recipe", "classic", *hasty)
    ask("study", RUN)
    found = ask("evaluate", RUN)
    worst = found["pairs"][0]
    link = urlsplit(ask("share", RUN)["address"])
    address = f"{link.path}?{link.query}"
    with light_app(workspace.home, tmp_path / "app.log") as server:
        page = new_page(server.url + address, guest=True)
        right = f"Right on {found['correct']} of {found['images']} images"
        page.get_by_role("heading", name=re.compile(right)).wait_for()
        journey.settled(page)
        assert not page.get_by_test_id("stPageLink-NavLink").count(), "a way to the other pages"

        journey.section(page, "What it mixes up")
        page.locator(".js-plotly-plot .heatmaplayer image").first.wait_for()
        # Elsewhere first, so that it is the click that shows the images.
        labels = found["labels"]
        for true, predicted, said in (
            (labels[0], labels[0], f"of “{labels[0]}” called right"),
            (
                worst["true"],
                worst["predicted"],
                f"{worst['count']} of {worst['support']} images of",
            ),
        ):
            place = page.evaluate(_MIDDLE, [labels.index(true), labels.index(predicted)])
            page.mouse.click(place["x"], place["y"])
            page.get_by_text(said).first.wait_for()
            journey.settled(page)
        picture = page.get_by_role("img", name=re.compile("true: ")).first
        picture.wait_for()

        picture.click()
        page.get_by_role("dialog").get_by_text("Heat map: what spoke for the answer").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="hidden")

        journey.section(page, "Can I trust it")
        threshold = page.get_by_role("slider", name="Answer only when at least this sure")
        sentence = page.get_by_text(
            re.compile("^(At least .* sure, it answers|Answering always|It is never)")
        )
        before = sentence.inner_text()
        threshold.press("ArrowLeft")
        page.get_by_text(before, exact=True).wait_for(state="hidden")
        page.get_by_text(re.compile("^At least .* sure, it answers")).wait_for()

        # Made by the running app, after the link was.
        download = page.get_by_role("button", name=re.compile("^Report PDF"))

        def offered() -> bool:
            page.reload()
            # The section stands in the address: a reload leads back to it, not to the verdict.
            sentence.wait_for()
            journey.settled(page)
            return bool(download.count())

        wait_until(offered, 120, "the PDF")
        with page.expect_download() as downloaded:
            download.click()
        assert Path(downloaded.value.path()).read_bytes().startswith(b"%PDF")

        phone = new_page(server.url + address, phone=True, dark=True, guest=True)
        phone.get_by_role("heading", name=re.compile(right)).wait_for()
        for section in ("What it mixes up", "Mistakes", "Can I trust it", "Class by class"):
            journey.section(phone, section)
            wide = phone.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390, f"{section} is wider than the phone"
