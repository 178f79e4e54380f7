"""The main journey on real photos, in a real browser, from a folder to answers."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser import journey
from tests.browser.conftest import running_app


def test_from_a_folder_of_photos_to_answers(
    hands: Path, keras_home: Path, tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    pictures = [sorted((hands / label).iterdir())[7] for label in "037"]
    home, log = tmp_path / "home", tmp_path / "app.log"
    with running_app(home, log, KERAS_HOME=str(keras_home)) as server:
        page = new_page(server.url)
        journey.step(page, "Data")
        journey.upload_folder(page, hands, "2,062 images")
        assert (
            page.get_by_test_id("stMetric").filter(has_text="Classes").inner_text().split()[-1]
            == "10"
        )

        journey.step(page, "Clean")
        page.get_by_text("images look fine").wait_for()

        journey.step(page, "Train")
        said = journey.train(page, "quick")
        assert accuracy_in(said) > 90

        page.get_by_role("button", name="See the results").click()
        page.get_by_role("heading", name=re.compile(r"Right on \d+ of 310 images")).wait_for()
        journey.section(page, "What it mixes up")
        page.get_by_role("heading", name="Which class is taken for which").wait_for()
        journey.section(page, "Class by class")
        page.get_by_role("heading", name="Class by class").wait_for()

        journey.step(page, "Train")
        said = journey.train(page, "scratch", Epochs="5")
        assert accuracy_in(said) > 60

        journey.step(page, "Predict")
        page.locator("input[type=file]").first.set_input_files(pictures)
        page.get_by_text("3 images answered").wait_for()
        journey.settled(page)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download as CSV").click()
        with Path(download.value.path()).open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["file"] for row in rows] == [picture.name for picture in pictures]
        assert sum(row["prediction"] == label for row, label in zip(rows, "037", strict=True)) >= 2


def accuracy_in(sentence: str) -> float:
    """The first figure in per cent that a sentence names."""
    found = re.search(r"([\d.]+)\s*%", sentence)
    assert found, sentence
    return float(found.group(1))
