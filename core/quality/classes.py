"""Decisions about whole classes: several become one, or one moves into another."""

from __future__ import annotations

from collections.abc import Collection

from core.catalog import Catalog
from core.quality.class_names import no_class
from core.quality.curation import curated


def images_of(
    catalog: Catalog, dataset_id: str, labels: Collection[str], name: str = ""
) -> list[str]:
    """All images of some classes that are not in class ``name`` yet, excluded and unreadable ones
    too, so that nothing of a class stays behind.

    Raises:
        NotFound: there is no such class.
    """
    table = curated(catalog, dataset_id)
    present = set(table["label"])
    for label in labels:
        if label not in present:
            raise no_class(label, sorted(present))
    moving = table["label"].isin(list(labels)) & (table["label"] != name)
    return list(table.loc[moving, "path"])
