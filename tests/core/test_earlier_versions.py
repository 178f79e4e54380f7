"""Workspaces that earlier versions made open, and say what they said then."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.catalog import open_catalog
from core.delivery.exports.kept import export_file, find_exports
from core.features.runtime import Compiled
from core.inference.predictor import open_predictor
from core.workspace import Workspace
from tests.earlier import PACKED, ask, same, unpack

pytestmark = pytest.mark.parametrize("packed", PACKED, ids=[file.stem for file in PACKED])
IMAGES = ("disc/00.png", "stripes/01.png", "blocks/04.png")


@pytest.fixture
def recorded(packed: Path, workspace: Workspace) -> Any:
    return unpack(packed, workspace.home)


def test_every_command_answers_as_it_did_then(recorded: Any, workspace: Workspace) -> None:
    images = str(workspace.home / "elsewhere")
    different = {
        " ".join(each["asked"]): found
        for each in recorded["asked"]
        if (
            found := same(
                ask(*(a.replace("IMAGES", images) for a in each["asked"])), each["answer"]
            )
        )
    }
    assert different == {}


def test_its_models_and_the_exports_kept_of_them_give_the_same_probabilities(
    recorded: Any, workspace: Workspace, tmp_path: Path
) -> None:
    files = [(name, (workspace.home / "elsewhere" / name).read_bytes()) for name in IMAGES]
    for run in open_catalog(workspace).runs.all():
        predictor = open_predictor(workspace, run.id)
        answers = [dict(each.top) for each in predictor.predict(files, len(predictor.classes))]
        now = [[answer[label] for label in predictor.classes] for answer in answers]
        then = np.array(recorded["probabilities"][run.name])
        np.testing.assert_allclose(now, then, rtol=0, atol=1e-6)
        for export in find_exports(workspace, run.id):
            if export.format != "openvino":
                continue
            with zipfile.ZipFile(export_file(workspace, run.id, export)) as archive:
                archive.extractall(tmp_path / "export")
            (model,) = (tmp_path / "export").rglob("model.xml")
            pixels = np.stack([predictor.info.decode(data) for _, data in files])
            found = Compiled(model, "float32").predict(pixels)
            np.testing.assert_allclose(found, then, rtol=0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["own", "views", "brought"])
def test_an_export_made_of_it_now_is_checked_against_keras(
    recorded: Any, name: str, tmp_path: Path
) -> None:
    made = ask("export-model", name, "--format", "openvino", str(tmp_path / "model.zip"))
    assert made["same"] == made["images"] > 0
    assert made["largest_difference"] < 1e-3


@pytest.mark.parametrize("name", ["own", "views", "brought"])
def test_a_study_of_it_is_finished(recorded: Any, name: str) -> None:
    found = ask("study", name)
    assert found["failed"] == {}
