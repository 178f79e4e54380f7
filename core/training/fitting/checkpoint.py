"""Where a fit stands, on disk, so that it can go on after its process was killed.

``checkpoint/`` in the run's folder: ``state.json`` names the files that belong together, and is
replaced last; so whatever moment the power goes, a whole older state is found.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from core.errors import LightboxError, disk_errors
from core.runs.files import CHECKPOINT
from core.runs.values import EpochRecord
from core.workspace import atomic_path, read_json, write_json

# What reading a file raises that is missing, or that a disk has broken.
_DAMAGED = (
    LightboxError,
    OSError,
    EOFError,
    BadZipFile,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
)


@dataclass
class FitState:
    """All of a fit that isn't in the model: JSON through and through.

    Attributes:
        part: ``""``, ``head`` or ``tuning``: which fit of the run it is.
        epoch: epochs finished, over all parts.
        best_epoch, best: the best epoch so far and its (higher is better) score.
        waited: epochs since the last better one, for early stopping; ``stop_best``: its score.
        plateau: state of the learning rate's plateau rule.
        rate: learning rate that the person has set, or ``None``.
        parts_done: parts that came to their end.
    """

    part: str = ""
    epoch: int = 0
    history: list[EpochRecord] = field(default_factory=list)
    best_epoch: int = 0
    best: float | None = None
    tie: float | None = None
    waited: int = 0
    stop_best: float | None = None
    plateau: dict[str, Any] | None = None
    rate: float | None = None
    parts_done: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, kept: dict[str, Any]) -> FitState:
        """From what :meth:`as_json` gave."""
        return cls(**{**kept, "history": [EpochRecord(**each) for each in kept["history"]]})

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "history": [each.as_json() for each in self.history]}


class Checkpoint:
    """The checkpoint in one run's folder.

    Attributes:
        unit: the run's folder, as :class:`core.keeper.Keeper` names it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / CHECKPOINT
        self.unit = f"runs/{folder.name}"

    def fit_state(self) -> FitState | None:
        """Where the run stands, or ``None`` if there is nothing to go on from."""
        try:
            kept = read_json(self.folder / "state.json")
            for name in kept["files"].values():
                _load(self.folder / name)
            return FitState.parse(kept["standing"])
        except _DAMAGED:
            return None

    def save(self, fit_state: FitState, model: Any, best: list[np.ndarray] | None) -> None:
        """Replace the checkpoint.

        Args:
            model: its variables (weights, normalisation, random generators) and its optimizer's;
                ``None`` keeps the file that is there.
            best: weights of the best epoch; ``None`` keeps the file that is there.
        """
        files = self._files()
        with disk_errors("keeping a checkpoint"):
            self.folder.mkdir(parents=True, exist_ok=True)
            now = f"{fit_state.part or 'fit'}-{fit_state.epoch}"
            if model is not None:
                files["model"] = f"model-{now}.npz"
                _save(self.folder / files["model"], values_of(model))
            if best is not None:
                files[f"best-{fit_state.part}"] = f"best-{now}.npz"
                _save(self.folder / files[f"best-{fit_state.part}"], best)
        write_json(self.folder / "state.json", {"standing": fit_state.as_json(), "files": files})
        for old in self.folder.glob("*.npz"):
            if old.name not in files.values():
                old.unlink(missing_ok=True)

    def restore(self, model: Any) -> None:
        """Put the saved variables into a model that was built and compiled the same way."""
        values = _load(self.folder / self._files()["model"])
        variables = state_of(model)
        if len(values) != len(variables):
            raise ValueError("the checkpoint is of another model")
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def best(self, part: str) -> list[np.ndarray] | None:
        """Weights of a part's best epoch, if any were kept."""
        name = self._files().get(f"best-{part}")
        return None if name is None else _load(self.folder / name)

    def clear(self) -> None:
        """Remove it, once the run is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> dict[str, str]:
        if not (self.folder / "state.json").exists():
            return {}
        return dict(read_json(self.folder / "state.json")["files"])


def _save(path: Path, arrays: list[np.ndarray]) -> None:
    with atomic_path(path) as part, part.open("wb") as out:
        np.savez(out, *arrays)


def _load(path: Path) -> list[np.ndarray]:
    with np.load(path, allow_pickle=False) as kept:
        return [kept[f"arr_{n}"] for n in range(len(kept.files))]


def state_of(model: Any) -> list[Any]:
    """Variables of a compiled model and of its optimizer.

    Dropout's generators are among them; metrics are not, since they begin anew with every epoch.
    """
    metrics = {id(variable) for variable in model.metrics_variables}
    own = {id(v): v for v in model.variables if id(v) not in metrics}
    return [*own.values(), *model.optimizer.variables]


def values_of(model: Any) -> list[np.ndarray]:
    """Copies of their values."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in state_of(model)]
