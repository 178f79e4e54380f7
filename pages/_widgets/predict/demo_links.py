"""Links that let others try one model, and nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from core.catalog import RunRecord
from core.delivery.take_away.links import create_link, links, revoke_link
from core.text import ago, escape
from pages._widgets.job import attempt
from pages._widgets.results.share import base_address
from pages._widgets.session import catalog


def demo_links(run: RunRecord) -> None:
    """A button under which they are made and taken back."""
    with st.popover("Demo link", icon=":material/co_present:"):
        st.markdown(
            "A page for this model alone, in large type, to show it to others. Whoever has the "
            "link can try the model with images or a camera, and can see or change nothing else."
        )
        found = links(catalog().workspace, run.id, "demo")
        for link in found:
            st.code(base_address() + link.address, language=None, wrap_lines=True)
            with st.container(horizontal=True):
                st.link_button("Open", link.address, icon=":material/open_in_new:")
                st.button(
                    "Take it back",
                    icon=":material/link_off:",
                    key=f"revoke-demo-{link.token}",
                    help=f"Made {ago(link.made_at)} by {escape(link.by)}. Once taken back, it "
                    "leads nowhere, and cameras that use it stop.",
                    on_click=attempt,
                    args=(revoke_link, catalog().workspace, link.token),
                )
        st.button(
            "Create a demo link" if not found else "Create another demo link",
            icon=":material/add_link:",
            on_click=attempt,
            args=(create_link, catalog(), run.id, "demo"),
        )
        if urlsplit(st.context.url or "").hostname in ("localhost", "127.0.0.1", "::1"):
            st.caption(
                "You have opened Lightbox as “localhost”, which only works on this computer. For "
                "others, put this computer's name or address in its place; browsers give them a "
                "camera only over https."
            )
