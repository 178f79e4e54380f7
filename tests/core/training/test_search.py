"""Searches: which combinations come of the values, that none starts if one can't, what came of
them."""

from __future__ import annotations

import pytest

from core.catalog import Catalog, DatasetRecord
from core.errors import InvalidInput
from core.training import search
from core.training.run import train_run
from tests.core.training.small import spec_of


def test_a_grid_is_every_combination_once() -> None:
    tried = search.combinations({"learning_rate": [0.1, 0.01, 0.1], "dropout": [0.0, 0.5]})
    assert tried == [
        {"learning_rate": rate, "dropout": share} for rate in (0.1, 0.01) for share in (0.0, 0.5)
    ]


def test_a_random_search_draws_different_combinations_by_its_seed() -> None:
    choices = {"seed": list(range(1000)), "epochs": list(range(1, 1001))}
    tried = search.combinations(choices, 20, seed=3)
    assert len({tuple(one.values()) for one in tried}) == 20
    assert tried == search.combinations(choices, 20, seed=3)
    assert tried != search.combinations(choices, 20, seed=4)
    assert all(one["seed"] in choices["seed"] for one in tried)
    assert all(one["epochs"] in choices["epochs"] for one in tried)


def test_asking_for_more_than_there_are_gives_all() -> None:
    assert len(search.combinations({"dropout": [0.1, 0.2]}, 50)) == 2


@pytest.mark.parametrize(
    ("choices", "count"),
    [({}, None), ({"dropout": []}, None), ({"seed": list(range(101))}, None), ({"seed": [1]}, 0)],
)
def test_too_little_or_too_much_to_try_is_refused(
    choices: dict[str, list[int]], count: int | None
) -> None:
    with pytest.raises(InvalidInput):
        search.combinations(choices, count)


def test_one_combination_that_cant_work_stops_all_before_they_are_queued(
    home: Catalog, dataset: DatasetRecord
) -> None:
    before = len(home.runs.all())
    with pytest.raises(InvalidInput, match="“Image size” is '8'"):
        search.start_search(home, spec_of(dataset), {"image_size": ["24", "8"]})
    with pytest.raises(InvalidInput, match=r"loss Binary cross-entropy: .* two classes"):
        search.start_search(home, spec_of(dataset), {"loss": ["categorical", "binary"]})
    assert len(home.runs.all()) == before


@pytest.mark.keras
def test_its_runs_are_queued_and_compared_on_validation_images(
    home: Catalog, dataset: DatasetRecord
) -> None:
    spec = spec_of(dataset, recipe="classic")
    runs = search.start_search(home, spec, {"learning_rate": ["0.000001", "0.01"]}, name="try")
    assert [home.jobs.get(run.job_id).state for run in runs] == ["queued", "queued"]
    table = search.results(runs)
    assert table["validation_accuracy"].isna().all()
    for run in runs:
        train_run(home, run.id)
    ((_, found),) = search.searches(home, dataset.id).items()
    table = search.results(found)
    assert list(table["learning_rate"]) == ["0.01", "0.000001"], "the better one comes first"
    assert table["validation_accuracy"].is_monotonic_decreasing
    assert (table["seconds"] > 0).all()
    assert {run.spec["learning_rate"] for run in found} == {0.000001, 0.01}
