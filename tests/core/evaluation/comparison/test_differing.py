"""Settings that differ are named as in the catalogue; settings of no effect are not named."""

from __future__ import annotations

from core.catalog import Catalog, RunRecord, RunSummary
from core.evaluation.comparison.differing import differing
from core.training.heads import HEADS
from core.training.spec import TrainSpec

BASE = {
    "dataset_id": "d",
    "dataset_version": 1,
    "recipe": "scratch",
    "architecture": "compact",
    "image_size": 64,
    "epochs": 10,
    "learning_rate": 0.004,
}


def runs(catalog: Catalog, *changes: dict[str, object]) -> list[RunRecord]:
    made = []
    for number, values in enumerate(changes):
        spec = TrainSpec.model_validate(BASE).with_values(values).model_dump(mode="json")
        job = catalog.jobs.add("train", {}, lane="train")
        made.append(
            catalog.runs.add(
                f"run {number}", dataset_id="d", dataset_version=1, spec=spec, job_id=job.id
            )
        )
    return made


def told(catalog: Catalog, *changes: dict[str, object]) -> dict[str, tuple[str, ...]]:
    return {each.title: each.values for each in differing(catalog, runs(catalog, *changes))}


def test_equal_settings_differ_in_nothing(catalog: Catalog) -> None:
    assert told(catalog, {}, {}, {}) == {}


def test_only_what_differs_is_told_in_words(catalog: Catalog) -> None:
    found = told(
        catalog, {}, {"epochs": 20, "dropout": 0.4}, {"optimizer": "sgd", "batch_size": 32}
    )
    assert found["Epochs"] == ("10", "20", "10")
    assert found["Dropout"] == ("20 %", "40 %", "20 %")
    assert found["Optimizer"] == ("AdamW", "AdamW", "SGD with momentum")
    assert found["Batch size"] == ("Auto", "Auto", "32 images")
    assert found["Momentum"] == ("–", "–", "0.9"), "what only SGD has"
    assert set(found) == {
        "Epochs",
        "Dropout",
        "Optimizer",
        "Batch size",
        "Momentum",
        "Nesterov",
        "Beta 1",
        "Beta 2",
    }


def test_a_setting_without_effect_does_not_differ(catalog: Catalog) -> None:
    assert told(catalog, {}, {"loss.gamma": 5.0, "stopping.metric": "f1"}) == {}


def test_what_auto_put_together_is_told_in_place_of_what_it_has_not_trained(
    catalog: Catalog,
) -> None:
    auto, network = runs(catalog, {"architecture": "efficientnet_lite0"}, {"epochs": 20})
    found = RunSummary(head="discriminant", networks=("efficientnet_lite0", "mobilenet_v2"))
    catalog.runs.summarise(auto.id, found)
    known = {
        each.title: each.values
        for each in differing(catalog, [catalog.runs.get(auto.id), catalog.runs.get(network.id)])
    }
    assert known["Head"] == (HEADS["discriminant"].title, "–")
    assert known["Architecture"] == ("EfficientNet-Lite0 and MobileNetV2", "Compact residual CNN")
    assert known["Epochs"] == ("–", "20"), "no network was trained for so long"


def test_the_run_that_weights_come_from_is_named(catalog: Catalog) -> None:
    (first,) = runs(catalog, {})
    spec = TrainSpec.model_validate(BASE).model_dump(mode="json") | {"weights": f"run:{first.id}"}
    job = catalog.jobs.add("train", {}, lane="train")
    second = catalog.runs.add("b", dataset_id="d", dataset_version=1, spec=spec, job_id=job.id)
    (found,) = differing(catalog, [first, second])
    assert found.values == ("Random weights", "“run 0”")


def test_runs_of_an_unknown_version_are_compared_by_what_is_known(catalog: Catalog) -> None:
    (first,) = runs(catalog, {})
    job = catalog.jobs.add("train", {}, lane="train")
    other = catalog.runs.add(
        "odd", dataset_id="e", dataset_version=3, spec={"recipe": "new"}, job_id=job.id
    )
    found = {each.title: each.values for each in differing(catalog, [first, other])}
    assert found["Recipe"] == ("From scratch", "new")
    assert found["Dataset"] == ("(removed)", "(removed)")
