"""What came of the newest training: one sentence, the three worst photos, one next step."""

from __future__ import annotations

import base64

import streamlit as st

from core.catalog import RunRecord
from core.delivery.take_away.replay import can_replay, replay
from core.errors import LightboxError, NotFound
from core.evaluation.comparison.earlier import better_other
from core.evaluation.comparison.learned import learned
from core.evaluation.mistakes import select
from core.quality.safe_names import safe_name
from core.text import escape, percent, rate, shorten
from pages._widgets.files import download
from pages._widgets.gallery import Tile, gallery
from pages._widgets.relearning import draw_learned, kept_together
from pages._widgets.remembered import remembered
from pages._widgets.results.view import View, figures_of, load_view, turn_to
from pages._widgets.session import catalog, pictures_of_run, take
from pages._widgets.steps import go, lead

_WORST = 3


def outcome(run: RunRecord) -> None:
    """Draw it, for a run that has a model."""
    try:
        view = load_view(run)
    except NotFound:
        st.caption(
            f"“{escape(run.name)}” was trained elsewhere and has not been tested on photos of "
            "yours yet."
        )
        lead("Test it", "results", run, key="studio-test")
        return
    except LightboxError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    said = figures_of(view).verdict
    headline, advice = said.statements[0], said.get("collect")
    with st.container(border=True, key="studio-outcome"):
        others = None
        if run.summary.judged and run.summary.validation_accuracy is not None:
            # What stood above the ring is about other photos.
            others = (
                f"While it trained: {rate(run.summary.validation_accuracy, run.summary.judged)} of "
                f"{run.summary.judged:,} other photos. These were kept back until the end."
            )
        st.markdown(f"#### {kept_together(escape(headline.text))}")
        if aim := said.get("aim"):
            st.markdown(kept_together(escape(aim.text)))
        weakest = said.get("weakest")
        if weakest is not None and weakest.tone == "caution":
            st.caption(f":material/warning: {kept_together(escape(weakest.text))}")
        if not_new := said.get("elsewhere"):
            st.caption(f":material/info: {escape(not_new.text)}")
        if run.summary.stopped:
            st.caption("You stopped it; the best until then was kept.")
        if found := learned(catalog(), run):
            draw_learned(found)
        elif better := better_other(catalog(), run):
            # What is shown and tried here is the newest model, which need not be the best.
            with st.container(horizontal=True, vertical_alignment="center", key="studio-better"):
                st.caption(f":material/history: {kept_together(escape(better.sentence))}")
                lead(
                    "Try that one", "predict", better.run, type="tertiary", key="studio-try-better"
                )
        _worst(view)
        if doubtful := said.get("doubtful"):
            st.markdown(f":material/arrow_forward: **First:** {escape(doubtful.text)}")
        if advice is not None:
            st.markdown(f":material/arrow_forward: {escape(advice.brief or advice.text)}")
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            lead("Why?", "results", run, icon="insights", key="studio-why", help=others)
            again = can_replay(catalog(), run) and st.toggle("Replay", key=f"replay-{run.id}")
        if again:
            _replay(run)


def _replay(run: RunRecord) -> None:
    """How the pictures that it didn't learn from turned right, to be seen again and taken along."""
    try:
        data = _replayed(run)
    except LightboxError as error:
        st.caption(escape(str(error)))
        return
    # Not by st.image, which keeps the first picture of a film only.
    source = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
    alt = "The training again: pictures turning from wrong to right"
    st.html(f'<img src="{source}" alt="{alt}" style="width: 100%; border-radius: 0.6rem">')
    name, key = f"{safe_name(run.name)}.webp", f"replay-file-{run.id}"
    download("Download (.webp)", data, name, "image/webp", key=key)


@remembered(lambda run: run.id, show_spinner="Drawing …", max_entries=8)
def _replayed(run: RunRecord) -> bytes:
    return replay(catalog(), run.id)


def _worst(view: View) -> None:
    """The mistakes that it was surest of."""
    rows = view.predictions.table.iloc[select(view.predictions, "wrong")[:_WORST]]
    if rows.empty:
        return
    pictures = pictures_of_run(view.run, rows["path"].to_list())
    tiles = [
        Tile(
            str(row["path"]),
            picture.data,
            f"is {shorten(str(row['label']), 32)}",
            badge=f"✗ {shorten(str(row['predicted']), 32)}",
            tone="bad",
            title=f"{row['path']}: is {row['label']}, it said {row['predicted']} "
            f"({percent(row['confidence'], 0)} sure)",
        )
        for (_, row), picture in zip(rows.iterrows(), pictures, strict=True)
    ]
    label = "Surest mistakes" if len(tiles) > 1 else "Its one mistake"
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.caption(label)
        wrong = int((~view.predictions.correct).sum())
        every = wrong > len(tiles) and st.button(
            f"All {wrong:,}", type="tertiary", key="studio-mistakes", help="All its mistakes"
        )
    clicked = gallery(tiles, key=f"worst-{view.run.id}", label=label, opens=True, across=_WORST)
    if every or clicked:
        turn_to("mistakes")
        go("results", **take(view.run))
