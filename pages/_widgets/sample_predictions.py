"""What a model in training answers about validation images: some of them, and all counted."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import charts
from core.catalog import RunRecord
from core.errors import LightboxError, NotFound
from core.runs.pictures import Picture, run_pictures
from core.text import escape, percent, shorten
from pages._widgets.gallery import Tile, gallery
from pages._widgets.remembered import remembered
from pages._widgets.session import catalog, say_missing


def draw_samples(run: RunRecord, snapshot: dict[str, Any] | None) -> None:
    """The newest look at validation images, if there was one.

    Args:
        snapshot: ``epoch``, ``labels``; perhaps ``samples`` and ``confusion``.
    """
    # Each in a place of its own, whatever the newest look has.
    with st.container():
        shown = with_samples(run.id, snapshot)
        found = pictures_of(run, shown) if shown else []
        # A dataset that was removed has no pictures to show.
        if shown and any(picture.data for picture in found):
            if "epoch" in shown:
                by = f"{'in' if shown.get('partial') else 'after'} epoch {shown['epoch']}"
            elif best := shown.get("best"):
                by = f"of the best so far: {escape(best)}"
            else:
                by = f"of {escape(shown['what'])}"
            st.markdown(f"**Some validation images, and the answers** {by}")
            _samples(run, shown, found)
    with st.container(width=760):
        if snapshot is not None and snapshot.get("confusion"):
            st.markdown(
                "**Which class is taken for which** among the validation images, after epoch "
                f"{snapshot['epoch']}"
            )
            drawn = charts.live_confusion(snapshot["labels"], snapshot["confusion"])
            st.vega_lite_chart(drawn.rows, drawn.spec, key=f"confusion-{run.id}")


def with_samples(run_id: str, snapshot: dict[str, Any] | None) -> dict[str, Any] | None:
    """The newest look that has samples: quick epochs leave them out now and then."""
    key = f"samples-{run_id}"
    if snapshot is not None and snapshot.get("samples"):
        st.session_state[key] = snapshot
    kept: dict[str, Any] | None = st.session_state.get(key)
    return kept


def _samples(run: RunRecord, snapshot: dict[str, Any], pictures: list[Picture]) -> None:
    tiles = []
    for each, picture in zip(snapshot["samples"], pictures, strict=True):
        right = each["answer"] == each["label"]
        # Auto compares heads by their answers alone, before any of them says how sure it is.
        sure = each.get("confidence")
        tiles.append(
            Tile(
                each["path"],
                picture.data,
                f"is {each['label']}",
                badge=f"{'✓' if right else '✗'} {shorten(each['answer'], 14)}"
                + ("" if sure is None else f" {percent(sure, 0)}"),
                tone="good" if right else "bad",
                title=f"{each['path']}\ntrue: {each['label']}\nanswer: {each['answer']}"
                + ("" if sure is None else f" ({percent(sure)})")
                + f", {'right' if right else 'wrong'}",
                tiny=picture.tiny,
            )
        )
    # Another epoch is another round: the same pictures with new answers.
    gallery(
        tiles,
        key=f"answers-{run.id}",
        label="Validation images with the answers about them",
        round=snapshot.get("epoch", 0),
    )


def pictures_of(run: RunRecord, snapshot: dict[str, Any]) -> list[Picture]:
    """Thumbnails of the samples of a look at validation images."""
    paths = [each["path"] for each in snapshot["samples"]]
    try:
        catalog().datasets.get(run.dataset_id)
    except NotFound:  # what is remembered of it is nobody's business any more
        return [Picture()] * len(paths)
    try:
        return _pictures(run, paths)
    except LightboxError as error:
        say_missing(error)
        return [Picture()] * len(paths)


@remembered(lambda run, paths: (run.id, paths), max_entries=16)
def _pictures(run: RunRecord, paths: list[str]) -> list[Picture]:
    return run_pictures(catalog(), run, paths)
