"""The report of a run: one HTML file for whoever has to judge a model without training any.

It needs nothing else: no network, no scripts, pictures and charts within, a few megabytes at most.
It reads like the pages: the verdict first, then figures with their meaning, mistakes, how far one
can rely on it, how it was made. What the study has not found out yet is left out, and said so.
"""

from __future__ import annotations

import datetime
from dataclasses import replace

from core import __version__
from core.delivery.take_away.material import Material
from core.delivery.take_away.model_card import described, written
from core.delivery.take_away.notes import load_about
from core.delivery.take_away.report_parts import section_html
from core.delivery.take_away.style import STYLE
from core.evaluation.document.parts import Chart, Heading, Line, Paragraph, Part, Section
from core.evaluation.document.section import build, sections_for
from core.quality.report_html import document, name, text
from core.runs.values import EpochRecord
from core.text import plural

_PHASES = {
    "decode": "reading images",
    "features": "features",
    "fit": "training",
    "export": "saving",
    "evaluate": "testing",
}
# Another number whenever reports are made differently: kept ones are then made anew.
VERSION = 4


def report_html(material: Material) -> str:
    """The whole report, as HTML.

    Raises:
        Cancelled: the person asked to stop.
    """
    run, dataset, report = material.run, material.dataset, material.report
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    about = f" · dataset {name(dataset.name)}, version {run.dataset_version}" if dataset else ""
    body = [
        f"<header><h1>{name(run.name)}</h1>",
        f'<p class="soft">Report of {now}{about} · Lightbox {text(__version__)}</p></header>',
    ]
    sections = sections_for("report")
    last = len(sections)
    for number, each in enumerate(sections):
        report.step("report", number, last, "Writing the report")
        section = build(each, material, "report")
        if section is not None:
            body.append(section_html(_with_use(section, material), material))
    body.append(section_html(_training(material), material))
    before, after = described(material)
    described_html = "".join(section_html(each, material, 3) for each in (*before, *after))
    body.append(f"<section><h2>Model card</h2>{described_html}</section>")
    report.progress("report", last, last, "Writing the report")
    return document(f"{run.name}: report", body, style=STYLE)


def _with_use(section: Section, material: Material) -> Section:
    """The verdict with what a person said the model is meant for, before what to be careful of."""
    about = load_about(material.catalog.workspace, material.run.id)
    if section.key != "verdict" or not about.use:
        return section
    use: tuple[Part, ...] = (Heading("use", "What it is meant for"), *written("use", about.use))
    at = [part.key for part in section.parts].index("said") + 1
    return replace(section, parts=(*section.parts[:at], *use, *section.parts[at:]))


def _training(material: Material) -> Section:
    """How it was trained: curves and times; no parts where there is no history."""
    history, summary = material.history, material.summary
    if not history:
        return Section("training", "", ())
    seconds = {key: value for key, value in summary.seconds.items() if value >= 0.05}
    took = ", ".join(f"{_PHASES.get(key, key)} {value:.1f} s" for key, value in seconds.items())
    best = summary.best_epoch
    said = plural(len(history), "epoch") + (f", the best was the {_nth(best)}" if best else "")
    said += f"; {sum(seconds.values()):.1f} s in all ({took})." if seconds else "."
    charts = (_curves(history, key) for key in ("accuracy", "loss"))
    return Section("training", "How it was trained", (Paragraph("said", said), *charts))


def _curves(history: list[EpochRecord], key: str) -> Chart:
    lines = [
        Line(name, [(entry.epoch, entry.value(of)) for entry in history], colour, dashed)
        for name, of, colour, dashed in (
            ("training", key, "a", True),
            ("validation", f"val_{key}", "b", False),
        )
        if any(entry.value(of) is not None for entry in history)
    ]
    return Chart(
        key,
        f"The {key} of training and validation over {plural(len(history), 'epoch')}.",
        "epoch",
        key,
        tuple(lines),
        percent="y" if key == "accuracy" else "",
        whole=True,
    )


def _nth(number: int) -> str:
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(last, 'th')}"
