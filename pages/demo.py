"""One model to try, for whoever has the link: full screen, large type, and nothing else to
reach."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.delivery.take_away.links import Link, find_link
from core.delivery.take_away.notes import load_about
from core.errors import LightboxError, NotFound
from core.evaluation.out_of_distribution import find_detector
from core.inference.given import open_given
from core.inference.predictor import open_predictor
from core.runs.earlier import why_not_new
from core.text import escape, plural, shorten
from pages._widgets.camera import live_camera
from pages._widgets.one_of import one_of
from pages._widgets.predict.beat import beat
from pages._widgets.predict.trying import ask, cards, choose_example
from pages._widgets.results.view import figures_of, load_view
from pages._widgets.session import catalog
from pages._widgets.sure import threshold_of

_SHOWN = 6
_NAMED = 12
_WAYS = {
    "example": ":material/image: Examples",
    "drop": ":material/upload: Your image",
    "camera": ":material/photo_camera: Camera",
    "beat": ":material/sports_score: Beat the model",
}
_STYLE = """
<style>
.stMainBlockContainer {max-width: 1500px; padding-top: 2rem;}
.stMainBlockContainer h1 {font-size: clamp(1.5rem, 2.4vw, 2.1rem); line-height: 1.15;}
.stMainBlockContainer h2 {font-size: clamp(2rem, 4vw, 3.2rem);}
.st-key-demo-what p {font-size: clamp(1rem, 1.3vw, 1.2rem);}
.st-key-demo-answer [data-testid="stImage"] img {
  max-height: 58vh; width: auto !important; max-width: 100%;
}
.st-key-demo-way button {min-height: 3rem;}
.st-key-demo-way button p {font-size: 1.15rem;}
@media (max-width: 640px) {
  .st-key-demo-answer [data-testid="stImage"] img {max-height: 32vh;}
  /* Two by two, each with a frame of its own: four don't fit beside each other. */
  .st-key-demo-way [role="radiogroup"], .st-key-demo-way [role="group"] {
    display: grid; grid-template-columns: 1fr 1fr; gap: .4rem; width: 100%;
  }
  .st-key-demo-way button {
    padding: 0 .55rem; width: 100%; margin: 0 !important; border-radius: .5rem !important;
    border: 1px solid rgba(128, 128, 128, .4) !important;
  }
  .st-key-demo-way button p {font-size: .9rem;}
}
</style>
"""


def _title(link: Link, run: RunRecord, classes: list[str]) -> None:
    st.title(escape(link.title or run.name))
    purpose = link.purpose or load_about(catalog().workspace, run.id).use
    named = ", ".join(f"**{escape(shorten(label, 24))}**" for label in classes[:_NAMED])
    more = len(classes) - _NAMED
    with st.container(key="demo-what"):
        if purpose:
            st.markdown(escape(purpose))
        st.markdown(
            f"Show it an image, and it says which of {plural(len(classes), 'class', 'classes')} it "
            f"is: {named}{f' and {more:,} more' if more > 0 else ''}."
        )


def _how_good(run: RunRecord) -> None:
    """What its test found, for whoever is about to believe a single answer."""
    try:
        said = figures_of(load_view(run, read_only=True)).verdict
    except LightboxError:
        st.caption("It has not been tested: nobody knows yet how often it is right.")
        return
    weakest = said.get("weakest")
    told = [said.statements[0], *([weakest] if weakest and weakest.tone != "good" else [])]
    st.caption(" ".join(escape(each.text) for each in told))


def _files(run: RunRecord, way: str) -> list[tuple[str, bytes]]:
    if way == "example":
        what = "Photos of its test" if why_not_new(catalog(), run) else "Photos it had never seen"
        return choose_example(run, f"**{what}.** Click one:", begin_with=0)
    dropped = st.file_uploader(
        "Drop an image here",
        accept_multiple_files=True,
        max_upload_size=50,
        key="demo-files",
    )
    return [(file.name, file.getvalue()) for file in (dropped or [])[:_SHOWN]]


def _page() -> None:
    try:
        link, run = find_link(catalog(), st.query_params.get("token", ""), "demo")
        classes = open_predictor(catalog().workspace, run.id).classes
    except NotFound as error:
        st.title("Demo")
        st.info(escape(str(error)), icon=":material/link_off:")
        return
    st.html(_STYLE)
    _title(link, run, classes)
    _how_good(run)
    threshold = threshold_of(run)
    way = one_of("How", _WAYS, key="demo-way")
    if way == "camera":
        live_camera(run.id, threshold, link=link.token)
        return
    if way == "beat":
        beat(run, classes)
        return
    # What is answered stands above what is asked with.
    answers = st.container(key="demo-answer")
    given = open_given(_files(run, str(way)))
    with answers:
        for name, why in given.refused:
            st.warning(f"{escape(name)}: {escape(why)}", icon=":material/broken_image:")
        if given.files:
            detecting = find_detector(catalog().workspace, run.id) is not None
            cards(run, ask(run, given.files, detecting), threshold, guest=True)
    if way == "drop" and not given.files:
        st.caption("Your image is answered and forgotten.")
    if way == "example" and not given.files and not given.refused:
        st.info("There are no photos of a test here. Try an image of your own, or the camera.")


_page()
