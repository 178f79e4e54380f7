"""Who is at the page that is being drawn."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.who import NOBODY, Who, acting, load

_HEADER = "X-Lightbox-Who"
_MOST = 10_000
_WHOSE = "whose-session"
# By session: a browser that leaves while its page is drawn is still the one that asked for it.
_seen: dict[str, Who] = {}


def begin() -> None:
    """What a browser's session holds is for the person that it began with: whoever comes back to it
    as somebody else begins anew."""
    who = acting()
    whose = f"{who.role == 'guest'} {who.name}"
    if st.session_state.setdefault(_WHOSE, whose) != whose:
        st.session_state.clear()
        st.session_state[_WHOSE] = whose


def asking() -> Who | None:
    """Whoever's browser the script runs for; ``None`` outside a script.

    The middleware puts the header on the websocket, and takes away what came under its name. So
    where there is none, nobody was let in.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return None
    text = st.context.headers.get(_HEADER)
    if text is None:
        return _seen.get(context.session_id, NOBODY)
    if len(_seen) > _MOST:
        _seen.clear()
    who = _seen[context.session_id] = load(text)
    return who
