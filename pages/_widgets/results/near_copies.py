"""The score with and without test images that resemble images that were trained on."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.evaluation.comparison.similar import (
    EXACT,
    NOT_SEARCHED,
    THRESHOLDS,
    relation_in_words,
    resembling,
    without,
)
from core.jobs import kinds
from core.runs.files import RunFiles
from core.text import escape
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.job import act, watched
from pages._widgets.one_of import one_of
from pages._widgets.remembered import remembered
from pages._widgets.results.view import View, pictures
from pages._widgets.session import catalog, pictures_of_run

_NAMES = {1.0: "Exact copies", 0.98: "Near-duplicates", 0.95: "Quite alike", 0.9: "Somewhat alike"}
_PAIRS = 20


def draw_near_copies(view: View) -> None:
    """Accuracy on all images and without those, at a threshold; and the pairs."""
    st.header("Without images like those it was trained on")
    found, searched = _resembling(view)
    if not searched:
        _offer_search(view)
    counts = {each: int((found["score"] >= each - 1e-6).sum()) for each in THRESHOLDS}
    usual = next((each for each in THRESHOLDS[1:] if counts[each]), THRESHOLDS[1])
    threshold = one_of(
        "How alike is too alike?",
        {each: f"{_NAMES[each]} ({counts[each]:,})" for each in THRESHOLDS},
        key=view.key("too-alike"),
        default=usual,
        visible=True,
        help="Near-duplicates score from 0.98 on, and never lie on both sides of a split that "
        "Lightbox made. Below that are pictures of like scenes.",
    )
    score = without(view.predictions, found, threshold, searched=searched)
    st.markdown(escape(score.sentence))
    if not score.alike:
        return
    _pairs(view, found[found["score"] >= threshold - 1e-6])


def _key(view: View) -> list[object]:
    """Which test, when it and what was found about it were written, and the dataset's version."""
    test = RunFiles(catalog().workspace, view.run.id).test(view.on)
    kept = test.folder / "similar.parquet"
    found_at = kept.stat().st_mtime if kept.exists() else 0.0
    versions = {record.id: record.version for record in catalog().datasets.all()}
    version = versions.get(view.run.dataset_id, 0)
    return [view.run.id, view.on, version, test.changed, found_at]


@remembered(_key, shared=True, max_entries=16)
def _resembling(view: View) -> tuple[pd.DataFrame, bool]:
    return resembling(catalog(), view.run, view.predictions)


def _offer_search(view: View) -> None:
    if view.on == "test":
        st.caption(NOT_SEARCHED)
        return
    if watched(catalog().jobs.active("similar", view.run.id, on=view.on)):
        return
    st.caption("So far only exact copies were looked for.")
    if not view.read_only:
        act(
            "Look for near-duplicates too",
            (kinds.submit_similar, catalog(), view.run.id, view.on),
            icon="search",
            key="find-similar",
        )


def _pairs(view: View, rows: pd.DataFrame) -> None:
    """Each tested image beside the training image that it is most like."""
    key = f"pairs-{view.run.id}-{len(rows)}"
    part = rows.iloc[page_of(len(rows), key=f"page-{key}", size=_PAIRS)]
    predictions = view.predictions.table.set_index("path").loc[part["path"]]
    tested, trained = (
        pictures(view, list(part["path"])),
        pictures_of_run(view.run, list(part["train_path"])),
    )
    tiles = []
    for row, answer, mine, other in zip(
        part.itertuples(), predictions.itertuples(), tested, trained, strict=True
    ):
        how = relation_in_words(row.relation)
        said = f"answer: {answer.predicted}"
        tiles += [
            Tile(
                row.path,
                mine.data,
                f"tested, is {answer.label}",
                badge=said,
                tone="good" if answer.correct else "bad",
                title=f"{row.path}\ntrue: {answer.label}\n{said}",
                tiny=mine.tiny,
            ),
            Tile(
                f"{row.path}\n{row.train_path}",
                other.data,
                f"trained on{'' if row.relation == EXACT else f' · {row.score:.3f}'}",
                title=f"{row.train_path}\n{how}, alike by {row.score:.3f}",
                tiny=other.tiny,
            ),
        ]
    gallery(tiles, key=key, label="Tested images, each beside the training image it is like")
    st.caption("Each tested image, followed by the training image that it is most like.")
    st.expander("As a table").dataframe(
        rows.assign(relation=[relation_in_words(each) for each in rows["relation"]]).rename(
            columns={"path": "tested", "train_path": "trained on", "score": "alike"}
        ),
        hide_index=True,
    )
    st.caption(
        "Found by the files’ contents (exact copies) and by comparing small pictures of both "
        "(near-duplicates, mirrored and turned ones too)."
    )
