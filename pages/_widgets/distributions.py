"""A dataset in numbers and bars, and what makes it unfit for training; a click on a bar shows only
its images."""

from __future__ import annotations

import streamlit as st

from core import charts
from core.catalog import DatasetRecord
from core.quality.distributions import KINDS, imbalance
from core.quality.first_look import too_small
from core.quality.shown import Shown
from core.text import escape, plural, shorten, size
from pages._widgets.job import act
from pages._widgets.pictures import plot
from pages._widgets.session import next_turn, turn

_UNEVEN = "Largest : smallest"
_MEANS = {
    _UNEVEN: "Images in the largest class for each image in the smallest. Up to about 3 : 1 does "
    "no harm; above 10 : 1 the model tends to overlook small classes: add images there.",
    "Left out": "Files that are no images or can't be read, and images that you left out.",
}
Chosen = dict[str, tuple[str, ...]]
_TALL = 12
_ONE = {
    "class": "Class",
    "size": "Size",
    "shape": "Shape",
    "light": "Brightness",
    "type": "File type",
}


def overview(good: Shown, left_out: int) -> None:
    """Draw it, for the usable images, and the number of files that are left out."""
    counts = good.classes
    with st.container(horizontal=True, gap="large"):
        for label, value in {
            "Usable images": f"{len(good):,}",
            "Classes": f"{len(counts):,}",
            _UNEVEN: f"{imbalance(counts):.1f} : 1" if len(counts) > 1 else "",
            "Left out": f"{left_out:,}",
            "On disk": size(float(good.bytes)),
        }.items():
            if value:
                st.metric(label, value, width="content", help=_MEANS.get(label))
    for trouble in too_small(counts):
        st.warning(escape(trouble), icon=":material/warning:")


def distributions(record: DatasetRecord, good: Shown) -> Chosen:
    """Draw the charts, two across where there is room.

    Args:
        good: usable images.

    Returns:
        The parts whose bars are chosen, by kind; see :meth:`core.quality.shown.Shown.within`.
    """
    left, right = st.columns(2, gap="large")
    chosen: Chosen = {}
    with left:
        st.header("Images in each class")
        chosen["class"] = _bars("class", record, good)
        with st.expander("As a table"):
            counts = good.classes
            table = {"class": list(counts), "images": list(counts.values())}
            st.dataframe(table, hide_index=True)
    others = [key for key in KINDS if key != "class"]
    with right:
        st.header("What they are like")
        for key, tab in zip(others, st.tabs([KINDS[key][0] for key in others]), strict=True):
            with tab:
                chosen[key] = _bars(key, record, good)
                if key == "size" and len(good):
                    _say_sizes(good)
    st.caption(
        ":material/touch_app: Click a bar to see only those images below; Shift and click adds "
        "another. Or choose them by name."
    )
    return {key: parts for key, parts in chosen.items() if parts}


def _bars(key: str, record: DatasetRecord, good: Shown) -> tuple[str, ...]:
    counts = good.divided(key).counts
    names = list(counts)
    # Another number once the choice was let go.
    shown = f"{key}-{record.id}-{record.version}-{turn(f'cleared-{key}')}"
    with st.container(height=410 if len(names) > _TALL else "content", border=False):
        event = plot(
            charts.class_counts(counts),
            key=f"bars-{shown}",
            on_select="rerun",
            selection_mode="points",
        )
    clicked = [names[n] for n in event["selection"]["point_indices"] if 0 <= n < len(names)]
    # What the mouse does, for the keyboard.
    named = st.multiselect(
        f"{_ONE[key]}: show only",
        names,
        key=f"only-{shown}",
        format_func=lambda name: shorten(name, 60),
        placeholder=f"{_ONE[key]}: show only …",
        label_visibility="collapsed",
    )
    return tuple(dict.fromkeys([*clicked, *named]))


def _say_sizes(good: Shown) -> None:
    (least, most), common = good.sizes
    if least == most:
        said = f"All are {common[0]} × {common[1]} pixels."
    else:
        said = (
            f"From {least[0]} × {least[1]} to {most[0]} × {most[1]} pixels; most often "
            f"{common[0]} × {common[1]}."
        )
    st.caption(f"{said} Training resizes them all alike.")


def chips(chosen: Chosen) -> None:
    """What is chosen by clicking on bars, each with a way to let it go."""
    if not chosen:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="chips"):
        for key, parts in chosen.items():
            names = ", ".join(shorten(part, 30) for part in parts[:3])
            if len(parts) > 3:
                names += f" and {len(parts) - 3} more"
            act(
                f"{_ONE[key]}: {escape(names)}",
                (next_turn, f"cleared-{key}"),
                icon="close",
                key=f"chip-{key}",
                help="Show the others again",
            )
        if len(chosen) > 1:
            act(
                f"Clear all {plural(len(chosen), 'filter')}",
                (next_turn, *(f"cleared-{key}" for key in chosen)),
                key="chips-all",
                type="tertiary",
            )
