"""For whoever has no photos at hand: the sample, and known sets where there is network."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.datasets import intake
from core.datasets.downloads import is_reachable
from core.datasets.known_sets import KNOWN, KnownSet
from core.text import escape, size
from pages._widgets.job import act
from pages._widgets.session import catalog
from pages._widgets.studio import project


def ways() -> None:
    with st.container(horizontal=True):
        # Callbacks: what a click asks for is done even if another rerun comes in between.
        sample = partial(project.open_sample, "fruit", then_train=True)
        act("Try the fruit sample", sample, icon="auto_awesome", key="studio-sample")
        known = st.popover("Known sets", icon=":material/public:", on_change="rerun", key="known")
    if known.open:
        with known:
            _known()


def _known() -> None:
    there = _is_there()
    if not there:
        st.info(
            "There is no network now, so only what was downloaded before can be opened.",
            icon=":material/wifi_off:",
        )
    for each in KNOWN.values():
        here = each.is_downloaded
        how = "on this computer" if here else f"{size(each.download_bytes)} to download"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{escape(each.title)}** · {each.images:,} images · {how}  \n"
                f"{escape(each.sentence)} Licence: {escape(each.licence)}.",
                width="stretch",
            )
            act(
                "Open" if here else "Get",
                (_open, each),
                key=f"studio-known-{each.key}",
                disabled=not (here or there),
            )


@st.cache_data(show_spinner=False, ttl=30)
def _is_there() -> bool:
    return is_reachable(KNOWN["flowers"].files[0])


def _open(known: KnownSet) -> None:
    project.bring_in(intake.add_known(catalog(), known.key))
