"""The report as files that wait to be fetched: made by a job, and again when something has changed.

Below the run's folder::

    report/report.html, report.pdf
    report/poster.html, poster.pdf, poster.png
    report/made.json          what they were made of
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from core.catalog import Catalog
from core.delivery.take_away.material import load_material
from core.delivery.take_away.pdf import print_page
from core.delivery.take_away.poster import poster_html
from core.delivery.take_away.report import VERSION, report_html
from core.errors import LightboxError
from core.progress import SILENT, Reporter
from core.runs.derived import AsJson, Derived
from core.runs.files import RunFiles
from core.workspace import atomic_path

_POSTER = ("poster.pdf", "poster.png", "poster.html")


class Notes(BaseModel):
    """What is noted beside a report: why there is no PDF, or ""."""

    no_pdf: str = ""


@dataclass(frozen=True)
class Made:
    """What there is of a run's report.

    Attributes:
        page, pdf: the files; ``None`` where there is none.
        poster: its files; as HTML alone where no browser could print it.
        fresh: nothing has changed since they were made.
        no_pdf: why there is no PDF, as a sentence; "" if there is one, or nothing was made yet.
    """

    page: Path | None
    pdf: Path | None
    fresh: bool
    no_pdf: str = ""
    poster: tuple[Path, ...] = ()


def make_report(catalog: Catalog, run_id: str, report: Reporter = SILENT) -> Made:
    """Write a run's report and poster as HTML and PDF, for :func:`find_report`.

    Where no browser can print them, there is the HTML alone, and the reason.

    Raises:
        NotFound: there is no such run, or it is not finished.
        Cancelled: the person asked to stop.
    """
    material = load_material(catalog, run_id, report)
    texts = {"report.html": report_html(material), "poster.html": poster_html(material)}
    # Figures that an earlier version had not made are there now.
    notes = _notes(catalog, run_id)
    of, folder = notes.of, notes.path.parent
    # Those of before would contradict the HTML.
    for old in ("report.pdf", *_POSTER):
        (folder / old).unlink(missing_ok=True)
    for name, text in texts.items():
        with atomic_path(folder / name) as part:
            part.write_text(text, encoding="utf-8")
    page, poster, why = folder / "report.html", folder / "poster.html", ""
    try:
        for source, suffix in ((page, ".pdf"), (poster, ".pdf"), (poster, ".png")):
            print_page(source, source.with_suffix(suffix), report)
    except LightboxError as error:
        why = str(error)
    notes.keep(Notes(no_pdf=why), of)
    return find_report(catalog, run_id)


def find_report(catalog: Catalog, run_id: str) -> Made:
    """What was made of a run's report.

    Raises:
        NotFound: there is no such run.
    """
    run = catalog.runs.get(run_id)
    notes = _notes(catalog, run.id)
    page, pdf = notes.path.with_name("report.html"), notes.path.with_name("report.pdf")
    noted = notes.kept()
    if not page.is_file():
        return Made(None, None, False)
    posters = [each for name in _POSTER if (each := notes.path.with_name(name)).is_file()]
    return Made(
        page,
        pdf if pdf.is_file() else None,
        noted is not None,
        noted.no_pdf if noted is not None else "",
        tuple(posters[:2] if len(posters) > 1 else posters),
    )


def _notes(catalog: Catalog, run_id: str) -> Derived[Notes]:
    """What is noted of a report; its inputs are all that changes what stands in it."""
    run, files = catalog.runs.get(run_id), RunFiles(catalog.workspace, run_id)
    test = files.test()
    inputs = (
        test.evaluation,
        *(test.folder / name for name in ("scores.json", "reliability.json", "study/study.json")),
        files.about,
        *(each.evaluation for each in files.tests_elsewhere()),
    )
    path = files.folder / "report" / "made.json"
    return Derived(path, AsJson(Notes), VERSION, inputs, also=run.name)
