"""A run's folder: the one place that knows the names of what lies in it, reads it and writes it.

::

    spec.json             the spec
    split.parquet         path, label, hash, split of every image
    checkpoint/           where the fit stands, until it is finished
    out_of_fold.parquet   what Auto's model said of images before it was fitted on them
    history.json          an entry an epoch (:class:`core.runs.values.EpochRecord`)
    layers.json           the model's layers, with shapes, parameters and operations
    model.keras           the whole model, pixels 0..255 in, probabilities out, float32
    model.xml, model.bin  the same for OpenVINO
    model.json            what using it needs (:class:`core.runs.values.ModelInfo`)
    tensorboard/          logs, if they were asked for
    sure.json             from which confidence on an answer counts, as chosen on validation images
    sure-moved.json       the same as a person moved it
    evaluation.json, predictions.parquet     what came of its test, see :class:`TestFiles`
    on/<name>/            the same of a test on a folder
    tested/<name>/        images that were uploaded for one

A file that is missing, cut off or of another shape is a :class:`core.errors.Damaged`: one sentence
that says what it held, and how it is made again.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, TypeAdapter

from core.errors import Damaged, NotFound, disk_errors
from core.features.runtime import Compiled
from core.quiet import load_keras, openvino
from core.runs.reading import (
    UNREADABLE,
    Value,
    read_table,
    read_value,
    shown_path,
    write_table,
)
from core.runs.values import EpochRecord, ModelInfo
from core.workspace import Workspace, atomic_path, read_json, write_json

CHECKPOINT = "checkpoint"
_SPLIT = ("path", "label", "hash", "split")
_HISTORY = TypeAdapter(list[EpochRecord])
_TRAIN_AGAIN = "Train it again, or import it again."


class RunFiles:
    """What lies in the folder of one run. Making one touches nothing.

    Attributes:
        keras: the model for Keras.
        openvino: the model for OpenVINO; its weights lie beside it.
        network: all that makes the model for OpenVINO answer as it does.
        checkpoint: folder of what a training that was interrupted goes on from.
        tensorboard: folder of logs, if they were asked for.
        about: what people say about the model.
        sure: from which confidence on an answer counts, as it was chosen.
        sure_moved: the same as a person moved it; missing unless somebody did.
    """

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        self.run_id = run_id
        self.folder = workspace.run(run_id)
        self.keras = self.folder / "model.keras"
        self.openvino = self.folder / "model.xml"
        self.network = (self.openvino, self.folder / "model.bin")
        self.checkpoint = self.folder / CHECKPOINT
        self.tensorboard = self.folder / "tensorboard"
        self.about = self.folder / "about.json"
        self.sure = self.folder / "sure.json"
        self.sure_moved = self.folder / "sure-moved.json"

    @property
    def begun(self) -> bool:
        """Whether its training was begun before."""
        return (self.folder / "spec.json").exists()

    def model(self) -> ModelInfo:
        """What using the model needs.

        Raises:
            NotFound: the run has no finished model.
            Damaged: it can't be read.
        """
        models = (self.openvino.exists(), self.keras.exists())
        if not any(models) or not (self.folder / "model.json").exists():
            raise NotFound(
                "This run has no finished model.",
                remedy="Choose one that is done, or train again.",
            )
        if not models[0]:
            raise self._damaged()
        return read_value(
            self.folder / "model.json",
            ModelInfo,
            "What is needed to use this run’s model",
            _TRAIN_AGAIN,
        )

    @property
    def keras_bytes(self) -> int:
        """Size of the model for Keras; 0 if it has gone."""
        return self.keras.stat().st_size if self.keras.is_file() else 0

    def open_keras(self) -> Any:
        """The model for Keras, not compiled. Needs TensorFlow.

        Raises:
            Damaged: it can't be read.
        """
        load_keras()
        from keras.models import load_model

        try:
            return load_model(self.keras, compile=False)
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise Damaged(
                "This run’s Keras model is missing or damaged.",
                file=shown_path(self.keras),
                remedy=_TRAIN_AGAIN,
            ) from error

    def write_keras(self, model: Any) -> None:
        """Save a Keras model."""
        with disk_errors("saving the model"), atomic_path(self.keras) as part:
            model.save(part)

    def write_model(self, info: ModelInfo) -> None:
        write_json(self.folder / "model.json", info.model_dump(mode="json"))

    def compiled(self, *, answer_soon: bool = False) -> Compiled:
        """The model for OpenVINO, ready to answer in float32.

        Args:
            answer_soon: as :class:`core.features.runtime.Compiled` takes it.

        Raises:
            Damaged: it can't be read.
        """
        with self.opening():
            return Compiled(self.openvino, "float32", answer_soon=answer_soon)

    def graph(self) -> Any:
        """The model for OpenVINO, to be looked into.

        Raises:
            Damaged: it can't be read.
        """
        with self.opening():
            return openvino().Core().read_model(str(self.openvino))

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Turn what OpenVINO raises about a model that it can't read into a sentence."""
        try:
            yield
        except (RuntimeError, OSError, ValueError) as error:
            raise self._damaged() from error

    def _damaged(self) -> Damaged:
        damaged = next((file for file in self.network if not file.exists()), self.openvino)
        again = f"Make it again with: python -m core evaluate {self.run_id}"
        return Damaged(
            "This run’s model is damaged.",
            file=shown_path(damaged),
            remedy=again if self.keras.exists() else _TRAIN_AGAIN,
        )

    def write_spec(self, spec: dict[str, Any]) -> None:
        write_json(self.folder / "spec.json", spec)

    def split(self) -> pd.DataFrame:
        """Every image of the run: ``path``, ``label``, ``hash``, and ``split``: ``train``,
        ``validation`` or ``test``; since a later version also ``group``: images of equal value
        belong together.

        Raises:
            Damaged: it is not known any more.
        """
        return read_table(
            self.folder / "split.parquet",
            _SPLIT,
            "Which images this run was trained and tested with",
            _TRAIN_AGAIN,
        )

    def trained_on(self) -> pd.DataFrame:
        """``path``, ``label`` and ``hash`` of what it learned from, with Auto also what it was
        fitted on in the end; empty where that isn't known, for whom it would only be a remark."""
        try:
            table, known = self.split(), self.out_of_fold()
        except NotFound:
            return pd.DataFrame({name: pd.Series(dtype="str") for name in _SPLIT[:3]})
        learned = table["split"] == "train"
        if known is not None:
            learned |= (table["split"] == "validation") & table["path"].isin(known["path"])
        return table.loc[learned, list(_SPLIT[:3])]

    def write_split(self, table: pd.DataFrame) -> None:
        columns = [*_SPLIT, *(name for name in ("group",) if name in table)]
        write_table(self.folder / "split.parquet", table[columns])

    def history(self) -> list[EpochRecord]:
        """Its epochs, in order; none of a model that was trained elsewhere.

        Raises:
            Damaged: they are not known any more.
        """
        path = self.folder / "history.json"
        if not path.exists():
            return []
        return read_value(path, _HISTORY, "How this run’s training went", _TRAIN_AGAIN)

    def write_history(self, epochs: Sequence[EpochRecord]) -> None:
        write_json(self.folder / "history.json", [epoch.as_json() for epoch in epochs])

    def out_of_fold(self) -> pd.DataFrame | None:
        """What a model that was fitted on its validation images too said of them without: ``path``
        and ``p_0`` …; ``None`` of other models."""
        try:
            return pd.read_parquet(self.folder / "out_of_fold.parquet")
        except UNREADABLE:
            return None

    def write_out_of_fold(self, table: pd.DataFrame) -> None:
        write_table(self.folder / "out_of_fold.parquet", table)

    def axes(self) -> tuple[np.ndarray, np.ndarray] | None:
        """How Auto turned features into coordinates, float32: kernel (features, coordinates) and
        bias; ``None`` of other models."""
        try:
            with np.load(self.folder / "axes.npz", allow_pickle=False) as kept:
                return kept["kernel"], kept["bias"]
        except UNREADABLE:
            return None

    def write_axes(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        path = self.folder / "axes.npz"
        with disk_errors("saving the model"), atomic_path(path) as part, part.open("wb") as out:
            np.savez(out, kernel=kernel, bias=bias)

    def write_layers(self, layers: list[dict[str, Any]]) -> None:
        write_json(self.folder / "layers.json", layers)

    def test(self, on: str = "test") -> TestFiles:
        """What is kept of a test.

        Args:
            on: ``test``, or a folder as :meth:`Workspace.store_path` writes it.
        """
        folder = self.folder
        if on != "test":
            folder = folder / "on" / hashlib.blake2b(on.encode(), digest_size=8).hexdigest()
        return TestFiles(self.run_id, on, folder)

    def tests_elsewhere(self) -> list[TestFiles]:
        """Its tests on folders, the newest first; those that can't be told any more are left
        out."""
        files = sorted(
            (self.folder / "on").glob("*/evaluation.json"),
            key=lambda file: file.stat().st_mtime,
            reverse=True,
        )
        found = []
        for file in files:
            # What was matched is kept beside it, and names the folder too.
            for source in (file, file.with_name("folder.json")):
                try:
                    on = str(read_json(source)["on"])
                except (NotFound, KeyError, TypeError, IndexError):
                    continue
                found.append(TestFiles(self.run_id, on, file.parent))
                break
        return found


class TestFiles:
    """What is kept of one test: ``evaluation.json`` and ``predictions.parquet``, and beside them
    what is derived from these.

    Attributes:
        on: ``test``, or the folder that was tested on.
    """

    __test__ = False  # pytest would take it for a test by its name

    def __init__(self, run_id: str, on: str, folder: Path) -> None:
        self.run_id, self.on, self.folder = run_id, on, folder
        self.evaluation = folder / "evaluation.json"
        self.predictions = folder / "predictions.parquet"

    @property
    def exists(self) -> bool:
        """Whether it was done."""
        return self.evaluation.exists() or self.predictions.exists()

    @property
    def changed(self) -> float:
        """When it was done last, in seconds since 1970; 0 if never."""
        files = (file for file in (self.evaluation, self.predictions) if file.exists())
        return max((file.stat().st_mtime for file in files), default=0.0)

    @property
    def remedy(self) -> str:
        """How it is done again."""
        if self.on == "test":
            return f"Test it again with: python -m core evaluate {self.run_id}"
        return "Test it on that folder again."

    def read_evaluation(self, kind: type[Value]) -> Value:
        """The evaluation.

        Raises:
            NotFound: there was none.
            Damaged: it can't be read.
        """
        self._done()
        return read_value(self.evaluation, kind, "What came of this test", self.remedy)

    def read_predictions(self, columns: Sequence[str]) -> pd.DataFrame:
        """The predictions; errors as :meth:`read_evaluation`.

        Args:
            columns: that must be among them.
        """
        self._done()
        return read_table(
            self.predictions, columns, "What the model answered in this test", self.remedy
        )

    def keep(self, evaluation: BaseModel, predictions: pd.DataFrame) -> None:
        """Write what a test has found, in place of an earlier one."""
        # Figures from before they were stamped don't say of which test they are.
        (self.folder / "scores.json").unlink(missing_ok=True)
        write_table(self.predictions, predictions)
        write_json(self.evaluation, evaluation.model_dump(mode="json"))

    def drop_derived(self) -> None:
        """Remove what was made of an earlier test on a folder: its images may be others now."""
        for entry in self.folder.glob("*"):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry not in (self.evaluation, self.predictions):
                entry.unlink(missing_ok=True)

    def damaged(self, file: Path, what: str) -> Damaged:
        """The error about a file of this test that can't be read."""
        return Damaged(f"{what} is missing or damaged.", file=shown_path(file), remedy=self.remedy)

    def _done(self) -> None:
        if not self.exists:
            raise untested()


def untested() -> NotFound:
    """The error about a run that was not tested, as one from elsewhere may not have been."""
    return NotFound(
        "This run has no results yet.",
        remedy="Wait until it is done, or test it with: evaluate RUN --on FOLDER",
    )
