"""How the slope of a class's score goes back through one operation of a network's end.

OpenVINO has no gradients, so the few that heat maps need are written out as more of its operations:
for each operation, what its inputs' slopes are, given its output's. Only operations that come
between the last maps and the answer are known here; any other has no rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, prod, sqrt
from typing import Any

import numpy as np

from core.quiet import openvino


@dataclass(frozen=True)
class Step:
    """One operation on the way back.

    Attributes:
        node: the operation.
        slope: of its output, and of that one's shape.
        live: for each input, whether it depends on the image.
    """

    node: Any
    slope: Any
    live: list[bool]


Rule = Callable[[Step], list[Any]]
RULES: dict[str, Rule] = {}


class NoRule(Exception):
    """An operation stands between the maps and the answer whose slope isn't known here."""


def rule(*kinds: str) -> Callable[[Rule], Rule]:
    """Register how slopes go back through these kinds of operations.

    A rule returns a slope for each input that depends on the image, of that input's shape, and
    ``None`` for the others.
    """

    def register(function: Rule) -> Rule:
        for kind in kinds:
            RULES[kind] = function
        return function

    return register


def op() -> Any:
    """OpenVINO's operations."""
    return openvino().opset13


def number(value: float) -> Any:
    """A constant of type float32."""
    return op().constant(np.float32(value))


def constant(node: Any, place: int) -> np.ndarray:
    """What is fixed at an input of an operation.

    Raises:
        NoRule: it depends on something.
    """
    source = node.input_value(place).get_node()
    if source.get_type_name() != "Constant":
        raise NoRule(f"{node.get_type_name()} with a computed input {place}")
    return np.array(source.data)


def sides(value: Any) -> list[int]:
    """The sizes of a value without the number of images.

    Raises:
        NoRule: one isn't fixed.
    """
    shape = list(value.partial_shape)[1:]
    if any(size.is_dynamic for size in shape):
        raise NoRule("a size that isn't fixed")
    return [int(size.get_length()) for size in shape]


def _like(node: Any, place: int, slope: Any) -> Any:
    """``slope`` for an input that was repeated to the output's shape where it is 1 long."""
    before, after = sides(node.input_value(place)), sides(node.output(0))
    if len(before) != len(after):
        raise NoRule(f"{node.get_type_name()} of different kinds of values")
    axes = [
        axis for axis, (old, new) in enumerate(zip(before, after, strict=True), 1) if old != new
    ]
    return op().reduce_sum(slope, op().constant(np.array(axes, np.int64)), True) if axes else slope


def _both(step: Step, first: Any, second: Any) -> list[Any]:
    """The slopes for two inputs of which either may have been repeated."""
    return [
        _like(step.node, n, slope) if step.live[n] else None
        for n, slope in enumerate((first, second))
    ]


def _over(step: Step, what: str) -> tuple[list[int], list[Any]]:
    """The axes that an operation makes one of; its slope and its output, with these axes."""
    rank = len(sides(step.node.input_value(0))) + 1
    axes = sorted(int(axis) % rank for axis in np.atleast_1d(constant(step.node, 1)))
    if 0 in axes:
        raise NoRule(f"{what} over several images")
    found = [step.slope, step.node.output(0)]
    if not step.node.get_attributes()["keep_dims"]:
        found = [op().unsqueeze(each, op().constant(np.array(axes, np.int64))) for each in found]
    return axes, found


@rule("Add")
def _add(step: Step) -> list[Any]:
    return _both(step, step.slope, step.slope)


@rule("Subtract")
def _subtract(step: Step) -> list[Any]:
    return _both(step, step.slope, op().negative(step.slope))


@rule("Multiply")
def _multiply(step: Step) -> list[Any]:
    first, second = step.node.input_values()
    return _both(step, op().multiply(step.slope, second), op().multiply(step.slope, first))


@rule("SquaredDifference")
def _squared_difference(step: Step) -> list[Any]:
    first, second = step.node.input_values()
    twice = op().multiply(number(2), op().subtract(first, second))
    slope = op().multiply(step.slope, twice)
    return _both(step, slope, op().negative(slope))


@rule("Power")
def _power(step: Step) -> list[Any]:
    exponent = number(float(constant(step.node, 1).reshape(-1)[0]))
    if constant(step.node, 1).size > 1:
        raise NoRule("Power with several exponents")
    lower = op().power(step.node.input_value(0), op().subtract(exponent, number(1)))
    return [op().multiply(step.slope, op().multiply(exponent, lower)), None]


@rule("MatMul")
def _matmul(step: Step) -> list[Any]:
    attributes = step.node.get_attributes()
    if step.live[1] or attributes["transpose_a"] or len(sides(step.node.input_value(0))) != 1:
        raise NoRule("MatMul that is no dense layer")
    weights = constant(step.node, 1)
    back = weights.T if attributes["transpose_b"] else weights
    # Weights of its own: shared with the way forward, OpenVINO 2026.4 mixes up a square matrix with
    # its transpose.
    copied = op().constant(np.array(back, np.float32, order="C"))
    return [op().matmul(step.slope, copied, False, True), None]


@rule("Relu")
def _relu(step: Step) -> list[Any]:
    above = op().greater(step.node.output(0), number(0))
    return [op().select(above, step.slope, number(0))]


@rule("Sigmoid")
def _sigmoid(step: Step) -> list[Any]:
    y = step.node.output(0)
    return [op().multiply(step.slope, op().multiply(y, op().subtract(number(1), y)))]


@rule("Tanh")
def _tanh(step: Step) -> list[Any]:
    y = step.node.output(0)
    return [op().multiply(step.slope, op().subtract(number(1), op().multiply(y, y)))]


@rule("Elu")
def _elu(step: Step) -> list[Any]:
    below = op().add(step.node.output(0), number(step.node.get_attributes()["alpha"]))
    above = op().greater(step.node.input_value(0), number(0))
    return [op().multiply(step.slope, op().select(above, number(1), below))]


@rule("Swish")
def _swish(step: Step) -> list[Any]:
    if step.node.get_input_size() > 1 and float(constant(step.node, 1)) != 1:
        raise NoRule("Swish with a factor")
    x = step.node.input_value(0)
    sigmoid = op().sigmoid(x)
    # d/dx x·σ(x) = σ(x)·(1 + x·(1 − σ(x)))
    rest = op().add(number(1), op().multiply(x, op().subtract(number(1), sigmoid)))
    slopes = [op().multiply(step.slope, op().multiply(sigmoid, rest))]
    return slopes + [None] * (step.node.get_input_size() - 1)


@rule("Erf")
def _erf(step: Step) -> list[Any]:
    x = step.node.input_value(0)
    density = op().exp(op().negative(op().multiply(x, x)))
    return [op().multiply(step.slope, op().multiply(number(2 / sqrt(pi)), density))]


@rule("Exp")
def _exp(step: Step) -> list[Any]:
    return [op().multiply(step.slope, step.node.output(0))]


@rule("Minimum")
def _minimum(step: Step) -> list[Any]:
    first, second = step.node.input_values()
    smaller = op().less_equal(first, second)
    kept = op().select(smaller, step.slope, number(0))
    other = op().select(smaller, number(0), step.slope)
    return _both(step, kept, other)


@rule("ReduceSum")
def _sum(step: Step) -> list[Any]:
    _, (slope, _) = _over(step, "a sum")
    return [op().broadcast(slope, op().shape_of(step.node.input_value(0))), None]


@rule("ReduceMax")
def _largest(step: Step) -> list[Any]:
    axes, (slope, most) = _over(step, "a maximum")
    # Places that are largest alike share it.
    largest = op().equal(step.node.input_value(0), most)
    there = op().select(largest, number(1), number(0))
    many = op().reduce_sum(there, op().constant(np.array(axes, np.int64)), True)
    each = op().divide(slope, many)
    return [op().multiply(each, there), None]


@rule("ReduceMean")
def _mean(step: Step) -> list[Any]:
    value = step.node.input_value(0)
    axes, (slope, _) = _over(step, "a mean")
    each = op().divide(slope, number(prod(sides(value)[axis - 1] for axis in axes)))
    return [op().broadcast(each, op().shape_of(value)), None]


@rule("AvgPool")
def _average_pool(step: Step) -> list[Any]:
    attributes = step.node.get_attributes()
    before, after = sides(step.node.input_value(0))[1:], sides(step.node.output(0))[1:]
    down, across = (
        _averages(
            before[n],
            after[n],
            attributes["kernel"][n],
            attributes["strides"][n],
            _pad(attributes, n, before[n], after[n]),
            not attributes["exclude-pad"],
        )
        for n in (0, 1)
    )
    spread = op().matmul(op().constant(np.ascontiguousarray(down.T)), step.slope, False, False)
    return [op().matmul(spread, op().constant(across), False, False)]


def _pad(attributes: dict[str, Any], axis: int, before: int, after: int) -> int:
    """How many places beyond the first edge a pooling's first window begins."""
    auto = str(attributes.get("auto_pad", "explicit")).lower()
    if auto == "explicit":
        return int(attributes["pads_begin"][axis])
    if auto == "valid":
        return 0
    needed = (after - 1) * attributes["strides"][axis] + attributes["kernel"][axis] - before
    needed = max(0, needed)
    return needed // 2 if auto == "same_upper" else needed - needed // 2


def _averages(
    before: int, after: int, kernel: int, stride: int, pad: int, count_pad: bool
) -> np.ndarray:
    """Average pooling along one side as a matrix, float32 (after, before)."""
    matrix = np.zeros((after, before), np.float32)
    for row in range(after):
        start = row * stride - pad
        first, last = max(0, start), min(before, start + kernel)
        matrix[row, first:last] = 1 / (kernel if count_pad else max(1, last - first))
    return matrix


@rule("Transpose")
def _transpose(step: Step) -> list[Any]:
    back = np.argsort(constant(step.node, 1)).astype(np.int64)
    return [op().transpose(step.slope, op().constant(back)), None]


@rule("Reshape", "Squeeze", "Unsqueeze")
def _reshape(step: Step) -> list[Any]:
    back = op().reshape(step.slope, op().shape_of(step.node.input_value(0)), False)
    return [back] + [None] * (step.node.get_input_size() - 1)


@rule("Concat")
def _concat(step: Step) -> list[Any]:
    rank = len(list(step.node.output(0).partial_shape))
    axis = int(step.node.get_attributes()["axis"]) % rank
    if axis == 0:
        raise NoRule("images that are joined")
    lengths = [sides(value)[axis - 1] for value in step.node.input_values()]
    parts = op().variadic_split(
        step.slope, op().constant(np.int64(axis)), op().constant(np.array(lengths, np.int64))
    )
    return [parts.output(n) if step.live[n] else None for n in range(len(lengths))]
