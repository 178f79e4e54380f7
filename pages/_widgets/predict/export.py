"""Export: the model in a format for use elsewhere, checked against Keras, with all that goes with
it."""

from __future__ import annotations

import streamlit as st

from core.api.downloads import model_address
from core.catalog import JobRecord, RunRecord
from core.delivery.exports.formats import FORMATS, Format, offered
from core.delivery.exports.kept import Export, find_exports
from core.jobs import kinds
from core.text import ago, escape, percent, size
from pages._widgets.job import act, watched
from pages._widgets.session import catalog


def draw(run: RunRecord) -> None:
    """Every format that can be made here, what was made of it, and how near it comes."""
    st.caption(
        "To use the model without Lightbox. Each is a .zip with the model, its labels, an example "
        "that runs, a self-test and the model card. It is compared with the original on up to 200 "
        "images of yours before you get it. A few of these are in the self-test."
    )
    made = {export.format: export for export in find_exports(catalog().workspace, run.id)}
    # The newest of each format.
    every = catalog().jobs.all(kind="export_model", subject=run.id)
    jobs = {job.spec["format"]: job for job in every}
    # Row by row, so that a phone shows them in their order too.
    keys = offered()
    for start in range(0, len(keys), 2):
        for column, key in zip(st.columns(2), keys[start : start + 2], strict=False):
            with column, st.container(border=True):
                _format(run, FORMATS[key], made.get(key), jobs.get(key))
    if made:
        with st.expander("As a table"):
            _table(made)
    missing = [fmt.title for fmt in FORMATS.values() if not fmt.offered]
    if missing:
        st.caption(f"Not installed here: {', '.join(missing)}.")


def _format(run: RunRecord, fmt: Format, export: Export | None, job: JobRecord | None) -> None:
    st.markdown(f"**{fmt.title}**")
    st.caption(fmt.sentence)
    if watched(job):
        return
    if export is not None:
        st.markdown(_said(export))
    elif job is not None and job.error:
        st.caption(f":material/error: {escape(job.error)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if export is not None:
            st.link_button(
                f"Download ({size(export.bytes)})",
                model_address(run.id, export),
                type="primary",
                icon=":material/download:",
            )
        act(
            "Make it" if export is None else "Make again",
            (kinds.submit_export_model, catalog(), run.id, fmt.key),
            icon="deployed_code" if export is None else "refresh",
            key=f"make-{fmt.key}",
            help=None if export is None else f"Made {ago(export.made_at)}.",
        )
    if export is not None and job is not None and job.error:
        st.caption(f":material/error: Making it again failed. {escape(job.error)}")


def _said(export: Export) -> str:
    """How near it comes, how large it is and how quick."""
    same = "all" if export.same == export.images else f"{export.same:,} of"
    near = f"Same answer on {same} {export.images:,} images"
    if export.largest_difference:
        near += f", probabilities within {percent(max(0.001, export.largest_difference))}"
    digits = 1 if export.milliseconds < 10 else 0
    quick = f"{export.milliseconds:.{digits}f} ms an image"
    return f"{near} · {size(export.model_bytes)} · {quick}"


def _table(made: dict[str, Export]) -> None:
    st.dataframe(
        {
            "format": [FORMATS[key].title for key in made],
            "model in MB": [each.model_bytes / 1e6 for each in made.values()],
            "same answer in %": [100 * each.same / each.images for each in made.values()],
            "largest difference": [f"{each.largest_difference:.1g}" for each in made.values()],
            "ms an image": [each.milliseconds for each in made.values()],
            "runs on": [FORMATS[key].runtime for key in made],
        },
        hide_index=True,
        column_config={
            "model in MB": st.column_config.NumberColumn(format="%.1f"),
            "same answer in %": st.column_config.NumberColumn(format="%.1f"),
            "largest difference": st.column_config.TextColumn(
                help="The most that any class's probability (0 to 1) differs from Keras's."
            ),
            "ms an image": st.column_config.NumberColumn(
                format="%.1f",
                help="One image at a time on this computer, from pixels to probabilities: the "
                "median of up to 30 calls.",
            ),
        },
    )
