"""Which images of a dataset are near-duplicates: found after a scan, kept as facts beside the
index.

Pairs are kept by content hash, so they hold whatever an image is called and whichever class it is
in. Groups are made of them when they are asked for, at any threshold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.catalog import Catalog
from core.errors import NotFound
from core.progress import SILENT, Reporter
from core.quality.copies import DEFAULT_THRESHOLD, SAME, Copies, find_copies, groups
from core.quality.descriptor import DESCRIPTOR_BYTES
from core.quality.index import keep_found, read_index


@dataclass(frozen=True)
class Alike:
    """The near-duplicates among a table's rows.

    Attributes:
        contents: int64, shape (rows,): a number for each content; rows of equal bytes share it.
        copies: pairs of these numbers.
    """

    contents: NDArray[np.int64]
    copies: Copies

    def groups(
        self, threshold: float = DEFAULT_THRESHOLD, relations: Collection[str] = (SAME,)
    ) -> NDArray[np.int64]:
        """Group numbers, shape (rows,); rows of equal bytes are always in one group."""
        return groups(self.copies, threshold, relations)[self.contents]

    def scores(self, relations: Collection[str] = (SAME,)) -> NDArray[np.float32]:
        """How alike each row's nearest near-duplicate of other bytes is, shape (rows,); 0 for
        none."""
        best = np.zeros(self.copies.n, np.float32)
        wanted = np.isin(self.copies.relations, list(relations))
        for side in (0, 1):
            np.maximum.at(best, self.copies.pairs[wanted, side], self.copies.scores[wanted])
        return best[self.contents]


def alike(table: pd.DataFrame, pairs: pd.DataFrame | None) -> Alike:
    """What is known of a table's rows.

    Args:
        table: columns ``hash`` and ``status``.
        pairs: from :func:`read_pairs`; ``None`` where nothing is known.
    """
    # An unreadable image is like no other: each is a content of its own.
    known, good = table["hash"], table["status"] == "ok"
    if not good.all():
        unique = pd.Series(np.arange(len(table)).astype(str), index=table.index)
        known = known.where(good, unique)
    contents, names = pd.factorize(known)
    if pairs is None:
        pairs = pd.DataFrame({"a": [], "b": [], "score": [], "relation": []}).astype(
            {"a": "str", "b": "str"}
        )
    ends = np.stack([positions(pairs[end], names) for end in ("a", "b")], axis=1)
    here = (ends >= 0).all(axis=1)
    copies = Copies(
        len(names),
        ends[here].astype(np.int64),
        pairs["score"].to_numpy(np.float32)[here],
        pairs["relation"].to_numpy(dtype="U8")[here],
    )
    return Alike(contents.astype(np.int64), copies)


def positions(wanted: pd.Series, names: pd.Index | pd.Series) -> NDArray[np.int64]:
    """Where each is among names, all of them texts; -1 where it isn't."""
    if wanted.empty:
        return np.zeros(0, np.int64)
    # Arrow looks many up in a moment; pandas would make an object of each name first.
    found = pc.index_in(
        pa.array(wanted, pa.large_string()), value_set=pa.array(names, pa.large_string())
    )
    return found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def find_alike(catalog: Catalog, dataset_id: str, report: Reporter = SILENT) -> int:
    """Look for near-duplicates in what was scanned last, unless that has been done.

    Returns how many pairs are known.

    Raises:
        NotFound: the dataset has not been scanned.
        Cancelled: the person asked to stop.
    """
    changes = catalog.changes.of(dataset_id)
    scans = [change for change in changes if change.action == "index"]
    if not scans:
        raise NotFound("This dataset has not been scanned yet.", remedy="Scan it first.")
    table = read_index(catalog.workspace, dataset_id, scans[-1].payload["file"])
    rows = table.loc[table["status"] == "ok", ["hash", "descriptor"]].drop_duplicates("hash")
    rows = rows[rows["descriptor"].map(len) == DESCRIPTOR_BYTES].sort_values("hash")
    of = hashlib.blake2b("".join(rows["hash"]).encode(), digest_size=16).hexdigest()
    last = [change for change in changes if change.action == "copies"][-1:]
    folder = catalog.workspace.dataset(dataset_id)
    # Pairs whose file was lost or damaged are looked for again, and get a file of another name.
    for done in last:
        if done.payload["of"] == of and read_pairs(folder / done.payload["file"]) is not None:
            return int(done.payload["pairs"])

    def step(share: float) -> None:
        done = round(share * len(rows))
        report.step("copies", done, len(rows), "Looking for near-duplicates")

    descriptors = np.frombuffer(b"".join(rows["descriptor"]), np.uint8)
    found = find_copies(descriptors.reshape(-1, DESCRIPTOR_BYTES), step)
    names = rows["hash"].to_numpy()
    pairs = pd.DataFrame(
        {
            "a": names[found.pairs[:, 0]],
            "b": names[found.pairs[:, 1]],
            "score": found.scores,
            "relation": found.relations.astype(object),
        }
    ).astype({"a": "str", "b": "str", "relation": "str"})
    keep_found(catalog, dataset_id, "copies", pairs, {"of": of, "pairs": len(pairs)}, "scan")
    return len(pairs)


@lru_cache(maxsize=8)
def read_pairs(path: Path) -> pd.DataFrame | None:
    """Pairs as :func:`find_alike` wrote them: ``a`` and ``b`` (content hashes), ``score``,
    ``relation``; ``None`` if the file is missing or damaged. A shared object."""
    try:
        return pd.read_parquet(path)[["a", "b", "score", "relation"]]
    except (OSError, ValueError, KeyError):
        return None
