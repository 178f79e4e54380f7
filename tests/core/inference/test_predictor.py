"""Bytes in, probabilities out: the same pixels as in training, and no image stops another."""

from __future__ import annotations

import csv
import io
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.catalog import Catalog
from core.datasets.images import decode
from core.errors import NotFound
from core.inference import predictor as module
from core.inference.predictor import Predictor, open_predictor, to_csv
from core.workspace import Workspace
from tests.core.evaluation.coloured import CLASSES, GAIN, SIZE, save_model, write_colour


@pytest.fixture
def model(workspace: Workspace) -> Predictor:
    save_model(workspace.run("r"))
    return open_predictor(workspace, "r")


def png(tmp_path: Path, colour: str, seed: int = 0) -> bytes:
    return write_colour(tmp_path / f"{colour}-{seed}.png", colour, seed).read_bytes()


def test_probabilities_are_those_of_the_models_own_arithmetic(
    model: Predictor, tmp_path: Path
) -> None:
    data = png(tmp_path, "red")
    (answer,) = model.predict([("a.png", data)])
    means = decode(data, SIZE).reshape(-1, 3).mean(axis=0)[::-1] / 255
    expected = np.exp(GAIN * means) / np.exp(GAIN * means).sum()
    assert answer.label == "red"
    assert dict(answer.top) == pytest.approx(dict(zip(CLASSES, expected, strict=True)), abs=1e-5)
    assert answer.confidence == answer.top[0][1] == pytest.approx(expected.max(), abs=1e-5)
    assert answer.milliseconds > 0


def test_a_broken_image_has_a_sentence_and_the_others_are_answered(
    model: Predictor, tmp_path: Path
) -> None:
    files = [
        ("good.png", png(tmp_path, "green")),
        ("empty.png", b""),
        ("text.png", b"not an image at all"),
        ("half.png", png(tmp_path, "green")[:200]),
        ("last.png", png(tmp_path, "blue")),
    ]
    answers = model.predict(files)
    assert [answer.name for answer in answers] == [name for name, _ in files]
    assert [answer.label for answer in answers] == ["green", "", "", "", "blue"]
    assert all(answer.error and answer.name in answer.error for answer in answers[1:4])
    assert not answers[0].error
    assert not answers[4].error


def test_many_images_keep_their_order_across_batches(model: Predictor, tmp_path: Path) -> None:
    colours = [CLASSES[n % 3] for n in range(150)]
    files = [(f"{n}", png(tmp_path, colour, n % 5)) for n, colour in enumerate(colours)]
    files[70] = ("70", b"")
    answers = model.predict(files)
    expected = [*colours[:70], "", *colours[71:]]
    assert [answer.label for answer in answers] == expected


def test_top_names_the_most_probable_classes_in_order(model: Predictor, tmp_path: Path) -> None:
    data = png(tmp_path, "blue")
    assert len(model.predict([("a", data)], top=2)[0].top) == 2
    every = model.predict([("a", data)], top=99)[0].top
    assert next(label for label, _ in every) == "blue"
    assert [p for _, p in every] == sorted((p for _, p in every), reverse=True)
    assert len(every) == 3


def test_nothing_to_predict_gives_nothing(model: Predictor) -> None:
    assert model.predict([]) == []


def test_a_model_is_loaded_once_and_again_when_it_was_retrained(
    workspace: Workspace, model: Predictor
) -> None:
    assert open_predictor(workspace, "r") is model
    path = workspace.run("r") / "model.xml"
    changed = path.stat().st_mtime_ns + 5_000_000_000
    os.utime(path, ns=(changed, changed))
    again = open_predictor(workspace, "r")
    assert again is not model
    assert open_predictor(workspace, "r") is again
    assert model not in module._loaded.values(), "the old one gives its memory back"


def test_models_unused_for_longest_are_unloaded(workspace: Workspace) -> None:
    for number in range(module._KEEP_LOADED + 1):
        save_model(workspace.run(f"r{number}"))
    first = open_predictor(workspace, "r0")
    others = [open_predictor(workspace, f"r{n}") for n in range(1, module._KEEP_LOADED)]
    assert open_predictor(workspace, "r0") is first, "asked for again, so it is not the oldest"
    open_predictor(workspace, f"r{module._KEEP_LOADED}")
    assert len(module._loaded) == module._KEEP_LOADED
    assert open_predictor(workspace, "r0") is first
    assert open_predictor(workspace, "r1") is not others[0]


def test_threads_share_one_model_and_get_their_own_answers(
    workspace: Workspace, tmp_path: Path
) -> None:
    save_model(workspace.run("shared"))
    images = {colour: png(tmp_path, colour) for colour in CLASSES}
    got: list[tuple[str, str]] = []
    used: set[int] = set()

    def ask(colour: str) -> None:
        for _ in range(20):
            model = open_predictor(workspace, "shared")
            used.add(id(model))
            got.append((colour, model.predict([("x", images[colour])])[0].label))

    threads = [threading.Thread(target=ask, args=(colour,)) for colour in CLASSES * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 120
    assert all(asked == answered for asked, answered in got)
    assert len(used) == 1


def test_a_run_without_a_model_says_so(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match="no finished model"):
        open_predictor(catalog.workspace, "nothing")


def test_the_table_has_a_row_an_image_and_a_column_a_class(
    model: Predictor, tmp_path: Path
) -> None:
    answers = model.predict([("a,“b”.png", png(tmp_path, "red")), ("broken.png", b"")])
    rows = list(csv.DictReader(io.StringIO(to_csv(answers, model.classes))))
    assert [row["file"] for row in rows] == ["a,“b”.png", "broken.png"]
    assert rows[0]["prediction"] == "red"
    assert float(rows[0]["red"]) == pytest.approx(answers[0].confidence, abs=1e-6)
    assert sum(float(rows[0][label]) for label in CLASSES) == pytest.approx(1, abs=1e-5)
    assert rows[1]["prediction"] == rows[1]["confidence"] == ""
    assert "empty" in rows[1]["error"]


def test_the_table_names_files_as_they_are_and_guards_its_other_cells(
    model: Predictor, tmp_path: Path
) -> None:
    names = ["=1+1.png", "+1.png", "@x.png"]
    answers = model.predict([(name, png(tmp_path, "red")) for name in names])
    answers = [replace(answer, label="=cmd") for answer in answers]
    rows = list(csv.reader(io.StringIO(to_csv(answers, model.classes))))
    assert [row[0] for row in rows[1:]] == names, "programs look the files up by it"
    assert all(row[1] == "'=cmd" for row in rows[1:])
