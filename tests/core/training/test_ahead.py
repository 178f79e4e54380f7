"""What is found out before a training: how long it will take, which learning rate, and what of it
can be done ahead."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.errors import Cancelled
from core.progress import Wishes
from core.quality.curation import curated, usable
from core.training import ahead, recipes, speeds
from core.training.ahead import find_rate, prepare, unmeasured
from core.training.estimate import estimate
from core.training.fitting import prepared
from core.training.fitting.trials import suggest
from core.training.run import train_run
from core.training.speeds import Speed
from core.training.start import create_run
from tests.core.training.small import add_colours, spec_of
from tests.recording import RecordingReporter

pytestmark = pytest.mark.keras


def test_nothing_is_estimated_before_it_was_measured(catalog: Catalog, tmp_path: Path) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    table = usable(curated(catalog, dataset.id))
    spec = spec_of(dataset, recipe="classic")
    assert estimate(catalog, spec, table) is None
    assert unmeasured(catalog.workspace, [spec]) == [spec]


def test_an_estimate_is_made_of_what_was_measured(catalog: Catalog, tmp_path: Path) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    table = usable(curated(catalog, dataset.id))
    spec = spec_of(dataset, recipe="classic", epochs=10, image_size=24)
    speeds.keep(
        catalog.workspace,
        {
            speeds.key("decode", spec, "float32"): Speed(0.0, 0.01),
            speeds.key("whole", spec, "float32"): Speed(3.0, 0.1, 700),
            speeds.key("finish", spec, "float32"): Speed(2.0, 0.0),
        },
    )
    found = estimate(catalog, spec, table)
    assert found is not None
    # 36 images: 25 to train on, 5 to validate with at a third of a step.
    assert found.by_part == pytest.approx(
        {"decode": 0.36, "whole": 3 + 10 * 0.1 * (25 + 5 / 3), "finish": 2}, abs=0.02
    )
    assert (found.memory_mb, found.seconds) == (
        700,
        pytest.approx(sum(found.by_part.values()), abs=0.1),
    )


def test_a_few_batches_make_an_estimate_possible_and_a_training_corrects_it(
    home: Catalog, dataset: DatasetRecord
) -> None:
    table = usable(curated(home, dataset.id))
    spec = spec_of(dataset, recipe="classic", epochs=3)
    assert ahead.measure(home, dataset.id, RecordingReporter(), [spec]) == 1
    first = estimate(home, spec, table)
    assert first is not None
    assert first.seconds > 0
    assert first.memory_mb > 100
    assert unmeasured(home.workspace, [spec]) == []
    assert ahead.measure(home, dataset.id, RecordingReporter(), [spec]) == 0
    before = speeds.find(home.workspace, speeds.key("finish", spec, "float32"))
    train_run(home, create_run(home, spec).id)
    assert speeds.find(home.workspace, speeds.key("finish", spec, "float32")) != before


def test_measuring_makes_way_for_a_training(home: Catalog, dataset: DatasetRecord) -> None:
    run = create_run(home, spec_of(dataset))
    spec = spec_of(dataset, recipe="classic", architecture="vgg", image_size=32)
    with pytest.raises(Cancelled):
        ahead.measure(home, dataset.id, RecordingReporter(), [spec])
    home.jobs.request_cancel(run.job_id)
    assert unmeasured(home.workspace, [spec]) == [spec]


def test_recipes_are_measured_with_the_suggested_one_first(
    home: Catalog, dataset: DatasetRecord
) -> None:
    table = usable(curated(home, dataset.id))
    found = [spec.recipe for spec in ahead.recipe_specs(home, dataset.id, table)]
    assert found[0] == recipes.suggest(table)
    assert sorted(found) == sorted(recipes.RECIPES)


def test_the_rate_test_raises_the_rate_until_the_loss_blows_up(
    home: Catalog, dataset: DatasetRecord
) -> None:
    report = RecordingReporter()
    found = find_rate(home, spec_of(dataset, recipe="classic"), report)
    rates = found["rates"]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(1e-6)
    assert len(rates) == len(found["losses"]) > 30
    assert found["suggestion"] is None or 1e-6 < found["suggestion"] < 0.5
    assert not home.runs.all(dataset.id) or all(
        run.state != "running" for run in home.runs.all(dataset.id)
    )


def test_the_suggestion_lies_where_the_loss_falls_most_steeply() -> None:
    rates = [10 ** (-6 + 6 * n / 89) for n in range(90)]
    # Flat, then a fall around 1e-3, then up.
    losses = [
        2.3
        if rate < 3e-4
        else 0.6
        if 3e-3 < rate < 0.1
        else 4.0
        if rate >= 0.1
        else 2.3 - 1.7 * (rates.index(rate) - 53) / 15
        for rate in rates
    ]
    found = suggest(rates, losses)
    assert found is not None
    assert 2e-4 < found < 4e-3
    assert suggest(rates, [2.3] * 90) is None
    assert suggest(rates[:5], losses[:5]) is None


def test_a_stop_ends_the_rate_test(home: Catalog, dataset: DatasetRecord) -> None:
    class Stops(RecordingReporter):
        def wishes(self) -> Wishes:
            return Wishes(stop="keep" if len(self.steps) > 5 else "")

    with pytest.raises(Cancelled):
        find_rate(home, spec_of(dataset, recipe="classic"), Stops())


def test_a_prepared_training_learns_exactly_what_it_would_have_learned(
    home: Catalog, dataset: DatasetRecord
) -> None:
    spec = spec_of(dataset, recipe="scratch", dropout=0.3)

    def history() -> list[dict]:
        report = RecordingReporter()
        train_run(home, create_run(home, spec).id, report)
        told = [payload for kind, payload in report.events if kind == "epoch"]
        return [{k: e[k] for k in ("loss", "accuracy", "val_loss", "val_accuracy")} for e in told]

    plain = history()
    prepare(home, spec, RecordingReporter())
    assert prepared._kept
    ahead = history()
    assert not prepared._kept, "it was used"
    assert ahead == plain


def test_what_was_prepared_for_other_settings_is_not_used(
    home: Catalog, dataset: DatasetRecord
) -> None:
    prepare(home, spec_of(dataset, dropout=0.1), RecordingReporter())
    report = RecordingReporter()
    train_run(home, create_run(home, spec_of(dataset, dropout=0.4, epochs=1)).id, report)
    assert not prepared._kept
