"""What a phase of a study is, what it works with, and what it keeps.

A phase is a function that is registered by name and writes files into the study's folder,
``study/`` beside the evaluation. Which are there, how long they took and why others failed is
noted in ``study.json``; files of phases that are done don't change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from pydantic import BaseModel

from core.catalog import Catalog, RunRecord
from core.datasets.content import read_regular
from core.datasets.pixels import Pixels
from core.errors import Damaged, NotFound, UnreadableImage
from core.evaluation.explain.explainer import Explainer, open_explainer
from core.evaluation.predictions import Predictions, load_predictions
from core.progress import Reporter
from core.runs.derived import AsJson, Derived
from core.runs.files import RunFiles, untested
from core.runs.pictures import run_pixels
from core.runs.reading import UNREADABLE, write_table
from core.runs.values import ModelInfo
from core.workspace import Workspace, atomic_path, read_json, write_json

_BATCH = 256
_NOTES = "study.json"


@dataclass(frozen=True)
class Phase:
    """One part of a study.

    Attributes:
        doing: what it does, in words: "Looking where the evidence lies".
        needs: phases that must be done before.
        work: does it.
    """

    name: str
    doing: str
    needs: tuple[str, ...]
    work: Callable[[StudyContext], None]


# In the order in which they were registered.
PHASES: dict[str, Phase] = {}


def phase(
    name: str, doing: str, *, needs: tuple[str, ...] = ()
) -> Callable[[Callable[[StudyContext], None]], Callable[[StudyContext], None]]:
    """Register a function as a phase of every study."""

    def register(work: Callable[[StudyContext], None]) -> Callable[[StudyContext], None]:
        PHASES[name] = Phase(name, doing, needs, work)
        return work

    return register


class Notes(BaseModel):
    """What is noted of a study in ``study.json``; as :class:`Study` has it."""

    seconds: dict[str, float] = {}
    failed: dict[str, str] = {}


@dataclass(frozen=True)
class Study:
    """What is there of a study; files by their names.

    Attributes:
        folder: where its files lie; may not exist.
        seconds: of each phase that is done, how long it took.
        failed: of each phase that failed, why, as a sentence.
    """

    folder: Path
    seconds: dict[str, float]
    failed: dict[str, str]
    run_id: str = "RUN"

    def has(self, name: str) -> bool:
        """Whether a phase is done."""
        return name in self.seconds

    def array(self, name: str) -> np.ndarray:
        """An array that was kept, memory-mapped and read-only.

        Raises:
            NotFound: it isn't there (yet).
        """
        path = self.folder / f"{name}.npy"
        try:
            array: np.ndarray = np.load(path, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise self.broken(path) from error
        return array

    def table(self, name: str, columns: Sequence[str] = ()) -> pd.DataFrame:
        """A table that was kept; raises NotFound as :meth:`array`.

        Args:
            columns: that it must have.
        """
        path = self.folder / f"{name}.parquet"
        try:
            table = pd.read_parquet(path)
            if not set(columns) <= set(table):
                raise KeyError(name)
        except UNREADABLE as error:
            raise self.broken(path) from error
        return table

    def values(self, name: str) -> dict[str, Any]:
        """A JSON object that was kept; raises NotFound as :meth:`array`."""
        path = self.folder / f"{name}.json"
        try:
            return dict(read_json(path))
        except (NotFound, TypeError, ValueError) as error:
            raise self.broken(path) from error

    def picture(self, name: str) -> bytes:
        """A picture that was kept, as its file has it; raises NotFound as :meth:`array`."""
        path = self.folder / name
        try:
            with Image.open(path) as picture:
                picture.load()
            return path.read_bytes()
        except (OSError, ValueError, SyntaxError) as error:
            raise self.broken(path) from error

    def broken(self, path: Path) -> NotFound:
        """The error about a file of this study that can't be used. One that was there belongs to a
        study that is damaged, which is then found out anew."""
        done = PHASES and PHASES.keys() <= {*self.seconds, *self.failed}
        if not path.exists() and not done:
            return NotFound(
                "This has not been found out yet.",
                file=path.name,
                remedy="Start it with: study RUN",
            )
        (self.folder / _NOTES).unlink(missing_ok=True)
        return Damaged(
            "A part of what was found out about this test was damaged.",
            file=path,
            remedy=f"Start it again with: python -m core study {self.run_id}",
        )


@dataclass(frozen=True)
class StudyContext:
    """What a phase works with.

    Attributes:
        info: of the model.
        on: ``test``, or the folder that was tested on.
        folder: where its files belong.
        report: progress, and whether to stop.
        phase: its own name, for progress.
    """

    catalog: Catalog
    run: RunRecord
    info: ModelInfo
    on: str
    folder: Path
    report: Reporter
    phase: str = ""

    @cached_property
    def predictions(self) -> Predictions:
        """What the model answered about the tested images."""
        return load_predictions(self.catalog.workspace, self.run.id, self.on)

    @cached_property
    def explainer(self) -> Explainer:
        """The run's model, with features and heat maps."""
        return open_explainer(self.catalog.workspace, self.run.id)

    @property
    def study(self) -> Study:
        """What earlier phases have kept."""
        return load_study(self.catalog.workspace, self.run.id, self.on)

    def batches(
        self, rows: pd.DataFrame, note: str, size: int = _BATCH
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Images of a table as the model sees them, some at a time; says progress, hears Cancel.

        Args:
            rows: columns ``path`` and ``hash``, and ``split`` where some are of the dataset's
                training or validation images; without it all are tested ones.
            note: what is done with them, for people.

        Yields:
            positions in ``rows``, int64 (k,), rising; and their images, uint8 (k, side, side, 3).
            Images that can't be read (any more) are left out.

        Raises:
            NotFound: the dataset was removed.
            Cancelled: by the person.
        """
        inside = np.ones(len(rows), bool)
        if self.on != "test":
            inside = rows["split"].to_numpy() != "test" if "split" in rows else ~inside
        pixels = None
        if inside.any():
            pixels = run_pixels(self.catalog, self.run, self.info, rows[inside], self.report)
        place = np.cumsum(inside) - 1
        for start in range(0, len(rows), size):
            self.report.step(self.phase, start, len(rows), note)
            kept, images = [], []
            for row in range(start, min(start + size, len(rows))):
                image = (
                    _at(pixels, int(place[row]))
                    if pixels is not None and inside[row]
                    else self._from_folder(rows["path"].iloc[row])
                )
                if image is not None:
                    kept.append(row)
                    images.append(image)
            if kept:
                yield np.array(kept, np.int64), np.stack(images)
        self.report.progress(self.phase, len(rows), len(rows), note)

    def features(self, rows: pd.DataFrame, note: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """As :meth:`batches`, with what the model's last dense layer weighs, float32 (k, F), in
        place of images.

        Raises:
            NotFound: as there; or no dense layer makes its answer, or no image can be read.
        """
        none = True
        for positions, images in self.batches(rows, note):
            _, found = self.explainer.answer(images)
            if found is None:
                raise NotFound("This model has no features: no dense layer makes its answer.")
            none = False
            yield positions, found
        if none:
            raise NotFound(
                "None of the images can be read any more.", remedy="Put them back where they were."
            )

    def save_array(self, name: str, values: np.ndarray) -> None:
        """Keep an array as ``<name>.npy``."""
        with atomic_path(self.folder / f"{name}.npy") as part:
            np.save(part, values)

    def save_table(self, name: str, values: pd.DataFrame) -> None:
        """Keep a table as ``<name>.parquet``."""
        write_table(self.folder / f"{name}.parquet", values)

    def save_values(self, name: str, values: Any) -> None:
        """Keep JSON values as ``<name>.json``."""
        write_json(self.folder / f"{name}.json", values)

    def _from_folder(self, path: str) -> np.ndarray | None:
        try:
            data = read_regular(self.catalog.workspace.load_path(self.on) / path)
            return self.info.decode(data, file=path)
        except (OSError, UnreadableImage):
            return None


def open_context(
    catalog: Catalog, run_id: str, on: str, report: Reporter, phase: str = ""
) -> StudyContext:
    """What is needed to find something out about a test; arguments as of :class:`StudyContext`."""
    run, folder = catalog.runs.get(run_id), notes_of(catalog.workspace, run_id, on).path.parent
    info = RunFiles(catalog.workspace, run_id).model()
    return StudyContext(catalog, run, info, on, folder, report, phase)


def load_study(workspace: Workspace, run_id: str, on: str = "test") -> Study:
    """What there is of a study; nothing, where it was never begun or the run was tested anew.

    Raises:
        NotFound: the run has not been evaluated on that.
    """
    notes = notes_of(workspace, run_id, on)
    if not notes.inputs[0].exists():
        raise untested()
    found = notes.kept() or Notes()
    return Study(notes.path.parent, found.seconds, found.failed, run_id)


def notes_of(workspace: Workspace, run_id: str, on: str) -> Derived[Notes]:
    """What is noted of a study, which belongs to one evaluation."""
    test = RunFiles(workspace, run_id).test(on)
    return Derived(test.folder / "study" / _NOTES, AsJson(Notes), 1, (test.evaluation,))


def _at(pixels: Pixels, row: int) -> np.ndarray | None:
    slot = int(pixels.slots[row])
    return None if slot < 0 else np.asarray(pixels.store[slot])
