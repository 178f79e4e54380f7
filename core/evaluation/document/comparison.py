"""What there is to say of two runs side by side, and of what several cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.evaluation.comparison.compare import Comparison, Measured
from core.evaluation.comparison.pareto import Cost, front
from core.evaluation.document import parts
from core.text import percent

_COSTS = (
    parts.Column("model", "model", "name", of="name"),
    parts.Column("accuracy", "accuracy", "percent"),
    parts.Column("likely", "likely between", "interval", of="interval"),
    parts.Column("images", "images", "count"),
    parts.Column("milliseconds", "ms an image", "number", 2),
    parts.Column("keras_mb", "MB (model.keras)", "number", 2),
    parts.Column("openvino_mb", "MB (OpenVINO)", "number", 2),
    parts.Column("parameters", "weights", "count"),
)
_BEST = parts.Column("best", "beaten by none", "yes", meaning="In accuracy and speed both.")


def verdict_parts(found: Comparison) -> Iterable[parts.Part]:
    """Whether one of two is really better, and what makes them hard to compare."""
    pair = found.paired
    tone: parts.Tone = "good" if pair.beyond_chance else "neutral"
    yield parts.Headline(
        "sentence", parts.Statement(key="sentence", text=found.sentence, tone=tone)
    )
    if pair.images:
        low, middle, high = (_points(each) for each in (pair.low, pair.difference, pair.high))
        yield parts.Paragraph(
            "difference",
            f"“{found.first.name}” {percent(pair.first)}, “{found.second.name}” "
            f"{percent(pair.second)}: a difference of {middle} percentage points, likely between "
            f"{low} and {high}.",
        )
    if found.cautions:
        cautions = (parts.Statement(key="caution", text=each) for each in found.cautions)
        yield parts.Statements("cautions", tuple(cautions))
    if pair.images:
        yield parts.Note(
            "how",
            "p is how often two equally good models would differ by so much or more (McNemar’s "
            "exact test); below 0.05 counts as more than chance. 95 % interval by Newcombe’s "
            "method 10 for two models on the same images.",
        )


def metrics_table(found: Comparison) -> parts.Table:
    """Metrics of both on the images that both were tested on."""
    columns = (
        parts.Column("metric", "metric", of="name"),
        parts.Column("first", found.first.name, "line", of=lambda m: _value(m, m.first)),
        parts.Column("second", found.second.name, "line", of=lambda m: _value(m, m.second)),
        parts.Column("difference", "difference", "line", of=_difference),
        parts.Column(
            "interval",
            "95 % interval",
            "line",
            of=lambda m: f"{_change(m, m.low)} to {_change(m, m.high)}",
        ),
        parts.Column("judged", f"{found.second.name} is", of=_judged),
        parts.Column(
            "meaning", "What it means", "prose", of=lambda m: f"{m.meaning} Interval: {m.method}."
        ),
    )
    return parts.Table("metrics", columns, parts.rows(columns, found.metrics), "")


def _difference(metric: Measured) -> str:
    return _change(metric, metric.difference) + (" points" if metric.share else "")


def _value(metric: Measured, value: float) -> str:
    return percent(value) if metric.share else f"{value:.4f}"


def _change(metric: Measured, value: float) -> str:
    return _points(value) if metric.share else f"{value:+.4f}".replace("-", "−")


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")


def _judged(metric: Measured) -> str:
    if not metric.beyond_chance:
        return "within chance of it"
    return "better" if (metric.difference > 0) != metric.lower_is_better else "worse"


def costs_table(costs: Sequence[Cost]) -> parts.Table:
    """Accuracy, size and speed of runs; where all were measured, which are beaten by none."""
    known = all(one.accuracy is not None and one.milliseconds is not None for one in costs)
    speeds = [one.milliseconds or 0.0 for one in costs]
    found = front([one.accuracy or 0.0 for one in costs], speeds).tolist()
    best = found if known else [None] * len(costs)
    rows = zip(parts.rows(_COSTS, costs), best, strict=True)
    return parts.Table("costs", (*_COSTS, _BEST), tuple((*row, good) for row, good in rows))
