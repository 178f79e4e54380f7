"""Try a model: give it images in any way, see the answers, how sure it is, and correct what is
wrong."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.inference.given import FROM_BOXES, learned_from_boxes, open_given
from core.inference.predictor import Predictor, open_predictor, to_csv
from core.jobs import kinds
from core.text import escape, plural
from core.who import acting
from pages._widgets.camera import Shot, live_camera
from pages._widgets.files import download
from pages._widgets.gallery import page_of
from pages._widgets.job import act
from pages._widgets.one_of import one_of
from pages._widgets.paste import paste
from pages._widgets.predict import corrections
from pages._widgets.predict.answer import Tried
from pages._widgets.predict.demo_links import demo_links
from pages._widgets.predict.trying import ask, cards, choose_example, tells_unlike
from pages._widgets.said import UNLIKE
from pages._widgets.session import catalog
from pages._widgets.sure import sure_popover

_SHOWN = 12
_UNSURE = "not sure"
_FEW = 2
_MOST_MB = 400
_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "jfif", "jpe", "dib", "zip"]
_SOURCES = {
    "files": ":material/upload: Images",
    "folder": ":material/folder: A folder",
    "camera": ":material/photo_camera: Camera",
}


def _gather(run: RunRecord, source: str, threshold: float) -> list[tuple[str, bytes]]:
    """What the person gives: dropped files, an image from the clipboard, a picture, or examples."""
    if source == "camera":
        return _kept(live_camera(run.id, threshold), "camera")
    if source == "folder":
        dropped = st.file_uploader(
            "Choose a folder, or drag it here; its images are tried, up to 500",
            accept_multiple_files="directory",
            type=_TYPES,
            key="try-folder",
            max_upload_size=_MOST_MB,
        )
        return [(file.name, file.getvalue()) for file in dropped or []]
    # Of any type: what is no image gets a sentence, where Streamlit would show a sign only.
    dropped = st.file_uploader(
        "Drop one or many images here, or a .zip of images",
        accept_multiple_files=True,
        key="try-files",
        max_upload_size=_MOST_MB,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        pasted = paste("try-paste")
        # Whoever may put an answer right can have one kept by that.
        corrects = bool(run.dataset_id) and acting().may("labeller")
        st.caption("Only images that you correct are kept." if corrects else "Images are not kept.")
    files = [(file.name, file.getvalue()) for file in dropped or []]
    files += _kept(pasted, "pasted")
    return files or choose_example(run, "No image at hand? Try one of its test images:")


def _kept(latest: Shot | None, what: str) -> list[tuple[str, bytes]]:
    """Pictures that came one after the other in this session, the newest first; Clear forgets
    them."""
    # Pictures of this session only: nothing of them is written anywhere.
    kept: list[Shot] = st.session_state.setdefault(f"try-{what}-kept", [])
    cleared = st.session_state.get(f"try-{what}-cleared", 0)
    if latest is not None and latest.at > cleared and all(shot.at != latest.at for shot in kept):
        kept.insert(0, latest)
        del kept[_SHOWN:]
    if kept:
        act(
            f"Clear {plural(len(kept), 'picture')}",
            (_clear, what, kept[0].at),
            icon="close",
            key=f"try-{what}-clear",
        )
    total = len(kept)
    return [(f"{what} {total - n}.jpg", shot.data) for n, shot in enumerate(kept)]


def _clear(what: str, at: int) -> None:
    st.session_state[f"try-{what}-cleared"] = at
    st.session_state[f"try-{what}-kept"] = []


@st.fragment(run_every=1.0)
def _learning(run_id: str) -> None:
    job = catalog().jobs.latest("familiar", run_id)
    if job is not None and job.state == "done":
        st.rerun(scope="app")
    if job is None or job.finished:
        return
    st.caption(
        ":material/hourglass_top: Learning what its training images look like, so that images "
        "unlike them can be marked …"
    )


def _detector_line(run: RunRecord) -> None:
    job = catalog().jobs.latest("familiar", run.id)
    if job is None:
        return
    if not job.finished:
        _learning(run.id)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        why = f" {escape(job.error)}" if job.error else ""
        st.caption(f"Images unlike its training images can't be marked.{why}")
        if st.button("Try again", key="familiar-again", type="tertiary"):
            kinds.submit_ood_detector(catalog(), run.id)
            st.rerun()


def _note(tried: Tried, threshold: float) -> str:
    """Why an answer doesn't count, or ""."""
    if tried.out_of_distribution:
        return UNLIKE
    unsure = not tried.prediction.error and tried.prediction.confidence < threshold
    return _UNSURE if unsure else ""


def _table(tried: list[Tried], predictor: Predictor, threshold: float) -> None:
    answers = [each.prediction for each in tried]
    failed = sum(bool(answer.error) for answer in answers)
    notes = [_note(each, threshold) for each in tried]
    unlike, unsure = notes.count(UNLIKE), notes.count(_UNSURE)
    text = plural(len(answers) - failed, "image") + " answered"
    if failed:
        text += f", {failed} could not be read"
    said = [f"not sure about {unsure}"] if unsure else []
    said += [f"{unlike} unlike its training images"] if unlike else []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text}**" + (f" · {', '.join(said)}" if said else ""))
        table = to_csv(answers, predictor.classes)
        download("Download as CSV", table, "predictions.csv", "text/csv")
    if len(answers) > 1:
        st.expander("As a table").dataframe(
            {
                "file": [a.name for a in answers],
                "prediction": [a.label for a in answers],
                "confidence": [a.confidence * 100 for a in answers],
                "note": notes,
                "problem": [a.error for a in answers],
            },
            hide_index=True,
            column_config={
                "confidence": st.column_config.ProgressColumn(
                    format="%.1f %%", min_value=0, max_value=100
                )
            },
        )


def draw(run: RunRecord) -> None:
    detecting = tells_unlike(run)
    with st.container(key="try-it"):
        _try(run, detecting)
    if not detecting:
        _detector_line(run)
    corrections.panel(run)


def _try(run: RunRecord, detecting: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        source = one_of("From", _SOURCES, key="try-source")
        threshold = sure_popover(run)
        demo_links(run)
    if learned_from_boxes(catalog().workspace, run.id):
        st.caption(FROM_BOXES)
    given = open_given(_gather(run, source, threshold))
    for name, why in given.refused[:20]:
        st.warning(f"{escape(name)}: {escape(why)}", icon=":material/broken_image:")
    if len(given.refused) > 20:
        st.caption(f"{len(given.refused) - 20:,} more were left out.")
    if given.files:
        st.session_state["predicted"] = True
        tried = ask(run, given.files, detecting)
        page = page_of(len(tried), key="try-page", size=_SHOWN)
        # Below what is asked with, which stays where it is however many there are; on a phone one
        # or two come first (style.css), since they would be out of sight.
        with st.container(key="try-few" if len(tried) <= _FEW else "try-many"):
            cards(run, tried[page], threshold, first=page.start or 0)
        _table(tried, open_predictor(catalog().workspace, run.id), threshold)
