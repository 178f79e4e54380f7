"""Whether a person has looked at what was found in a dataset, until something new is found."""

from __future__ import annotations

from core.catalog import Catalog
from core.errors import NotFound
from core.quality.curation import FACTS
from core.workspace import read_json, write_json

_FILE = "looked.json"


def mark_looked(catalog: Catalog, dataset_id: str) -> None:
    """Remember that somebody has looked at all that is known of it by now."""
    if not looked(catalog, dataset_id):
        file = catalog.workspace.dataset(dataset_id) / _FILE
        write_json(file, {"version": _facts(catalog, dataset_id)})


def looked(catalog: Catalog, dataset_id: str) -> bool:
    """Whether somebody has, since the last scan and the last search for wrong labels; nobody has
    where these were never looked for."""
    file = catalog.workspace.dataset(dataset_id) / _FILE
    try:
        seen = read_json(file)["version"]
    except (NotFound, KeyError, TypeError):
        return False
    return bool(seen == _facts(catalog, dataset_id))


def _facts(catalog: Catalog, dataset_id: str) -> int:
    """The version at which something was found out last."""
    return catalog.changes.last(dataset_id, FACTS)
