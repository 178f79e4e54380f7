"""A map of the tested images: what the model finds alike lies together, with mistakes marked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation.study.embedding import (
    FEWEST,
    NAMES,
    FeatureMap,
    Method,
    has_map,
    has_umap,
    load_map,
)
from core.evaluation.study.phases import Study
from core.evaluation.study.sheet import PICTURE
from core.jobs import kinds
from core.text import escape, images, percent, plural, shorten
from pages._widgets.job import watched
from pages._widgets.one_of import one_of
from pages._widgets.point_map import COLOURS, COLOURS_BESIDE_GREY, Sheet, point_map
from pages._widgets.remembered import remembered
from pages._widgets.results.detail import detail
from pages._widgets.results.studying import offer, studied, study_of
from pages._widgets.results.view import View
from pages._widgets.session import catalog

_ABOUT: dict[Method, str] = {
    "tsne": "t-SNE keeps images together that the model finds alike. How large groups are and how "
    "far apart means nothing.",
    "umap": "UMAP keeps images together that the model finds alike, and tells a little more than "
    "t-SNE about which groups are near each other.",
    "pca": "PCA looks from where the images differ most: distances mean the same all over the map, "
    "but groups can hide behind one another.",
}


def draw(view: View) -> None:
    st.header("Map of the test images")
    if not studied(view, "map"):
        return
    study = study_of(view)
    offered = (way for way in _ABOUT if way != "umap" or has_umap() or has_map(study, way))
    names = {way: NAMES[way] for way in offered}
    method = one_of("Kind of map", names, key=f"map-method-{view.run.id}")
    if not has_map(study, method):
        _offer_umap(view)
        return
    made, sheet = _loaded(study, method)
    if made.table.empty:
        st.info("There are no test images to show.", icon=":material/info:")
        return
    _draw(view, made, sheet)


def _draw(view: View, made: FeatureMap, sheet: Sheet) -> None:
    predictions = view.predictions
    known = pd.Series(np.arange(len(predictions)), index=predictions.table["path"])
    rows = known.loc[made.table["path"]].to_numpy()
    coloured = _coloured(view)
    key = f"map-{view.run.id}-{made.asked}"
    opened = point_map(
        made.table[["path", "x", "y"]].assign(
            true=predictions.true[rows],
            predicted=predictions.predicted[rows],
            confidence=predictions.confidence[rows],
        ),
        predictions.labels,
        coloured,
        sheet,
        key=key,
        label=f"{NAMES[made.method]} map of {images(len(rows))}; arrow keys go from image to "
        "image, Enter opens one, M goes to the next mistake",
    )
    st.caption(_says(made))
    _table(view, made, rows)
    detail(view, key, opened, lambda first: _around(made, first))


def _coloured(view: View) -> list[int]:
    """The classes that have a colour: all, or some of them if there are too many to tell apart."""
    labels, predictions = view.predictions.labels, view.predictions
    if len(labels) <= len(COLOURS):
        return list(range(len(labels)))
    at_most = len(COLOURS_BESIDE_GREY)
    mistakes = np.bincount(predictions.true[~predictions.correct], minlength=len(labels))
    tested = np.bincount(predictions.true, minlength=len(labels))
    worst = np.lexsort((-tested, -mistakes))[:at_most]
    chosen = st.multiselect(
        "Classes in colour (the others are grey)",
        labels,
        default=[labels[n] for n in worst],
        format_func=lambda label: shorten(label, 40),
        max_selections=at_most,
        key=view.key("map-classes"),
        help=(
            f"At most {at_most}, which everybody can tell apart; those with most mistakes at first."
        ),
    )
    return [labels.index(label) for label in chosen]


def _says(made: FeatureMap) -> str:
    count = len(made.table)
    said = [
        "Each point is a test image, in the colour of its true class; mistakes have a ring. Rest "
        "on a point to see it, click to look closer. A ringed point in the middle of another group "
        "is an image that the model takes for one of them, or a wrong label."
    ]
    if made.method == made.asked:
        said.append(_ABOUT[made.method])
    else:
        why = f"with {FEWEST} images or fewer" if count <= FEWEST else "where images hardly differ"
        said.append(f"This is PCA: {why}, the other maps show nothing more.")
    if made.method == "pca" and any(made.explained):
        across, up = made.explained
        said.append(
            f"Across is {percent(across, 0)} of all differences, upwards {percent(up, 0)}; the "
            "rest is not to be seen here."
        )
    if count < made.of:
        which = "all" if made.mistakes == made.of_mistakes else f"{made.mistakes:,} of the"
        said.append(
            f"Of {images(made.of)}, {count:,} are shown: {which} "
            f"{plural(made.of_mistakes, 'mistake')}, and of each class as many others as there is "
            "room for, by chance."
        )
    return " ".join(said)


def _around(made: FeatureMap, path: str) -> list[str]:
    """All images, those nearest on the map first: what "Next" leads through."""
    points = made.table[["x", "y"]].to_numpy(float)
    here = points[int((made.table["path"] == path).to_numpy().argmax())]
    order = np.argsort(((points - here) ** 2).sum(axis=1), kind="stable")
    return [path, *(each for each in made.table["path"].iloc[order] if each != path)]


def _table(view: View, made: FeatureMap, rows: np.ndarray) -> None:
    panel = st.expander("As a table", key=f"map-table-{view.run.id}", on_change="rerun")
    if not panel.open:
        return
    with panel:
        tested = view.predictions.table.iloc[rows]
        st.dataframe(
            {
                "image": made.table["path"].to_numpy(),
                "true": tested["label"].to_numpy(),
                "predicted": tested["predicted"].to_numpy(),
                "across": made.table["x"].to_numpy(),
                "up": made.table["y"].to_numpy(),
            },
            hide_index=True,
        )


def _offer_umap(view: View) -> None:
    job = catalog().jobs.latest("umap", view.run.id, on=view.on)
    if watched(job):
        return
    told = "This map is drawn when somebody asks for it; it takes about half a minute."
    if job is not None and job.state != "done" and job.error:
        told = f"The map could not be drawn: {escape(job.error)}"
    does = (kinds.submit_umap, catalog(), view.run.id, view.on)
    offer(view, told, "do that", "Draw it", does, icon="scatter_plot", key="draw-umap")


def _key(study: Study, method: Method) -> list[object]:
    drawn = (study.folder / f"map-{method}.json").stat().st_mtime
    return [str(study.folder), study.seconds["map"], method, drawn]


@remembered(_key, shared=True, max_entries=8)
def _loaded(study: Study, method: Method) -> tuple[FeatureMap, Sheet]:
    made = load_map(study, method)
    cells = study.table("sheet", ("width", "height", "tiny", "side"))
    return made, Sheet(
        study.picture(PICTURE),
        int(cells["side"].iloc[0]) if len(cells) else 1,
        cells[["width", "height"]].to_numpy(np.int64),
        cells["tiny"].to_numpy(bool),
    )
