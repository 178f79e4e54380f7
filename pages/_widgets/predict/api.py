"""API: keys for programs, what to write in them, and where it is all explained."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from core.api.limits import MAX_BODY_BYTES, MAX_IMAGES
from core.catalog import RunRecord
from core.inference.keys import (
    MOST_PER_MINUTE,
    PER_MINUTE,
    ApiKey,
    create_key,
    list_keys,
    revoke_key,
)
from core.text import ago, escape, plural
from pages._widgets.errors import sentences
from pages._widgets.job import act
from pages._widgets.others import base_address, reached
from pages._widgets.predict.snippets import LANGUAGES, snippet
from pages._widgets.session import catalog, forget, put

_NEW = "api-new-secret"
_ASKED = "api-revoke"


def draw(run: RunRecord) -> None:
    st.header("From your own programs")
    st.markdown(
        "An **API** lets other programs ask this model: they send images to an address, and get "
        "the same answers as you do here."
    )
    with st.container(border=True):
        _keys()
    with st.container(border=True):
        _snippets(run)
    with st.expander("Limits and errors", icon=":material/rule:"):
        _limits()


def _keys() -> None:
    st.markdown("**Keys**: only programs that have one get answers")
    secret = st.session_state.get(_NEW)
    if secret:
        with st.container(border=True):
            st.markdown(":material/key: **Your new key.** Copy it now: it is not shown again.")
            st.code(secret, language=None, wrap_lines=True)
            act("I have copied it", (forget, _NEW))
    keys = list_keys(catalog().workspace)
    if not keys and not secret:
        st.caption(
            "There are no keys yet. Make one for each program, so that you can take it back."
        )
    for key in keys:
        _key(key)
    with st.popover("Make a key", icon=":material/add:"), st.form("api-key", border=False):
        name = st.text_input("What it is for", placeholder="shop scanner")
        rate = st.number_input(
            "Requests a minute",
            1,
            MOST_PER_MINUTE,
            PER_MINUTE,
            help="More are turned away, so that one program can't keep everybody else waiting.",
        )
        if st.form_submit_button("Make it", type="primary"):
            with sentences():
                _, st.session_state[_NEW] = create_key(catalog().workspace, name, int(rate))
                st.rerun()


def _key(key: ApiKey) -> None:
    used = f"last used {ago(key.used_at)}" if key.used_at else "never used"
    with st.container(horizontal=True, vertical_alignment="center", key=f"api-{key.id}"):
        st.markdown(
            f"**{escape(key.name)}** · `{key.hint}…`  \n"
            f":small[made {ago(key.made_at)} by {escape(key.by)}, {used}, "
            f"at most {plural(key.per_minute, 'request')} a minute]",
            width="stretch",
        )
        if st.session_state.get(_ASKED) == key.id:
            act("Yes, take it back", (_revoke, key.id), key=f"api-sure-{key.id}", type="primary")
            act("Keep it", (forget, _ASKED), key=f"api-keep-{key.id}")
        else:
            act(
                "Take it back",
                (put, _ASKED, key.id),
                icon="key_off",
                key=f"api-revoke-{key.id}",
                help="Programs that use it get no more answers.",
            )


def _revoke(key_id: str) -> None:
    forget(_ASKED)
    revoke_key(catalog().workspace, key_id)


def _snippets(run: RunRecord) -> None:
    st.markdown("**What to write** in a program, or to try in a terminal")
    base = reached().base
    key = st.session_state.get(_NEW) or "lb_…"
    for tab, language in zip(st.tabs(list(LANGUAGES)), LANGUAGES, strict=True):
        tab.code(
            snippet(language, base, run.id, key), language=LANGUAGES[language], wrap_lines=True
        )
    if key == "lb_…":
        st.caption(
            "Put a key of yours in place of lb\\_… and a picture's name in place of photo.jpg."
        )
    st.link_button(
        "Documentation, and a page to try it",
        f"{base_address()}/api/v1/docs?model={quote(run.id)}",
        icon=":material/menu_book:",
    )


def _limits() -> None:
    st.markdown(
        f"- A request can have {MAX_IMAGES} images, {MAX_BODY_BYTES // 1024**2} MB together.\n- If "
        "some images of a request can't be read, the others are answered all the same.\n- An "
        "error is a JSON document that says what happened (`detail`) and of which kind it is "
        "(`type`, `status`): 401 without a valid key, 404 for an unknown model, 413 for too much "
        "at once, 422 for what is not an image, 429 and 503 for too many requests: then wait as "
        "long as `Retry-After` says, in seconds."
    )
