"""Take it away: the cleaned dataset as a .zip, and its health report as one file."""

from __future__ import annotations

import streamlit as st

from core.api.downloads import PREFIX
from core.catalog import DatasetRecord, JobRecord
from core.jobs import kinds
from core.quality import take_away
from core.quality.export import Layout
from core.quality.report import health_report
from core.text import escape, size
from pages._widgets.files import download
from pages._widgets.job import watched
from pages._widgets.session import catalog

_LAYOUTS: dict[str, Layout] = {
    "Class folders": "classes",
    "Train, validation and test folders": "splits",
    "One folder": "flat",
}


def take_away_panel(record: DatasetRecord) -> None:
    with st.expander("Take it away", icon=":material/download:"):
        job = catalog().jobs.latest("export", record.id)
        if not watched(job):
            _offer(record, job)
        download(
            "Health report (HTML)",
            lambda: health_report(catalog(), record.id),
            f"{record.name} health report.html",
            "text/html",
            icon="summarize",
            help="One file that opens in any browser, to be sent or printed: what is in the "
            "dataset, what was found, what was decided.",
        )


def _offer(record: DatasetRecord, job: JobRecord | None) -> None:
    picked = st.radio("The cleaned images as", list(_LAYOUTS), horizontal=True)
    st.caption("Always with labels.csv: every image, its class, its split and what was decided.")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Make a .zip", icon=":material/folder_zip:"):
            kinds.submit_export(catalog(), record.id, _LAYOUTS[str(picked)])
            st.rerun()
        if job is None:
            return
        file = take_away.find(catalog().workspace, job.spec["token"])
        if job.state == "done" and file is not None:
            label = f"Download {file.name} ({size(file.stat().st_size)})"
            st.link_button(
                label, f"{PREFIX}/{job.spec['token']}", type="primary", icon=":material/download:"
            )
            if job.spec.get("version") != record.version:
                st.caption("Made before the latest changes.")
        elif job.error:
            st.caption(f":material/error: {escape(job.error)}")
