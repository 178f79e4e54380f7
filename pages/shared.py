"""What a guest sees who has a link: the results of one run, to read and to take away, and no
more."""

from __future__ import annotations

import streamlit as st

from core.delivery.take_away.links import find_link
from core.delivery.take_away.made import find_report
from core.errors import NotFound
from core.text import escape
from pages._widgets.results import sections
from pages._widgets.results.share import report_downloads
from pages._widgets.results.view import View, load_view
from pages._widgets.session import catalog


def _take_away(view: View) -> None:
    made = find_report(catalog(), view.run.id)
    if made.page is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        report_downloads(made, view.run.name)


def _page() -> None:
    try:
        _, run = find_link(catalog(), st.query_params.get("token", ""))
        view = load_view(run, read_only=True)
    except NotFound as error:
        st.title("Results")
        st.info(escape(str(error)), icon=":material/link_off:")
        return
    st.title(escape(run.name))
    st.caption("Results of a model, to look through and to keep.")
    _take_away(view)
    sections.draw(view, guest=True)


_page()
