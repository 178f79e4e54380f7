"""The front door: page config, navigation, and one place where errors become sentences."""

from copy import copy
from pathlib import Path

import streamlit as st

from pages._widgets.errors import sentences
from pages._widgets.steps import PAGES, admit, header
from pages._widgets.who import begin

# A file of our own: Streamlit would fetch a named icon from the network.
ICON = Path(__file__).parents[1] / ".streamlit" / "icon.png"
st.set_page_config(page_title="Lightbox", page_icon=str(ICON), layout="wide")
# Streamlit notes on a page that it is about to run, so each browser has objects of its own.
chosen = st.navigation([copy(item.page) for item in PAGES], position="hidden")
page = next(item.page for item in PAGES if item.page.url_path == chosen.url_path)
with sentences():
    begin()
    admit(page)
    header(page)
    chosen.run()
