"""Whether a training can go on is known without Keras, and as the engine itself will find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.training.again import resumable
from core.training.fitting.checkpoint import Checkpoint
from core.workspace import Workspace
from tests.core.training.fitting.test_checkpoint import killed

pytestmark = pytest.mark.keras


@pytest.fixture
def folder(workspace: Workspace) -> Path:
    """Of a run that was killed after its third epoch."""
    folder = workspace.run("run")
    killed(folder, 3)
    return folder


def test_finished_epochs_are_counted(workspace: Workspace, folder: Path) -> None:
    fit_state = Checkpoint(folder).fit_state()
    assert fit_state is not None
    assert resumable(workspace, "run") == fit_state.epoch == 3


@pytest.mark.parametrize("pattern", ["model-*.npz", "best-*.npz", "state.json"])
@pytest.mark.parametrize("harm", ["cut off", "missing"])
def test_a_checkpoint_that_is_not_whole_is_none(
    workspace: Workspace, folder: Path, pattern: str, harm: str
) -> None:
    (file,) = (folder / "checkpoint").glob(pattern)
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-30])
    assert resumable(workspace, "run") is None
    assert Checkpoint(folder).fit_state() is None


def test_a_run_that_kept_nothing_begins_anew(workspace: Workspace, folder: Path) -> None:
    Checkpoint(folder).clear()
    assert resumable(workspace, "run") is None
    assert resumable(workspace, "no such run") is None
