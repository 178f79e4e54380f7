"""The report: one file that says what was found, needs nothing else, and is made again in time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.catalog import Catalog, RunRecord
from core.delivery.take_away.made import find_report, make_report
from core.delivery.take_away.material import load_material
from core.delivery.take_away.notes import save_about
from core.delivery.take_away.pdf import find_browser, print_page
from core.delivery.take_away.report import report_html
from core.delivery.take_away.report_matrix import MOST_CELLS, matrix
from core.delivery.take_away.svg import chart, ticks
from core.delivery.take_away.written import write
from core.errors import Cancelled, InvalidInput
from core.evaluation.document.parts import Chart, Line
from core.evaluation.study.run import run_study
from core.jobs import kinds
from core.jobs.execute import execute
from core.progress import Wishes
from tests.recording import RecordingReporter

needs_browser = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")


def words(page: str) -> str:
    """What is read on a page."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", text)


def test_it_says_what_was_found_before_and_without_a_study(
    catalog: Catalog, run: RunRecord
) -> None:
    page = report_html(load_material(catalog, run.id))
    read = words(page)
    assert "Right on 28 of 30 images it had never seen" in read
    assert "“green” taken for “red” 2 of" in read
    assert "Matthews correlation" in read
    assert "has not been tried yet" in read
    assert "What the model looked at is not known yet" in read
    assert "python -m core train" in read
    for heading in (
        "Class by class",
        "Answer only when sure enough",
        "How it was trained",
        "Limits",
    ):
        assert f">{heading}<" in page


def test_names_are_only_text_and_nothing_is_loaded(catalog: Catalog, run: RunRecord) -> None:
    page = report_html(load_material(catalog, run.id))
    assert "A &lt;b&gt;run&lt;/b&gt; &amp; *more*" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    for found in re.findall(r'(?:src|href)="([^"]*)"', page):
        assert found.startswith("data:image/")


def test_with_a_study_mistakes_show_what_was_looked_at(catalog: Catalog, run: RunRecord) -> None:
    before = report_html(load_material(catalog, run.id)).count("<img")
    run_study(catalog, run.id)
    page = report_html(load_material(catalog, run.id))
    assert page.count("<img") == before + 2
    assert "what it looked at" in page
    assert "McNemar" in page
    assert "not known yet" not in page


def test_a_small_matrix_has_numbers_and_a_large_one_is_a_picture() -> None:
    small = matrix(["no", "yes"], np.array([[5, 1], [0, 7]]))
    assert "predicted" in small
    assert re.findall(r">(\d+)</td>", small) == ["5", "1", "7"]
    many = MOST_CELLS + 104
    counts = np.diag(np.arange(1, many + 1))
    counts[3, 5] = 9
    large = matrix([f"<{n}>" for n in range(many)], counts)
    assert large.count("<rect") == many + 1
    assert "&lt;3&gt; → &lt;5&gt;: 9" in large
    assert "true" in large
    assert "predicted" in large
    assert len(large) < 200_000


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(1, 3, whole=True) == [1, 2, 3]
    assert ticks(0.94, 0.99)[0] == 0.94
    assert ticks(2, 2) == [2]


def test_a_chart_leaves_gaps_where_nothing_is_known() -> None:
    line = Line("a", [(1, 0.5), (2, None), (3, 0.7), (4, 0.8)])
    assert chart(Chart("key", "said", "x", "y", (line,))).count("<polyline") == 2
    assert chart(Chart("key", "said", "x", "y", (Line("a", [(1, None)]),))) == ""


def test_only_html_is_written_and_stopping_leaves_nothing(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=r"ends in \.html"):
        write("report", catalog, run.id, tmp_path / "report.txt")

    class Stopping(RecordingReporter):
        def wishes(self) -> Wishes:
            return Wishes(stop="keep") if self.steps else Wishes()

    with pytest.raises(Cancelled):
        write("report", catalog, run.id, tmp_path / "report.html", Stopping())
    assert not list(tmp_path.glob("*report*"))


@needs_browser
def test_the_job_makes_html_and_pdf_and_says_when_something_has_changed(
    catalog: Catalog, run: RunRecord
) -> None:
    assert find_report(catalog, run.id).page is None
    job = kinds.submit_report(catalog, run.id)
    assert kinds.submit_report(catalog, run.id).id == job.id
    claimed = catalog.jobs.claim("light", pid=1, host="here", job_id=job.id)
    assert claimed is not None
    ended = execute(catalog, claimed)
    assert (ended.state, ended.error) == ("done", "")
    made = find_report(catalog, run.id)
    assert made.fresh
    assert made.page is not None
    assert made.pdf is not None
    assert made.pdf.read_bytes().startswith(b"%PDF")
    save_about(catalog.workspace, run.id, use="For <friends>.", licence="", remarks="")
    assert not find_report(catalog, run.id).fresh
    assert "For &lt;friends&gt;." in report_html(load_material(catalog, run.id))


def test_without_a_browser_there_is_the_page_and_a_sentence(
    catalog: Catalog, run: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if find_browser() is not None:
        pytest.skip("a browser lies where it can't be hidden")
    made = make_report(catalog, run.id)
    assert made.page is not None
    assert made.pdf is None
    assert made.fresh
    assert "print it into a PDF" in made.no_pdf


def test_a_browser_that_fails_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\nexit 3\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_browser() == browser
    with pytest.raises(Exception, match="could not print"):
        print_page(tmp_path / "page.html", tmp_path / "page.pdf")
    assert not (tmp_path / "page.pdf").exists()


@pytest.mark.browser
def test_it_opens_in_a_browser_without_a_request(
    browser: Any, catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    file = write("report", catalog, run.id, tmp_path / "report.html")
    for width, scheme in ((1440, "light"), (390, "dark")):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked, complaints = [], []
        page.on("request", lambda each, asked=asked: asked.append(each.url))
        page.on("console", lambda each, said=complaints: said.append(each.text))
        page.on("pageerror", lambda each, said=complaints: said.append(str(each)))
        page.goto(file.as_uri())
        page.get_by_text("Right on 28 of 30").wait_for()
        assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
        assert complaints == []
        # Nothing sticks out of the page, on a phone either.
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        broken = "[...document.images].filter(each => !each.naturalWidth).length"
        assert page.evaluate(broken) == 0
        page.close()
