"""How each class did: the weakest first where there are many."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Column, Paragraph, Part, Table, rows
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section

_MANY = 16
_COLUMNS = (
    Column("class", "class", "name", of="label"),
    Column(
        "images",
        "test images",
        "count",
        meaning="Test images of this class (support).",
        of="support",
    ),
    Column(
        "recall",
        "recall",
        "percent",
        meaning="Of the images of this class, how many were found.",
        bar=True,
        of=lambda each: each.recall if each.support else None,
    ),
    Column(
        "likely",
        "likely between",
        "interval",
        meaning="The recall likely lies between these (95 % interval by Wilson’s method).",
        of=lambda each: (each.recall_low, each.recall_high) if each.support else None,
    ),
    Column(
        "precision",
        "precision",
        "percent",
        meaning="Of the images called this class, how many are.",
    ),
    Column("f1", "F1", "percent", meaning="The harmonic mean of precision and recall."),
    Column(
        "roc_auc",
        "ROC AUC",
        "percent",
        2,
        "How often an image of this class gets a higher probability of it than another image.",
    ),
    Column(
        "average_precision",
        "average precision",
        "percent",
        2,
        "The area under the precision-recall curve.",
    ),
)
_TRAINED = Column(
    "trained", "trained on", "count", meaning="Images of this class that it learned from."
)


@section("classes", "Class by class", OFF_CARD)
def classes(result: Result) -> Iterable[Part]:
    evaluation, scores = result.evaluation, result.figures.classes
    said = (
        "Recall: of the images of a class, how many were found. Precision: of the images called "
        "it, how many are."
    )
    if len(scores) > _MANY:
        scores = sorted(scores, key=lambda each: (each.support == 0, each.recall))
        said += " The weakest come first."
    yield Paragraph("said", said)
    averages = (evaluation.macro, evaluation.weighted)
    yield Table(
        "classes",
        (*_COLUMNS, _TRAINED),
        tuple((*row, result.trained.get(row[0], 0)) for row in rows(_COLUMNS, scores)),
        "",
        foot=tuple(
            (a.label, a.support, a.recall, "", a.precision, a.f1, "", "", "") for a in averages
        ),
    )
