"""An address that there is no page at, mistyped or of long ago."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import streamlit as st

from core.text import escape, meant, shorten
from core.who import acting
from pages._widgets.steps import BY_KEY, PAGES, go


def nowhere() -> Any:
    """A page that says so of the address that is asked for; ``None`` where it is one of ours.

    Without it Streamlit says it, in a box of its own before Home.
    """
    name = unquote(urlsplit(st.context.url or "").path).rsplit("/", 1)[-1].strip()
    if not name or name in BY_KEY:
        return None
    return st.Page(lambda: _say(name), title="No such page", url_path=name)


def _say(name: str) -> None:
    mine = [each for each in PAGES if acting().may(each.role) and each.role != "guest"]
    near = meant(name, [each.title for each in mine])
    text = f"There is no page “{shorten(name)}” in Lightbox. {near}".strip()
    st.error(escape(text), icon=":material/link_off:")
    named = [each for each in mine if f"“{each.title}”" in near] or mine[:1]
    with st.container(horizontal=True):
        for n, each in enumerate(named):
            if st.button(
                f"Open {each.title}", key=f"open-{each.key}", type="secondary" if n else "primary"
            ):
                go(each.key)
