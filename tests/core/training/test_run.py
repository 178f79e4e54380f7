"""A run from its spec to a checked model, on three colours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog, DatasetRecord
from core.errors import Cancelled, InvalidInput
from core.features.runtime import Compiled
from core.jobs.execute import execute
from core.training.run import train_run
from core.training.spec import parse_spec
from core.workspace import read_json
from tests.core.evaluation.coloured import CLASSES
from tests.core.training.running import Trained, as_summarised, queued, train
from tests.core.training.small import EACH, StopsAt, add_colours, notes, told

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def trained(home: Catalog, dataset: DatasetRecord) -> Trained:
    return train(home, dataset, epochs=6)


def test_everything_that_came_of_it_lies_in_its_folder(trained: Trained) -> None:
    assert sorted(file.name for file in trained.folder.iterdir()) == [
        "history.json",
        "layers.json",
        "model.bin",
        "model.json",
        "model.keras",
        "model.xml",
        "spec.json",
        "split.parquet",
    ]
    assert parse_spec(read_json(trained.folder / "spec.json")) == trained.spec
    about = read_json(trained.folder / "model.json")
    assert about["classes"] == CLASSES
    assert (about["image_size"], about["fit"]) == (24, "stretch")
    assert (about["recipe"], about["architecture"]) == ("scratch", "custom")
    assert about["name"] == trained.catalog.runs.get(trained.run_id).name


def test_its_layers_are_those_of_the_saved_model(trained: Trained) -> None:
    layers = read_json(trained.folder / "layers.json")
    assert sum(layer["parameters"] for layer in layers) == trained.model().count_params()
    assert trained.summary.parameters == trained.model().count_params()
    assert [layer["kind"] for layer in layers].count("Conv2D") == 2
    assert all(layer["flops"] > 0 for layer in layers if layer["kind"] in ("Conv2D", "Dense"))


def test_every_image_is_in_one_split_and_every_class_in_all(trained: Trained) -> None:
    split = trained.split
    assert len(split) == split["path"].nunique() == 3 * EACH
    counts = pd.crosstab(split["label"], split["split"])
    assert sorted(counts.columns) == ["test", "train", "validation"]
    assert (counts > 0).all(axis=None)


def test_the_history_has_an_entry_an_epoch_which_was_also_told(trained: Trained) -> None:
    history = trained.history
    assert [entry["epoch"] for entry in history] == list(range(1, 7))
    for entry, payload in zip(history, told(trained.report, "epoch"), strict=True):
        assert {key: payload[key] for key in entry} == entry


def test_phases_are_told_as_they_start_and_end_with_their_seconds(trained: Trained) -> None:
    phases = told(trained.report, "phase")
    assert [(payload["phase"], payload["state"]) for payload in phases] == [
        (phase, state) for phase in ("decode", "fit", "export") for state in ("started", "done")
    ]
    ended = {payload["phase"]: payload["seconds"] for payload in phases if "seconds" in payload}
    assert ended == trained.summary.seconds
    assert {step[0] for step in trained.report.steps} == {"decode", "fit", "export"}


def test_the_summary_is_kept_in_the_catalog(trained: Trained) -> None:
    assert trained.catalog.runs.get(trained.run_id).summary == trained.summary
    assert (trained.summary.epochs, trained.summary.classes) == (6, 3)
    assert trained.summary.validation_accuracy == trained.best["val_accuracy"]
    assert trained.summary.export_difference <= 1e-3
    assert not trained.summary.stopped
    assert any("tested on 6 images only" in text for text in trained.summary.warnings)
    assert trained.summary.memory_mb > 0


def test_the_saved_model_and_the_export_give_the_same_answers(trained: Trained) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 24, 24, 3), dtype=np.uint8)
    answers = trained.model().predict(pixels.astype(np.float32), verbose=0)
    assert Compiled(trained.folder / "model.xml").predict(pixels) == pytest.approx(
        answers, abs=1e-3
    )
    assert answers.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_what_is_saved_is_what_was_validated(trained: Trained) -> None:
    as_summarised(trained)


@pytest.mark.parametrize(
    "spec",
    [
        {"color": "gray", "resize": "pad", "metrics": ["auc", "recall"], "best_by": "f1"},
        {
            "resize": "crop",
            "balance": "weights",
            "optimizer": "sgd",
            "stopping.patience": 2,
            "schedule": "plateau",
            "batch_size": 0,
        },
        {
            "augmentation.mixup": 0.3,
            "augmentation.cutmix": 0.5,
            "balance": "sampling",
            "augmentation.rotation": 10,
            "schedule": "step",
            "validation": 0.3,
        },
    ],
    ids=["grey, padded", "cropped, weighted", "mixed, sampled"],
)
def test_what_is_saved_is_what_was_validated_whatever_is_chosen(
    home: Catalog, dataset: DatasetRecord, spec: dict[str, Any]
) -> None:
    run = train(home, dataset, epochs=4, **spec)
    as_summarised(run)
    about = read_json(run.folder / "model.json")
    assert about["fit"] == run.spec.resize
    images, _ = run.validation()
    if run.spec.color == "gray":
        grey = (images.astype(np.float32) @ [0.299, 0.587, 0.114])[..., None].repeat(3, axis=-1)
        model = run.model()
        assert np.asarray(model(grey, training=False)) == pytest.approx(
            np.asarray(model(images.astype(np.float32), training=False)), abs=1e-3
        )
    if run.spec.metrics:
        assert {"val_auc", "val_recall"} <= set(run.best)
    if run.spec.resize == "pad":
        assert (images[:, 0] == images[:, 0, :1]).all(), "what is added above has one colour"


def test_a_network_with_shortcuts_learns_and_is_saved_as_it_was(
    home: Catalog, dataset: DatasetRecord
) -> None:
    run = train(home, dataset, recipe="scratch", epochs=6, loss__label_smoothing=0)
    as_summarised(run, off=1e-3)
    assert run.summary.validation_accuracy >= 0.8


def test_several_looks_are_in_the_saved_model(home: Catalog, dataset: DatasetRecord) -> None:
    run = train(home, dataset, epochs=6, test_views=3, augmentation__flip_horizontal=True)
    images, _ = run.validation()
    model = run.model()
    both = [np.asarray(model(side.astype(np.float32))) for side in (images, images[:, :, ::-1])]
    inner = next(layer for layer in model.layers if layer.name == "custom")
    one = np.asarray(inner(images.astype(np.float32), training=False))
    assert np.abs(both[0] - one).max() > 1e-4, "it looks more than once"
    accuracy, _ = run.validated_again()
    assert accuracy >= run.summary.validation_accuracy - 1e-6
    assert (one.argmax(axis=1) == run.validation()[1]).mean() == pytest.approx(
        run.summary.validation_accuracy, abs=1e-6
    )
    assert run.summary.export_difference <= 1e-3


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Tag → step → value, of the logs in a folder, as TensorBoard reads them."""
    import tensorflow as tf

    found: dict[str, dict[int, float]] = {}
    for file in sorted(folder.iterdir()):
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                number = float(tf.make_ndarray(value.tensor))
                found.setdefault(value.tag, {})[event.step] = number
    return found


def test_logs_for_tensorboard_are_written_when_asked(
    home: Catalog, dataset: DatasetRecord, trained: Trained
) -> None:
    run = train(home, dataset, tensorboard=True)
    logs = run.folder / "tensorboard"
    for split, prefix in (("train", ""), ("validation", "val_")):
        for name in ("loss", "accuracy"):
            column = {entry["epoch"]: entry[prefix + name] for entry in run.history}
            assert scalars(logs / split)[f"epoch_{name}"] == pytest.approx(column)
    assert set(scalars(logs / "train")["epoch_learning_rate"]) == {1, 2}
    assert not (trained.folder / "tensorboard").exists()


def test_going_on_from_an_earlier_run_begins_where_that_had_ended(trained: Trained) -> None:
    on = train(trained.catalog, trained.dataset, weights=f"run:{trained.run_id}", epochs=1)
    arrays = len(trained.model().get_weights())
    assert f"Starts from {arrays} of {arrays}" in notes(on.report)
    assert on.history[0]["loss"] < 0.5 * trained.history[0]["loss"]
    as_summarised(on)


def test_frozen_layers_keep_the_weights_that_they_came_with(trained: Trained) -> None:
    on = train(
        trained.catalog, trained.dataset, weights=f"run:{trained.run_id}", epochs=1, frozen=0.5
    )
    before, after = (
        [layer.get_weights() for layer in run.model().layers if layer.weights]
        for run in (trained, on)
    )
    same = [
        all(np.array_equal(a, b) for a, b in zip(old, new, strict=True))
        for old, new in zip(before, after, strict=True)
    ]
    assert same == [True] * 3 + [False] * 3
    as_summarised(on)


def test_a_model_file_can_be_started_from_with_other_classes(
    trained: Trained, photos: Path
) -> None:
    folders = {"sky": "blue", "leaf": "green", "rose": "red", "sea": "blue"}
    other = add_colours(trained.catalog, photos / "things", folders, each=8)
    path = trained.folder / "model.keras"
    run = train(trained.catalog, other, weights=f"file:{path}", epochs=1)
    arrays = len(trained.model().get_weights())
    assert f"Starts from {arrays - 2} of {arrays}" in notes(run.report)
    assert run.model().output_shape == (None, 4)
    as_summarised(run)


def test_a_file_that_is_no_model_or_of_another_is_refused_by_name(
    home: Catalog, dataset: DatasetRecord, trained: Trained, tmp_path: Path
) -> None:
    (tmp_path / "text.keras").write_text("not a model")
    (tmp_path / "text.weights.h5").write_text("not a model")
    for name, said in (("text.keras", "not a .keras file"), ("text.weights.h5", "damaged")):
        with pytest.raises(InvalidInput, match=said) as caught:
            train(home, dataset, weights=f"file:{tmp_path / name}")
        assert name in str(caught.value)
    with pytest.raises(InvalidInput, match="don't fit Compact"):
        train(home, dataset, recipe="scratch", weights=f"file:{trained.folder / 'model.keras'}")


def test_the_same_spec_gives_the_same_split_and_history_and_decodes_nothing_again(
    trained: Trained,
) -> None:
    again = train(trained.catalog, trained.dataset, epochs=6)
    assert again.split.equals(trained.split)
    assert again.history == trained.history
    assert "decoded before" in notes(again.report)


def test_another_seed_gives_another_split(trained: Trained) -> None:
    other = train(trained.catalog, trained.dataset, seed=2, epochs=1)
    assert not other.split.equals(trained.split)
    assert other.history[0] != trained.history[0]


def test_what_is_saved_of_a_bfloat16_run_computes_in_float32(trained: Trained) -> None:
    import keras

    run = train(trained.catalog, trained.dataset, precision="bfloat16", epochs=2)
    assert run.summary.precision == "bfloat16"
    assert {layer.compute_dtype for layer in run.model().layers} == {"float32"}
    assert keras.mixed_precision.global_policy().name == "float32"
    assert run.summary.export_difference <= 1e-3
    assert run.validated_again()[1] == pytest.approx(run.best["val_loss"], abs=0.02)


def test_stopping_while_fitting_keeps_the_best_so_far_as_a_whole_model(trained: Trained) -> None:
    run = train(trained.catalog, trained.dataset, StopsAt("epoch", epoch=2), epochs=200)
    assert (run.summary.stopped, run.summary.epochs) == (True, 2)
    assert 1 <= run.summary.best_epoch <= 2
    assert len(run.history) == 2
    as_summarised(run)


@pytest.mark.parametrize("stop", ["keep", "discard"])
def test_cancelled_before_anything_was_learned_it_can_be_trained_later(
    home: Catalog, dataset: DatasetRecord, stop: Any
) -> None:
    run_id, spec = queued(home, dataset, epochs=1)
    with pytest.raises(Cancelled):
        train_run(home, run_id, StopsAt("phase", stop, phase="decode", state="done"))
    folder = home.workspace.run(run_id)
    assert parse_spec(read_json(folder / "spec.json")) == spec
    assert not (folder / "model.json").exists()
    assert not list(folder.glob("model.*"))
    if stop == "keep":
        assert train_run(home, run_id).epochs == 1


def test_what_its_images_look_like_is_learned_after_it_without_being_asked_for(
    home: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_AHEAD", "1")
    many = add_colours(home, tmp_path / "many", each=36)
    few = add_colours(home, tmp_path / "few")
    for dataset, kinds in ((many, ["familiar", "study"]), (few, ["study"])):
        run_id, _ = queued(home, dataset, epochs=1)
        job_id = home.runs.get(run_id).job_id
        claimed = home.jobs.claim("train", pid=os.getpid(), host="here", job_id=job_id)
        assert claimed is not None
        assert execute(home, claimed).state == "done"
        assert [job.kind for job in home.jobs.queue("light") if job.subject == run_id] == kinds


def test_to_discard_leaves_no_model(home: Catalog, dataset: DatasetRecord) -> None:
    run_id, _ = queued(home, dataset, epochs=50)
    with pytest.raises(Cancelled):
        train_run(home, run_id, StopsAt("epoch", "discard", epoch=1))
    assert not list(home.workspace.run(run_id).glob("model.*"))
    assert home.runs.get(run_id).summary.as_json() == {}


def test_without_validation_images_the_last_epoch_is_saved(
    home: Catalog, dataset: DatasetRecord
) -> None:
    run = train(home, dataset, validation=0)
    assert (run.summary.best_epoch, run.summary.validation_accuracy) == (2, None)
    assert "no validation images" in notes(run.report)
    assert run.summary.export_difference <= 1e-3


def test_a_spec_of_the_first_version_is_still_trained(
    home: Catalog, dataset: DatasetRecord
) -> None:
    job = home.jobs.hold("train", {}, lane="train", subject=dataset.id)
    old = {
        "dataset_id": dataset.id,
        "dataset_version": dataset.version,
        "recipe": "classic",
        "image_size": 24,
        "epochs": 1,
        "batch_size": 10,
        "learning_rate": 0.002,
        "augment": True,
        "precision": "float32",
    }
    run = home.runs.add(
        "old", dataset_id=dataset.id, dataset_version=dataset.version, spec=old, job_id=job.id
    )
    assert train_run(home, run.id).epochs == 1
    assert read_json(home.workspace.run(run.id) / "model.json")["architecture"] == "classic"
