"""Try it: a photo in, the answer large."""

from __future__ import annotations

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.evaluation.out_of_distribution import find_detector
from core.inference.given import open_given
from pages._widgets.predict.trying import ask, cards
from pages._widgets.session import catalog
from pages._widgets.sure import threshold_of


@st.fragment
def draw(record: DatasetRecord | None, run: RunRecord | None) -> None:
    """Draw the column, for the dataset of the studio and its newest model."""
    del record
    st.subheader("Try it")
    if run is None:
        st.caption("After the training.")
        return
    dropped = st.file_uploader(
        "Drop photos", accept_multiple_files=True, key=f"studio-try-{run.id}"
    )
    given = open_given([(file.name, file.getvalue()) for file in dropped])
    if given.files:
        detecting = find_detector(catalog().workspace, run.id) is not None
        tried = ask(run, given.files, detecting)
        cards(run, tried[:3], threshold_of(run))
