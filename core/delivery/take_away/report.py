"""The report of a run: one HTML file for whoever has to judge a model without training any.

It needs nothing else: no network, no scripts, pictures and charts within, a few megabytes at most.
It reads like the pages: the verdict first, then figures with their meaning, mistakes, how far one
can rely on it, how it was made. What the study has not found out yet is left out, and said so.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from core import __version__
from core.catalog import Catalog
from core.delivery.take_away import (
    report_classes,
    report_made,
    report_pictures,
    report_trust,
    report_verdict,
)
from core.delivery.take_away.findings import Findings
from core.delivery.take_away.material import checked_target, load_material
from core.delivery.take_away.style import STYLE
from core.progress import Reporter
from core.quality.report_html import document, name, text
from core.workspace import atomic_path

SUFFIXES = (".html", ".htm")
# Another number whenever reports are made differently: kept ones are then made anew.
VERSION = 1


def write_report(catalog: Catalog, run_id: str, file: Path, report: Reporter | None = None) -> Path:
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


def report_html(catalog: Catalog, run_id: str, report: Reporter | None = None) -> str:
    """The whole report, as HTML.

    Raises:
        NotFound: there is no such run, or it is not finished.
        Cancelled: the person asked to stop.
    """
    report = report or Reporter()
    found = Findings(load_material(catalog, run_id), report)
    run, dataset = found.material.run, found.material.dataset
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    about = f" · dataset {name(dataset.name)}, version {run.dataset_version}" if dataset else ""
    body = [
        f"<header><h1>{name(run.name)}</h1>",
        f'<p class="soft">Report of {now}{about} · Lightbox {text(__version__)}</p></header>',
    ]
    sections = (
        report_verdict.verdict_section,
        report_verdict.figures_section,
        report_classes.confusion_section,
        report_pictures.pairs_section,
        report_classes.classes_section,
        report_pictures.mistakes_section,
        report_trust.calibration_section,
        report_trust.coverage_section,
        report_trust.slices_section,
        report_trust.robustness_section,
        report_trust.others_section,
        report_made.training_section,
        report_made.card_section,
    )
    for number, section in enumerate(sections):
        report.check()
        report.progress("report", number, len(sections), "Writing the report")
        body.append(section(found))
    report.progress("report", len(sections), len(sections), "Writing the report")
    return document(f"{run.name}: report", body, style=STYLE)
