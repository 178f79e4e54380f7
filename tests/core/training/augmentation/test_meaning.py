"""A flip is warned of where it makes another class of an image, and only there."""

from __future__ import annotations

import pytest

from core.training.augmentation.meaning import flip_warning
from core.training.augmentation.options import PRESETS, Augmentation

MIRROR = Augmentation(flip_horizontal=True)
FLIP = Augmentation(flip_vertical=True)
TURN = Augmentation(rotation=90)


@pytest.mark.parametrize(
    ("options", "labels", "named"),
    [
        (MIRROR, [str(digit) for digit in range(10)], "2"),
        (MIRROR, ["a", "b", "d"], "b"),
        (MIRROR, ["sign_7", "sign_8"], "sign_7"),
        (MIRROR, ["digitFour", "digitFive"], "digitFour"),
        (MIRROR, ["three", "four"], "three"),
        (MIRROR, ["Left", "Right"], "Left"),
        (MIRROR, ["turn-left", "straight"], "turn-left"),
        (MIRROR, ["east", "west"], "east"),
        (MIRROR, ["counter-clockwise", "clockwise"], "clockwise"),
        (MIRROR, ["stop sign", "tree"], "stop sign"),
        (MIRROR, ["60", "80"], "60"),
        (FLIP, ["thumbs_up", "thumbs_down"], "thumbs_up"),
        (FLIP, ["6", "9"], "6"),
        (TURN, ["six", "nine"], "six"),
        (TURN, ["arrow up", "arrow right"], "arrow up"),
        (TURN, ["N", "Z"], "N"),
    ],
)
def test_it_names_a_class_that_would_become_something_else(
    options: Augmentation, labels: list[str], named: str
) -> None:
    assert f"“{named}”" in flip_warning(options, labels)


def test_it_names_both_classes_where_one_becomes_the_other() -> None:
    said = flip_warning(MIRROR, ["a", "b", "c", "d"])
    assert "“b” can look like “d”" in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        (MIRROR, ["cat", "dog"]),
        (MIRROR, ["0", "1"]),  # as two classes are often called, and mirrored they are the same
        (MIRROR, ["O", "X"]),
        (MIRROR, ["right", "wrong"]),
        (MIRROR, ["thumbs_up", "thumbs_down"]),  # mirrored left to right, up is still up
        (MIRROR, ["class_2", "class_5"]),
        (MIRROR, ["0012", "0013"]),
        (MIRROR, ["vitamin c", "hepatitis b"]),
        (MIRROR, ["猫", "犬"]),
        (MIRROR, []),
        (FLIP, ["left", "right"]),
        (FLIP, ["close up", "wide"]),
        (FLIP, ["C", "E"]),
        (TURN, ["daisy", "rose"]),
        (Augmentation(rotation=45), ["6", "9"]),
    ],
)
def test_it_is_silent_where_nothing_changes_its_meaning(
    options: Augmentation, labels: list[str]
) -> None:
    assert flip_warning(options, labels) == ""


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_is_warned_of(preset: str) -> None:
    labels = ["6", "9", "b", "d", "left", "right", "up", "down"]
    assert flip_warning(Augmentation(**PRESETS[preset]), labels) == ""


def test_each_change_has_its_own_sentence() -> None:
    everything = Augmentation(flip_horizontal=True, flip_vertical=True, rotation=180)
    said = flip_warning(everything, ["b", "d", "p", "q"])
    assert "“b” can look like “d”" in said
    assert "“b” can look like “p”" in said
    assert "“b” can look like “q”" in said
