"""Files looked at by several machines: cut into parts in the order of their paths, which come back
in that order.

A part is some of the chunks that one machine would look at, looked at in the same chunks, so what
comes of it is the same to the bit. What is to be looked at, and what was found, lies in
``cache/parts/<dataset>.<token>/`` until all is done.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.addresses import is_address
from core.catalog import Catalog
from core.datasets.content import split_path
from core.datasets.greys import Range
from core.datasets.layout import FoundFile
from core.datasets.places import image_file, sample
from core.errors import NotFound, disk_errors
from core.progress import Hands, Reporter
from core.quality.look import Facts, Looked, joined
from core.quality.measure import MEASUREMENTS
from core.quality.pool import Pool
from core.workspace import atomic_path, new_token

KIND = "scan_part"
# Fewer files than this are looked at sooner by one machine.
WORTH = 2048
# A part: large enough to be worth its way through the queue, small enough that nobody waits long
# for the last one; parts a machine, where there are enough files.
_SMALLEST, _LARGEST, _EACH = 512, 4096, 8
_IDLE_S = 3.0
_PLANNED = pa.schema([("path", pa.string()), ("bytes", pa.int64()), ("chunk", pa.int64())])
_AS = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), bytes: pa.binary()}
_FOUND = pa.schema(
    [
        *((name, _AS[kind]) for name, kind in get_type_hints(Facts).items()),
        *((name, pa.float32()) for name in MEASUREMENTS),
        ("thumbnail", pa.binary()),
    ]
)


def look_together(
    catalog: Catalog,
    dataset_id: str,
    chunks: Sequence[list[FoundFile]],
    greys: Range | None,
    hands: Hands,
    tell: Callable[[int], None],
) -> Generator[tuple[list[FoundFile], Looked]]:
    """Look at files with the help of other machines: files, and what was found in them, in their
    order.

    Args:
        chunks: as one machine would look at them.
        tell: called now and then with how many files have been looked at.
    """
    parts = _cut(chunks, hands.machines)
    workspace = catalog.workspace
    with disk_errors("the scan"):
        # What an attempt has left that was broken off.
        for old in (workspace.cache / "parts").glob(f"{dataset_id}*"):
            workspace.forget(f"parts/{old.name}")
        folder = workspace.parts(f"{dataset_id}.{new_token()}")
        folder.mkdir(parents=True)
        _plan(folder, parts)
    common = {"dataset_id": dataset_id, "folder": folder.name, "greys": greys}
    root = catalog.workspace.load_path(catalog.datasets.get(dataset_id).root)
    specs = [
        {**common, "part": number, "first": sample(root, part[0][0].path)}
        for number, part in enumerate(parts)
    ]

    def here(spec: dict[str, Any], report: Reporter) -> None:
        look_part(catalog, spec, report, elsewhere=False)

    try:
        with contextlib.closing(hands.share(KIND, specs, here, tell)) as done:
            for number in done:
                files = [file for chunk in parts[number] for file in chunk]
                yield files, _read(folder / f"{number}.parquet")
                (folder / f"{number}.parquet").unlink()
    finally:
        workspace.forget(f"parts/{folder.name}")


def look_part(
    catalog: Catalog, spec: dict[str, Any], report: Reporter, *, elsewhere: bool = True
) -> None:
    """Look at one part's files, and keep what was found.

    Args:
        spec: from :func:`look_together`.
        elsewhere: whether this may be another machine than the one that has the scan.

    Raises:
        NotFound: a file can't be opened, or is another one, as the machine that has the scan has
            it; or there is no such scan any more.
    """
    workspace, number = catalog.workspace, spec["part"]
    # Images that were added to a folder lie in the dataset's.
    workspace.dataset(spec["dataset_id"])
    folder = workspace.parts(spec["folder"])
    root = workspace.load_path(catalog.datasets.get(spec["dataset_id"]).root)
    try:
        planned = pq.ParquetFile(folder / "plan.parquet").read_row_group(number)
    except FileNotFoundError as error:
        # Whoever had the scan has lost it and tidied up, before others have begun it anew.
        raise NotFound("What is to be done here was planned by a scan that has ended.") from error
    paths, chunk_of = planned["path"].to_pylist(), planned["chunk"].to_numpy()
    if elsewhere and not _same(root, paths, planned["bytes"].to_pylist(), spec["first"]):
        raise NotFound("This computer has other files at that place.", file=root)
    edges = [0, *(np.flatnonzero(np.diff(chunk_of)) + 1), len(paths)]
    chunks = [paths[start:end] for start, end in itertools.pairwise(edges)]
    greys = tuple(spec["greys"]) if spec["greys"] else None
    found: list[Looked] = []
    done = 0

    def tell() -> None:
        report.step("scan", done, len(paths), "Looking at images")

    with _helpers(root, greys) as pool:
        for looked in pool.look(chunks, tell):
            found.append(looked)
            done += len(looked.facts)
            tell()
    if elsewhere and not all(facts.hash for each in found for facts in each.facts):
        raise NotFound("Some of these files can't be opened on this computer.", file=root)
    with disk_errors("the scan"):
        _keep(folder / f"{number}.parquet", found)


def _same(root: Path, paths: Sequence[str], sizes: Sequence[int], first: str) -> bool:
    """Whether this computer has the same folder, as far as sizes and one file's content tell."""
    if is_address(root):
        return True  # read as it is now, by whoever looks
    for path, size in zip(paths, sizes, strict=True):
        file = image_file(root, path)
        with contextlib.suppress(OSError):
            if not file.exists():
                file = image_file(root, split_path(path)[0])
            if file.stat().st_size != size:
                return False
    return sample(root, paths[0]) == first


def _cut(chunks: Sequence[list[FoundFile]], machines: int) -> list[list[list[FoundFile]]]:
    """Parts of whole chunks, in their order."""
    files = sum(len(chunk) for chunk in chunks)
    size = min(max(_SMALLEST, files // (_EACH * machines)), _LARGEST)
    parts: list[list[list[FoundFile]]] = [[]]
    held = 0
    for chunk in chunks:
        if held >= size:
            parts.append([])
            held = 0
        parts[-1].append(chunk)
        held += len(chunk)
    return parts


def _plan(folder: Path, parts: Sequence[list[list[FoundFile]]]) -> None:
    """Write down which files are in which part, one group of rows a part."""
    with pq.ParquetWriter(folder / "plan.parquet", _PLANNED) as writer:
        for part in parts:
            rows = [
                (file.path, file.bytes, number)
                for number, chunk in enumerate(part)
                for file in chunk
            ]
            columns = zip(*rows, strict=True)
            writer.write_table(pa.table(list(columns), schema=_PLANNED), len(rows))


def _keep(file: Path, found: Sequence[Looked]) -> None:
    whole = joined(found)
    columns = {**whole.columns(), "thumbnail": whole.thumbnails}
    arrays = [pa.array(columns[field.name], field.type) for field in _FOUND]
    with atomic_path(file) as part:
        pq.write_table(pa.table(arrays, schema=_FOUND), part, compression="none")


def _read(file: Path) -> Looked:
    table = pq.read_table(file, schema=_FOUND)
    columns = [table[name].to_pylist() for name in Facts._fields]
    measured = np.stack([table[name].to_numpy() for name in MEASUREMENTS], axis=1)
    facts = [Facts(*row) for row in zip(*columns, strict=True)]
    return Looked(facts, measured, table["thumbnail"].to_pylist())


class _Lender:
    """Keeps helper processes for the next part: their start takes as long as a hundred files."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[object, Pool] | None = None
        self._timer: threading.Timer | None = None

    @contextlib.contextmanager
    def __call__(self, root: Path, greys: Range | None) -> Iterator[Pool]:
        key = (root, greys)
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            kept, self._kept = self._kept, None
        if kept is not None and kept[0] != key:
            kept[1].__exit__()
            kept = None
        pool = kept[1] if kept is not None else Pool(root, WORTH, greys)
        try:
            yield pool
        except BaseException:
            pool.__exit__()
            raise
        with self._lock:
            # Another part may have given back its own meanwhile.
            kept, self._kept = self._kept, (key, pool)
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(_IDLE_S, self._let_go, [pool])
            self._timer.daemon = True
            self._timer.start()
        if kept is not None:
            kept[1].__exit__()

    def _let_go(self, pool: Pool) -> None:
        with self._lock:
            if self._kept is None or self._kept[1] is not pool:
                return
            self._kept = None
        pool.__exit__()


_helpers = _Lender()
