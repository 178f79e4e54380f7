"""The pages, the ways from one to another, and the line at the top of each: where one is, what is
done and what is open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.api.entrance import LEAVE
from core.catalog import DatasetRecord, RunRecord
from core.jobs.crew import is_shared
from core.quality.looked import looked
from core.text import escape, escape_html, shorten
from core.who import Role, acting, require
from pages._widgets.gone import notice_gone, say_gone
from pages._widgets.session import (
    catalog,
    current_dataset,
    current_run,
    settle,
    take,
    where,
)

# Where :func:`empty` leads.
TO_TRAIN = ("Go to Train", "train")
TO_DATA = ("Go to Data", "data")


@dataclass(frozen=True)
class Item:
    """One page, and its name.

    Attributes:
        step: whether it is a step of the journey, which stands in the line at the top; others are
            reached from the pages that they belong to.
        role: who may see it.
    """

    key: str
    title: str
    page: Any
    step: bool = True
    role: Role = "viewer"


def _page(
    key: str, title: str, role: Role = "viewer", *, default: bool = False, step: bool = True
) -> Item:
    path = Path(__file__).parents[1] / f"{key}.py"
    page = st.Page(path, title=title, url_path=key, default=default)
    return Item(key, title, page, step, role)


PAGES = (
    _page("home", "Home", "labeller", default=True),
    _page("data", "Data", "labeller"),
    _page("clean", "Clean", "labeller"),
    _page("train", "Train", "trainer"),
    _page("results", "Results"),
    _page("predict", "Predict"),
    _page("models", "Models", step=False),
    _page("shared", "Shared", "guest", step=False),
    _page("demo", "Demo", "guest", step=False),
    _page("people", "People", "administrator", step=False),
    _page("machines", "Computers", "labeller", step=False),
)
BY_KEY = {item.key: item.page for item in PAGES}
_STYLE = Path(__file__).parents[1] / "style.css"


def admit(current: Any) -> None:
    """Refuse a page to whoever may not see it; who only looks begins with results.

    Raises:
        NotAllowed: in a sentence.
    """
    role = next(item.role for item in PAGES if item.page == current)
    if current == BY_KEY["home"] and acting().role == "viewer":
        st.switch_page(BY_KEY["results"])
    if acting().may("viewer") and not acting().may(role):
        # The sentence alone would be a dead end.
        header(current)
    require(role)


def _account(name: str, *, several: bool) -> None:
    """The computers that work here, if there are several; who one is, the way out, and for
    administrators the way to the others."""
    with st.container(horizontal=True, key="account", horizontal_alignment="right"):
        if several:
            st.page_link(BY_KEY["machines"], label="Computers", icon=":material/dns:")
        if name and acting().may("administrator"):
            st.page_link(BY_KEY["people"], label="People", icon=":material/group:")
        if name:
            st.html(
                f'<a href="{LEAVE}" target="_self" style="color: inherit">Sign out '
                f"{escape_html(name)}</a>",
                width="content",
            )


def header(current: Any) -> None:
    """Draw the line of steps for the page being shown; a guest with a link sees none."""
    st.html(_STYLE)
    if current in (BY_KEY["shared"], BY_KEY["demo"]):
        return
    several = acting().may("labeller") and is_shared(catalog())
    if acting().name or several:
        _account(acting().name, several=several)
    settle()
    notice_gone(tells_end=current == BY_KEY["train"])
    record, run = current_dataset(), current_run()
    done = _done(record)
    with st.container(horizontal=True, key="steps", gap="small", vertical_alignment="center"):
        with st.container(key="brand", width="content"):
            st.page_link(
                BY_KEY["home"],
                label="Lightbox",
                icon=":material/lightbulb:",
                query_params=where(),
            )
        for item in PAGES[1:]:
            if item.step and acting().may(item.role):
                _step(item, here=current.title == item.title, done=item.key in done)
        if current.title != "Home":
            _about(record, run)
    say_gone(record, says_itself=current in (BY_KEY["results"], BY_KEY["predict"]))


def _step(item: Item, *, here: bool, done: bool) -> None:
    icon = "check_circle" if done else "radio_button_checked" if here else "radio_button_unchecked"
    with st.container(key=f"step-{'here' if here else 'to'}-{item.key}", width="content"):
        st.page_link(
            item.page,
            label=f"**{item.title}**" if here else item.title,
            icon=f":material/{icon}:",
            help=f"{item.title}: {'done' if done else 'open'}",
            query_params=where(),
        )


def _about(record: DatasetRecord | None, run: RunRecord | None) -> None:
    """Which dataset and which model all of this is about."""
    if record is None and run is None:
        return
    with st.container(horizontal=True, key="about", gap="small", width="content"):
        if record is not None:
            name = shorten(record.name, 24)
            st.page_link(
                BY_KEY["data"],
                label=escape(name),
                icon=":material/photo_library:",
                help=f"Dataset: {escape(record.name)}",
                query_params=where(),
            )
        if run is not None and (record is None or run.dataset_id == record.id):
            st.page_link(
                BY_KEY["models"],
                label=escape(shorten(run.name, 24)),
                icon=":material/neurology:",
                help=f"Model: {escape(run.name)}",
                query_params=where(),
            )


def _done(record: DatasetRecord | None) -> set[str]:
    """Steps that are done for the session's dataset."""
    if record is None or record.state != "ready" or not record.images:
        return set()
    done = {"data"}
    if looked(catalog(), record.id):
        done.add("clean")
    if any(run.state == "done" for run in catalog().runs.all(record.id)):
        done |= {"train", "results"}
    if st.session_state.get("predicted"):
        done.add("predict")
    return done


def lead(
    label: str, page: str, run: RunRecord | None = None, *, icon: str = "", **given: Any
) -> None:
    """A button that leads to another page; and there to this run, if one is given.

    Args:
        icon: the name of a Material symbol.
        given: what else ``st.button`` takes.
    """
    if st.button(label, icon=f":material/{icon}:" if icon else None, **given):
        go(page, **(take(run) if run is not None else {}))


def go(key: str, **more: str) -> None:
    """Show another page, for the same dataset and run.

    Args:
        more: what else its address says, such as what is opened on it.
    """
    st.switch_page(BY_KEY[key], query_params={**where(), **more})


def empty(title: str, text: str, action: str, page: str) -> None:
    """Say what is missing, with a button that leads to where it comes from."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"## {title}")
        st.write(text)
        lead(action, page, type="primary")
