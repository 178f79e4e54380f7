"""The report can be taken away in three formats, and no name can break out of its cell."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from core.evaluation.figures.compute import class_scores
from core.evaluation.figures.ranking import class_areas
from core.evaluation.figures.tables import HEADS, Format, report_table
from tests.core.evaluation.answered import called

AWKWARD = ["=1+1", "a|b & c_d 50%", "line\nbreak \\ {x}"]


def table(format: Format, labels: list[str] = AWKWARD) -> str:
    evaluation, predictions = called([0, 0, 1, 2], [0, 1, 1, 2], labels=labels)
    areas = class_areas(predictions.true, predictions.probabilities)
    return report_table(evaluation, class_scores(evaluation, areas, predictions), format)


def test_csv_has_all_digits_and_no_formula() -> None:
    head, *rows = csv.reader(io.StringIO(table("csv")))
    assert tuple(head) == HEADS
    assert [row[0] for row in rows] == [
        "'=1+1",
        AWKWARD[1],
        AWKWARD[2],
        "macro average",
        "weighted average",
    ]
    assert [float(x) for x in rows[0][1:3]] == [1.0, 0.5]
    # Wilson's interval of 1 of 2.
    assert [float(x) for x in rows[0][3:5]] == pytest.approx([0.0945, 0.9055], abs=1e-4)
    assert rows[0][6] == "2"
    assert rows[3][3:5] == ["", ""]


def test_markdown_is_one_table_whatever_the_names_are() -> None:
    lines = table("markdown").splitlines()
    assert len(lines) == 2 + 3 + 2
    for line in lines:
        assert line.replace("\\|", "").count("|") == len(HEADS) + 1
    assert r"a\|b \& c\_d 50%" in lines[3]
    assert r"line break \\ \{x\}" in lines[4]


def test_latex_escapes_what_it_would_take_for_commands() -> None:
    text = table("latex")
    lines = text.splitlines()
    assert lines[0] == r"\begin{tabular}{lrrrrrr}"
    assert lines[-1] == r"\end{tabular}"
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == 1 + 3 + 2
    for row in rows:
        assert row.replace(r"\&", "").count("&") == len(HEADS) - 1
    assert r"a\textbar{}b \& c\_d 50\%" in rows[2]
    assert r"line break \textbackslash{} \{x\}" in rows[3]


def test_a_name_in_brackets_is_no_option() -> None:
    assert "{}[5pt] & " in table("latex", ["[5pt]", "b", "c"])


def test_intervals_of_precision_are_of_what_was_called_so() -> None:
    evaluation, predictions = called([0] * 8 + [1] * 2, [0] * 8 + [0] * 2, 2)
    areas = class_areas(predictions.true, predictions.probabilities)
    first, second = class_scores(evaluation, areas, predictions)
    assert (first.precision_low, first.precision_high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert (second.precision_low, second.precision_high) == (0, 1), "never said, so nothing known"
    assert np.isclose(second.recall_low, 0)
