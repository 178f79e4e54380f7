"""The report of a run: one HTML file for whoever has to judge a model without training any.

It needs nothing else: no network, no scripts, pictures and charts within, a few megabytes at most.
It reads like the pages: the verdict first, then figures with their meaning, mistakes, how far one
can rely on it, how it was made. What the study has not found out yet is left out, and said so.
"""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

from core import __version__
from core.catalog import Catalog
from core.delivery.take_away.findings import Findings
from core.delivery.take_away.material import checked_target, load_material
from core.delivery.take_away.model_card import described, written
from core.delivery.take_away.notes import load_about
from core.delivery.take_away.report_parts import section_html
from core.delivery.take_away.style import STYLE
from core.delivery.take_away.training import training
from core.evaluation.document.parts import Heading, Part, Section
from core.evaluation.document.section import build, sections_for
from core.progress import SILENT, Reporter
from core.quality.report_html import document, name, text
from core.workspace import atomic_path

SUFFIXES = (".html", ".htm")
# Another number whenever reports are made differently: kept ones are then made anew.
VERSION = 3


def write_report(catalog: Catalog, run_id: str, file: Path, report: Reporter = SILENT) -> Path:
    """Write the report of a run to a file, in place of one that is there; returns its full path.

    Raises:
        InvalidInput: it is not the name of an HTML file, or nothing can be written there.
        NotFound: there is no such run, or it is not finished.
        Cancelled: the person asked to stop.
    """
    target = checked_target(file, SUFFIXES, "A report")
    made = report_html(catalog, run_id, report)
    with atomic_path(target) as part:
        part.write_text(made, encoding="utf-8")
    return target


def report_html(catalog: Catalog, run_id: str, report: Reporter = SILENT) -> str:
    """The whole report, as HTML.

    Raises:
        NotFound: there is no such run, or it is not finished.
        Cancelled: the person asked to stop.
    """
    found = Findings(load_material(catalog, run_id), report)
    run, dataset = found.material.run, found.material.dataset
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    about = f" · dataset {name(dataset.name)}, version {run.dataset_version}" if dataset else ""
    body = [
        f"<header><h1>{name(run.name)}</h1>",
        f'<p class="soft">Report of {now}{about} · Lightbox {text(__version__)}</p></header>',
    ]
    sections = sections_for("report")
    last = len(sections)
    for number, each in enumerate(sections):
        report.check()
        report.progress("report", number, last, "Writing the report")
        section = build(each, found.result, "report")
        if section is not None:
            body.append(section_html(_with_use(section, found), found))
    body.append(section_html(training(found.material), found))
    before, after = described(found)
    described_html = "".join(section_html(each, found, 3) for each in (*before, *after))
    body.append(f"<section><h2>Model card</h2>{described_html}</section>")
    report.progress("report", last, last, "Writing the report")
    return document(f"{run.name}: report", body, style=STYLE)


def _with_use(section: Section, found: Findings) -> Section:
    """The verdict with what a person said the model is meant for, before what to be careful of."""
    about = load_about(found.material.catalog.workspace, found.material.run.id)
    if section.key != "verdict" or not about.use:
        return section
    use: tuple[Part, ...] = (Heading("use", "What it is meant for"), *written("use", about.use))
    at = [part.key for part in section.parts].index("said") + 1
    return replace(section, parts=(*section.parts[:at], *use, *section.parts[at:]))
