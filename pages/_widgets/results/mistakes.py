"""Where the model is wrong, and where it is right: filtered, sorted, and opened one by one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.evaluation.mistakes import ORDERS, WHICH, Order, Which, select
from core.text import cell, images, shorten
from pages._widgets.files import download
from pages._widgets.one_of import choose
from pages._widgets.results.detail import detail
from pages._widgets.results.studying import studied
from pages._widgets.results.tiles import answers_gallery
from pages._widgets.results.view import View, another_test, just_about

# In the address, under this name.
_WHICH = "which"
_ANY = ""
_ROWS_AT_MOST = 2000
_ABOUT_ORDERS: dict[Order, str] = {
    "confidence": "The surest first: a sure mistake is a habit of the model, or a wrong label.",
    "doubt": "The least sure first: here it nearly said something else.",
    "loss": "By loss: the less it believed in the true class, the earlier.",
}


def draw(view: View) -> None:
    st.header("Test images and answers")
    if another_test(view, "mistakes"):
        st.session_state[_WHICH] = "Right" if view.predictions.correct.all() else "Wrong"
    led_to = _led_here(view)
    which, rows, chosen = _choose(view)
    heat = st.toggle(
        "Show what it looked at",
        key=view.key("mistakes-heat"),
        help="Lays a heat map over each picture: bright is where the evidence for the answer lies.",
    )
    if heat:
        heat = studied(view, "heat")
    if rows.empty:
        _none(view, which, chosen)
    else:
        answers_gallery(
            view,
            rows,
            key=f"answers-gallery-{view.run.id}-{view.on}-{chosen}",
            label=f"{which} answers",
            heat=heat,
        )
        st.caption(
            "The label on each picture is the model's answer and how sure it is. Click a picture "
            "to see why, and what can be done about it."
        )
        _table(view, rows)
    detail(view, "mistakes-led-to", led_to, lambda first: _among(rows, first))


def _among(rows: pd.DataFrame, path: str) -> list[str]:
    everything = list(rows["path"])
    return everything if path in everything else [path]


def _led_here(view: View) -> str:
    """Take over what another section has just led here with; returns an image to be opened, or
    ""."""
    asked = just_about("mistakes")
    if not asked:
        return ""
    for what in ("true", "predicted"):
        label = asked.get(what)
        st.session_state[what] = label if label in view.predictions.labels else _ANY
    path = asked.get("path")
    which: Which = "all"
    if "which" in asked:
        which = asked["which"]
    elif path is None and asked.get("true") != asked.get("predicted"):
        which = "wrong"
    st.session_state[_WHICH] = which.title()
    return path or ""


def _choose(view: View) -> tuple[str, pd.DataFrame, str]:
    """Draw the choices; returns which answers, the rows in their order, and a name for the
    choice."""
    predictions = view.predictions
    wrong = int((~predictions.correct).sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        which = st.segmented_control(
            "Show answers",
            [name.title() for name in WHICH],
            key=_WHICH,
            label_visibility="collapsed",
            required=True,
            bind="query-params",
        )
        st.caption(f"{wrong:,} wrong, {len(predictions) - wrong:,} right", width="content")
    names = {_ANY: "any class"} | {label: shorten(label, 60) for label in predictions.labels}
    orders: list[Order] = ["doubt", "loss", "confidence"]
    if which != "Right":
        orders.reverse()
    first, second, third = st.columns(3)
    with first:
        true = choose("True class", names, key="true", bind="query-params")
    with second:
        title = "Predicted class (the answer)"
        predicted = choose(title, names, key="predicted", bind="query-params")
    with third:
        order = choose(
            "Order",
            {each: ORDERS[each] for each in orders},
            key=view.key(f"mistakes-order-{which == 'Right'}"),
            help="  \n".join(_ABOUT_ORDERS.values()),
        )
    kinds: dict[str, Which] = {name.title(): name for name in WHICH}
    rows = select(
        predictions,
        kinds[str(which)],
        true=true or None,
        predicted=predicted or None,
        order=order,
    )
    numbers = [predictions.labels.index(label) if label else "" for label in (true, predicted)]
    return str(which), predictions.table.iloc[rows], f"{which}-{order}-{numbers[0]}-{numbers[1]}"


def _none(view: View, which: str, chosen: str) -> None:
    if not len(view.predictions):
        st.info("There were no test images.", icon=":material/info:")
    elif chosen.endswith("--"):
        st.success(
            "Not one mistake. Are the test images varied enough?"
            if which == "Wrong"
            else "Not one right answer.",
            icon=":material/check_circle:" if which == "Wrong" else ":material/info:",
        )
    else:
        st.caption("None. Choose other classes above to see more.")


def _table(view: View, rows: pd.DataFrame) -> None:
    panel = st.expander("As a table", key=view.key("mistakes-table"), on_change="rerun")
    if not panel.open:
        return
    with panel:
        shown = rows.head(_ROWS_AT_MOST)
        st.dataframe(
            {
                "image": shown["path"],
                "true": shown["label"],
                "predicted": shown["predicted"],
                "how sure": 100 * shown["confidence"],
                "loss": view.predictions.loss[shown.index],
            },
            hide_index=True,
            column_config={
                "how sure": st.column_config.NumberColumn(format="%.1f %%"),
                "loss": st.column_config.NumberColumn(format="%.3f"),
            },
        )
        if len(rows) > len(shown):
            st.caption(f"… and {images(len(rows) - len(shown))} more, in the download.")
        download("Download as CSV", lambda: _csv(view, rows), "answers.csv", "text/csv")


def _csv(view: View, rows: pd.DataFrame) -> str:
    columns = rows[["path", "label", "predicted"]].map(cell).rename(columns={"label": "true"})
    columns = columns.assign(confidence=rows["confidence"], loss=view.predictions.loss[rows.index])
    return str(columns.to_csv(index=False))
