"""The sample is there without a network, and is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets.images import open_image
from core.datasets.layout import read_layout
from core.datasets.sample import IMAGES, write_digits
from core.errors import Cancelled
from tests.recording import RecordingReporter


def test_all_digits_are_written_in_ten_class_folders(tmp_path: Path) -> None:
    report = RecordingReporter()
    assert write_digits(tmp_path, report) == IMAGES
    files = read_layout(tmp_path).files
    assert len(files) == IMAGES
    assert {file.label for file in files} == set("0123456789")
    assert report.steps[0] == ("write", 0, IMAGES, "Writing the sample")
    images = [open_image((tmp_path / file.path).read_bytes()) for file in files[:20]]
    assert {(opened.width, opened.height, opened.mode) for opened in images} == {(8, 8, "L")}
    assert max(np.asarray(opened.image).max() for opened in images) == 255


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    write_digits(tmp_path)
    before = {f.name: f.read_bytes() for f in tmp_path.rglob("*.png")}
    write_digits(tmp_path)
    assert {f.name: f.read_bytes() for f in tmp_path.rglob("*.png")} == before


def test_it_stops_when_asked(tmp_path: Path) -> None:
    class Stopped(RecordingReporter):
        def cancelled(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        write_digits(tmp_path, Stopped())
