"""A section of results, or a metric, is one function: everything that draws results has it then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from core.delivery.take_away.material import load_material
from core.delivery.take_away.metrics_json import metrics
from core.delivery.take_away.model_card import card_markdown
from core.delivery.take_away.report import report_html
from core.evaluation.document.parts import Column, Note, Paragraph, Part, Table
from core.evaluation.document.result import Result
from core.evaluation.document.section import SECTIONS, section
from core.evaluation.figures.metric import METRICS, metric
from core.evaluation.predictions import Predictions
from tests.core.cli.conftest import Cli
from tests.core.cli.conftest import cli as cli
from tests.pages.conftest import Open, Trained, show, words


@pytest.fixture
def added() -> Iterator[None]:
    @metric("never_blue", "Never blue", "The part of the images not called blue.", "images")
    def never_blue(predictions: Predictions) -> np.ndarray:
        return np.array(predictions.table["predicted"] != "blue")

    @section("surprises", "What surprised us")
    def surprises(result: Result) -> Iterable[Part]:
        yield Paragraph("said", f"Nothing in {result.evaluation.images} images.")
        columns = (Column("what", "what"), Column("share", "surprising", "percent"))
        yield Table("surprises", columns, (("a colour", 0.125),))
        yield Note("how", "By asking.")

    yield
    del METRICS["never_blue"], SECTIONS["surprises"]


@pytest.mark.usefixtures("added")
def test_what_is_added_is_on_page_report_card_and_command_line(
    open_page: Open, trained: Trained, cli: Cli
) -> None:
    catalog, run = trained.catalog, trained.catalog.runs.get(trained.run_id)
    at = show(open_page("results"), "All figures")
    assert "Never blue" in next(each.value for each in at.markdown if "What it means" in each.value)
    show(at, "What surprised us")
    assert "Nothing in 6 images" in words(at)
    assert at.dataframe[0].value.to_dict("records") == [{"what": "a colour", "share": 12.5}]

    report = report_html(load_material(catalog, run.id))
    card = card_markdown(load_material(catalog, run.id))
    for said in ("Never blue", "not called blue", "What surprised us", "Nothing in 6", "12.5 %"):
        assert said in report
        assert said in card

    document = cli("evaluate", run.name, "--json").document
    assert "never_blue" in [score["key"] for score in document["scores"]]
    (told,) = [each for each in document["sections"] if each["key"] == "surprises"]
    assert told["parts"][1]["rows"] == [{"what": "a colour", "share": 0.125}]
    assert "a colour      12.5 %" in cli("evaluate", run.name).out
    assert "never_blue" in [
        score["key"] for score in metrics(load_material(catalog, run.id))["scores"]
    ]


def test_figures_without_a_metric_of_today_are_made_anew(
    open_page: Open, trained: Trained, request: pytest.FixtureRequest
) -> None:
    folder = trained.catalog.workspace.run(trained.run_id)
    assert "never_blue" not in (folder / "scores.json").read_text()
    request.getfixturevalue("added")
    open_page("results")
    assert "never_blue" in (folder / "scores.json").read_text()
