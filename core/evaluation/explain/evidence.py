"""A network that says, besides its answer, where in the image the evidence for a class lies.

Made from a run's ``model.xml`` in a moment: from a class's score back to the last maps (the
"taps"), by the rules of :mod:`core.evaluation.explain.rules`, all as operations of OpenVINO. The
heat at a place is the sum over a map's channels of slope times value: HiResCAM (Draelos & Carin,
"Use HiResCAM instead of Grad-CAM for faithful explanations", 2020), which is Grad-CAM (Selvaraju et
al., 2017) where a mean over the picture follows the maps, and stays true to the model where a
flattened map does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.evaluation.explain.rules import RULES, NoRule, Step, constant, op, sides
from core.quiet import openvino

# Of heat maps. Finer ones would show only noise, and pictures of them are smoothed anyway.
FINEST = 28
# What only moves, joins or averages places; a map behind one of them is a clearer tap.
_THROUGH = {"AvgPool", "Concat", "ReduceMax", "ReduceMean", "Reshape", "Squeeze", "Transpose"}
# Along each side: where a part of the image begins, and how long it is, in shares of the side.
Part = tuple[tuple[float, float], tuple[float, float]]
_WHOLE: Part = ((0.0, 1.0), (0.0, 1.0))
_CHANNELS_FIRST = {"AvgPool", "Convolution", "GroupConvolution", "MaxPool"}


def with_evidence(model: Any) -> Any:
    """An OpenVINO model that also points to the evidence.

    Args:
        model: from ``pixels``, float32 (n, side, side, 3), to probabilities (n, classes), ending in
            a softmax. Its operations are shared with the new one.

    Returns:
        inputs ``pixels`` and ``target``, float32 (n, classes): how much each class's score counts,
        1 for the one that is asked about. Outputs ``probabilities``; ``features``, float32 (n, F),
        what the last dense layer weighs; and ``evidence``, float32 (n, height, width), signed: what
        each place adds to the score. Where the maps are all that the score is made of, they sum up
        to it but for what is the same for every image.

    Raises:
        NoRule: the model ends in a way that isn't known here.
    """
    answer = model.output(0).get_node().input_value(0)
    if answer.get_node().get_type_name() != "Softmax" or len(sides(answer)) != 1:
        raise NoRule("no softmax at the end")
    scores = answer.get_node().input_value(0)
    target = op().parameter([-1, *sides(scores)], np.float32, name="target")
    taps = _back(model, scores, target)
    height, width = _finest([_places(value)[1:] for value, _ in taps])
    evidence = None
    for value, slope in taps:
        each = _evidence(value, slope, height, width)
        evidence = each if evidence is None else op().add(evidence, each)
    if evidence is None:
        raise NoRule("no maps that the answer is made of")
    features = features_of(model)
    if features is None:
        raise NoRule("no dense layer at the end")
    ov = openvino()
    results = [op().result(value) for value in (answer, features, evidence)]
    made = ov.Model(results, [*model.get_parameters(), target], "evidence")
    for place, name in enumerate(("probabilities", "features", "evidence")):
        made.output(place).get_tensor().add_names({name})
    made.input(1).get_tensor().add_names({"target"})
    return made


def features_of(model: Any) -> Any | None:
    """What the last dense layer weighs, as an output of ``model``'s: float32 (n, F).

    Where that are likenesses to training images, what these are likenesses of.
    The mean over them where a model asks itself several times; ``None`` if no answer comes out of a
    dense layer.
    """
    found: list[Any] = []
    seen: set[str] = set()
    waiting = [model.output(0).get_node()]
    live = depends(model)
    while waiting:
        node = waiting.pop()
        if node.get_name() in seen or node.get_name() not in live:
            continue
        seen.add(node.get_name())
        if node.get_type_name() == "MatMul":
            below = node.input_value(0).get_node()
            if below.get_type_name() == "Exp":
                # Likenesses to training images, of which there are many: what they are made of
                # says as much.
                waiting.append(below)
                continue
            found.append(node.input_value(0))
        elif node.get_type_name() == "Parameter":
            return None
        else:
            waiting += [value.get_node() for value in node.input_values()]
    if not found or len({str(list(value.partial_shape)[1:]) for value in found}) > 1:
        return None
    total = found[0]
    for value in found[1:]:
        total = op().add(total, value).output(0)
    if len(found) > 1:
        total = op().divide(total, op().constant(np.float32(len(found)))).output(0)
    return total if len(list(total.partial_shape)) == 2 else None


def _back(model: Any, scores: Any, target: Any) -> list[tuple[Any, Any]]:
    """The taps, each with the slope of the target's score at all of its values."""
    live = depends(model)
    slopes: dict[str, Any] = {scores.get_node().get_name(): target.output(0)}
    taps = []
    for node in reversed(model.get_ordered_ops()):
        slope = slopes.get(node.get_name())
        if slope is None:
            continue
        kind = node.get_type_name()
        if len(list(node.output(0).partial_shape)) == 4 and kind not in _THROUGH:
            taps.append((node.output(0), slope))
            continue
        if kind not in RULES or node.get_output_size() != 1:
            raise NoRule(kind)
        inputs = [value.get_node() for value in node.input_values()]
        given = RULES[kind](Step(node, slope, [each.get_name() in live for each in inputs]))
        for each, more in zip(inputs, given, strict=True):
            if more is None:
                continue
            before = slopes.get(each.get_name())
            slopes[each.get_name()] = more if before is None else op().add(before, more)
    return taps


def depends(model: Any) -> set[str]:
    """Names of all operations that depend on the image."""
    live: set[str] = set()
    for node in model.get_ordered_ops():
        kind = node.get_type_name()
        # Shapes depend on the number of images only.
        if kind != "ShapeOf" and (
            kind == "Parameter"
            or any(value.get_node().get_name() in live for value in node.input_values())
        ):
            live.add(node.get_name())
    return live


def _places(value: Any) -> tuple[int, int, int]:
    """Which axis of a map is its channels', and its height and width."""
    axis = _channels(value.get_node())
    height, width = (length for at, length in enumerate(sides(value), 1) if at != axis)
    return axis, height, width


def _channels(node: Any) -> int:
    """The axis of the channels in the four of an operation's output, from what it is made of.

    Raises:
        NoRule: it can't be told.
    """
    kind = node.get_type_name()
    if kind == "Parameter":
        return 3
    if kind in _CHANNELS_FIRST:
        return 1
    for place, value in enumerate(node.input_values()):
        if len(list(value.partial_shape)) == 4 and value.get_node().get_type_name() != "Constant":
            before = _channels(value.get_node())
            if kind == "Transpose":
                return [int(axis) for axis in constant(node, 1)].index(before)
            if kind in ("Reshape", "Squeeze", "Unsqueeze") or place > 1:
                break
            return before
    raise NoRule(f"{kind} whose channels can't be told")


def _finest(shapes: list[tuple[int, ...]]) -> tuple[int, int]:
    fine = [shape for shape in shapes if max(shape) <= FINEST]
    height, width = max(fine) if fine else (FINEST, FINEST)
    return height, width


def _evidence(value: Any, slope: Any, height: int, width: int) -> Any:
    axis, rows, columns = _places(value)
    each = op().reduce_sum(
        op().multiply(value, slope), op().constant(np.array([axis], np.int64)), False
    )
    part = _part(value)
    if (rows, columns) == (height, width) and part == _WHOLE:
        return each
    down, across = shares(rows, height, part[0]), shares(columns, width, part[1])
    return op().matmul(
        op().matmul(op().constant(down), each, False, False), op().constant(across), False, True
    )


def _part(value: Any) -> Part:
    """Which part of the image a map is of: all, or what a closer look has cut out of it."""
    waiting, seen = [value.get_node()], set()
    while waiting:
        node = waiting.pop()
        if node.get_name() in seen:
            continue
        seen.add(node.get_name())
        below = [each.get_node() for each in node.input_values()]
        if node.get_type_name() == "StridedSlice" and below[0].get_type_name() == "Parameter":
            whole, kept = sides(node.input_value(0)), sides(node.output(0))
            if kept[:2] != whole[:2]:
                begins = constant(node, 1)
                return (
                    (float(begins[1]) / whole[0], kept[0] / whole[0]),
                    (float(begins[2]) / whole[1], kept[1] / whole[1]),
                )
        waiting += below
    return _WHOLE


def shares(before: int, after: int, part: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
    """A resize along one side that keeps sums: float32 (after, before), columns sum up to 1.

    Each place of the new side gets the share of an old one that it covers.

    Args:
        part: where the old side begins on the new one, and how long it is there, in shares of it.
    """
    old, new = part[0] + part[1] * np.arange(before + 1) / before, np.arange(after + 1) / after
    lap = np.minimum(old[None, 1:], new[1:, None]) - np.maximum(old[None, :-1], new[:-1, None])
    return (np.maximum(lap, 0) * before / part[1]).astype(np.float32)
