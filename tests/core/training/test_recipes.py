"""Recipes fit the data that they are offered for, and refuse what can't work before it starts."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput
from core.training.recipes import RECIPES, check, default_spec, get, plan, suggest
from core.training.spec import TrainSpec
from tests.core.training.small import table_of


def spec_for(counts: dict[str, int], recipe: str = "compact", **values: Any) -> TrainSpec:
    return default_spec("d", 1, recipe, table_of(counts)).with_values(values)


def test_photos_start_from_a_pretrained_network_and_small_drawings_do_not() -> None:
    assert suggest(table_of({"a": 3, "b": 3}, side=640)) == "transfer"
    assert suggest(table_of({"a": 3, "b": 3}, side=28)) == "compact"
    assert suggest(table_of({})) == "transfer"


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(("images", "side"), [(0, 64), (5, 8), (300, 28), (50_000, 4000)])
def test_defaults_are_valid_for_any_amount_and_size_of_images(
    recipe: str, images: int, side: int
) -> None:
    table = table_of({"a": images, "b": images}, side=side)
    spec = default_spec("d", 1, recipe, table)
    assert spec.image_size >= RECIPES[recipe].smallest
    if images >= 5:
        check(spec, table)


def test_more_images_need_fewer_epochs() -> None:
    few, many = (spec_for({"a": n, "b": n}).epochs for n in (50, 5_000))
    assert few > many >= 1


def test_an_unknown_recipe_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match="transfer, compact, classic"):
        get("deep")


def test_a_split_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    table = table_of({"a": 40, "b": 40})
    first, again, other = (
        plan(spec_for({"a": 40, "b": 40}, seed=seed), table) for seed in (5, 5, 6)
    )
    assert first.tolist() == again.tolist() != other.tolist()
    assert plan(spec_for({"a": 40}, seed=5), table.iloc[::-1]).sort_index().tolist() == (
        first.tolist()
    ), "the order of the files doesn't matter"


def test_copies_of_one_image_stay_on_one_side() -> None:
    table = table_of({"a": 30, "b": 30})
    table["hash"] = [f"{label}-{n // 3}" for n, label in enumerate(table["label"])]
    splits = plan(spec_for({"a": 30, "b": 30}), table)
    assert (splits.groupby(table["hash"]).nunique() == 1).all()


@pytest.mark.parametrize("counts", [{}, {"only": 20}])
def test_fewer_than_two_classes_are_refused(counts: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match="at least two"):
        check(spec_for({"a": 9, "b": 9}), table_of(counts))


def test_training_images_of_one_class_are_refused_even_if_others_are_tested() -> None:
    table = table_of({"a": 20, "b": 20}, split={"a": "train", "b": "test"})
    with pytest.raises(InvalidInput, match=r"“a”.*at least two"):
        check(spec_for({"a": 20, "b": 20}), table)


def test_a_class_without_training_images_is_a_warning_when_two_others_have_some() -> None:
    table = table_of({"a": 20, "b": 20, "c": 20}, split={"a": "train", "b": "train", "c": "test"})
    assert any("“c” has no training images" in text for text in check(spec_for({"a": 9}), table))


def test_no_image_to_test_with_is_refused_with_what_to_change() -> None:
    values = {"shares.train": 0.8, "shares.validation": 0.2, "shares.test": 0}
    with pytest.raises(InvalidInput, match=r"left to test with.*change the shares"):
        check(spec_for({"a": 20, "b": 20}, **values), table_of({"a": 20, "b": 20}))


def test_no_image_to_train_on_is_refused() -> None:
    with pytest.raises(InvalidInput, match="left to train on"):
        check(spec_for({"a": 20, "b": 20}), table_of({"a": 20, "b": 20}, split="test"))


def test_no_validation_images_is_a_warning() -> None:
    values = {"shares.train": 0.8, "shares.validation": 0, "shares.test": 0.2}
    said = check(spec_for({"a": 40, "b": 40}, **values), table_of({"a": 40, "b": 40}))
    assert any("no validation images" in text for text in said)


def test_a_class_with_few_images_is_a_warning_that_names_it() -> None:
    said = check(spec_for({"a": 100, "b": 1}), table_of({"a": 100, "b": 1}))
    assert any("“b”" in text for text in said)
    assert not any("“a”" in text for text in said)


def test_images_too_small_for_the_recipe_are_refused_with_the_least() -> None:
    with pytest.raises(InvalidInput, match="at least 96"):
        check(spec_for({"a": 9, "b": 9}, "transfer", image_size=64), table_of({"a": 9, "b": 9}))


def test_what_would_not_fit_in_memory_is_refused() -> None:
    with pytest.raises(InvalidInput, match="GB of memory"):
        check(
            spec_for({"a": 9, "b": 9}, image_size=512, batch_size=1024),
            table_of({"a": 9, "b": 9}),
        )
