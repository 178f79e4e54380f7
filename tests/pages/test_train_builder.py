"""An own network is put together layer by layer, checked at each step, and trained as it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord
from core.training.stack import Layer, to_json
from core.training.templates import TEMPLATES
from tests.pages.choosing import drawn, edit, expert, put, start, start_offered
from tests.pages.conftest import Open, click, words

BringIn = Callable[..., DatasetRecord]
KINDS = {"kind": "Conv2D", "filters": 8}


@pytest.fixture
def builder(open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]) -> AppTest:
    """The builder with the smallest template: Conv2D, MaxPooling2D, GlobalAveragePooling2D."""
    bring_in(class_folders({"cat": 8, "dog": 8}), "Pets")
    at = put(expert(open_page("train"), "Network"), "architecture", "custom")
    at.selectbox(key="template").select("Smallest CNN").run()
    return click(at, "Start from it")


def names(stack: tuple[Layer, ...]) -> list[str]:
    return [layer.kind for layer in stack]


def test_every_template_stands_there_with_shapes_and_can_be_started(
    builder: AppTest, catalog: Catalog
) -> None:
    for name, (_, layers) in TEMPLATES.items():
        builder.selectbox(key="template").select(name).run()
        click(builder, "Start from it")
        assert start_offered(builder), name
        assert f"{len(layers)}. {layers[-1].kind}" in drawn(builder)
    assert start(builder, catalog).stack == layers


def test_what_is_typed_into_the_table_shows_its_shape_and_is_what_is_trained(
    builder: AppTest, catalog: Catalog
) -> None:
    assert "64 × 64 × 16" in drawn(builder)
    edit(builder, edited_rows={"0": {"filters": 24, "strides": 2}})
    assert "32 × 32 × 24" in drawn(builder)
    edit(
        builder,
        edited_rows={"0": {"filters": 24, "strides": 2}},
        added_rows=[{"kind": "Dense", "filters": 12}],
    )
    assert "4. Dense" in drawn(builder)
    edit(
        builder,
        edited_rows={"0": {"filters": 24, "strides": 2}},
        added_rows=[{"kind": "Dense", "filters": 12}],
        deleted_rows=[1],
    )
    stack = start(builder, catalog).stack
    assert names(stack) == ["Conv2D", "GlobalAveragePooling2D", "Dense"]
    assert (stack[0].filters, stack[0].strides, stack[2].filters) == (24, 2, 12)


def test_a_layer_that_cannot_be_says_so_in_its_row_and_holds_up_the_start(
    builder: AppTest, catalog: Catalog
) -> None:
    edit(builder, added_rows=[{"kind": "Conv2D", "filters": 8}])
    assert '<tr class="wrong"><td colspan=4>4. Conv2D' in drawn(builder)
    assert "Layer 4 (Conv2D) doesn't fit" in words(builder)
    assert "You find it under Expert, Network" in words(builder)
    assert not start_offered(builder)
    click(builder, "Undo 3 changes to the recipe")
    assert start_offered(builder)
    assert start(builder, catalog).architecture != "custom"


def test_a_value_that_is_no_layers_is_named_and_the_layers_before_stay(
    builder: AppTest, catalog: Catalog
) -> None:
    edit(builder, edited_rows={"0": {"filters": 0}})
    assert "Layer 1 has filters 0" in words(builder)
    assert not start_offered(builder)
    assert "64 × 64 × 16" in drawn(builder)
    edit(builder, edited_rows={"0": {"filters": 20}})
    assert start_offered(builder)
    assert start(builder, catalog).stack[0].filters == 20


def test_edits_outlive_a_look_at_another_part(builder: AppTest, catalog: Catalog) -> None:
    edit(builder, edited_rows={"0": {"filters": 24}})
    expert(builder, "Training")
    expert(builder, "Network")
    assert "64 × 64 × 24" in drawn(builder)
    (table,) = [one for one in builder.dataframe if one.editing_mode == "dynamic"]
    assert table.value["filters"].tolist()[0] == 24
    edit(builder, edited_rows={"1": {"size": 4}})
    stack = start(builder, catalog).stack
    assert (stack[0].filters, stack[1].size) == (24, 4)


def test_layers_are_added_set_moved_copied_and_removed_without_the_table(
    builder: AppTest, catalog: Catalog
) -> None:
    builder.selectbox(key="builder-kind").select("Dropout").run()
    click(builder, "Add at the end")
    builder.slider(key="builder-rate").set_value(0.5).run()
    click(builder, "Up")
    builder.selectbox(key="builder-layer").select(0).run()
    builder.number_input(key="builder-filters").set_value(48).run()
    click(builder, "Copy")
    builder.selectbox(key="builder-layer").select(2).run()
    click(builder, "Remove")
    stack = start(builder, catalog).stack
    assert names(stack) == ["Conv2D", "Conv2D", "Dropout", "GlobalAveragePooling2D"]
    assert (stack[0].filters, stack[1].filters, stack[2].rate) == (48, 48, 0.5)


def test_layers_come_and_go_as_json(builder: AppTest, catalog: Catalog) -> None:
    stack = TEMPLATES["Wide and shallow"][1]
    builder.text_area[0].set_value(to_json(stack)).run()
    click(builder, "Use these layers")
    assert start(builder, catalog).stack == stack


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "it is no JSON"),
        (json.dumps([{"kind": "Conv3D"}]), "Layer 1 has kind 'Conv3D'"),
        (json.dumps([KINDS, KINDS | {"filter": 3}]), "Layer 2 has a setting “filter”"),
    ],
)
def test_json_that_is_no_network_is_refused_in_a_sentence(
    builder: AppTest, text: str, said: str
) -> None:
    builder.text_area[0].set_value(text).run()
    click(builder, "Use these layers")
    assert said in words(builder)
    assert "64 × 64 × 16" in drawn(builder), "the layers stay as they were"
    assert start_offered(builder)
