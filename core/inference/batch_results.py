"""What came of a batch: counted, looked at page by page, and written as a table.

Tables are made of the kept answers row group after row group, so that a hundred thousand images
need no more memory than a thousand.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.datasets.content import read_regular
from core.datasets.images import open_image
from core.errors import Damaged, InvalidInput, NotFound, UnreadableImage
from core.evaluation.threshold import sure_from
from core.inference.batch_store import (
    ANSWERS,
    START_AGAIN,
    Batch,
    check_threshold,
    images_of,
    place_of,
)
from core.quality.thumbs import shrink
from core.runs.files import RunFiles
from core.runs.reading import UNREADABLE, shown_path
from core.text import cell, plural
from core.workspace import Workspace, atomic_path

Format = Literal["csv", "json", "jsonl", "parquet"]
FORMATS: dict[Format, str] = {
    "csv": "CSV: a table for spreadsheets",
    "json": "JSON: one array of objects",
    "jsonl": "JSON Lines: an object a line",
    "parquet": "Parquet: a table for pandas and databases",
}
Which = Literal["sure", "unsure", "unreadable", "least", "unfamiliar"]
_ROWS = 2048
_YES = {True: "yes", False: "no", None: ""}
_QUALITY = 82


@dataclass(frozen=True)
class Summary:
    """How many images a model took for what.

    Attributes:
        images: all files that were found.
        classes: class → images that it is sure of; every class, in the model's order.
        unsure: images whose answer is less sure than the threshold.
        unreadable: images without an answer.
        unfamiliar: images of which there is an answer, but which don't look like what the model was
            trained on; ``None`` where nobody knows.
        threshold: in force, 0 to 1.
    """

    images: int
    classes: dict[str, int]
    unsure: int
    unreadable: int
    unfamiliar: int | None
    threshold: float

    @property
    def sentence(self) -> str:
        """How many are unfamiliar; "" where there is none, or nobody knows."""
        if not self.unfamiliar:
            return ""
        some = plural(self.unfamiliar, "image doesn’t", "images don’t")
        its = "its answer about it says" if self.unfamiliar == 1 else "its answers about them say"
        return f"{some} look like what the model was trained on: {its} less."


def summarise(workspace: Workspace, batch: Batch, threshold: float | None = None) -> Summary:
    """Count the answers of a finished batch.

    Args:
        threshold: answers less sure are unsure, 0 to 1; by default the batch's own, else what the
            run counts as sure.

    Raises:
        NotFound: it is not finished.
        InvalidInput: the threshold is no share.
    """
    limit = limit_of(workspace, batch, threshold)
    classes = list(RunFiles(workspace, batch.run_id).model().classes)
    table = _table(workspace, batch, "label", "confidence", "distance")
    labels = table["label"].to_numpy()
    confidence, distance = table["confidence"].to_numpy(), table["distance"].to_numpy()
    answered = labels >= 0
    sure = answered & (confidence >= np.float32(limit))
    counts = np.bincount(labels[sure], minlength=len(classes))
    return Summary(
        images=len(labels),
        classes=dict(zip(classes, counts.tolist(), strict=True)),
        unsure=int((answered & ~sure).sum()),
        unreadable=int((~answered).sum()),
        unfamiliar=None if np.isnan(distance).all() else int((distance > 1).sum()),
        threshold=limit,
    )


def look(
    workspace: Workspace,
    batch: Batch,
    which: Which,
    label: str | None = None,
    *,
    threshold: float | None = None,
) -> pd.DataFrame:
    """Images of one kind, to be shown.

    Args:
        which: ``sure`` of a class, ``unsure``, ``unreadable``, all answered ones, the ``least``
            sure first, or the ``unfamiliar`` ones.
        label: only images of which this class is the most probable.

    Returns:
        a row an image: ``path``, ``prediction``, ``confidence`` (0 to 1) and ``error``; in the
        order of paths, but the least sure first for ``unsure`` and ``least``, and what is furthest
        from what the model was trained on for ``unfamiliar``.

    Raises:
        NotFound: the batch is not finished.
    """
    limit = limit_of(workspace, batch, threshold)
    classes = np.array([*RunFiles(workspace, batch.run_id).model().classes, ""], dtype=object)
    columns = ("path", "label", "confidence", "error", "distance")
    table = _table(workspace, batch, *columns).to_pandas()
    answered = table["label"] >= 0
    sure = answered & (table["confidence"] >= np.float32(limit))
    kept = {
        "sure": sure,
        "unsure": answered & ~sure,
        "unreadable": ~answered,
        "least": answered,
        "unfamiliar": table["distance"] > 1,
    }[which]
    table = table.assign(prediction=classes[table["label"].to_numpy()])[kept]
    if label is not None:
        table = table[table["prediction"] == label]
    if which in ("unsure", "least"):
        table = table.sort_values("confidence", kind="stable")
    if which == "unfamiliar":
        table = table.sort_values("distance", ascending=False, kind="stable")
    return table[["path", "prediction", "confidence", "error"]].reset_index(drop=True)


def thumbnail(workspace: Workspace, batch: Batch, path: str) -> bytes | None:
    """A small JPEG of an image of the batch; ``None`` if it has gone or can't be read."""
    folder = images_of(workspace, batch)
    try:
        small = shrink(open_image(read_regular(folder / path), draft=(320, 320)).image)
    except (OSError, UnreadableImage):
        return None
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def format_of(name: str) -> Format:
    """The format that a file of this name is written in.

    Raises:
        InvalidInput: its suffix is none that is known.
    """
    suffix = Path(name).suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        raise InvalidInput(
            "Answers are written as .csv, .json, .jsonl or .parquet.",
            file=name,
            remedy="Give the file a name that ends in one of these.",
        )
    return suffix


def write_results(
    workspace: Workspace, batch: Batch, target: Path, threshold: float | None = None
) -> int:
    """Write the answers as the suffix of ``target`` says; returns the number of images.

    One row (or object) an image, in the order of paths: ``file``, ``prediction`` and
    ``confidence`` (empty without an answer), ``unsure``, ``error``, ``unfamiliar`` (whether it
    doesn't look like what the model was trained on; empty where nobody knows), and a probability
    for each class: in columns ``p_<class>``, in JSON an object ``probabilities``. ``file`` is the
    path as it is, so that programs find the file by it; other cells of a CSV that a spreadsheet
    would take for a formula are quoted with an apostrophe.

    Raises:
        InvalidInput: the suffix is not known, or the threshold is no share.
        NotFound: the batch is not finished.
    """
    kind = format_of(target.name)
    limit = limit_of(workspace, batch, threshold)
    classes = list(RunFiles(workspace, batch.run_id).model().classes)
    source = pq.ParquetFile(answers_file(workspace, batch))
    with atomic_path(target) as part:
        if kind == "parquet":
            _write_parquet(source, part, classes, limit)
        else:
            write = {"csv": _write_csv, "json": _write_json, "jsonl": _write_json_lines}[kind]
            with part.open("w", encoding="utf-8", newline="") as out:
                write(source, out, classes, limit)
    return int(source.metadata.num_rows)


def answers_file(workspace: Workspace, batch: Batch) -> Path:
    """Where the answers of a finished batch are.

    Raises:
        NotFound: it is not finished.
        Damaged: they can't be read.
    """
    file = place_of(workspace, batch) / "answers.parquet"
    if not file.is_file():
        raise NotFound("This batch is not finished.", remedy="Wait for it, or go on with it.")
    try:
        whole = {"path", "label", "confidence", "error"} <= set(pq.read_schema(file).names)
    except UNREADABLE:
        whole = False
    if not whole:
        raise Damaged(
            "The answers of this batch are damaged.", file=shown_path(file), remedy=START_AGAIN
        )
    return file


def rows(source: pq.ParquetFile) -> Iterator[dict[str, Any]]:
    """The kept answers, one after the other."""
    for some in _parts(source):
        yield from some.to_pylist()


def _parts(source: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Some rows at a time, with all columns."""
    for some in source.iter_batches(_ROWS):
        missing = [field for field in ANSWERS if field.name not in some.schema.names]
        for field in missing:
            some = some.append_column(field, pa.nulls(len(some), field.type))
        yield some


def _table(workspace: Workspace, batch: Batch, *columns: str) -> pa.Table:
    """Some columns of all answers."""
    file = answers_file(workspace, batch)
    return pq.read_table(file, columns=list(columns), schema=ANSWERS)


def limit_of(workspace: Workspace, batch: Batch, threshold: float | None = None) -> float:
    """From which confidence on its answers count: as asked for, else as for :func:`summarise`.

    Raises:
        InvalidInput: what was asked for is no share.
    """
    if threshold is not None:
        check_threshold(threshold)
        return threshold
    own = batch.threshold
    return sure_from(workspace, batch.run_id).threshold if own is None else own


def is_unsure(row: dict[str, Any], limit: float) -> bool:
    """Whether an answer is less sure than the threshold; as :func:`summarise` counts."""
    return bool(row["label"] >= 0 and np.float32(row["confidence"]) < np.float32(limit))


def is_unfamiliar(row: dict[str, Any]) -> bool | None:
    """Whether an image doesn't look like what the model was trained on; ``None`` where nobody
    knows."""
    return None if row["distance"] is None else row["distance"] > 1


def _write_csv(source: pq.ParquetFile, out: TextIO, classes: list[str], limit: float) -> None:
    writer = csv.writer(out, lineterminator="\n")
    heads = ["file", "prediction", "confidence", "unsure", "error", "unfamiliar"]
    writer.writerow([*heads, *(cell(f"p_{label}") for label in classes)])
    for row in rows(source):
        answer, shares = ["", "", ""], [""] * len(classes)
        if row["label"] >= 0:
            unsure = _YES[is_unsure(row, limit)]
            answer = [cell(classes[row["label"]]), f"{row['confidence']:.6f}", unsure]
            shares = [f"{p:.6f}" for p in row["p"]]
        unfamiliar = _YES[is_unfamiliar(row)]
        writer.writerow([row["path"], *answer, cell(row["error"]), unfamiliar, *shares])


def _write_json(source: pq.ParquetFile, out: TextIO, classes: list[str], limit: float) -> None:
    out.write("[\n")
    for number, entry in enumerate(_objects(source, classes, limit)):
        out.write(f",\n{entry}" if number else entry)
    out.write("\n]\n")


def _write_json_lines(
    source: pq.ParquetFile, out: TextIO, classes: list[str], limit: float
) -> None:
    out.writelines(f"{entry}\n" for entry in _objects(source, classes, limit))


def _objects(source: pq.ParquetFile, classes: list[str], limit: float) -> Iterator[str]:
    for row in rows(source):
        answered = row["label"] >= 0
        entry = {
            "file": row["path"],
            "prediction": classes[row["label"]] if answered else None,
            "confidence": round(row["confidence"], 6) if answered else None,
            "unsure": is_unsure(row, limit) if answered else None,
            "error": row["error"] or None,
            "unfamiliar": is_unfamiliar(row),
            "probabilities": {
                label: round(p, 6) for label, p in zip(classes, row["p"] or [], strict=False)
            },
        }
        yield json.dumps(entry, ensure_ascii=False)


def _write_parquet(source: pq.ParquetFile, part: Path, classes: list[str], limit: float) -> None:
    heads = [
        ("file", pa.string()),
        ("prediction", pa.string()),
        ("confidence", pa.float32()),
        ("unsure", pa.bool_()),
        ("error", pa.string()),
        ("unfamiliar", pa.bool_()),
    ]
    schema = pa.schema([*heads, *((f"p_{label}", pa.float32()) for label in classes)])
    with pq.ParquetWriter(part, schema) as writer:
        for some in _parts(source):
            labels = some.column("label").to_numpy()
            answered = labels >= 0
            confidence = some.column("confidence").to_numpy(zero_copy_only=False)
            probabilities = np.full((len(labels), len(classes)), np.nan, np.float32)
            if answered.any():
                known = some.column("p").filter(pa.array(answered)).flatten()
                probabilities[answered] = known.to_numpy().reshape(-1, len(classes))
            nothing = ~answered
            names = np.array([*classes, ""], dtype=object)[labels]
            errors = some.column("error").to_pylist()
            writer.write_table(
                pa.table(
                    [
                        some.column("path"),
                        pa.array(names, pa.string(), mask=nothing),
                        pa.array(confidence, pa.float32(), mask=nothing),
                        pa.array(confidence < np.float32(limit), mask=nothing),
                        pa.array([error or None for error in errors], pa.string()),
                        pc.greater(some.column("distance"), 1),
                        *(pa.array(probabilities[:, n], mask=nothing) for n in range(len(classes))),
                    ],
                    schema=schema,
                )
            )
