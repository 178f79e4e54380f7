"""The front door: page config, navigation, and one place where errors become sentences."""

from copy import copy
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import streamlit as st

from core.text import escape, meant, shorten
from core.who import acting
from pages._widgets.errors import sentences
from pages._widgets.session import collect_now_and_then
from pages._widgets.steps import BY_KEY, PAGES, admit, header, lead
from pages._widgets.who import begin


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
            kind = "secondary" if n else "primary"
            lead(f"Open {each.title}", each.key, key=f"open-{each.key}", type=kind)


# A file of our own: Streamlit would fetch a named icon from the network.
ICON = Path(__file__).parents[1] / ".streamlit" / "icon.png"
st.set_page_config(page_title="Lightbox", page_icon=str(ICON), layout="wide")
# Streamlit notes on a page that it is about to run, so each browser has objects of its own.
unknown = nowhere()
offered = [copy(item.page) for item in PAGES]
chosen = st.navigation([*offered, *([unknown] if unknown else [])], position="hidden")
page = next((item.page for item in PAGES if item.page.url_path == chosen.url_path), None)
with sentences():
    begin()
    # Whoever sees no pages is told so as anywhere.
    admit(page or BY_KEY["results"])
    header(page or chosen)
    chosen.run()
collect_now_and_then()
