"""The report's confusion matrix and table of classes, readable with 2 classes and with 200."""

from __future__ import annotations

import numpy as np

from core.delivery.take_away.findings import Findings
from core.evaluation.records import ClassScore, worst_confusions
from core.quality.report_html import bar, name, table, text
from core.text import percent

# Beyond, numbers in cells can't be read, and the matrix becomes a picture.
MOST_CELLS = 16
_SIDE = 900
_SHOWN = 24
_MOST_PAIRS = 30


def confusion_section(found: Findings) -> str:
    """Which class is taken for which."""
    evaluation = found.material.evaluation
    if not evaluation.images:
        return ""
    counts = np.array(evaluation.confusion, np.int64)
    many = len(evaluation.labels) > MOST_CELLS
    order = found.figures.order if many else list(range(len(evaluation.labels)))
    drawn = matrix([evaluation.labels[at] for at in order], counts[np.ix_(order, order)])
    said = (
        "Each row is a true class, each column what the model predicted; right answers are on the "
        "diagonal, in blue, mistakes beside it in orange. The stronger a cell's colour, the larger "
        "its part of the row."
    )
    if many:
        said += (
            " Classes that are mixed up lie side by side. Pointed at, a cell says what it is; the "
            "most frequent mistakes are listed below."
        )
        drawn += _listed(found)
    return f"<section><h2>Which class is taken for which</h2><p>{said}</p>{drawn}</section>"


def _listed(found: Findings) -> str:
    """The most frequent mistakes, for paper and for whoever can't point."""
    rows = [
        [name(pair.true), name(pair.predicted), f"{pair.count:,}", f"{pair.support:,}"]
        for pair in worst_confusions(found.material.evaluation, _MOST_PAIRS)
    ]
    return table(("true", "predicted", "images", "of"), rows, "ttnn") if rows else ""


def matrix(labels: list[str], counts: np.ndarray) -> str:
    """A confusion matrix as HTML: a table with numbers, or with many classes a picture.

    Args:
        counts: int, shape (classes, classes): rows true, columns predicted.
    """
    return (_picture if len(labels) > MOST_CELLS else _cells)(labels, counts)


def _cells(labels: list[str], counts: np.ndarray) -> str:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    heads = "".join(f"<th scope=col><div>{name(label)}</div></th>" for label in labels)
    rows = []
    for row, label in enumerate(labels):
        cells = "".join(
            _cell(int(counts[row, at]), float(shares[row, at]), row == at)
            for at in range(len(labels))
        )
        rows.append(f"<tr><th scope=row>{name(label)}</th>{cells}</tr>")
    return (
        '<div class="scroll"><table class="matrix"><thead><tr>'
        f'<th class="corner">true ↓<br>predicted →</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(count: int, share: float, right: bool) -> str:
    if not count:
        return '<td class="soft">·</td>'
    # Blue or orange of Okabe and Ito; a mistake is seen even where it is rare.
    strength = max(share, 0.15 if right else 0.4)
    colour = "0,114,178" if right else "190,90,0"
    hot = ' class="hot"' if strength > 0.5 else ""
    return f'<td{hot} style="background:rgba({colour},{strength:.2f})">{count:,}</td>'


def _picture(labels: list[str], counts: np.ndarray) -> str:
    """The matrix as a picture: a square a cell, with its numbers when pointed at."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    few = len(labels) <= 60
    left, top = (130, 130) if few else (30, 30)
    side = _SIDE / len(labels)
    parts = [
        f'<line class="axis" x1="{left}" y1="{top}" x2="{left + _SIDE}" y2="{top}"/>',
        f'<line class="axis" x1="{left}" y1="{top}" x2="{left}" y2="{top + _SIDE}"/>',
    ]
    for row, column in zip(*np.nonzero(counts), strict=True):
        kind = "ia" if row == column else "ib"
        strength = max(float(shares[row, column]), 0.15 if row == column else 0.35)
        said = text(f"{labels[row]} → {labels[column]}: {counts[row, column]:,}")
        parts.append(
            f'<rect class="{kind}" x="{left + column * side:.1f}" y="{top + row * side:.1f}" '
            f'width="{side - 0.5:.1f}" height="{side - 0.5:.1f}" fill-opacity="{strength:.2f}">'
            f"<title>{said}</title></rect>"
        )
    if few:
        for at, label in enumerate(labels):
            short = text(label if len(label) <= _SHOWN else f"{label[: _SHOWN - 1]}…")
            middle = at * side + side / 2 + 3
            parts.append(
                f'<text x="{left - 5}" y="{top + middle:.1f}" text-anchor="end">{short}</text>'
            )
            across = left + middle
            parts.append(
                f'<text x="{across:.1f}" y="{top - 5}" '
                f'transform="rotate(-90 {across:.1f} {top - 5})">{short}</text>'
            )
    parts.append(f'<text x="{left}" y="{12}">predicted →</text>')
    parts.append(f'<text x="12" y="{top + 60}" transform="rotate(-90 12 {top + 60})">← true</text>')
    size = f"{left + _SIDE + 5} {top + _SIDE + 5}"
    return (
        f'<svg class="wide" viewBox="0 0 {size}" role="img" aria-label="confusion '
        f'matrix">{"".join(parts)}</svg>'
    )


def classes_section(found: Findings) -> str:
    """How each class did: the weakest first where there are many."""
    material = found.material
    if not material.evaluation.images:
        return ""
    classes = found.figures.classes
    said = (
        "Recall: of the images of a class, how many were found. Precision: of the images "
        "called it, how many are."
    )
    if len(classes) > MOST_CELLS:
        classes = sorted(classes, key=lambda each: (each.support == 0, each.recall))
        said += " The weakest come first."
    trained = material.split.loc[material.split["split"] == "train", "label"].value_counts()
    rows = [_line(each, int(trained.get(each.label, 0))) for each in classes]
    rows += [
        [
            text(average.label),
            "",
            percent(average.recall, 1),
            "",
            percent(average.precision, 1),
            percent(average.f1, 1),
            f"{average.support:,}",
            "",
        ]
        for average in (material.evaluation.macro, material.evaluation.weighted)
    ]
    heads = (
        "class",
        "",
        "recall",
        "likely between",
        "precision",
        "F1",
        "test images",
        "trained on",
    )
    return (
        "<section><h2>Class by "
        f"class</h2><p>{text(said)}</p>{table(heads, rows, 'tbnwnnnn')}</section>"
    )


def _line(each: ClassScore, trained: int) -> list[str]:
    if not each.support:
        return [name(each.label), "", "–", "", "–", "–", "0", f"{trained:,}"]
    return [
        name(each.label),
        bar([each.recall]),
        percent(each.recall, 1),
        f"{percent(each.recall_low, 0)} to {percent(each.recall_high, 0)}",
        percent(each.precision, 1),
        percent(each.f1, 1),
        f"{each.support:,}",
        f"{trained:,}",
    ]
