"""How a dataset's folder is to be read, as a person chose, and how it was read at last."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

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


_KEPT, _CHOICE = TypeAdapter(KeptLayout), TypeAdapter(Choice)


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
    return _CHOICE.validate_python(read_json(path).get("layout") or {})


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
    alike = ("reason", "doubt", "others", "notes", "together", "ways")
    kept = KeptLayout(
        choice.kind is not None and not layout.doubt,
        layout.outline(),
        **{name: getattr(layout, name) for name in alike},
        greys=choice.greys,
    )
    write_json(workspace.dataset(dataset_id) / "layout.json", asdict(kept))


def kept_layout(workspace: Workspace, dataset_id: str) -> KeptLayout | None:
    """How the last scan read the folder; none for scans of earlier versions."""
    path = workspace.dataset(dataset_id) / "layout.json"
    if not path.is_file():
        return None
    try:
        return _KEPT.validate_python(read_json(path))
    except ValidationError:
        return None  # damaged: the next scan writes it again
