"""Links that let others try one model, and nothing else."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.delivery.take_away.links import (
    MOST_PURPOSE,
    MOST_TITLE,
    Link,
    create_link,
    links,
)
from core.delivery.take_away.notes import load_about
from core.text import escape
from core.who import acting
from pages._widgets.job import act
from pages._widgets.others import link_for_others, take_back, who_reaches
from pages._widgets.session import catalog


def demo_links(run: RunRecord) -> None:
    """A button under which they are made and taken back; only for those who may."""
    if not acting().may("trainer"):
        return
    with st.popover("Demo link", icon=":material/co_present:"):
        found = links(catalog().workspace, run.id, "demo")
        for number, link in enumerate(found):
            _link(run, link, newest=number == 0)
        if found:
            who_reaches()
        else:
            st.markdown(
                "A page for this model alone, in large type, to show it to others. Whoever has "
                "the link can try it with images or a camera, and can see or change nothing else."
            )
        _new(run, more=bool(found))


def _link(run: RunRecord, link: Link, *, newest: bool) -> None:
    st.markdown(f"**{escape(link.title or run.name)}**")
    link_for_others(link.address, code=newest)
    with st.container(horizontal=True):
        st.link_button("Open", link.address, icon=":material/open_in_new:")
        take_back(link, "revoke-demo", ", and cameras that use it stop")


def _new(run: RunRecord, *, more: bool) -> None:
    title, purpose = f"demo-title-{run.id}", f"demo-purpose-{run.id}"
    st.text_input("Title", key=title, max_chars=MOST_TITLE, placeholder=run.name)
    st.text_input(
        "What is it for?",
        key=purpose,
        max_chars=MOST_PURPOSE,
        placeholder=load_about(catalog().workspace, run.id).use[:MOST_PURPOSE]
        or "Tells leaves that are ill from healthy ones",
        help="A sentence for whoever opens the page. Left empty, it says what the model's intended "
        "use says, or nothing.",
    )

    def create() -> None:
        texts = {"title": st.session_state[title], "purpose": st.session_state[purpose]}
        create_link(catalog(), run.id, "demo", **texts)

    label = "Create another demo link" if more else "Create a demo link"
    act(label, create, icon="add_link", type="secondary" if more else "primary")
