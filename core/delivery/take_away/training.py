"""How a model was trained: its curves over the epochs, and how long each step took."""

from __future__ import annotations

from core.delivery.take_away.material import Material
from core.evaluation.document.parts import Chart, Line, Paragraph, Section
from core.runs.values import EpochRecord
from core.text import plural

_PHASES = {
    "decode": "reading images",
    "features": "features",
    "fit": "training",
    "export": "saving",
    "evaluate": "testing",
}


def training(material: Material) -> Section:
    """Curves and times; no parts where there is no history."""
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
