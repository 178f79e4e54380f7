"""``export-model``: formats are listed, and mistakes are sentences before anything heavy starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog
from core.delivery.exports.formats import offered
from tests.core.cli.conftest import Cli
from tests.core.evaluation.coloured import make_run


@pytest.fixture
def run_id(catalog: Catalog, tmp_path: Path) -> str:
    splits = {"train": [("red", "red")], "validation": [("blue", "blue")], "test": []}
    return make_run(catalog, tmp_path / "colours", splits).id


def test_formats_are_listed_with_what_was_made(cli: Cli, run_id: str) -> None:
    listed = cli("export-model", run_id, "--list", "--json").document
    assert [each["format"] for each in listed] == offered()
    assert {each["made"] for each in listed} == {None}
    assert "OpenVINO int8" in cli("export-model", run_id, "--list").out


@pytest.mark.keras
def test_mistakes_are_sentences(cli: Cli, run_id: str, tmp_path: Path) -> None:
    said = cli("export-model", run_id, "--format", "coreml", tmp_path / "a.zip")
    assert "no format “coreml”" in said.mistake
    assert ".zip" in cli("export-model", run_id, "--format", "onnx", tmp_path / "a.onnx").mistake
    # Its model was made by hand, so there is no Keras file to export.
    said = cli("export-model", run_id, "--format", "onnx", tmp_path / "a.zip")
    assert "Keras model is missing" in said.mistake
    assert not (tmp_path / "a.zip").exists()
