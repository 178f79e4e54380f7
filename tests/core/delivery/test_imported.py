"""A model from elsewhere becomes a run like any other; one that could run code is never loaded."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.catalog import Catalog, Imported, RunRecord
from core.datasets.images import decode
from core.datasets.intake import add_folder
from core.delivery.imported.labels import parse_labels, read_labels
from core.delivery.imported.start import begin_import
from core.delivery.take_away.material import load_material
from core.delivery.take_away.model_card import card_markdown
from core.delivery.take_away.written import write
from core.errors import InvalidInput
from core.evaluation.evaluate import evaluate_folder
from core.evaluation.predictions import load_evaluation
from core.inference.predictor import open_predictor
from core.jobs.execute import execute
from core.quality.scan import scan
from core.training.foreign.archive import clean_copy, look_into
from tests.core.evaluation.coloured import CLASSES, write_colour

SIZE = 16


def means(
    outputs: int = 3,
    activation: str | None = "softmax",
    *,
    channels: int = 3,
    first: Callable[[], Any] | None = None,
) -> Any:
    """A model that weighs the mean of each channel: the strongest one wins, if there are three."""
    import keras
    from keras import layers

    stack = [keras.Input((SIZE, SIZE, channels))]
    if first is not None:
        stack.append(first())
    stack += [layers.GlobalAveragePooling2D(name="mean"), layers.Dense(outputs, activation)]
    model = keras.Sequential(stack)
    # Classes are blue, green and red; channels red, green and blue.
    kernel = np.fliplr(np.eye(3))[:channels] if outputs == 3 else np.ones((channels, outputs))
    model.layers[-1].set_weights([6 * kernel.astype(np.float32), np.zeros(outputs, np.float32)])
    return model


def saved(model: Any, path: Path) -> Path:
    model.save(path)
    return path


def rewritten(
    file: Path,
    change: Callable[[dict[str, Any]], None] | None = None,
    more: dict[str, bytes] | None = None,
) -> Path:
    """The same file with another config, and more members."""
    out = file.with_name(f"changed-{file.name}")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "config.json" and change is not None:
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            target.writestr(name, data)
        for name, data in (more or {}).items():
            target.writestr(name, data)
    return out


def imported(catalog: Catalog, file: Path, labels: list[str] = CLASSES, **more: Any) -> RunRecord:
    """Import a file as the job does."""
    run = begin_import(catalog, file, labels, **more)
    claimed = catalog.jobs.claim("train", pid=os.getpid(), host="here", job_id=run.job_id)
    assert claimed is not None
    ended = execute(catalog, claimed)
    if ended.state != "done":
        raise InvalidInput(ended.error)
    return catalog.runs.get(run.id)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return saved(means(), tmp_path / "mine.keras")


def test_it_is_tested_compared_and_asked_like_any_other(
    catalog: Catalog, plain: Path, tmp_path: Path
) -> None:
    for number in range(12):
        for colour in CLASSES:
            write_colour(tmp_path / "photos" / colour.upper() / f"{number}.png", colour, number)
    dataset = add_folder(catalog, tmp_path / "photos", "Photos", restrict=False)
    scan(catalog, dataset.id)
    run = imported(catalog, plain, dataset_id=dataset.id)
    assert (run.name, run.state, run.spec["recipe"]) == ("mine", "done", "imported")
    assert run.summary.imported == Imported(file="mine.keras", pixels="0..1")
    evaluation = load_evaluation(catalog.workspace, run.id)
    assert evaluation.accuracy == 1.0
    assert evaluation.images == run.summary.test_images > 0
    data = write_colour(tmp_path / "new.png", "green", 77).read_bytes()
    (answer,) = open_predictor(catalog.workspace, run.id).predict([("new.png", data)])
    expected = means().predict(decode(data, SIZE)[None] / np.float32(255), verbose=0)[0]
    assert answer.label == "green"
    assert answer.confidence == pytest.approx(float(expected.max()), abs=1e-3)
    card = card_markdown(load_material(catalog, run.id))
    assert "Trained | elsewhere" in card
    assert "How to reproduce" not in card
    with pytest.raises(InvalidInput, match="trained elsewhere"):
        write("notebook", catalog, run.id, tmp_path / "no.ipynb")
    on_folder = evaluate_folder(catalog, run.id, tmp_path / "photos")
    assert (on_folder.images, on_folder.accuracy) == (36, 1.0)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("pixels", "scaled"),
    [("0..255", lambda x: x), ("0..1", lambda x: x / 255), ("-1..1", lambda x: x / 127.5 - 1)],
)
def test_pixels_reach_the_model_as_it_was_trained_on_them(
    catalog: Catalog, tmp_path: Path, pixels: str, scaled: Callable[[Any], Any]
) -> None:
    model = means()
    model.layers[-1].set_weights([w / 100 for w in model.layers[-1].get_weights()])
    run = imported(catalog, saved(model, tmp_path / "m.keras"), pixels=pixels)
    images = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 3), dtype=np.uint8)
    answered = open_predictor(catalog.workspace, run.id).probabilities(images)
    np.testing.assert_allclose(
        answered, model.predict(scaled(images.astype(np.float32)), verbose=0), atol=1e-3
    )


@pytest.mark.keras
def test_what_gives_no_probabilities_gets_a_softmax_and_one_number_becomes_two(
    catalog: Catalog, tmp_path: Path
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 3), dtype=np.uint8)
    run = imported(catalog, saved(means(activation=None), tmp_path / "logits.keras"))
    answered = open_predictor(catalog.workspace, run.id).probabilities(images)
    expected = means().predict(images / np.float32(255), verbose=0)
    np.testing.assert_allclose(answered, expected, atol=1e-3)
    assert any("softmax was added" in text for text in run.summary.warnings)

    one = means(1, "sigmoid", channels=1)
    run = imported(catalog, saved(one, tmp_path / "one.keras"), ["dark", "light"])
    white = np.full((1, SIZE, SIZE, 3), 255, np.uint8)
    answered = open_predictor(catalog.workspace, run.id).probabilities(white)
    sure = 1 / (1 + np.exp(-6))
    np.testing.assert_allclose(answered, [[1 - sure, sure]], atol=1e-3)


@pytest.mark.keras
def test_what_it_expects_is_guessed_from_how_it_begins(tmp_path: Path) -> None:
    from keras import layers

    rescaled = means(first=lambda: layers.Rescaling(1 / 255))
    assert look_into(saved(rescaled, tmp_path / "a.keras")).pixels == "0..255"
    looked = look_into(saved(means(channels=1), tmp_path / "b.keras"))
    assert (looked.pixels, looked.size, looked.channels) == ("0..1", SIZE, 1)
    assert looked.outputs == 3


@pytest.mark.keras
def test_the_wrong_number_of_labels_is_refused(catalog: Catalog, plain: Path) -> None:
    with pytest.raises(InvalidInput, match="gives 3 numbers, but 4 classes"):
        begin_import(catalog, plain, ["a", "b", "c", "d"])
    assert catalog.runs.all() == []
    assert list((catalog.workspace.home / "runs").glob("*")) == []


@pytest.mark.keras
def test_several_classes_at_once_are_refused(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="several can be true"):
        imported(catalog, saved(means(activation="sigmoid"), tmp_path / "multi.keras"))


@pytest.mark.keras
def test_a_lambda_layer_is_refused_by_its_name(tmp_path: Path) -> None:
    from keras import layers

    model = means(first=lambda: layers.Lambda(lambda x: x / 255, name="evil"))
    with pytest.raises(InvalidInput, match=r"“evil” \(Lambda\)"):
        look_into(saved(model, tmp_path / "l.keras"))


@pytest.mark.keras
def test_a_custom_layer_is_refused_by_its_name(tmp_path: Path) -> None:
    import keras

    class Mine(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(InvalidInput, match=r"“own_one” \(Mine\).*not one of Keras’s own"):
        look_into(saved(means(first=lambda: Mine(name="own_one")), tmp_path / "c.keras"))


def _put(config: dict[str, Any], values: dict[str, Any]) -> None:
    config["config"]["layers"][1] |= values


@pytest.mark.keras
@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"module": "os", "class_name": "system", "config": {"command": "id"}}, "Keras’s own"),
        ({"module": "keras.utils", "class_name": "get_file", "config": {}}, "Keras’s own"),
        ({"module": "keras.saving", "class_name": "load_model", "config": {}}, "Keras’s own"),
        ({"module": "keras.models", "class_name": "load_model", "config": {}}, "Keras’s own"),
        ({"module": "keras.applications", "class_name": "VGG16", "config": {}}, "Keras’s own"),
        ({"module": "keras", "class_name": "version", "config": {}}, "Keras’s own"),
        ({"module": "keras_evil.layers", "class_name": "Dense"}, "Keras’s own"),
        ({"registered_name": "evil>Dense"}, "Keras’s own"),
        ({"class_name": "TFSMLayer", "config": {"name": "x"}}, "another model"),
        ({"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}, "files"),
        ({"class_name": "TorchModuleWrapper", "config": {}}, "pickled"),
        ({"config": {"f": {"class_name": "__lambda__", "config": {"value": "x"}}}}, "Python"),
        (
            {"config": {"f": {"class_name": "function", "config": "system", "module": "os"}}},
            "“system”",
        ),
        ({"config": {"units": 10**9}}, "too many"),
    ],
)
def test_whatever_could_run_code_is_refused(plain: Path, values: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        look_into(rewritten(plain, lambda config: _put(config, values)))


@pytest.mark.keras
@pytest.mark.parametrize(
    "name", ["../escape.txt", "/etc/cron.d/evil", "assets/vocabulary.txt", "model.pkl", "C:evil"]
)
def test_members_that_no_model_needs_are_refused(plain: Path, name: str, tmp_path: Path) -> None:
    file = rewritten(plain, more={name: b"x"})
    with pytest.raises(InvalidInput):
        clean_copy(file, tmp_path / "copy" / "out.keras")
    assert not (tmp_path / "copy").exists()


@pytest.mark.keras
def test_what_is_no_model_file_is_refused(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "p.keras").write_bytes(pickle.dumps([1, 2]))
    (tmp_path / "cut.keras").write_bytes(plain.read_bytes()[:2000])
    with zipfile.ZipFile(tmp_path / "odd.keras", "w") as archive:
        archive.writestr("config.json", "[" * 100_000)
        archive.writestr("model.weights.h5", b"")
    with zipfile.ZipFile(tmp_path / "few.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    for name in ("p", "cut", "odd", "few", "missing"):
        with pytest.raises(InvalidInput):
            look_into(tmp_path / f"{name}.keras")


@pytest.mark.keras
def test_two_inputs_and_shapes_that_are_no_images_are_refused(tmp_path: Path) -> None:
    import keras
    from keras import layers

    one, two = keras.Input((16, 16, 3)), keras.Input((16, 16, 3))
    both = keras.Model([one, two], layers.Flatten()(layers.Add()([one, two])))
    with pytest.raises(InvalidInput, match="2 inputs"):
        look_into(saved(both, tmp_path / "two.keras"))
    for shape, word in (((10,), "not images"), ((16, 32, 3), "not square"), ((3, 16, 16), "first")):
        model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(2)])
        with pytest.raises(InvalidInput, match=word):
            look_into(saved(model, tmp_path / "shape.keras"))


@pytest.mark.keras
def test_custom_training_does_not_come_along(plain: Path, tmp_path: Path) -> None:
    def compiled(config: dict[str, Any]) -> None:
        config["compile_config"] = {"loss": {"class_name": "Evil", "module": "evil", "config": {}}}

    clean_copy(rewritten(plain, compiled), tmp_path / "out.keras")
    with zipfile.ZipFile(tmp_path / "out.keras") as archive:
        assert b"Evil" not in archive.read("config.json")


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\n\nbird",
        "cat, dog, bird",
        '["cat", "dog", "bird"]',
        '{"dog": 1, "cat": 0, "bird": 2}',
        '{"0": "cat", "1": "dog", "2": "bird"}',
    ],
)
def test_labels_are_taken_as_people_have_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text(text, encoding="utf-8-sig")
    assert parse_labels(text) == read_labels(tmp_path / "labels.txt") == ["cat", "dog", "bird"]


@pytest.mark.parametrize(
    "text", ["", "cat", "cat\ncat", '{"cat": 0, "dog": 2}', "[1, [2]]", "[cat"]
)
def test_labels_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_labels(text)


@pytest.mark.keras
def test_a_model_of_an_open_input_size_is_imported_at_the_size_that_is_given(
    catalog: Catalog, tmp_path: Path
) -> None:
    import keras
    from keras import layers

    inside = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Conv2D(4, 3, padding="same", activation="relu")]
    )
    image = keras.Input((None, None, 3))
    maps = layers.Conv2D(4, 3, activation="relu")(inside(layers.Rescaling(1 / 255)(image)))
    answer = layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(image, answer)
    file = saved(model, tmp_path / "open.keras")
    with pytest.raises(InvalidInput, match="--size"):
        begin_import(catalog, file, CLASSES)
    run = imported(catalog, file, size=32)
    table = json.loads((catalog.workspace.run(run.id) / "layers.json").read_text("utf-8"))
    assert all(None not in layer["shape"] for layer in table)
    assert sum(layer["flops"] > 0 for layer in table) == 3
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    found = open_predictor(catalog.workspace, run.id).probabilities(pixels)
    assert np.allclose(found, model.predict(pixels.astype(np.float32), verbose=0), atol=1e-5)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0 Cat\n1 Dog\n2 Big bird\n", ["Cat", "Dog", "Big bird"]),
        ("0\tCat\r\n1\tDog", ["Cat", "Dog"]),
        ("1 Cat\n2 Dog", ["1 Cat", "2 Dog"]),
        ("0 Cat\nDog", ["0 Cat", "Dog"]),
        ("0\n1\n2", ["0", "1", "2"]),
    ],
)
def test_numbers_of_outputs_before_names_are_left_out(text: str, names: list[str]) -> None:
    assert parse_labels(text) == names
