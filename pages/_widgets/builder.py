"""An own network, layer by layer: a table to edit, and beside it what becomes of an image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import InvalidInput
from core.text import escape
from core.training.blocks import diagram, from_rows
from core.training.stack import SETTINGS, Layer, from_json, to_json, trace
from core.training.templates import TEMPLATES
from pages._widgets.files import download
from pages._widgets.form import Form
from pages._widgets.job import act
from pages._widgets.pictures import draw_svg, layer_table

COLUMNS = Layer.model_json_schema()["properties"]
KINDS = COLUMNS["kind"]["enum"]
_STATE = "builder"
_AT = "builder-layer"

_LABELS = {
    "filters": ("Filters", "Patterns that a convolution looks for, or units of a Dense layer."),
    "size": ("Size", "Side of the window that slides over the picture, in pixels."),
    "strides": (
        "Strides",
        "How far the window moves each time. Empty or 0: 1 for convolutions, the window’s size for "
        "pooling.",
    ),
    "padding": (
        "Padding",
        "same keeps the picture’s size (but for strides), valid only uses whole windows.",
    ),
    "activation": ("Activation", "What is done to each number that comes out; relu is usual."),
    "rate": ("Rate", "Share of values that Dropout hides."),
}

Stack = tuple[Layer, ...]


def build(form: Form, classes: int) -> None:
    _templates(form)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _table(form)
        stack: Stack = form.value("stack")
        channels = 1 if form.value("color") == "gray" else 3
        size = form.value("image_size")
        rows = trace(stack, size, channels, classes)
        if "stack" in form.broken or not any(row.error for row in rows):
            form.complain("stack")  # else the row of the layer says it
        _one_layer(form)
    with right:
        st.caption(f"What becomes of one image of {size} × {size} pixels")
        st.html(layer_table(rows))
        with st.expander("Diagram", key="own-diagram"):
            draw_svg(diagram(from_rows(rows), "Your own network"), "diagram")
    _exchange(form)


def _templates(form: Form) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Template",
            list(TEMPLATES),
            key="template",
            help="A whole network to start from.",
            width=320,
        )
        sentence, layers = TEMPLATES[name]
        act(
            "Start from it",
            (form.put, "stack", layers),
            icon="restart_alt",
            help="Replaces the layers below.",
        )
    st.caption(sentence)


def _table(form: Form) -> None:
    """The editable table. It keeps what it began with, and its edits, until others change
    layers."""
    stack: Stack = form.value("stack")
    state: dict[str, Any] = st.session_state.get(_STATE) or {}
    fresh = not state or (state["stack"] != stack and "stack" not in form.broken)
    if state and f"{_STATE}-{state['round']}" not in st.session_state:
        # It wasn't drawn last time, so its edits are gone from the browser.
        fresh = fresh or state["stack"] != state["base"]
    if fresh:
        number = 1 + state.get("round", 0)
        state = {"round": number, "base": stack, "stack": stack}
        st.session_state[_STATE] = state
        if form.broken.pop("stack", None):
            st.rerun()
    key = f"{_STATE}-{state['round']}"
    st.data_editor(
        _frame(state["base"]),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        column_config=_columns(),
        placeholder="–",
        on_change=_edited,
        args=(form, key),
        height=min(560, 38 + 35 * (len(state["base"]) + 3)),
    )


def _edited(form: Form, key: str) -> None:
    """Take over what was typed into the table; what can't be read is said, and holds up the
    start."""
    state = st.session_state[_STATE]
    rows = apply_edits(_rows(state["base"]), st.session_state[key])
    try:
        stack = from_json(json.dumps(rows))
    except InvalidInput as error:
        form.broken["stack"] = error.title
        state["stack"] = None
        return
    state["stack"] = stack
    form.put("stack", stack)


def apply_edits(rows: list[dict[str, Any]], edits: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows after what Streamlit's data editor says was changed, removed and added; empty cells and
    rows are left out."""
    for at, cells in edits.get("edited_rows", {}).items():
        rows[int(at)] = rows[int(at)] | cells
    gone = set(edits.get("deleted_rows", []))
    kept = [row for at, row in enumerate(rows) if at not in gone]
    filled = [
        {name: value for name, value in row.items() if name in COLUMNS and value is not None}
        for row in [*kept, *edits.get("added_rows", [])]
    ]
    return [row for row in filled if row]


def _rows(stack: Sequence[Layer]) -> list[dict[str, Any]]:
    """Each layer's kind and the settings that it has; automatic strides stay empty."""
    return [
        {"kind": layer.kind}
        | {
            name: value
            for name in SETTINGS[layer.kind]
            if (value := getattr(layer, name)) or name != "strides"
        }
        for layer in stack
    ]


def _frame(stack: Sequence[Layer]) -> pd.DataFrame:
    table = pd.DataFrame(_rows(stack), columns=list(COLUMNS))
    whole = dict.fromkeys(("filters", "size", "strides"), "Int64")
    return table.astype({**whole, "rate": "Float64"})


def _columns() -> dict[str, Any]:
    config = st.column_config
    columns: dict[str, Any] = {
        "kind": config.SelectboxColumn(
            "Layer",
            options=list(KINDS),
            required=True,
            default="Conv2D",
            width=170,
            pinned=True,
            help="What the layer does.",
        )
    }
    for name, (label, help) in _LABELS.items():
        if choices := COLUMNS[name].get("enum"):
            columns[name] = config.SelectboxColumn(label, options=choices, width=85, help=help)
        else:
            low, high, step = _limits(name)
            columns[name] = config.NumberColumn(
                label, width=65, help=help, min_value=low, max_value=high, step=step
            )
    return columns


def _limits(name: str) -> tuple[Any, Any, Any]:
    """The least and the most that a number of a layer can be, and the step between two."""
    if name == "rate":
        return 0.0, 0.95, 0.05  # it stays below 1
    return COLUMNS[name]["minimum"], COLUMNS[name]["maximum"], 1


def _one_layer(form: Form) -> None:
    """Add, move, copy, remove and set layers without the table: it can't move rows, and is small on
    a phone."""
    stack: Stack = form.value("stack")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox("New layer", KINDS, key="builder-kind", width=200)
        act("Add at the end", (_add, form), icon="add")
    if not stack:
        return
    if st.session_state.get(_AT, 0) >= len(stack):
        st.session_state[_AT] = len(stack) - 1
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        at = st.selectbox(
            "Layer to change",
            range(len(stack)),
            key=_AT,
            width=200,
            format_func=lambda n: f"{n + 1}. {stack[n].kind}" if n < len(stack) else "",
        )
        for label, icon, off in (
            ("Up", "arrow_upward", at == 0),
            ("Down", "arrow_downward", at == len(stack) - 1),
            ("Copy", "content_copy", False),
            ("Remove", "delete", False),
        ):
            act(label, (_change, form, label), icon=icon, key=f"builder-{label}", disabled=off)
    names = SETTINGS[stack[at].kind]
    for column, name in zip(st.columns(3) * 2, names, strict=False):
        with column:
            _setting(form, stack, at, name)


def _setting(form: Form, stack: Stack, at: int, name: str) -> None:
    """One setting of one layer, with the limits of :class:`Layer`."""
    layer, key = stack[at], f"builder-{name}"
    if st.session_state.get(key) != getattr(layer, name):
        st.session_state[key] = getattr(layer, name)

    def take() -> None:
        changed = layer.model_copy(update={name: st.session_state[key]})
        _put(form, (*stack[:at], changed, *stack[at + 1 :]), at)

    label, help = _LABELS[name]
    if name == "filters" and layer.kind == "Dense":
        label = "Units"
    if choices := COLUMNS[name].get("enum"):
        st.selectbox(label, choices, key=key, help=help, on_change=take)
        return
    low, high, step = _limits(name)
    draw = st.slider if name == "rate" else st.number_input
    draw(label, low, high, step=step, key=key, help=help, on_change=take)


# What a click does is worked out when it comes, not when its button was drawn: whoever clicks twice
# in a row, or right after choosing something, is quicker than the page.
def _add(form: Form) -> None:
    layers = (*form.value("stack"), Layer(kind=st.session_state["builder-kind"]))
    _put(form, layers, len(layers) - 1)


def _change(form: Form, how: str) -> None:
    """Move, copy or remove the layer that is chosen now."""
    layers = list(form.value("stack"))
    at = min(st.session_state.get(_AT, 0), len(layers) - 1)
    if at < 0:
        return
    to = at + {"Up": -1, "Down": 1, "Copy": 1}.get(how, 0)
    if how == "Copy":
        layers.insert(to, layers[at])
    elif how == "Remove":
        del layers[at]
    elif 0 <= to < len(layers):
        layers.insert(to, layers.pop(at))
    _put(form, layers, to)


def _put(form: Form, layers: Sequence[Layer], at: int) -> None:
    """Take over layers, and choose one of them: the last where ``at`` is beyond it."""
    form.put("stack", tuple(layers))
    st.session_state[_AT] = max(0, min(at, len(layers) - 1))


def _exchange(form: Form) -> None:
    with st.expander("Import and export", icon=":material/swap_vert:", key="exchange"):
        stack: Stack = form.value("stack")
        download("Download these layers", to_json(stack), "network.json", "application/json")
        came = st.file_uploader("Layers from a file", type=["json"], max_upload_size=1)
        pasted = st.text_area(
            "… or pasted", placeholder='{"layers": [{"kind": "Conv2D", "filters": 32}, …]}'
        )
        text = came.getvalue().decode("utf-8", errors="replace") if came else pasted
        if st.button("Use these layers", disabled=not text.strip(), icon=":material/upload:"):
            try:
                new = from_json(text)
            except InvalidInput as error:
                st.error(escape(str(error)), icon=":material/error:")
            else:
                form.put("stack", new)
                st.rerun()
