"""What a run had learned from before it began: trainings whose weights it starts from."""

from __future__ import annotations

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.runs.files import RunFiles
from core.text import plural

_ELSEWHERE = (
    "It was trained elsewhere: whether it was trained on some of these very images, nobody here "
    "can know."
)
_UNKNOWN = (
    "It went on from weights of which is not known here what they had learned from: that may be "
    "some of these very images."
)


def learned_before(catalog: Catalog, run: RunRecord) -> frozenset[str] | None:
    """Content hashes of all images from which the trainings learned that this one went on from, and
    of those that chose among their epochs; ``None`` where they aren't all known."""
    found: set[str] = set()
    passed = {run.id}
    while True:
        kind, _, name = str(run.spec.get("weights", "")).partition(":")
        if kind not in ("run", "file"):
            return frozenset(found)
        if kind == "file":
            return None
        try:
            run = catalog.runs.get(name)
            table = RunFiles(catalog.workspace, run.id).split()
        except NotFound:
            return None
        if run.imported or run.id in passed:
            return None
        passed.add(run.id)
        found |= set(table.loc[table["split"] != "test", "hash"])


def why_not_new(catalog: Catalog, run: RunRecord) -> str:
    """Why its own test images can't all be said to be new to a run, in a sentence; "" where they
    can."""
    if run.imported:
        return _ELSEWHERE
    before = learned_before(catalog, run)
    if before is None:
        return _UNKNOWN
    if not before:
        return ""
    try:
        table = RunFiles(catalog.workspace, run.id).split()
    except NotFound:
        return _UNKNOWN
    tested = table.loc[table["split"] == "test", "hash"]
    seen = int(tested.isin(list(before)).sum())
    if not seen:
        return ""
    return (
        f"{seen:,} of its {plural(len(tested), 'test image')} "
        f"{'was' if seen == 1 else 'were'} seen by the training that it went on from, which "
        "flatters it."
    )
