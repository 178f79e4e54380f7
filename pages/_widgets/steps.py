"""The pages, and the line at the top of each: where one is, what is done and what is open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.access.who import require
from pages._widgets.session import catalog, dataset_findings


@dataclass(frozen=True)
class Item:
    """One page, and its name.

    Attributes:
        step: whether it is a step of the journey, which stands in the line at the top; others are
            reached from the pages that they belong to.
    """

    key: str
    title: str
    page: Any
    step: bool = True


def _page(key: str, title: str, *, default: bool = False, step: bool = True) -> Item:
    path = Path(__file__).parents[1] / f"{key}.py"
    return Item(key, title, st.Page(path, title=title, url_path=key, default=default), step)


PAGES = (
    _page("home", "Home", default=True),
    _page("data", "Data"),
    _page("clean", "Clean"),
    _page("train", "Train"),
    _page("results", "Results"),
    _page("predict", "Predict"),
    _page("models", "Models", step=False),
    _page("shared", "Shared", step=False),
    _page("demo", "Demo", step=False),
)
BY_KEY = {item.key: item.page for item in PAGES}
_STYLE = """
<style>
/* Less empty space above the first line, and steps that stay on one line where they fit. */
.stMainBlockContainer {padding-top: 2.6rem; padding-bottom: 4rem; max-width: 1280px;}
header[data-testid="stHeader"] {height: 2.2rem; min-height: 2.2rem;}
.st-key-steps {border-bottom: 1px solid rgba(128,128,128,.25); padding-bottom: .35rem;}
.st-key-steps a[data-testid="stPageLink-NavLink"] {padding: .15rem .45rem;}
.st-key-brand a p {font-weight: 700; letter-spacing: .01em;}
@media (max-width: 640px) {
  .stMainBlockContainer {padding-left: 1rem; padding-right: 1rem;}
  .st-key-steps {gap: .1rem !important;}
  .st-key-steps a[data-testid="stPageLink-NavLink"] {padding: .1rem .15rem; gap: .15rem;}
  .st-key-steps a p {font-size: .8rem;}
  .st-key-brand a p {display: none;}
}
</style>
"""


# What guests come for; others may look at these too.
_FOR_GUESTS = ("shared", "demo")


def admit(current: Any) -> None:
    """Refuse a page to whoever may not see it.

    Raises:
        NotAllowed: in a sentence.
    """
    guests = current in [BY_KEY[key] for key in _FOR_GUESTS]
    require("guest" if guests else "viewer")


def header(current: Any) -> None:
    """Draw the line of steps for the page being shown; a guest with a link sees none."""
    st.html(_STYLE)
    if current in (BY_KEY["shared"], BY_KEY["demo"]):
        return
    done = _done()
    with st.container(horizontal=True, key="steps", gap="small", vertical_alignment="center"):
        with st.container(key="brand", width="content"):
            st.page_link(BY_KEY["home"], label="Lightbox", icon=":material/lightbulb:")
        for item in PAGES[1:]:
            if not item.step:
                continue
            here = current.title == item.title
            if item.key in done:
                icon = ":material/check_circle:"
                state = "done"
            else:
                icon = ":material/radio_button_unchecked:"
                state = "open"
            st.page_link(
                item.page,
                label=f"**{item.title}**" if here else item.title,
                icon=":material/radio_button_checked:" if here and state == "open" else icon,
                help=f"{item.title}: {state}",
            )


def _done() -> set[str]:
    """Steps that are done for the session's dataset."""
    store = catalog()
    chosen = st.query_params.get("dataset") or st.session_state.get("dataset")
    records = [record for record in store.datasets.all() if record.state == "ready"]
    record = next((r for r in records if r.id == chosen), records[0] if records else None)
    if record is None:
        return set()
    done = {"data"}
    if not any(finding.harm >= 0.3 for finding in dataset_findings(record)):
        done.add("clean")
    if any(run.state == "done" for run in store.runs.all(record.id)):
        done |= {"train", "results"}
    if st.session_state.get("predicted"):
        done.add("predict")
    return done


def go(key: str) -> None:
    """Show another page, for the same dataset and run."""
    query = {k: v for k, v in st.query_params.to_dict().items() if k in ("dataset", "run")}
    st.switch_page(BY_KEY[key], query_params=query)
