"""What a person does on the Train page before the start, in words that its tests share."""

from __future__ import annotations

import json
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Dataframe, Widget

from core.catalog import Catalog
from core.training.spec import TrainSpec, parse_spec
from tests.pages.conftest import assert_no_defect


def choose(at: AppTest, recipe: str) -> AppTest:
    """Choose a recipe."""
    at.radio[0].set_value(recipe).run()
    assert_no_defect(at)
    return at


def expert(at: AppTest, part: str) -> AppTest:
    """Open a part of what can be set."""
    if not at.toggle(key="expert").value:
        at.toggle(key="expert").set_value(True).run()
    at.segmented_control(key="expert-part").set_value(part).run()
    assert_no_defect(at)
    return at


def field(at: AppTest, setting: str) -> Any:
    """The widget of a setting, of whatever kind."""
    kinds = (
        at.number_input,
        at.selectbox,
        at.slider,
        at.toggle,
        at.multiselect,
        at.text_input,
        at.segmented_control,
        at.radio,
    )
    (found,) = [one for kind in kinds for one in kind if (one.key or "").endswith(f"-{setting}")]
    return found


def put(at: AppTest, setting: str, value: Any) -> AppTest:
    """Set a field as a person would."""
    field(at, setting).set_value(value).run()
    assert_no_defect(at)
    return at


def start_offered(at: AppTest) -> bool:
    """Whether training can be started now."""
    return not at.button(key="start-training").disabled


def press_start(at: AppTest) -> AppTest:
    """Press the button, whatever time stands on it."""
    at.button(key="start-training").click().run()
    assert_no_defect(at)
    return at


def start(at: AppTest, catalog: Catalog) -> TrainSpec:
    """Start, and tell what was started."""
    press_start(at)
    return parse_spec(catalog.runs.all()[0].spec)


class _Typed(Widget):
    """What the browser sends of a table that was edited; Streamlit's own tests can't."""

    def __init__(self, table: Dataframe, edits: dict[str, Any]) -> None:
        self.proto = table.proto
        self.root = table.root
        self.id = table.proto.id
        self.type, self.key, self.form_id = "typed_table", None, ""
        self.edits = edits

    @property
    def value(self) -> dict[str, Any]:
        return self.edits

    @property
    def _widget_state(self) -> WidgetState:
        return WidgetState(id=self.id, string_value=json.dumps(self.edits))


def edit(at: AppTest, **edits: Any) -> AppTest:
    """Edit the table of layers: ``edited_rows``, ``added_rows`` and ``deleted_rows`` as Streamlit's
    data editor sends them, always all edits since it was drawn first."""
    (table,) = [one for one in at.dataframe if one.editing_mode == "dynamic"]
    empty: dict[str, Any] = {"edited_rows": {}, "added_rows": [], "deleted_rows": []}
    at.main.children[len(at.main.children)] = _Typed(table, empty | edits)
    at.run()
    assert_no_defect(at)
    return at


def drawn(at: AppTest) -> str:
    """All HTML on the page: tables of layers and pictures."""
    return "\n".join(each.value for each in at.html)
