"""The backbone is converted once, and without its weights that is a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import WeightsMissing
from core.features import mobilenet_v2
from core.features.mobilenet_v2 import FEATURES
from core.features.runtime import Compiled
from core.workspace import Workspace


def test_without_weights_or_network_it_says_so_and_writes_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras"))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(WeightsMissing):
        mobilenet_v2.load(workspace, 96)
    assert list(workspace.cache.glob("backbones/*")) == []


@pytest.mark.real
@pytest.mark.slow
def test_it_is_converted_once_and_then_found_even_without_weights(
    workspace: Workspace, keras_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    path = mobilenet_v2.load(workspace, 96)
    found = Compiled(path).predict(np.full((2, 96, 96, 3), 127, np.uint8))
    assert found.shape == (2, FEATURES)
    assert np.isfinite(found).all()
    written = path.stat().st_mtime_ns
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras"))
    assert mobilenet_v2.load(workspace, 96) == path
    assert path.stat().st_mtime_ns == written
    path.with_suffix(".bin").unlink()
    with pytest.raises(WeightsMissing):
        mobilenet_v2.load(workspace, 96)  # half a backbone is none
