"""The report as files that wait to be fetched: made by a job, and again when something has changed.

Below the run's folder::

    report/report.html, report.pdf
    report/made.json          what they were made of
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.catalog import Catalog
from core.delivery.take_away import report as html
from core.delivery.take_away.pdf import print_pdf
from core.delivery.take_away.report import report_html
from core.errors import LightboxError, NotFound
from core.progress import Reporter
from core.workspace import Workspace, atomic_path, read_json, write_json


@dataclass(frozen=True)
class Made:
    """What there is of a run's report.

    Attributes:
        page, pdf: the files; ``None`` where there is none.
        fresh: nothing has changed since they were made.
        no_pdf: why there is no PDF, as a sentence; "" if there is one, or nothing was made yet.
    """

    page: Path | None
    pdf: Path | None
    fresh: bool
    no_pdf: str = ""


def make_report(catalog: Catalog, run_id: str, report: Reporter | None = None) -> Made:
    """Write a run's report as HTML and PDF, for :func:`find_report`.

    Where no browser can print it, there is the HTML alone, and the reason.

    Raises:
        NotFound: there is no such run, or it is not finished.
        Cancelled: the person asked to stop.
    """
    report = report or Reporter()
    workspace, run = catalog.workspace, catalog.runs.get(run_id)
    text = report_html(catalog, run.id, report)
    # Figures that an earlier version had not made are there now.
    mark = _mark(catalog, run.id)
    folder = _folder(workspace, run.id)
    with atomic_path(folder / "report.html") as part:
        part.write_text(text, encoding="utf-8")
    # One of before would contradict the HTML.
    (folder / "report.pdf").unlink(missing_ok=True)
    why = ""
    try:
        print_pdf(folder / "report.html", folder / "report.pdf", report)
    except LightboxError as error:
        why = str(error)
    write_json(folder / "made.json", {"of": mark, "no_pdf": why})
    return find_report(catalog, run.id)


def find_report(catalog: Catalog, run_id: str) -> Made:
    """What was made of a run's report.

    Raises:
        NotFound: there is no such run.
    """
    run = catalog.runs.get(run_id)
    folder = _folder(catalog.workspace, run.id)
    page, pdf = folder / "report.html", folder / "report.pdf"
    try:
        noted = read_json(folder / "made.json")
    except NotFound:
        noted = {}
    if not page.is_file():
        return Made(None, None, False)
    return Made(
        page,
        pdf if pdf.is_file() else None,
        noted.get("of") == _mark(catalog, run.id),
        str(noted.get("no_pdf", "")),
    )


def _folder(workspace: Workspace, run_id: str) -> Path:
    return workspace.run(run_id) / "report"


def _mark(catalog: Catalog, run_id: str) -> str:
    """Changes whenever the report would."""
    folder = catalog.workspace.run(run_id)
    digest = hashlib.blake2b(digest_size=12)
    files = [
        folder / "evaluation.json",
        folder / "scores.json",
        folder / "reliability.json",
        folder / "study" / "study.json",
        folder / "about.json",
        *sorted(folder.glob("on/*/evaluation.json")),
    ]
    for file in files:
        digest.update(file.read_bytes() if file.is_file() else b"none")
    digest.update(f"{html.VERSION} {catalog.runs.get(run_id).name}".encode())
    return digest.hexdigest()
