"""The names of a model's classes, in the order of its outputs, from what a person has of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from core.errors import InvalidInput

_MAX_BYTES = 4 * 1024**2
_MAX_NAME = 200


def read_labels(file: Path) -> list[str]:
    """Class names from a file: JSON (a list, or an object of name → number), or one a line.

    Raises:
        InvalidInput: it can't be read, or holds no list of different names.
    """
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise InvalidInput("This file is too large to be a list of classes.", file=file.name)
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "That file of classes can't be read as text.", file=file.name, remedy="Check its name."
        ) from error
    return parse_labels(text)


def parse_labels(text: str) -> list[str]:
    """Class names as typed: JSON, one a line, or, on one line, with commas between.

    Raises:
        InvalidInput: fewer than two, or two alike.
    """
    text = text.strip()
    if text.startswith(("[", "{")):
        return check_labels(_from_json(text))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and "," in lines[0]:
        lines = [part.strip() for part in lines[0].split(",") if part.strip()]
    return check_labels(_without_numbers(lines))


def _without_numbers(lines: list[str]) -> list[str]:
    """Names without the numbers of their outputs, where each line begins with its own: ``0 Cat``,
    ``1 Dog``, as Teachable Machine writes them."""
    parts = [line.split(maxsplit=1) for line in lines]
    numbered = all(len(each) == 2 and each[0] == str(n) for n, each in enumerate(parts))
    return [each[1] for each in parts] if numbered else lines


def check_labels(labels: Sequence[str]) -> list[str]:
    """The same names, if they can be those of a model's classes.

    Raises:
        InvalidInput: fewer than two, two alike, or one that is too long.
    """
    if len(labels) < 2:
        raise InvalidInput(
            "A classifier has at least two classes.",
            remedy="Give their names in the order of the model's outputs, one a line.",
        )
    twice = next((name for n, name in enumerate(labels) if name in labels[:n]), None)
    if twice is not None:
        raise InvalidInput(f"The class “{twice}” is named twice.", remedy="Give each its own name.")
    if any(not name or len(name) > _MAX_NAME or "\0" in name for name in labels):
        raise InvalidInput(f"A class needs a name of at most {_MAX_NAME} characters.")
    return list(labels)


def _from_json(text: str) -> list[str]:
    try:
        value = json.loads(text)
        if isinstance(value, dict):
            # Either way round is common: {"cat": 0} as of class_indices, and {"0": "cat"}.
            if all(isinstance(each, int) for each in value.values()):
                value = {number: name for name, number in value.items()}
            numbers = {int(number): name for number, name in value.items()}
            if sorted(numbers) != list(range(len(value))):
                raise ValueError("numbers")
            value = [numbers[number] for number in range(len(numbers))]
        if not all(isinstance(each, str | int) for each in value):
            raise ValueError("names")
        return [str(each) for each in value]
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput(
            "This is not a list of classes.",
            remedy='Write ["cat", "dog"], or one name a line, in the order of the outputs.',
        ) from error
