"""The server: Streamlit's pages, and beside them what the browser sends and fetches over HTTP.

``streamlit run app.py`` serves it; the script behind the pages is ``pages/front.py``.
"""

import streamlit as st

from core.api import downloads, reports, uploads

app = st.App("pages/front.py", routes=[*uploads.ROUTES, *downloads.ROUTES, *reports.ROUTES])
