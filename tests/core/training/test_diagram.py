"""Layers become blocks that a person can take in, and blocks a drawing that says the same."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from core.training.architectures import ARCHITECTURES
from core.training.architectures.facts import facts
from core.training.blocks import Block, diagram, from_rows, group
from core.training.stack import Layer, trace
from core.training.templates import TEMPLATES

SVG = "{http://www.w3.org/2000/svg}"


def layer(name: str, kind: str, *shape: int, flops: int = 0, parameters: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "shape": list(shape),
        "parameters": parameters,
        "flops": flops,
    }


def test_layers_of_one_resolution_are_one_block() -> None:
    table = [
        layer("pixels", "InputLayer", 32, 32, 3),
        layer("rescaling", "Rescaling", 32, 32, 3),
        layer("a", "Conv2D", 32, 32, 8, flops=9, parameters=4),
        layer("b", "Conv2D", 16, 16, 8, flops=5, parameters=2),
        layer("add", "Add", 16, 16, 8),
        layer("mean", "GlobalAveragePooling2D", 8),
        layer("features", "Activation", 8),
        layer("logits", "Dense", 3, flops=1, parameters=27),
        layer("probabilities", "Activation", 3),
    ]
    assert group(table) == [
        Block("Input", "InputLayer", 2, (32, 32, 3), 0, 0),
        Block("Convolutions", "Conv2D", 1, (32, 32, 8), 4, 9),
        Block("Residual blocks", "Conv2D", 2, (16, 16, 8), 2, 5),
        Block("Features", "GlobalAveragePooling2D", 2, (8,), 0, 0),
        Block("Answer", "Dense", 2, (3,), 27, 1),
    ]


def test_gates_padding_and_means_put_aside_do_not_cut_a_block_in_two() -> None:
    table = [
        layer("pixels", "InputLayer", 32, 32, 3),
        layer("a", "Conv2D", 16, 16, 8, flops=9),
        layer("mean", "GlobalAveragePooling2D", 8),
        layer("gate", "Conv2D", 1, 1, 8, flops=1),
        layer("gated", "Multiply", 16, 16, 8),
        layer("pad", "ZeroPadding2D", 17, 17, 8),
        layer("b", "Conv2D", 8, 8, 8, flops=5),
        layer("features", "GlobalAveragePooling2D", 8),
        layer("logits", "Dense", 3, flops=1),
    ]
    assert [(block.name, block.layers, block.shape) for block in group(table)] == [
        ("Input", 1, (32, 32, 3)),
        ("Convolutions", 4, (16, 16, 8)),
        ("Convolutions", 2, (8, 8, 8)),
        ("Features", 1, (8,)),
        ("Answer", 1, (3,)),
    ]


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("key", [key for key in ARCHITECTURES if key != "custom"])
def test_a_drawing_names_every_block_of_a_family_and_stays_inside_its_frame(key: str) -> None:
    blocks = facts(key).blocks
    svg = diagram(blocks, ARCHITECTURES[key].title)
    root = ElementTree.fromstring(svg)
    assert root.findtext(f"{SVG}title") == ARCHITECTURES[key].title
    assert all(block.name in (root.findtext(f"{SVG}desc") or "") for block in blocks)
    assert [text.split(" · ")[0] for text in texts(svg)[::2]] == [block.name for block in blocks]
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    for bar in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(bar.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x < x + w <= width
        assert 0 <= y < y + h <= height
    # About 6.5 units a letter at this size of text.
    assert all(130 + 6.5 * len(text) <= width for text in texts(svg))


def test_it_takes_the_colour_of_the_text_around_it() -> None:
    svg = diagram(facts("compact").blocks)
    assert 'fill="currentColor"' in svg
    assert "#" not in svg


def test_finer_pictures_are_wider_and_more_channels_higher() -> None:
    def bar(*shape: int) -> tuple[float, float]:
        blocks = [Block("first", "Conv2D", 1, (64, 64, 3), 0), Block("b", "Conv2D", 1, shape, 0)]
        second = list(ElementTree.fromstring(diagram(blocks)).iter(f"{SVG}rect"))[1]
        return float(second.attrib["width"]), float(second.attrib["height"])

    assert bar(32, 32, 8)[0] > bar(16, 16, 8)[0]
    assert bar(32, 32, 64)[1] > bar(32, 32, 8)[1]


def test_an_own_network_is_drawn_layer_by_layer_also_where_it_breaks_off() -> None:
    stack = (*TEMPLATES["Smallest CNN"][1], Layer(kind="Conv2D"))
    svg = diagram(from_rows(trace(stack, 64, 3, 2)))
    assert texts(svg) == [
        "Input",
        "64 × 64 × 3",
        "1. Conv2D",
        "64 × 64 × 16 · 448 weights",
        "2. MaxPooling2D",
        "32 × 32 × 16",
        "3. GlobalAveragePooling2D",
        "16",
        "4. Conv2D",
        "?",
        "Dense",
        "?",
    ]


def test_names_cannot_bring_markup_in() -> None:
    svg = diagram([Block("<script>", "Conv2D", 1, (3,), 0)], 'a "title" & <b>')
    assert "<script>" not in svg
    assert texts(svg)[0] == "<script>"
