"""Recipes fit the data that they are offered for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.features.backbones import BACKBONES
from core.training.checks import check
from core.training.recipes import RECIPES, batch_size, default_spec, get, plan, suggest
from core.training.spec import TrainSpec
from tests.core.training.small import table_of


def spec_for(counts: dict[str, int], recipe: str = "scratch", **values: Any) -> TrainSpec:
    return default_spec("d", 1, recipe, table_of(counts)).with_values(values)


def test_photos_start_from_a_pretrained_network_and_small_drawings_do_not() -> None:
    assert suggest(table_of({"a": 3, "b": 3}, side=640)) == "auto"
    assert suggest(table_of({"a": 3, "b": 3}, side=28)) == "scratch"
    assert suggest(table_of({})) == "auto"


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(("images", "side"), [(0, 64), (5, 8), (300, 28), (50_000, 4000)])
def test_defaults_are_valid_for_any_amount_and_size_of_images(
    recipe: str, images: int, side: int
) -> None:
    table = table_of({"a": images, "b": images}, side=side)
    spec = default_spec("d", 1, recipe, table)
    assert spec.recipe == recipe
    assert spec.image_size >= RECIPES[recipe].architecture.smallest
    if 5 <= images <= 300:
        check(spec, table)


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_recipe_mirrors_what_may_be_a_digit(recipe: str) -> None:
    options = spec_for({"a": 9, "b": 9}, recipe).augmentation
    assert options.active
    assert (options.flip_horizontal, options.flip_vertical) == (False, False)


def test_recipes_differ_in_what_they_say_and_do() -> None:
    specs = {key: spec_for({"a": 9, "b": 9}, key) for key in RECIPES}
    assert len({RECIPES[key].sentence for key in RECIPES}) == len(RECIPES)
    assert specs["quick"].tuning.epochs == 0 < specs["balanced"].tuning.epochs
    assert specs["balanced"].frozen > specs["best"].frozen
    assert specs["best"].test_views > 1
    assert {specs[key].weights for key in ("scratch", "classic")} == {"none"}


@pytest.mark.parametrize("recipe", ["scratch", "classic"])
def test_more_images_need_fewer_epochs(recipe: str) -> None:
    few, many = (spec_for({"a": n, "b": n}, recipe).epochs for n in (50, 5_000))
    assert few > many >= 1


def test_a_batch_size_of_ones_own_is_kept_and_the_automatic_one_grows_with_the_images() -> None:
    spec = spec_for({"a": 9, "b": 9})
    assert batch_size(spec.with_values({"batch_size": 7}), 100_000) == 7
    sizes = [batch_size(spec, images) for images in (0, 100, 10_000, 100_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_an_unknown_recipe_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match="quick, balanced, best, scratch, classic"):
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


@pytest.mark.parametrize("recipe", ["quick", "balanced", "best"])
def test_without_keras_cache_photos_start_from_the_network_that_comes_with_lightbox(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    table = table_of({"a": 30, "b": 30}, side=300)
    spec = default_spec("d", 1, recipe, table)
    assert (spec.architecture, spec.weights) == ("efficientnet_lite0", "imagenet")
    assert spec.image_size == 160
    check(spec, table)
    weights = tmp_path / "empty/models" / BACKBONES["mobilenet_v2"].file.names[0]
    weights.parent.mkdir(parents=True)
    with weights.open("wb") as file:
        file.truncate(BACKBONES["mobilenet_v2"].file.bytes)
    assert default_spec("d", 1, recipe, table).architecture == "mobilenet_v2"
