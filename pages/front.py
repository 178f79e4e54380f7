"""The front door: page config, navigation, and one place where errors become sentences."""

from copy import copy
from pathlib import Path

import streamlit as st

from pages._widgets.errors import sentences
from pages._widgets.nowhere import nowhere
from pages._widgets.session import collect_now_and_then
from pages._widgets.steps import BY_KEY, PAGES, admit, header
from pages._widgets.who import begin

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
