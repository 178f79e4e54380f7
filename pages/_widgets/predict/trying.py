"""What Try it and a demo have in common: asking the model, examples of its own, and the cards."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.catalog.records import ACTIVE
from core.datasets.content import read_regular
from core.datasets.places import image_file
from core.errors import NotFound, UnreadableImage
from core.evaluation.mistakes import telling
from core.evaluation.out_of_distribution import find_detector, out_of_distribution_files
from core.evaluation.predictions import predictions_table
from core.inference.predictor import Prediction, open_predictor
from core.jobs import kinds
from core.quality.thumbs import preview
from core.runs.files import RunFiles
from pages._widgets.gallery import Tile, gallery
from pages._widgets.predict.answer import Tried, draw_answer
from pages._widgets.session import catalog, pictures_of_run

_EXAMPLES = 6
_TELLING = 2
_SIDE = 320
# What only Lightbox's own end or a correction had stopped is begun anew so often: something that
# ends it each time would else do so for ever.
_ATTEMPTS = 3


def ask(run: RunRecord, files: list[tuple[str, bytes]], detecting: bool) -> list[Tried]:
    """Each file with its answer, of all classes, and whether it looks like the training images.

    Args:
        detecting: whether that can be told by now; a part of the cache's key.
    """
    answers, unlike = _asked(run.id, files, detecting)
    return [
        Tried(answer, data, far)
        for answer, (_, data), far in zip(answers, files, unlike, strict=True)
    ]


@st.cache_data(show_spinner=False, max_entries=64)
def _asked(
    run_id: str, files: list[tuple[str, bytes]], detecting: bool
) -> tuple[list[Prediction], list[bool | None]]:
    model = open_predictor(catalog().workspace, run_id)
    # All classes go into the table; cards show the first few.
    answers = model.predict(files, top=len(model.classes))
    if not detecting:
        return answers, [None] * len(files)
    return answers, out_of_distribution_files(catalog().workspace, run_id, files)


def _examples(run: RunRecord) -> list[tuple[str, bytes]]:
    """Test images of the run: right answers of several classes, and the mistakes that tell most,
    those it was surest of; as their files are now, or as thumbnails if they have gone."""
    rows = predictions_table(catalog().workspace, run.id)
    rows = telling(rows, _EXAMPLES, _TELLING)
    record = catalog().datasets.get(run.dataset_id)
    root = catalog().workspace.load_path(record.root)
    pictures = pictures_of_run(run, rows["path"])
    found = []
    for path, picture in zip(rows["path"], pictures, strict=True):
        try:
            found.append((path, read_regular(image_file(root, path))))
        except OSError:
            found.append((path, picture.data))
    return found


def choose_example(
    run: RunRecord, title: str, *, begin_with: int | None = None
) -> list[tuple[str, bytes]]:
    """Test images to click on; the one that was clicked last, as what is to be tried.

    Args:
        begin_with: the one that counts as clicked to begin with, if one does.
    """
    try:
        found = _examples(run)
    except NotFound:
        # Not tested, or tested on images that are not here any more.
        return []
    if not found:
        return []
    st.markdown(title)
    tiles = [
        # The folder would give the answer away.
        Tile(str(n), _example_picture(run.id, data), "", title=f"Test image {n + 1}")
        for n, (_, data) in enumerate(found)
    ]
    key = f"examples-{run.id}"
    clicked = gallery(tiles, key=key, label="Test images to try", opens=True, across=_EXAMPLES)
    if clicked:
        st.session_state[f"{key}-chosen"] = int(clicked[0])
    chosen = st.session_state.get(f"{key}-chosen", begin_with)
    if chosen is None or chosen >= len(found):
        return []
    return [(f"Test image {chosen + 1}", found[chosen][1])]


@st.cache_data(show_spinner=False, max_entries=64)
def _example_picture(run_id: str, data: bytes) -> bytes:
    """An example, small enough for many on a page, as the model's own reading shows it: a JPEG;
    empty if it can't be read any more."""
    try:
        image = RunFiles(catalog().workspace, run_id).model().open(data, draft=(_SIDE, _SIDE)).image
    except UnreadableImage:
        return b""
    return preview(image, _SIDE)


def cards(
    run: RunRecord, tried: list[Tried], threshold: float, *, first: int = 0, guest: bool = False
) -> None:
    """Two cards side by side; one alone, and all for a guest, in large type.

    Args:
        first: position of the first among all, so that each keeps its place.
    """
    across = min(len(tried), 2)
    large = guest or len(tried) == 1
    # Row by row, so that a phone shows them in their order.
    for start in range(0, len(tried), max(1, across)):
        row = tried[start : start + across]
        for n, (column, each) in enumerate(zip(st.columns(across), row, strict=False), start):
            with column:
                place, alone = str(first + n), len(tried) == 1
                draw_answer(run, each, threshold, place, guest=guest, large=large, timed=alone)


def tells_unlike(run: RunRecord, *, busy: bool = False) -> bool:
    """Whether images can be marked that look like none that a model was trained on; begins to find
    out what those look like if nobody has, or was interrupted.

    Args:
        busy: another model is about to take its place, which should not have to share the computer.
    """
    store = catalog()
    if find_detector(store.workspace, run.id) is not None:
        return True
    latest = store.jobs.latest("familiar", run.id)
    again = latest is None
    if latest is not None and latest.state in ("interrupted", "cancelled"):
        again = len(store.jobs.all(kind="familiar", subject=run.id)) < _ATTEMPTS
    if again and not busy and not store.jobs.all(states=ACTIVE, kind="scan"):
        kinds.submit_ood_detector(store, run.id)
    return False
