"""The report's end: how the model was made: curves of training, and the model card."""

from __future__ import annotations

from core.delivery.take_away.findings import Findings
from core.delivery.take_away.model_card import Part, card
from core.delivery.take_away.svg import Line, chart
from core.quality.report_html import table, text

_PHASES = {
    "decode": "reading images",
    "features": "features",
    "fit": "training",
    "export": "saving",
    "evaluate": "testing",
}


def training_section(found: Findings) -> str:
    """Curves over the epochs, and how long it took."""
    history, summary = found.material.history, found.material.summary
    if not history:
        return ""
    drawn = []
    for key, title, percent in (("accuracy", "accuracy", "y"), ("loss", "loss", "")):
        lines = [
            Line(
                said,
                [(entry["epoch"], entry.get(name)) for entry in history],
                colour,
                dashed=colour == "a",
            )
            for said, name, colour in (("training", key, "a"), ("validation", f"val_{key}", "b"))
            if any(entry.get(name) is not None for entry in history)
        ]
        what = f"The {title} of training and validation over {len(history)} epochs."
        drawn.append(chart(lines, "epoch", title, what, percent=percent, whole=True))
    seconds = {key: value for key, value in summary.seconds.items() if value >= 0.05}
    took = ", ".join(f"{_PHASES.get(key, key)} {value:.1f} s" for key, value in seconds.items())
    best = summary.best_epoch
    said = f"{len(history)} epochs" + (f", the best was the {_nth(best)}" if best else "")
    said += f"; {sum(seconds.values()):.1f} s in all ({took})." if seconds else "."
    return (
        f"<section><h2>How it was trained</h2><p>{text(said)}</p>"
        f'<div class="charts">{"".join(drawn)}</div></section>'
    )


def _nth(number: int) -> str:
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(last, 'th')}"


def card_section(found: Findings) -> str:
    """The model card."""
    # The metrics are above already.
    parts = [_part(part) for part in card(found) if part.title != "Metrics"]
    return f"<section><h2>Model card</h2>{''.join(parts)}</section>"


def _part(part: Part) -> str:
    made = [f"<h3>{text(part.title)}</h3>"]
    made += [f"<p>{text(paragraph)}</p>" for paragraph in part.paragraphs]
    if part.points:
        made.append("<ul>" + "".join(f"<li>{text(point)}</li>" for point in part.points) + "</ul>")
    if part.rows:
        numbers = [
            all(row[at].replace(",", "").isdigit() for row in part.rows) and at > 0
            for at in range(len(part.heads))
        ]
        kinds = "".join("n" if number else "t" for number in numbers)
        made.append(table(part.heads, [[text(cell) for cell in row] for row in part.rows], kinds))
    made += [f"<pre>{text(code)}</pre>" for _, code in part.code]
    return "".join(made)
