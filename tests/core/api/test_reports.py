"""Reports over real HTTP: whoever has a link gets the report, nobody gets anything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from core.api import reports
from core.catalog import Catalog, RunRecord
from core.delivery.take_away.links import create_link, revoke_link
from core.delivery.take_away.made import make_report
from core.delivery.take_away.pdf import find_browser
from core.who import Who, acting_as
from tests.core.api.serving import serving
from tests.core.delivery.take_away.conftest import finished_run


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(reports.ROUTES) as base:
        yield base


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    return finished_run(catalog, tmp_path / "colours", "Bäume & more")


def test_a_link_gives_the_report_as_page_and_pdf_until_it_is_taken_back(
    catalog: Catalog, run: RunRecord, address: str
) -> None:
    link = create_link(catalog, run.id)
    page = f"{address}{reports.PREFIX}/{link.token}.html"
    early = requests.get(page, timeout=20)
    assert (early.status_code, "not made yet" in early.text) == (404, True)
    make_report(catalog, run.id)
    answer = requests.get(page, timeout=20)
    assert answer.status_code == 200
    assert "Right on 28 of 30" in answer.text
    assert answer.headers["content-disposition"].startswith("inline")
    assert "sandbox" in answer.headers["content-security-policy"]
    kept = requests.get(page, params={"download": "1"}, timeout=20)
    assert kept.headers["content-disposition"].startswith("attachment")
    if find_browser() is not None:
        pdf = requests.get(page.replace(".html", ".pdf"), timeout=20)
        assert pdf.headers["content-type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF")
    for who in (Who("nobody"), Who("guest", "a guest", links=("another",))):
        with acting_as(who):
            assert reports._find(link.token, "html")[0].suffix == ".html"
    revoke_link(catalog.workspace, link.token)
    gone = requests.get(page, timeout=20)
    assert gone.headers["content-type"] == "application/problem+json"
    assert (gone.status_code, "leads nowhere" in gone.json()["detail"]) == (404, True)
    read = requests.get(page, headers={"Accept": "text/html,*/*;q=0.8"}, timeout=20)
    assert read.headers["content-type"].startswith("text/plain")
    assert (read.status_code, read.text) == (404, gone.json()["detail"])


@pytest.mark.parametrize(
    "path", ["short.html", "a" * 32 + ".html", "a" * 32 + ".json", "..%2f..%2flightbox.db", "x.pdf"]
)
def test_nothing_else_is_handed_out(path: str, address: str, catalog: Catalog) -> None:
    assert requests.get(f"{address}{reports.PREFIX}/{path}", timeout=20).status_code == 404
