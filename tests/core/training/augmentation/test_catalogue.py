"""Every field of the options is named, bounded and put into words; presets are what they say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from core.training.augmentation.catalogue import KINDS, describe
from core.training.augmentation.kind import Kind
from core.training.augmentation.options import PRESETS, Augmentation

EACH = pytest.mark.parametrize("field", KINDS.values(), ids=lambda field: field.name)


def test_every_field_has_its_entry_and_no_other_has() -> None:
    assert sorted(field.name for field in KINDS.values()) == sorted(Augmentation.model_fields)
    assert len({field.title for field in KINDS.values()}) == len(KINDS)


@EACH
def test_bounds_are_those_that_are_enforced(field: Kind) -> None:
    default = getattr(Augmentation(), field.name)
    assert field.switch == isinstance(default, bool)
    for allowed in (0, field.maximum):
        Augmentation(**{field.name: allowed})
    for refused in (-0.01, field.maximum + 0.01):
        with pytest.raises(ValidationError):
            Augmentation(**{field.name: refused})


@EACH
def test_steps_lead_from_the_least_to_the_greatest_value(field: Kind) -> None:
    steps = field.maximum / field.step
    assert steps >= 1
    assert steps == pytest.approx(round(steps))


@EACH
def test_each_kind_is_told_with_its_value(field: Kind) -> None:
    said = describe(Augmentation(**{field.name: field.maximum}))
    assert said != "not varied"
    assert field.switch or field.setting.shown(float(field.maximum)) in said


def test_a_description_is_plain_english() -> None:
    said = describe(Augmentation(flip_horizontal=True, rotation=8, zoom=0.1, blur=0.8))
    assert said == (
        "mirrored left to right, turned by up to 8°, zoomed by up to 10 %, blurred by up to 0.8 px"
    )
    assert describe(Augmentation()) == "not varied"


def test_presets_are_valid_known_by_name_and_ever_stronger() -> None:
    found = {name: Augmentation.model_validate(name) for name in PRESETS}
    assert [found[name].preset for name in found] == list(PRESETS)
    assert [options.active for options in found.values()] == [False, True, True, True]
    strengths = [
        np.array([getattr(options, field.name) for field in KINDS.values()], float)
        for options in found.values()
    ]
    assert all((a <= b).all() for a, b in pairwise(strengths))


def test_no_preset_mirrors() -> None:
    for name in PRESETS:
        options = Augmentation.model_validate(name)
        assert not options.flip_horizontal
        assert not options.flip_vertical


def test_own_settings_are_called_own_and_mixing_alone_varies_no_single_image() -> None:
    mixing = Augmentation(mixup=0.2)
    assert (mixing.preset, mixing.mixes, mixing.active, mixing.varies) == ("own", True, True, False)
    assert Augmentation(rotation=3).varies


def test_an_unknown_preset_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValidationError, match="light, medium, strong"):
        Augmentation.model_validate("extreme")
