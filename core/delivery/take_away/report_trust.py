"""The report's part on reliance: calibration, coverage, kinds of images, disturbances, other
tests."""

from __future__ import annotations

from core.delivery.take_away.findings import Findings
from core.delivery.take_away.svg import Line, chart
from core.evaluation.predictions import evaluated_on
from core.evaluation.store import load_evaluation
from core.evaluation.trust import words as words
from core.evaluation.trust.calibration import Calibration
from core.evaluation.trust.disturbances import KINDS
from core.evaluation.trust.robustness import Disturbed
from core.evaluation.trust.slices import FALSE_DISCOVERIES, FEWEST
from core.quality.report_html import name, table, text
from core.text import percent

# Rows of tables that could be long.
_MOST = 30
_SHOWN = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


def calibration_section(found: Findings) -> str:
    """Whether its percentages can be taken at their word."""
    trust = found.reliability
    if trust is None:
        return ""
    said = words.can_i_rely_on_it(trust)[1]
    lines = [
        Line("as it answers", _points(trust.before), "a", dotted=True),
    ]
    if trust.after is not None:
        lines.append(
            Line("with the temperature", _points(trust.after), "b", dashed=True, dotted=True)
        )
    drawn = chart(
        lines,
        "how sure it says it is",
        "how often it is right",
        "Calibration: how often answers are right, by how sure they are. "
        + words.sentence_of_calibration(trust.before),
        x_range=(0, 1),
        y_range=(0, 1),
        percent="xy",
        diagonal=True,
        bands=[
            (each.confidence, each.right.low, each.right.high) for each in trust.before.equal_width
        ],
    )
    rows = [
        [
            f"{percent(each.low, 0)} to {percent(each.high, 0)}",
            percent(each.confidence, 1),
            percent(each.right.share, 1),
            f"{percent(each.right.low, 0)} to {percent(each.right.high, 0)}",
            f"{each.right.images:,}",
        ]
        for each in trust.before.equal_width
    ]
    return (
        f"<section><h2>Can one rely on it?</h2><p><strong>{text(said)}</strong></p>"
        "<h3>Is it as sure as it may be?</h3>"
        f"<p>{text(words.sentence_of_calibration(trust.before))} "
        f"{text(words.sentence_of_temperature(trust))} "
        f"Expected calibration error: {percent(trust.before.ece, 1)}, likely between "
        f"{percent(trust.before.ece_low, 1)} and {percent(trust.before.ece_high, 1)}.</p>{drawn}"
        '<p class="soft">On the thin diagonal, it is right as often as it says. Upright bars are '
        "95 % "
        "intervals of how often it is right.</p>"
        + table(("it says", "on average", "right", "likely between", "images"), rows, "wnnwn")
        + "</section>"
    )


def _points(calibration: Calibration) -> list[tuple[float, float | None]]:
    return [(each.confidence, each.right.share) for each in calibration.equal_width]


def coverage_section(found: Findings) -> str:
    """Answering only when sure enough."""
    trust = found.reliability
    if trust is None:
        return ""
    curve = [point for point in trust.curve if point.answered.images]
    drawn = chart(
        [
            Line("right, of those answered", [(p.threshold, p.answered.share) for p in curve], "a"),
            Line("answered", [(p.threshold, p.coverage) for p in trust.curve], "b", dashed=True),
        ],
        "answers only when at least so sure",
        "share of images",
        "Accuracy and the share of images that are answered, by the least confidence.",
        x_range=(0, 1),
        y_range=(
            min([0.5, *(p.answered.share for p in curve), *(p.coverage for p in trust.curve)]),
            1,
        ),
        percent="xy",
    )
    rows = [
        [
            percent(point.threshold, 0),
            percent(point.coverage, 1),
            percent(point.answered.share, 1) if point.answered.images else "–",
            f"{percent(point.answered.low, 0)} to {percent(point.answered.high, 0)}",
            f"{point.answered.images:,}",
        ]
        for point in trust.curve
        if point.threshold in _SHOWN
    ]
    wanted = "".join(
        (
            f"<li><strong>{percent(each.wanted, 0)}:</strong> "
            f"{text(words.sentence_of_suggestion(each))}</li>"
        )
        for each in trust.suggestions
    )
    return (
        "<section><h2>Answering only when sure</h2><p>Doubtful images can be left to people: the "
        "surer the model has to be, the fewer images it answers, and the more often it is "
        f"right.</p>{drawn}"
        + table(
            ("at least so sure", "answered", "right", "likely between", "images"), rows, "nnnwn"
        )
        + (f"<h3>For a wanted accuracy</h3><ul>{wanted}</ul>" if wanted else "")
        + "</section>"
    )


def slices_section(found: Findings) -> str:
    """Kinds of images on which it does worse."""
    trust = found.reliability
    if trust is None:
        return ""
    worse = [each for each in trust.slices if each.worse]
    shown = "".join(
        f"<li class=caution>{text(words.sentence_of_slice(each))}</li>" for each in worse[:8]
    )
    rows = [
        [
            text(each.title),
            text(each.part),
            f"{each.inside.images:,}",
            percent(each.inside.share, 1),
            f"{percent(each.inside.low, 0)} to {percent(each.inside.high, 0)}",
            percent(each.rest.share, 1),
            f"{each.q:.3f}",
        ]
        for each in trust.slices[:_MOST]
    ]
    heads = ("what", "kind", "images", "right", "likely between", "others", "p corrected")
    return (
        "<section><h2>Is it worse on some kinds of images?</h2>"
        f"<p>{text(words.sentence_of_slices(trust))}</p>"
        + (f'<ul class="said">{shown}</ul>' if shown else "")
        + (table(heads, rows, "ttnnwnn") if rows else "")
        + (
            f'<p class="soft">Kinds of at least {FEWEST} test images, each against all others: '
            f"Fisher’s "
            "exact test, corrected for their number (Benjamini and Hochberg), at "
            f"{percent(FALSE_DISCOVERIES, 0)}.</p>"
            if rows
            else ""
        )
        + "</section>"
    )


def robustness_section(found: Findings) -> str:
    """What its accuracy withstands."""
    trust = found.reliability
    if trust is None:
        return ""
    title = "<section><h2>On worse photos</h2>"
    robust = trust.robustness
    if robust is None:
        return (
            f"{title}<p>How it copes with blurred, dark or turned photos has not been tried yet: "
            "that is found out when Results are opened, or by the command “study”.</p></section>"
        )
    by_kind: dict[str, list[Disturbed]] = {}
    for test in robust.tests:
        by_kind.setdefault(test.kind, []).append(test)
    rows = [
        [text(KINDS[kind].title), *(_disturbed(each) for each in tests)]
        for kind, tests in by_kind.items()
    ]
    widest = max((len(row) - 1 for row in rows), default=0)
    rows = [row + [""] * (widest + 1 - len(row)) for row in rows]
    heads = ("disturbance", *("mild", "medium", "strong")[:widest])
    return (
        f"{title}<p>{text(words.sentence_of_robustness(robust))}</p>"
        f'<p class="soft">{robust.images:,} of {robust.of:,} test images, disturbed and asked '
        f"about "
        f"again; undisturbed, {percent(robust.plain.share, 1)} of them are right. Marked with "
        f"“!”: worse "
        "by more than chance (McNemar’s test, corrected for their number).</p>"
        f"{table(heads, rows, 't' * (widest + 1))}</section>"
    )


def _disturbed(test: Disturbed) -> str:
    mark = " <strong>!</strong>" if test.worse else ""
    how = text(KINDS[test.kind].short(test.strength))
    return f'{percent(test.right.share, 1)}{mark}<br><span class="soft">{how}</span>'


def others_section(found: Findings) -> str:
    """Folders that it was tested on besides."""
    workspace, run = found.material.catalog.workspace, found.material.run
    rows = []
    for on in evaluated_on(workspace, run.id):
        if on == "test":
            continue
        each = load_evaluation(workspace, run.id, on)
        rows.append(
            [
                name(on.rpartition("/")[2] or on),
                f"{each.images:,}",
                percent(each.accuracy, 1),
                f"{percent(each.interval.low, 1)} to {percent(each.interval.high, 1)}",
            ]
        )
    if not rows:
        return ""
    heads = ("folder", "images", "right", "likely between")
    return f"<section><h2>On other images</h2>{table(heads, rows, 'tnnw')}</section>"
