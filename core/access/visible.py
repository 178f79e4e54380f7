"""Who gets to see a dataset or a model: its owner says, or an administrator."""

from __future__ import annotations

from core.access.audit import note
from core.catalog import Catalog
from core.catalog.visibility import LEVELS, Kind
from core.errors import InvalidInput, NotAllowed
from core.who import acting, author, require


def show_to(catalog: Catalog, kind: Kind, item_id: str, level: str) -> None:
    """Say who may see something: ``private``, ``team`` or ``link``.

    Raises:
        NotAllowed: it is somebody else's.
        NotFound, InvalidInput: there is no such thing, or no such level.
    """
    wanted = next((each for each in LEVELS if each == level), None)
    if wanted is None:
        raise InvalidInput(f"“{level}” is none of {', '.join(LEVELS)}.")
    who = acting()
    item = catalog.datasets.get(item_id) if kind == "dataset" else catalog.runs.get(item_id)
    owner, _ = catalog.visibility.of(kind, item.id)
    if owner and owner != who.name and not who.may("administrator"):
        raise NotAllowed(
            f"“{item.name}” is {owner}’s.", remedy=f"Ask {owner}, or an administrator."
        )
    if not owner:
        require("administrator" if who.name else "trainer")
    catalog.visibility.set(kind, item.id, owner or author(), wanted)
    note(catalog, "showed to", item.name, wanted)
