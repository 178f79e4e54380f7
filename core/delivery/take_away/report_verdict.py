"""The report's beginning: the verdict in words, a scale, and the figures with what they mean."""

from __future__ import annotations

from core.delivery.take_away.findings import Findings
from core.delivery.take_away.notes import load_about
from core.quality.report_html import figures, table, text
from core.text import percent


def verdict_section(found: Findings) -> str:
    """The verdict, statement by statement."""
    verdict, evaluation = found.figures.verdict, found.material.evaluation
    first, *others = verdict.statements
    kind = "" if first.tone == "good" else " look"
    cautions = verdict.cautions
    parts = [f'<section><p class="verdict{kind}">{text(first.text)}</p>']
    if evaluation.images:
        parts.append(_scale(found))
    parts.append(_said([each for each in others if each not in cautions]))
    about = load_about(found.material.catalog.workspace, found.material.run.id)
    if about.use:
        parts.append(f"<h3>What it is meant for</h3>{_paragraphs(about.use)}")
    if cautions:
        parts += ["<h3>Before relying on it</h3>", _said(cautions)]
    likely = "“Likely” means a 95 % interval by Wilson’s method."
    if not found.material.run.imported:
        likely += " None of the test images, and no copy of one, was trained on."
    parts.append(f'<p class="soft">{likely}</p></section>')
    return "".join(parts)


def _said(statements: list) -> str:
    lines = "".join(f'<li class="{each.tone}">{text(each.text)}</li>' for each in statements)
    return f'<ul class="said">{lines}</ul>' if lines else ""


def _paragraphs(written: str) -> str:
    return "".join(f"<p>{text(each)}</p>" for each in written.split("\n\n") if each.strip())


def _scale(found: Findings) -> str:
    """Accuracy with its interval, and the largest class's share, on a line from 0 to 100 %."""
    evaluation = found.material.evaluation
    low, high = evaluation.interval.low, evaluation.interval.high

    def at(share: float) -> str:
        return f"{2 + share * 96:.2f}%"

    base = evaluation.baseline
    side = "start" if base < 0.25 else "end" if base > 0.75 else "middle"
    what = text(
        f"On a scale from 0 to 100 %: accuracy {percent(evaluation.accuracy, 1)}, likely between "
        f"{percent(low, 1)} and {percent(high, 1)}; always answering the largest class gives "
        f"{percent(base, 1)}."
    )
    return (
        f'<svg class="scale" role="img" aria-label="{what}" height="52" style="height:52px">'
        f'<line class="axis" x1="{at(0)}" x2="{at(1)}" y1="16" y2="16" stroke-width="6"/>'
        f'<line class="sa" x1="{at(low)}" x2="{at(high)}" y1="16" y2="16" stroke-width="12" '
        'stroke-opacity=".45"/>'
        f'<circle class="fa" cx="{at(evaluation.accuracy)}" cy="16" r="7"/>'
        f'<line class="sb" x1="{at(base)}" x2="{at(base)}" y1="6" y2="26" stroke-width="3"/>'
        f'<text x="{at(base)}" y="44" text-anchor="{side}">always the largest class: '
        f"{percent(base, 0)}</text></svg>"
    )


def figures_section(found: Findings) -> str:
    """Headlines, and all figures with interval and meaning."""
    made, evaluation = found.figures, found.material.evaluation
    if not evaluation.images:
        return ""
    headlines = [
        (score.title, score.written)
        for key in ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "log_loss")
        if (score := made.score(key)) is not None
    ]
    rows = [
        [
            f'<strong>{text(score.title)}</strong><br><span class="soft">'
            f"{text(score.why or score.meaning)}</span>",
            score.written,
            text(score.interval or "–"),
        ]
        for score in made.scores
    ]
    return (
        f"<section><h2>How good it is</h2>{figures(headlines)}<h3>All figures</h3>"
        f"{table(('metric', 'value', 'likely between'), rows, 'tnw')}"
        '<p class="soft">Intervals are at 95 %: Wilson’s for parts of images; for the others the '
        "test "
        "images are drawn again and again (bootstrap).</p></section>"
    )
