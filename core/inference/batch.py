"""One model asked about a whole folder of images: in the background, resumable, in little memory.

Files are found first and written down, so that a batch that goes on after a kill means the same
images. Threads decode ahead while OpenVINO answers; what has been answered is put away in parts,
which are joined at the end. An image that can't be read is written down with a sentence.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.addresses import is_address
from core.catalog import Catalog
from core.datasets import archives
from core.datasets.content import read_regular
from core.datasets.places import is_folder, readers, sample
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, NotFound, UnreadableImage
from core.evaluation.answering import Answering, open_answering, state_of_answering
from core.evaluation.out_of_distribution import learned_detector
from core.features.kept import Kept
from core.inference.batch_files import Found, find_files
from core.inference.batch_store import ANSWERS, Batch, Done, find_batch, images_of, place_of
from core.progress import SILENT, Reporter
from core.runs.files import RunFiles
from core.runs.values import ModelInfo
from core.workspace import atomic_path, write_json

# Answers lost at most to a kill, and rows of a part.
CHUNK = 512
# Asked about at once; and decoded ahead of that.
_GROUP = 64
_AHEAD = 128
# A batch is worth sharing from so many chunks on; a part has at most so many.
_WORTH_CHUNKS, _MOST_CHUNKS = 4, 8
PART = "batch_part"
_SHUT = "It can't be opened."
_OTHERS = "This computer has other files at that place."

_FILES = pa.schema([("path", pa.string()), ("bytes", pa.int64()), ("why", pa.string())])


def answer_batch(catalog: Catalog, run_id: str, batch_id: str, report: Reporter = SILENT) -> Done:
    """Answer all images of a batch, or those that are left; keeps ``answers.parquet``, one row a
    file, as :data:`core.inference.batch_store.ANSWERS` has them.

    What the model's training images look like is learned first, where nobody has asked before.

    Raises:
        NotFound: the batch, its images or the model have gone.
        InvalidInput: there is no image, too many, or the archive can't be unpacked.
        Cancelled: as ``report`` asked; what was answered stays, and done again it goes on.
    """
    started = time.monotonic()
    workspace = catalog.workspace
    batch = find_batch(workspace, run_id, batch_id)
    place, folder = place_of(workspace, batch), images_of(workspace, batch)
    run_files = RunFiles(workspace, run_id)
    info = run_files.model()
    _unpack(catalog, batch, folder, report)
    if not is_folder(folder):
        raise NotFound(
            "The folder with the images is not there any more.",
            file=folder,
            remedy="Put it back where it was, then go on.",
        )
    files = _listed(place, folder, report)
    parts = place / "parts"
    parts.mkdir(exist_ok=True)
    chunks = range(0, len(files), CHUNK)
    left = [start for start in chunks if not _whole(parts, start, files)]
    total = sum(len(files[start : start + CHUNK]) for start in left)
    learning = time.monotonic()
    if left:
        learned_detector(catalog, run_id, report)
    # What is learned once for all batches is no work on this one.
    started += time.monotonic() - learning
    model = open_answering(workspace, run_id)
    before = len(files) - total
    note = f"Answering; {before:,} were answered before" if before else "Answering"

    def tell(finished: int) -> None:
        report.check()
        report.kept(f"runs/{run_id}")
        report.progress("batch", min(finished, total), total, note)

    def here(spec: dict[str, Any], part: Reporter) -> None:
        asked = _chunks_of(files, spec["starts"])
        _answer_chunks(parts, folder, asked, model, info, _telling(part, asked))

    hands = report.hands() if len(left) >= _WORTH_CHUNKS else None
    if hands is not None:
        # Several for each machine, of at most so many chunks.
        size = max(1, min(_MOST_CHUNKS, len(left) // (8 * hands.machines)))
        specs = [
            {
                "run_id": run_id,
                "batch_id": batch_id,
                "starts": starts,
                "rows": CHUNK,
                "first": sample(folder, files[starts[0]][0]),
            }
            for starts in (left[at : at + size] for at in range(0, len(left), size))
        ]
        with contextlib.closing(hands.share(PART, specs, here, tell)) as done_parts:
            for _ in done_parts:
                pass
    else:
        _answer_chunks(parts, folder, _chunks_of(files, left), model, info, tell)
    tell(total)
    unreadable = _join(place, [parts / _part(start) for start in chunks])
    done = Done(
        images=len(files),
        unreadable=unreadable,
        answered=total,
        seconds=round(time.monotonic() - started, 3),
    )
    write_json(place / "done.json", done.model_dump(mode="json"))
    shutil.rmtree(parts, ignore_errors=True)
    return done


def answer_part(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Answer some chunks of a batch that another machine has, and keep the answers beside its own.

    Args:
        spec: as :func:`answer_batch` cut it.

    Raises:
        NotFound: a file can't be opened, or is another one, as that machine has it.
        Cancelled: as ``report`` asked.
    """
    workspace = catalog.workspace
    batch = find_batch(workspace, spec["run_id"], spec["batch_id"])
    place, folder = place_of(workspace, batch), images_of(workspace, batch)
    run_files = RunFiles(workspace, batch.run_id)
    table = pq.read_table(place / "files.parquet")
    asked = [(start, _rows(table.slice(start, spec["rows"]))) for start in spec["starts"]]
    if not is_address(folder) and sample(folder, asked[0][1][0][0]) != spec["first"]:
        raise NotFound(_OTHERS, file=folder)
    state = (run_files.folder, *state_of_answering(workspace, batch.run_id))
    model = _models.get(batch.run_id, state, lambda: open_answering(workspace, batch.run_id))
    _answer_chunks(
        place / "parts",
        folder,
        asked,
        model,
        run_files.model(),
        _telling(report, asked),
        elsewhere=True,
    )


# Of parts of one batch, the model is loaded once.
_models: Kept[Answering] = Kept(1)
_Chunks = Sequence[tuple[int, Sequence["Found"]]]


def _chunks_of(files: Sequence[Found], starts: Sequence[int]) -> _Chunks:
    return [(start, files[start : start + CHUNK]) for start in starts]


def _telling(report: Reporter, asked: _Chunks) -> Callable[[int], None]:
    total = sum(len(files) for _, files in asked)

    def tell(finished: int) -> None:
        report.step("batch", finished, total, "Answering")

    return tell


def _answer_chunks(
    parts: Path,
    folder: Path,
    chunks: _Chunks,
    model: Answering,
    info: ModelInfo,
    tell: Callable[[int], None],
    *,
    elsewhere: bool = False,
) -> None:
    """Answer chunks of files, and keep each once it is done.

    Args:
        tell: called now and then with how many files are answered.
        elsewhere: refuse where a file can't be opened, or has another size.
    """
    asked = (file for _, files in chunks for file in files)
    rows = answers(folder, asked, model, info, exact=elsewhere)
    finished = 0
    with contextlib.closing(rows):
        for start, files in chunks:
            chunk = []
            for row in islice(rows, len(files)):
                chunk.append(row)
                finished += 1
                if finished % _GROUP == 0:
                    tell(finished)
            if elsewhere and (said := {_SHUT, _OTHERS} & {row[-1] for row in chunk}):
                raise NotFound(said.pop(), file=folder)
            _keep_part(parts, start, chunk)
    tell(finished)


Row = tuple[Found, np.ndarray | None, float | None, str]
"""A file; its probabilities (float32, one a class) or ``None``; how far it lies from what the model
was trained on, or ``None``; and why there is no answer, or ""."""


def answers(
    folder: Path,
    files: Iterator[Found],
    model: Answering,
    info: ModelInfo,
    *,
    exact: bool = False,
) -> Generator[Row]:
    """Answers about files, in their order, while the next ones are being decoded.

    Args:
        files: below ``folder``.
        info: of the model, which says what images are brought to.
        exact: answer nothing about a file whose size is not that with which it was found.

    At most a few hundred decoded images are held at once, however many files there are.

    Raises:
        InvalidInput: the model answers with something that is not a number.
    """
    waiting: deque[tuple[Found, Future[np.ndarray | str]]] = deque()
    with ThreadPoolExecutor(readers(folder), thread_name_prefix="decode") as pool:

        def fill() -> None:
            for file in islice(files, _GROUP + _AHEAD - len(waiting)):
                waiting.append((file, pool.submit(_read, folder, file, info, exact)))

        try:
            while True:
                fill()
                group = [waiting.popleft() for _ in range(min(_GROUP, len(waiting)))]
                if not group:
                    return
                opened = [(file, future.result()) for file, future in group]
                fill()
                images = [image for _, image in opened if not isinstance(image, str)]
                known, far = model(np.stack(images)) if images else (np.zeros((0, 1)), np.zeros(0))
                if not np.isfinite(known).all():
                    raise InvalidInput(
                        "The model answers with something that is not a number.",
                        remedy="Choose another model.",
                    )
                said = zip(known, far.tolist(), strict=True)
                for file, image in opened:
                    if isinstance(image, str):
                        yield file, None, None, image
                    else:
                        numbers, distance = next(said)
                        yield file, numbers, None if isnan(distance) else distance, ""
        finally:
            # Whoever stops listening doesn't wait for what nobody will see.
            pool.shutdown(wait=False, cancel_futures=True)


def _read(folder: Path, file: Found, info: ModelInfo, exact: bool) -> np.ndarray | str:
    path, size, why = file
    if why:
        return why
    try:
        data = read_regular(folder / path, as_it_is_now=True)
        return _OTHERS if exact and len(data) != size else info.decode(data)
    except UnreadableImage as error:
        return error.title
    except OSError:
        return _SHUT


def _unpack(catalog: Catalog, batch: Batch, folder: Path, report: Reporter) -> None:
    """Bring an archive's images in, once; a kill in the middle begins that anew."""
    ready = folder.parent / "unpacked"
    if not batch.archive or ready.exists():
        return
    stage = UploadStage(catalog.workspace, batch.archive)
    if not stage.archive.is_file():
        raise NotFound("The archive is not here any more.", remedy="Upload it again.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archives.unpack(stage.archive, folder, report=report)
    ready.touch()
    stage.abandon()


def _listed(place: Path, folder: Path, report: Reporter) -> list[Found]:
    """The files of a batch: as they were found first, whatever has come into the folder since."""
    kept = place / "files.parquet"
    if not kept.exists():
        paths, sizes, reasons = zip(*find_files(folder, report), strict=True)
        with atomic_path(kept) as part:
            pq.write_table(pa.table([paths, sizes, reasons], schema=_FILES), part)
    return _rows(pq.read_table(kept))


def _rows(table: pa.Table) -> list[Found]:
    return list(zip(*(table[name].to_pylist() for name in _FILES.names), strict=True))


def _part(start: int) -> str:
    return f"{start:09d}.parquet"


def _whole(parts: Path, start: int, files: Sequence[Found]) -> bool:
    """Whether a chunk has been answered before."""
    file = parts / _part(start)
    if not file.exists():
        return False
    try:
        return int(pq.read_metadata(file).num_rows) == len(files[start : start + CHUNK])
    except (OSError, pa.ArrowException):
        return False


def _keep_part(parts: Path, start: int, rows: Sequence[Row]) -> None:
    table = pa.table(
        {
            "path": [file[0] for file, *_ in rows],
            "bytes": [file[1] for file, *_ in rows],
            "label": [-1 if p is None else int(p.argmax()) for _, p, *_ in rows],
            "confidence": [None if p is None else float(p.max()) for _, p, *_ in rows],
            "error": [error for *_, error in rows],
            "p": [p for _, p, *_ in rows],
            "distance": [distance for *_, distance, _ in rows],
        },
        schema=ANSWERS,
    )
    with atomic_path(parts / _part(start)) as part:
        pq.write_table(table, part)


def _join(place: Path, parts: Sequence[Path]) -> int:
    """All parts as one file, one after the other; the number of images without an answer."""
    unreadable = 0
    with (
        atomic_path(place / "answers.parquet") as joined,
        pq.ParquetWriter(joined, ANSWERS) as writer,
    ):
        for part in parts:
            table = pq.read_table(part, schema=ANSWERS)
            unreadable += sum(error != "" for error in table["error"].to_pylist())
            writer.write_table(table)
    return unreadable
