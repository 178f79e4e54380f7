"""How a dataset's folder is to be read, as a person chose, and how it was read at last."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from core.datasets.layout.names import split_of
from core.datasets.layout.values import MEANINGS, Choice, Kind, Layout, Outline, Way
from core.errors import InvalidInput
from core.who import require
from core.workspace import Workspace, read_json, write_json


@dataclass(frozen=True)
class KeptLayout:
    """What is shown of a layout; see :class:`core.datasets.layout.values.Layout`."""

    chosen: bool
    outline: Outline
    reason: str
    doubt: str
    others: tuple[Outline, ...]
    notes: tuple[str, ...]
    together: Way | None = None
    ways: tuple[Way, ...] = ()
    greys: tuple[float, float] | None = None

    @property
    def plainly(self) -> str:
        """The doubt in a line for everybody, without a full stop; "" where there is none."""
        if not self.doubt or self.chosen:
            return ""
        if self.outline.classes and all(map(split_of, self.outline.classes)):
            return "This folder looks like train and test"
        return "This folder can be read in more than one way"


def parse_kind(text: str) -> Kind:
    """The layout of this name.

    Raises:
        InvalidInput: there is none.
    """
    for kind in MEANINGS:
        if kind == text.strip().lower():
            return kind
    names = ", ".join(MEANINGS)
    raise InvalidInput(f"There is no layout “{text}”.", remedy=f"There are: {names}.")


def load_choice(workspace: Workspace, dataset_id: str) -> Choice:
    """What was chosen; nothing where nobody chose."""
    path = workspace.dataset(dataset_id) / "source.json"
    if not path.is_file():
        return Choice()
    kept = read_json(path).get("layout") or {}
    found = Choice(**{each.name: kept.get(each.name) for each in fields(Choice)})
    return replace(found, greys=(found.greys[0], found.greys[1])) if found.greys else found


def save_choice(workspace: Workspace, dataset_id: str, choice: Choice) -> None:
    """Read the dataset so from its next scan on.

    Raises:
        NotAllowed: whoever acts may change no dataset.
    """
    require("labeller")
    path = workspace.dataset(dataset_id) / "source.json"
    write_json(path, {**read_json(path), "layout": asdict(choice)})


def keep_layout(workspace: Workspace, dataset_id: str, layout: Layout, choice: Choice) -> None:
    """Note how a scan read the folder."""
    facts = {
        "chosen": choice.kind is not None and not layout.doubt,
        "outline": asdict(layout.outline()),
        "reason": layout.reason,
        "doubt": layout.doubt,
        "others": [asdict(each) for each in layout.others],
        "notes": list(layout.notes),
        "together": asdict(layout.together) if layout.together else None,
        "ways": [asdict(each) for each in layout.ways],
        "greys": choice.greys,
    }
    write_json(workspace.dataset(dataset_id) / "layout.json", facts)


def kept_layout(workspace: Workspace, dataset_id: str) -> KeptLayout | None:
    """How the last scan read the folder; none for scans of earlier versions."""
    path = workspace.dataset(dataset_id) / "layout.json"
    if not path.is_file():
        return None
    facts: dict[str, Any] = read_json(path)
    try:
        return KeptLayout(
            bool(facts["chosen"]),
            Outline(**facts["outline"]),
            str(facts["reason"]),
            str(facts["doubt"]),
            tuple(Outline(**each) for each in facts["others"]),
            tuple(map(str, facts["notes"])),
            _way(facts["together"]) if facts.get("together") else None,
            tuple(map(_way, facts.get("ways", ()))),
            tuple(facts["greys"]) if facts.get("greys") else None,
        )
    except (KeyError, TypeError):
        return None  # damaged: the next scan writes it again


def _way(facts: dict[str, Any]) -> Way:
    return Way(**{**facts, "example": tuple(facts["example"])})
