"""Widgets that several pages draw; imported by every page, so also the guard of the front door.

A folder named ``pages`` makes Streamlit run the page of a link by itself, without ``app.py``, until
``app.py`` has run once in this process. A link or a reload right after a restart must come in through
the front door as well: then this package is imported for the first time, and starts the script over.
"""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

if PagesManager.uses_pages_directory and st.runtime.exists():
    PagesManager.uses_pages_directory = False
    st.rerun()
