"""Whether an image still means the same when it is mirrored, or turned far: by its class's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from core.training.augmentation.options import Augmentation

# Beyond this, a turned image is no longer the same one held slightly askew.
_FAR = 45
_NUMBERS = {
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
}
# Words beside a character that say that it is one: "letter_b", "sign-7", "ASL B".
_BESIDE = re.compile(
    "letters?|digits?|num(ber)?|char(acter)?|sign|asl|(upper|lower)(case)?|capital|small|hand|"
    "gesture|figure|numeral|key|glyph"
)
# Things that carry writing or point somewhere, or that have a side.
_SIDED = re.compile("(sign|arrow|letter|digit|word|numeral)s?|text|handwriting|asl")
_SIDES = [("left", "right"), ("links", "rechts"), ("gauche", "droite"), ("izquierda", "derecha")]
_HEIGHTS = [
    ("up", "down"),
    ("upward", "downward"),
    ("upwards", "downwards"),
    ("top", "bottom"),
    ("above", "below"),
    ("north", "south"),
]
_SENSES = [("clockwise", "counterclockwise")]
_COMPASS = [("east", "west")]
# Alone, these words also mean other things ("wrong, right", "close up"): only beside their
# opposite, or as a whole name.
_AMBIGUOUS = {word for pair in (*_HEIGHTS, *_COMPASS) for word in pair}


class _Change(NamedTuple):
    """One way to change images.

    Attributes:
        said: how a sentence begins that tells what a name then means.
        opposites: pairs of words that it makes of each other.
        twins: pairs of characters that it makes of each other.
        same: characters that it leaves as they are.
        remedy: what to do.
    """

    said: str
    opposites: Sequence[tuple[str, str]]
    twins: Sequence[str]
    same: str
    remedy: str


_MIRROR = _Change(
    "Mirrored left to right",
    [*_SIDES, *_COMPASS, *_SENSES],
    ("bd", "pq"),
    "018AHIMOTUVWXYilmotuvwx",
    "Switch mirroring left and right off",
)
_FLIP = _Change(
    "Mirrored top to bottom",
    [*_HEIGHTS, *_SENSES],
    ("bp", "dq", "nu", "MW", "69"),
    "0138BCDEHIKOXclox",
    "Switch mirroring top and bottom off",
)
_TURN = _Change(
    "Turned that far",
    [*_SIDES, *_COMPASS, *_HEIGHTS],
    ("69", "bq", "dp", "nu", "MW", "NZ"),
    "018OoXxIl",
    f"Turn by no more than {_FAR}°",
)


def flip_warning(options: Augmentation, labels: Sequence[str]) -> str:
    """A sentence or two where flips or far turns would change what images of these classes mean.

    It is a guess from names: digits, letters, number words, directions, signs. "" where there is
    nothing to say.
    """
    changes = [
        (_MIRROR, options.flip_horizontal),
        (_FLIP, options.flip_vertical),
        (_TURN, options.rotation > _FAR),
    ]
    return " ".join(said for change, on in changes if on and (said := _warning(change, labels)))


def _warning(change: _Change, labels: Sequence[str]) -> str:
    words = {label: _words(label) for label in labels}
    names = {tuple(found): label for label, found in words.items()}
    # Two classes that become each other say it best, then one that becomes something known.
    for label in labels:
        for other in _turned_into(change, words[label]):
            if (twin := names.get(tuple(other))) and twin != label:
                return (
                    f"{change.said}, “{label}” can look like “{twin}”, which is another class "
                    f"here. {change.remedy}, or the two can't be told apart."
                )
    known = {word for found in words.values() for word in found}
    for label in labels:
        if _means_a_side(change, words[label], known):
            return (
                f"{change.said}, “{label}” may mean something else, or nothing. {change.remedy} "
                "unless you will also meet such images in use."
            )
    return ""


def _words(label: str) -> list[str]:
    """A name's parts, numbers as digits: "turnLeft_two" is turn, left, 2. Letters keep their
    case."""
    joined = re.sub(r"(?i)(counter|anti)[\s_-]*clockwise", "counterclockwise", label)
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d])(?=\d)", " ", joined)
    parts = re.findall(r"[^\W_]+", spaced)
    return [part if len(part) == 1 else _NUMBERS.get(part.lower(), part.lower()) for part in parts]


def _turned_into(change: _Change, words: list[str]) -> list[list[str]]:
    """What else the name would have to be."""
    swaps = [
        pair for first, second in change.opposites for pair in ((first, second), (second, first))
    ]
    found = [[new if word == old else word for word in words] for old, new in swaps if old in words]
    character = _character(words)
    for twins in change.twins:
        if character in twins and len(character) == 1:
            new = twins[1 - twins.index(character)]
            found.append([new if word == character else word for word in words])
    return found


def _means_a_side(change: _Change, words: list[str], known: set[str]) -> bool:
    character = _character(words)
    if character:
        same = all(letter in change.same for letter in character) and character == character[::-1]
        return not same
    if any(map(_SIDED.fullmatch, words)):
        return True
    directions = {word for pair in change.opposites for word in pair} & set(words)
    if "wrong" in known:
        directions.discard("right")
    return bool(directions - _AMBIGUOUS) or (len(words) == 1 and bool(directions))


def _character(words: list[str]) -> str:
    """The letter, digit or number that a name stands for, or ""."""
    rest = [word for word in words if len(word) == 1 or not _BESIDE.fullmatch(word)]
    if len(rest) != 1:
        return ""
    word = rest[0]
    single = len(word) == 1 and not "\u4e00" <= word <= "\u9fff"  # those are words
    # Three digits at most, and none in front that counts nothing: others number things.
    number = word.isdigit() and len(word) <= 3 and (word[0] != "0" or word == "0")
    return word if single or number else ""
