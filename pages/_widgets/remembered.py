"""What is worked out once and kept for the next run of a page, apart for each workspace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from core import settings

P = ParamSpec("P")
T = TypeVar("T")


def remembered(
    key: Callable[..., object], *, shared: bool = False, **given: Any
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A function whose answers are kept by Streamlit.

    Args:
        key: from its arguments to what the answer depends on, which Streamlit can hash.
        shared: answers are handed out as they are; else each caller has a copy.
        given: what else the cache takes: ``max_entries``, ``ttl``, ``show_spinner``.
    """
    cache: Any = st.cache_resource if shared else st.cache_data

    def decorate(work: Callable[P, T]) -> Callable[P, T]:
        def ask(home: str, of: object, _answer: Callable[[], T]) -> T:
            del home, of  # the key
            return _answer()

        # Streamlit tells one cache from another by the function's name.
        ask.__module__, ask.__qualname__ = work.__module__, work.__qualname__
        kept = cache(ask, **{"show_spinner": False} | given)

        @wraps(work)
        def asked(*args: P.args, **named: P.kwargs) -> T:
            home = settings.home_as_named()
            answer: T = kept(home, key(*args, **named), partial(work, *args, **named))
            return answer

        return asked

    return decorate
