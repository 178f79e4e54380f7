"""The server: Streamlit's pages, and beside them what the browser sends and fetches over HTTP.

``streamlit run app.py`` serves it; the script behind the pages is ``pages/front.py``.
"""

import streamlit as st

from core.api import batches, downloads, live, reports, uploads, v1
from core.api.promptly import answering_promptly

ROUTES = (
    *uploads.ROUTES,
    *downloads.ROUTES,
    *reports.ROUTES,
    *batches.ROUTES,
    *live.ROUTES,
    *v1.ROUTES,
)
app = st.App("pages/front.py", routes=[*ROUTES], lifespan=answering_promptly)
