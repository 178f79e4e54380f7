"""Take it away: a report to send or print, what others go on with, and a link that changes
nothing."""

from __future__ import annotations

import streamlit as st

from core.delivery.take_away.links import create_link, links
from core.delivery.take_away.made import Made, find_report
from core.delivery.take_away.material import load_material
from core.delivery.take_away.metrics_json import metrics_json
from core.delivery.take_away.model_card import card_markdown
from core.delivery.take_away.notebook import notebook_json, why_not
from core.delivery.take_away.notes import MOST, load_about, save_about
from core.jobs import kinds
from core.quality.safe_names import safe_name
from core.text import escape, size
from core.who import acting
from pages._widgets.errors import sentences
from pages._widgets.files import download
from pages._widgets.job import act, watched
from pages._widgets.others import link_for_others, take_back, who_reaches
from pages._widgets.results.view import View
from pages._widgets.session import catalog

_TYPES = {"pdf": "application/pdf", "html": "text/html", "png": "image/png"}


def draw(view: View) -> None:
    st.header("Take it away")
    if view.on != "test":
        st.caption(
            "This is about the model's own test images; the report lists other tests briefly."
        )
    with st.container(border=True):
        _report(view)
    with st.container(border=True):
        _files(view)
    if not view.read_only and acting().may("trainer"):
        with st.container(border=True):
            _links(view)
        with st.expander("Say what it is meant for", icon=":material/edit_note:"):
            _about(view)


def _report(view: View) -> None:
    st.markdown("**Report** and **poster**: all of this on a few pages, and what counts on one")
    job = catalog().jobs.latest("report", view.run.id)
    if watched(job):
        return
    made = find_report(catalog(), view.run.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        if made.page is not None:
            report_downloads(made, view.run.name)
        if not view.read_only and not made.fresh:
            label = "Make them" if made.page is None else "Make them again"
            if st.button(label, icon=":material/summarize:", type="primary"):
                kinds.submit_report(catalog(), view.run.id)
                st.rerun()
    if made.page is not None and not made.fresh:
        st.caption("Something has changed since they were made.")
    if made.no_pdf:
        st.caption(f":material/info: {escape(made.no_pdf)}")
    if job is not None and job.error:
        st.caption(f":material/error: {escape(job.error)}")


def report_downloads(made: Made, name: str) -> None:
    """Buttons for what there is of a report."""
    files = [("Report", each) for each in (made.pdf, made.page) if each is not None]
    files += [("Poster", each) for each in made.poster]
    for what, file in files:
        kind = file.suffix[1:]
        download(
            f"{what} {kind.upper()} ({size(file.stat().st_size)})",
            file.read_bytes,
            f"{safe_name(name)} {what.lower()}{file.suffix}",
            _TYPES[kind],
            icon="download" if what == "Report" else "wallpaper",
            help="The whole report as one file."
            if what == "Report"
            else "One page of A4: photos, the verdict, what it mixes up, what to collect next.",
        )


def _files(view: View) -> None:
    st.markdown("**For whoever goes on with it**")
    run, name = view.run, safe_name(view.run.name)

    with st.container(horizontal=True):
        download(
            "Notebook",
            lambda: notebook_json(load_material(catalog(), run.id)),
            f"{name}.ipynb",
            "application/x-ipynb+json",
            icon="code",
            disabled=bool(why_not(run)),
            help=why_not(run)
            or "A Jupyter notebook that trains the same model again from the images, in plain "
            "Keras, step by step, and compares. It does not need Lightbox.",
        )
        download(
            "Model card",
            lambda: card_markdown(load_material(catalog(), run.id)),
            f"{name} model card.md",
            "text/markdown",
            icon="badge",
            help="What it is, what it was trained on, how good it is, its limits, and how to "
            "train it again; as Markdown, as model collections expect it.",
        )
        download(
            "Figures as JSON",
            lambda: metrics_json(load_material(catalog(), run.id)),
            f"{name} metrics.json",
            "application/json",
            icon="data_object",
            help="Every figure with its interval, for programs.",
        )


def _links(view: View) -> None:
    st.markdown("**Link**: whoever has it sees these results, and can change nothing")
    found = links(catalog().workspace, view.run.id)
    for link in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            link_for_others(link.address, code=False)
            take_back(link, "revoke")
    label = "Create another link" if found else "Create a link"
    act(label, (_create, view.run.id), icon="add_link")
    if found:
        who_reaches()


def _create(run_id: str) -> None:
    create_link(catalog(), run_id)
    if not find_report(catalog(), run_id).fresh:
        # So that there is something to download for whoever opens it.
        kinds.submit_report(catalog(), run_id)


def _about(view: View) -> None:
    known = load_about(catalog().workspace, view.run.id)
    with st.form(f"about-{view.run.id}", border=False):
        use = st.text_area(
            "Intended use",
            known.use,
            max_chars=MOST,
            placeholder="Who is meant to use it for what, and what it is not meant for",
        )
        licence = st.text_input("Licence of model and images", known.licence, max_chars=MOST)
        remarks = st.text_area("Remarks", known.remarks, max_chars=MOST)
        st.caption("These go into the report and the model card. What is left empty is left out.")
        if st.form_submit_button("Save", icon=":material/save:"):
            with sentences():
                save_about(
                    catalog().workspace, view.run.id, use=use, licence=licence, remarks=remarks
                )
                st.toast("Saved.", icon=":material/check:")
                st.rerun()
