"""The front door: page config, navigation, and one place where errors become sentences."""

import streamlit as st

from pages._widgets.errors import sentences
from pages._widgets.steps import PAGES, header

st.set_page_config(page_title="Lightbox", page_icon=":material/lightbulb:", layout="wide")
page = st.navigation([item.page for item in PAGES], position="hidden")
with sentences():
    header(page)
    page.run()
