"""Model card, figures as JSON, and the command that trains a run again."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from core.cli.parser import parse
from core.delivery.take_away.command import command_line
from core.delivery.take_away.material import load_material
from core.delivery.take_away.metrics_json import metrics
from core.delivery.take_away.model_card import card_markdown
from core.delivery.take_away.notes import load_about, save_about
from core.delivery.take_away.written import write
from core.errors import InvalidInput, NotFound
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec
from tests.core.delivery.take_away.making import spec_of


def text_of(catalog: Catalog, run: RunRecord) -> str:
    return card_markdown(load_material(catalog, run.id))


def test_a_card_has_data_metrics_limits_and_how_to_reproduce(
    catalog: Catalog, run: RunRecord
) -> None:
    text = text_of(catalog, run)
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        "## Model",
        "## Data",
        "## Metrics",
        "## Limits",
        "## Environment",
        "## How to reproduce",
    ]
    assert "24 images to train on" in text
    assert "| green | 8 | 8 | 11 |" in text
    assert "Learned from fewer than 30 images: “blue”, “green”, “red”" in text
    assert "was not tried" in text
    assert "| Accuracy | 93.3 % |" in text
    assert "# Model card: A \\<b\\>run\\</b\\> \\& \\*more\\*" in text


def test_what_auto_learned_from_is_counted_whole(catalog: Catalog, run: RunRecord) -> None:
    catalog.runs.summarise(run.id, run.summary.model_copy(update={"judged": 48}))
    assert "48 images that the model learned from in the end (24 to train on" in text_of(
        catalog, run
    )


def test_what_a_person_says_is_part_of_it_and_nothing_stands_in_its_place(
    catalog: Catalog, run: RunRecord
) -> None:
    assert "Licence" not in text_of(catalog, run)
    save_about(catalog.workspace, run.id, use="To sort beads.", licence=" CC BY 4.0 ", remarks="")
    text = text_of(catalog, run)
    assert "## Intended use\n\nTo sort beads.\n" in text
    assert "## Licence\n\nCC BY 4.0\n" in text
    assert "Remarks" not in text
    with pytest.raises(InvalidInput, match="longer"):
        save_about(catalog.workspace, run.id, use="x" * 5000, licence="", remarks="")
    assert load_about(catalog.workspace, run.id).use == "To sort beads."


def test_figures_are_one_document_of_the_schema(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    found = metrics(load_material(catalog, run.id))
    assert (found["schema"], found["version"]) == ("lightbox-metrics", 1)
    assert found["test"]["correct"] == 28
    assert found["data"]["images"] == {"train": 24, "validation": 24, "test": 30}
    assert found["confusion"]["counts"][1] == [0, 9, 2]
    assert sum(map(sum, found["confusion"]["counts"])) == 30
    assert {score["key"] for score in found["scores"]} >= {"accuracy", "macro_f1", "mcc", "brier"}
    assert found["reliability"]["robustness"] is None
    assert len(found["training"]["history"]) == 3
    file = write("metrics", catalog, run.id, tmp_path / "figures.json")

    def none(text: str) -> None:
        raise AssertionError(f"{text} is not JSON")

    assert json.loads(file.read_text(), parse_constant=none)["test"] == found["test"]


def test_a_run_without_results_is_a_sentence(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no run named"):
        write("card", catalog, "cats", tmp_path / "card.md")
    with pytest.raises(InvalidInput, match=r"ends in \.md"):
        write("card", catalog, "cats", tmp_path / "card.txt")


def test_a_run_whose_dataset_was_removed_still_has_a_card(catalog: Catalog, run: RunRecord) -> None:
    catalog.datasets.remove(run.dataset_id)
    text = text_of(catalog, run)
    assert "a dataset that was removed since" in text


@pytest.mark.parametrize(
    "spec",
    [
        *(spec_of(recipe) for recipe in RECIPES),
        spec_of(augmentation="none", epochs=7),
        spec_of("best", augmentation="strong", test_views=1, seed=3),
        spec_of(augmentation__flip_horizontal=True, augmentation__rotation=3),
        spec_of("quick", validation=0.1, test=0.25, metrics="top_3,auc", tensorboard=True),
        spec_of("classic", loss__name="focal", optimizer__name="sgd", resize="crop", color="gray"),
        spec_of("quick", learning_rate=0.0012345678, tuning__learning_rate=1e-06, batch_size=64),
        spec_of("auto", minutes=0, seed=0),
        spec_of("auto", minutes=12.3456789),
        spec_of("quick", minutes=3),
        spec_of(architecture="custom"),
    ],
    ids=lambda spec: spec.recipe,
)
@pytest.mark.parametrize("known", [False, True], ids=["any images", "these images"])
def test_the_command_trains_with_the_same_settings(spec: TrainSpec, known: bool) -> None:
    recipe = spec_of(spec.recipe)
    if not known:
        # Of other images it would choose something else.
        chosen = {"image_size": 48, "epochs": 9, "learning_rate": 0.5, "decoding": "5:0:9"}
        recipe = recipe.with_values(chosen)
    said = shlex.split(command_line(spec, "it's mine", base=recipe if known else None))
    options: argparse.Namespace = parse(said[3:])
    assert (options.name, options.recipe, options.layers) == ("it's mine", spec.recipe, None)
    values = dict(setting.split("=", 1) for setting in options.settings)
    if options.minutes is not None:
        assert options.recipe == "auto", "--minutes is refused with others"
        values["minutes"] = options.minutes
    assert recipe.with_values(values) == spec
    if known:
        same = command_line(recipe, "mine", base=recipe)
        assert same == f"python -m core train mine --recipe {spec.recipe}"


def test_of_a_head_that_was_fitted_nothing_is_said_that_only_a_network_obeys() -> None:
    spec = spec_of("auto", minutes=2, seed=5)
    said = command_line(spec, "beads", head="ridge")
    assert said.startswith("python -m core train beads --recipe auto --minutes 2 ")
    assert "seed=5" in said
    for each in ("epochs", "learning_rate", "augmentation", "optimizer", "dropout"):
        assert each in str(spec), "a setting of today"
        assert each not in said
