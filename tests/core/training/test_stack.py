"""What is said of an own network without Keras is what Keras makes of it, and mistakes are
named."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from core.errors import InvalidInput
from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.blocks import layer_table
from core.training.stack import Layer, Row, check, from_json, to_json, trace
from core.training.templates import TEMPLATES

FLAT = Layer(kind="Flatten")
MEAN = Layer(kind="GlobalAveragePooling2D")
DENSE = Layer(kind="Dense", filters=5)

CONVOLUTIONS = [
    Layer(kind=kind, filters=6, size=size, strides=strides, padding=padding, activation=activation)
    for kind, (size, strides, padding, activation) in product(
        ("Conv2D", "SeparableConv2D"),
        (
            (1, 0, "same", "relu"),
            (2, 1, "valid", "gelu"),
            (3, 2, "same", "silu"),
            (5, 3, "valid", "tanh"),
            (4, 2, "valid", "sigmoid"),
            (31, 1, "same", "elu"),
            (3, 8, "same", "linear"),
        ),
    )
]
POOLINGS = [
    Layer(kind=kind, size=size, strides=strides, padding=padding)
    for kind, (size, strides, padding) in product(
        ("MaxPooling2D", "AveragePooling2D"),
        (
            (2, 0, "same"),
            (2, 0, "valid"),
            (3, 2, "same"),
            (3, 1, "valid"),
            (5, 0, "same"),
            (1, 2, "valid"),
            (17, 0, "valid"),
        ),
    )
]
STACKS = {
    **{f"{layer.kind}-{number}": (layer,) for number, layer in enumerate(CONVOLUTIONS + POOLINGS)},
    "normalised": (CONVOLUTIONS[0], Layer(kind="BatchNormalization")),
    "normalised vector": (FLAT, Layer(kind="BatchNormalization"), DENSE),
    "dropped": (Layer(kind="Dropout", rate=0.3), FLAT, Layer(kind="Dropout"), DENSE),
    "mean": (CONVOLUTIONS[2], MEAN, DENSE, DENSE),
    **{name: stack for name, (_, stack) in TEMPLATES.items()},
}


def built(stack: tuple[Layer, ...], size: int, color: Any = "rgb") -> list[dict[str, Any]]:
    """What Keras says of each layer, less those that change neither shape nor weights."""
    model = architectures.build("custom", BuildConfig(size, 3, 0.2, color, stack))
    quiet = {"Rescaling", "Activation"}
    return [
        layer
        for layer in layer_table(model)
        if layer["kind"] not in quiet and layer["name"] != "features_dropout"
    ]


def said(rows: list[Row]) -> list[tuple[tuple[int, ...], int, int]]:
    return [(row.shape, row.parameters, row.flops) for row in rows]


@pytest.mark.keras
@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS.keys())
def test_shapes_weights_and_operations_are_those_of_keras(stack: tuple[Layer, ...]) -> None:
    rows = trace(stack, 17, 3, 3)
    expected = built(stack, 17)
    assert [row.error for row in rows if row.error] == []
    assert said(rows) == [
        (tuple(layer["shape"]), layer["parameters"], layer["flops"]) for layer in expected
    ]
    kinds = ["InputLayer" if row.name == "Input" else row.name for row in rows]
    assert kinds == [layer["kind"] for layer in expected]


@pytest.mark.keras
def test_the_layer_that_leaves_grey_is_counted_too() -> None:
    stack = TEMPLATES["Smallest CNN"][1]
    expected = built(stack, 16, "gray")
    assert said(trace(stack, 16, 1, 3)) == [
        (tuple(layer["shape"]), layer["parameters"], layer["flops"]) for layer in expected
    ]


def test_operations_are_two_for_each_multiply_add() -> None:
    # 3 × 3 of 3 channels, for each of 8 filters at 10 × 10 places.
    row = trace((Layer(kind="Conv2D", filters=8),), 10, 3, 2)[1]
    assert row.flops == 2 * 3 * 3 * 3 * 8 * 10 * 10


def test_what_lightbox_adds_has_rows_without_a_number() -> None:
    rows = trace((CONVOLUTIONS[0],), 16, 3, 4)
    assert [(row.number, row.name) for row in rows] == [
        (0, "Input"),
        (1, "Conv2D"),
        (0, "GlobalAveragePooling2D"),
        (0, "Dense"),
    ]
    assert [row.name for row in trace((FLAT,), 16, 3, 4)] == ["Input", "Flatten", "Dense"]


POOL = Layer(kind="MaxPooling2D", size=4)
WRONG = {
    "pooled to nothing": ((POOL, POOL, POOL), 3, "1 × 1"),
    "window too large": ((Layer(kind="Conv2D", size=17, padding="valid"),), 1, "16 × 16"),
    "pooling window too large": (
        (POOL, Layer(kind="AveragePooling2D", size=5, padding="valid")),
        2,
        "4 × 4",
    ),
    "convolution after Flatten": ((FLAT, CONVOLUTIONS[0]), 2, "before Flatten"),
    "pooling after the mean": ((MEAN, POOL), 2, "Move it up"),
    "mean twice": ((MEAN, MEAN), 2, "Move it up"),
    "flat twice": ((POOL, FLAT, FLAT), 3, "flat already"),
    "dense on a picture": ((POOL, DENSE), 2, "GlobalAveragePooling2D or Flatten before it"),
    "too many weights in dense": (
        (Layer(kind="Conv2D", filters=64), FLAT, Layer(kind="Dense", filters=4096)),
        3,
        "67 million weights",
    ),
    "too many weights in all": (
        (
            Layer(kind="Conv2D", filters=2048),
            Layer(kind="Conv2D", filters=2048),
            Layer(kind="Conv2D", filters=2048),
        ),
        3,
        "Use fewer filters",
    ),
}


@pytest.mark.parametrize(("stack", "at", "word"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_told_at_the_layer_that_causes_it(
    stack: tuple[Layer, ...], at: int, word: str
) -> None:
    rows = trace(stack, 16, 3, 3)
    assert [row.number for row in rows if row.error] == [at]
    assert word in rows[at].error
    assert all(row.shape for row in rows[:at])
    assert not any(row.shape for row in rows[at:])
    with pytest.raises(InvalidInput, match=rf"^Layer {at} \({stack[at - 1].kind}\) doesn't fit"):
        check(stack, 16, 3, 3)


@pytest.mark.keras
def test_keras_is_not_asked_to_build_what_does_not_fit() -> None:
    with pytest.raises(InvalidInput, match="Layer 2"):
        architectures.build("custom", BuildConfig(16, 3, stack=(FLAT, FLAT)))


def test_an_answer_that_is_too_large_is_refused() -> None:
    with pytest.raises(InvalidInput, match="answer") as caught:
        check((Layer(kind="Conv2D", filters=64), FLAT), 512, 3, 10)
    assert "pooling" in str(caught.value)


def test_a_layer_whose_output_fills_the_memory_is_refused() -> None:
    with pytest.raises(InvalidInput, match="512 × 512 × 512"):
        check((Layer(kind="Conv2D", filters=512),), 512, 3, 10)


def test_no_layers_and_too_many_layers_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no layers"):
        check((), 64, 3, 2)
    with pytest.raises(InvalidInput, match="101 layers"):
        check((Layer(kind="Dropout"),) * 101, 64, 3, 2)


@pytest.mark.parametrize("size", [16, 64, 224])
def test_templates_fit_from_the_smallest_size_on(size: int) -> None:
    for _, stack in TEMPLATES.values():
        for channels in (1, 3):
            check(stack, size, channels, 10)


@pytest.mark.parametrize("stack", [stack for _, stack in TEMPLATES.values()], ids=TEMPLATES.keys())
def test_a_stack_comes_back_from_json(stack: tuple[Layer, ...]) -> None:
    assert said(trace(from_json(to_json(stack)), 64, 3, 5)) == said(trace(stack, 64, 3, 5))
    assert from_json(to_json(from_json(to_json(stack)))) == from_json(to_json(stack))


def test_json_holds_only_the_settings_that_a_kind_has() -> None:
    written = json.loads(to_json((DENSE, FLAT)))["layers"]
    assert written == [{"kind": "Dense", "filters": 5, "activation": "relu"}, {"kind": "Flatten"}]


GOOD = '{"kind": "Flatten"}'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("layers", "no JSON"),
        ("{}", "no list of layers"),
        ('{"layers": 3}', "no list of layers"),
        (f'[{GOOD}, {{"kind": "Conv3D"}}]', "Layer 2 has kind 'Conv3D'"),
        (f'[{GOOD}, {{"kind": "Conv2D", "filters": 0}}]', "Layer 2 has filters 0"),
        (f'[{GOOD}, {GOOD}, {{"filters": 3}}]', "Layer 3 has no kind"),
        ('[{"kind": "Flatten", "dilation": 2}]', "Layer 1 has a setting “dilation”"),
        ('["Flatten"]', "Layer 1 is not a layer"),
        (f"[{','.join([GOOD] * 101)}]", "101 layers"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_the_layers_number(text: str, word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_json(text)
    assert word in str(caught.value)
