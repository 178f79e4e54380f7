"""What is known of every family: weights, operations and blocks, at its usual size with ten
classes.

Kept in ``facts.json`` beside this file, so that pages can show it without Keras. After a change of
a family, ``python -m core.training.architectures.facts`` writes it anew.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from math import prod
from pathlib import Path

from pydantic import TypeAdapter

from core.quiet import load_keras
from core.training.architectures import ARCHITECTURES, BuildConfig, get
from core.training.blocks import Block, group, layer_table
from core.workspace import write_json

CLASSES = 10
_FILE = Path(__file__).with_name("facts.json")


@dataclass(frozen=True)
class Facts:
    """What a family is like.

    Attributes:
        size: side of the images, in pixels, that the rest was measured at.
        parameters: weights, with as many classes as were asked for.
        flops: operations for one image, two for each multiply-add.
        layers: how many layers.
        blocks: for a diagram.
    """

    size: int
    parameters: int
    flops: int
    layers: int
    blocks: tuple[Block, ...]


def facts(key: str, classes: int = CLASSES) -> Facts:
    """What is known of a family; ``custom`` has none, since it is a different one each time.

    Args:
        classes: that the answer chooses among. Its last layer has a weight for each class and
            feature, and one more for each class.

    Raises:
        InvalidInput: there is no such family.
        KeyError: it is ``custom``, or ``facts.json`` was not written after it was added.
    """
    get(key)
    known = _all()[key]
    *before, answer = known.blocks
    features, more = prod(before[-1].shape), classes - CLASSES
    weights, operations = more * (features + 1), more * 2 * features
    answer = replace(
        answer,
        shape=(classes,),
        parameters=answer.parameters + weights,
        flops=answer.flops + operations,
    )
    return replace(
        known,
        parameters=known.parameters + weights,
        flops=known.flops + operations,
        blocks=(*before, answer),
    )


@lru_cache(maxsize=1)
def _all() -> dict[str, Facts]:
    return TypeAdapter(dict[str, Facts]).validate_json(_FILE.read_bytes())


def measure(key: str, classes: int = CLASSES) -> Facts:
    """The same from the network itself, which takes seconds; needs Keras."""
    load_keras()
    architecture = get(key)
    model = architecture.build(BuildConfig(architecture.usual, classes))
    table = layer_table(model)
    return Facts(
        architecture.usual,
        sum(layer["parameters"] for layer in table),
        sum(layer["flops"] for layer in table),
        len(table),
        tuple(group(table)),
    )


def main() -> None:
    """Write ``facts.json``."""
    write_json(_FILE, {key: asdict(measure(key)) for key in ARCHITECTURES if key != "custom"})


if __name__ == "__main__":
    main()
