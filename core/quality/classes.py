"""Decisions about whole classes: a class gets another name, or several become one."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from core.catalog import Catalog
from core.errors import InvalidInput, NotFound
from core.quality.curation import curated


def rename_class(catalog: Catalog, dataset_id: str, label: str, name: str) -> list[str]:
    """The images that must move for a class to be called ``name``.

    Raises:
        NotFound: there is no such class.
        InvalidInput: it is the name of another class.
    """
    wanted = tidy(name)
    if wanted != label and wanted in set(curated(catalog, dataset_id)["label"]):
        raise InvalidInput(
            f"There is already a class “{wanted}”.",
            remedy="Merge the two, or choose another name.",
        )
    return images_of(catalog, dataset_id, [label], wanted)


def tidy(name: str) -> str:
    """A name as it is compared: without space around it, in Unicode's composed form."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def no_class(label: str, present: Sequence[str]) -> NotFound:
    """There is no class of this name, and which there are."""
    return NotFound(
        f"There is no class “{label}” in this dataset now.",
        remedy=f"There are: {', '.join(present[:20])}.",
    )


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
