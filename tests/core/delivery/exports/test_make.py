"""Every format answers like Keras, and what is packed works without Lightbox."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from PIL import Image

from core.catalog import Catalog, DatasetRecord
from core.delivery.exports import formats
from core.delivery.exports.formats import FORMATS
from core.delivery.exports.kept import export_file, exports_folder, find, find_exports
from core.delivery.exports.make import make_export
from core.errors import Cancelled, InvalidInput, NotFound
from core.evaluation.predictions import predictions_table
from core.progress import Wishes
from core.training.start import create_run
from tests.core.delivery.exports.exporting import HEADED, finished_run, spec_for, unpack
from tests.core.training.small import add_colours, new_catalog
from tests.recording import RecordingReporter

pytestmark = pytest.mark.keras

KINDS = {"scratch": "compact", "transfer": "mobilenet_v2", "own": "custom", "heads": HEADED}
ON_TENSORFLOW = ("keras", "weights", "saved-model")
# What answers elsewhere, by the module that the example imports.
LIGHT = {
    "litert": "ai_edge_litert",
    "litert-float16": "ai_edge_litert",
    "litert-int8": "ai_edge_litert",
    "onnx": "onnxruntime",
    "openvino": "openvino",
    "openvino-int8": "openvino",
}
# Runs an example and a self-test in a process that has TensorFlow already.
DRIVER = """
import os, runpy, sys
for folder in sys.argv[1:]:
    os.chdir(folder)
    sys.path.insert(0, folder)
    for name in ("example", "prepare"):
        sys.modules.pop(name, None)
    sys.argv = ["example.py"]
    for program in ("example.py", "selftest.py"):
        try:
            runpy.run_path(program, run_name="__main__")
        except SystemExit as ended:
            assert not ended.code, folder
    sys.path.remove(folder)
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return new_catalog(tmp_path_factory.mktemp("home"))


class Runs(dict[str, str]):
    """A run of each kind of network, made when it is first asked for."""

    def __init__(self, catalog: Catalog, dataset: DatasetRecord) -> None:
        super().__init__()
        self._make = lambda kind: finished_run(catalog, dataset, KINDS[kind])

    def __missing__(self, kind: str) -> str:
        self[kind] = self._make(kind)
        return self[kind]


@pytest.fixture(scope="module")
def runs(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(catalog, add_colours(catalog, tmp_path_factory.mktemp("images") / "colours"))


@pytest.fixture(scope="module")
def unpacked(
    catalog: Catalog, runs: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The exports of the own network in all formats, as they arrive elsewhere."""
    folders = {}
    for key in formats.offered():
        found = {export.format: export for export in find_exports(catalog.workspace, runs["own"])}
        export = found.get(key) or make_export(catalog, runs["own"], key)
        file = export_file(catalog.workspace, runs["own"], export)
        folders[key] = unpack(file, tmp_path_factory.mktemp(key))
    return folders


def test_every_format_can_be_made_with_what_lightbox_requires() -> None:
    assert formats.offered() == list(FORMATS) == [*ON_TENSORFLOW, *LIGHT]


def cases() -> list[ParameterSet]:
    """Every network in every format; but the large one, of which each takes long, in those that no
    other test makes of one; and all heads in those that have to agree to 1e-3. Of random weights
    8 bits leave nothing over: that is tried on networks that were trained, and refused otherwise.
    """
    found = []
    for kind in KINDS:
        for key in FORMATS if kind != "transfer" else ("saved-model", "litert", "openvino"):
            if kind == "heads" and FORMATS[key].tolerance is None:
                continue
            slow = [pytest.mark.slow] if kind == "transfer" else []
            found.append(pytest.param(kind, key, marks=slow))
    return found


@pytest.mark.parametrize(("kind", "key"), cases())
def test_an_export_answers_like_keras(
    catalog: Catalog, runs: dict[str, str], kind: str, key: str
) -> None:
    report = RecordingReporter()
    export = make_export(catalog, runs[kind], key, report)
    assert export.images == 9
    if FORMATS[key].tolerance is None:
        assert export.same >= FORMATS[key].least_same * export.images
        assert export.largest_difference > 0, "fewer digits leave a trace"
    else:
        assert export.same == export.images
        assert export.largest_difference <= 1e-3
    assert export.milliseconds > 0
    assert {step[0] for step in report.steps} >= {"export"}
    file = export_file(catalog.workspace, runs[kind], export)
    assert file.stat().st_size == export.bytes
    assert export in find_exports(catalog.workspace, runs[kind])
    assert find(catalog.workspace, runs[kind], key, export.token) == file
    assert find(catalog.workspace, runs[kind], key, export.token[:-1]) is None


def run_it(*command: str | Path, folder: Path) -> str:
    """What a program says that must go well."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("key", list(LIGHT))
def test_example_and_self_test_work_without_tensorflow(unpacked: dict[str, Path], key: str) -> None:
    pytest.importorskip(LIGHT[key])
    folder = unpacked[key]
    assert "All as Lightbox answers" in run_it("selftest.py", folder=folder)
    assert "1.png: blue" in run_it("example.py", folder=folder)


def test_examples_and_self_tests_on_tensorflow_work(unpacked: dict[str, Path]) -> None:
    folders = [unpacked[key] for key in ON_TENSORFLOW]
    said = run_it("-c", DRIVER, *folders, folder=folders[0])
    assert said.count("All as Lightbox answers") == len(ON_TENSORFLOW)
    assert said.count("1.png: blue") == len(ON_TENSORFLOW)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["onnx", "openvino", "litert"])
def test_example_and_self_test_work_where_nothing_else_is_installed(
    unpacked: dict[str, Path], tmp_path: Path, key: str
) -> None:
    python = tmp_path / "fresh" / ("Scripts" if os.name == "nt" else "bin") / "python"
    venv.create(tmp_path / "fresh", with_pip=False)
    folder = unpacked[key]
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--retries", "0"]
    pip += ["--no-compile", "-r", "requirements.txt"]
    done = subprocess.run(pip, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip can't install {key}'s runtime here: {done.stderr.strip()[-200:]}")
    for program, says in (
        ("selftest.py", "All as Lightbox answers"),
        ("example.py", "1.png: blue"),
    ):
        said = subprocess.run(
            [python, program], cwd=folder, capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stderr
        assert says in said.stdout
    has = [
        python,
        "-c",
        "import importlib.util, sys; sys.exit(bool(importlib.util.find_spec('keras')))",
    ]
    assert subprocess.run(has, check=False).returncode == 0, "nothing but the runtime was there"


def test_a_self_test_notices_a_model_that_answers_otherwise(
    unpacked: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    folder.mkdir()
    for file in unpacked["openvino"].rglob("*"):
        if file.is_file():
            (folder / file.relative_to(unpacked["openvino"])).parent.mkdir(exist_ok=True)
            (folder / file.relative_to(unpacked["openvino"])).write_bytes(file.read_bytes())
    about = json.loads((folder / "selftest/expected.json").read_text())
    about["pictures"][0]["probabilities"].reverse()
    (folder / "selftest/expected.json").write_text(json.dumps(about))
    done = subprocess.run(
        [sys.executable, "selftest.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "WRONG" in done.stdout


def test_an_export_has_all_that_goes_with_a_model(unpacked: dict[str, Path]) -> None:
    folder = unpacked["onnx"]
    # Its example was run there.
    assert {file.name for file in folder.iterdir()} - {"__pycache__"} == {
        "model.onnx",
        "model.json",
        "labels.txt",
        "example.py",
        "prepare.py",
        "seen.py",
        "colour.py",
        "shaper.py",
        "greys.py",
        "dicom.py",
        "unreadable.py",
        "selftest.py",
        "selftest",
        "requirements.txt",
        "README.md",
        "MODEL_CARD.md",
    }
    assert (folder / "labels.txt").read_text().split() == ["blue", "green", "red"]
    assert "How to reproduce" in (folder / "MODEL_CARD.md").read_text()
    needed = (folder / "requirements.txt").read_text()
    assert "onnxruntime" in needed
    assert "tensorflow" not in needed
    readme = (folder / "README.md").read_text()
    assert "Asked about 9 validation images" in readme
    assert not re.search(r"\de[+-]\d", readme), "numbers as people write them"
    assert "Lightbox counts its answers from 50 % on" in readme
    assert len((folder / "example.py").read_text().splitlines()) <= 28


def test_an_example_is_not_sure_where_lightbox_is_not_and_says_what_it_cannot_read(
    unpacked: dict[str, Path], tmp_path: Path
) -> None:
    about = json.loads((unpacked["onnx"] / "model.json").read_text())
    assert about["sure_from"] == 0.5
    folder = tmp_path / "surer"
    shutil.copytree(unpacked["onnx"], folder)
    assert "not sure" not in run_it("example.py", folder=folder)
    (folder / "model.json").write_text(json.dumps({**about, "sure_from": 1.0}))
    cut = tmp_path / "cut.jpg"
    Image.effect_noise((64, 64), 50).save(cut)
    cut.write_bytes(cut.read_bytes()[:-900])
    asked = (tmp_path / "nope.jpg", folder, cut, folder / "selftest" / "1.png")
    done = subprocess.run(
        [sys.executable, "example.py", *asked],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "(not sure)" in done.stdout
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for said in ("There is no such file", "This is a folder", "can't be read to its end"):
        assert said in done.stderr


def test_an_export_that_is_cancelled_leaves_nothing_and_the_earlier_one_as_it_was(
    catalog: Catalog, runs: dict[str, str], unpacked: dict[str, Path]
) -> None:
    class Stop(RecordingReporter):
        def wishes(self) -> Wishes:
            return Wishes(stop="keep" if len(self.steps) > 2 else "")

    before = find_exports(catalog.workspace, runs["own"])
    with pytest.raises(Cancelled):
        make_export(catalog, runs["own"], "openvino", Stop())
    assert find_exports(catalog.workspace, runs["own"]) == before
    folder = exports_folder(catalog.workspace, runs["own"])
    assert [entry.name for entry in folder.iterdir() if entry.name.startswith(".")] == []


def test_making_it_again_replaces_it_and_its_address(
    catalog: Catalog, runs: dict[str, str], unpacked: dict[str, Path]
) -> None:
    first = make_export(catalog, runs["own"], "openvino")
    second = make_export(catalog, runs["own"], "openvino")
    assert find(catalog.workspace, runs["own"], "openvino", first.token) is None
    file = find(catalog.workspace, runs["own"], "openvino", second.token)
    assert file is not None
    assert zipfile.ZipFile(file).testzip() is None
    assert find(catalog.workspace, "../" + runs["own"], "openvino", second.token) is None


def test_unknown_formats_and_runs_are_sentences(catalog: Catalog, runs: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="There are: keras"):
        make_export(catalog, runs["own"], "coreml")
    with pytest.raises(NotFound):
        make_export(catalog, "nobody", "onnx")
    dataset = catalog.datasets.get(catalog.runs.get(runs["own"]).dataset_id)
    waiting = create_run(catalog, spec_for(dataset, "custom"), "Not trained yet")
    with pytest.raises(NotFound, match="no finished model"):
        make_export(catalog, waiting.id, "onnx")


def test_the_app_answers_the_pictures_as_it_says(
    catalog: Catalog, runs: dict[str, str], unpacked: dict[str, Path]
) -> None:
    expected = json.loads((unpacked["onnx"] / "selftest/expected.json").read_text())
    kept = predictions_table(catalog.workspace, runs["own"], split="validation")
    by_class = kept.groupby("label").head(1).sort_values("label")
    assert [each["answer"] for each in expected["pictures"]] == list(by_class["predicted"])
    for picture, (_, row) in zip(expected["pictures"], by_class.iterrows(), strict=True):
        assert picture["probabilities"] == pytest.approx(
            [row["p_0"], row["p_1"], row["p_2"]], abs=2e-3
        )
