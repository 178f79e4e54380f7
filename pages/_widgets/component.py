"""Components of our own, in keys that any name may be part of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import streamlit as st


class Component(Protocol):
    """Draws a component; what its browser said of it comes back, by name."""

    def __call__(self, *, key: str, **options: Any) -> Any: ...


def component(name: str, says: Sequence[str] = (), *, html: str, css: str, js: str) -> Component:
    """Make a component known to Streamlit; returns what draws it.

    Args:
        name: one for all components of this app.
        says: the names under which its browser says something; ``None`` until it has.
        html, css, js: what it is made of, as Streamlit takes them.
    """
    drawn = st.components.v2.component(name, html=html, css=css, js=js)
    heard: dict[str, Any] = {f"on_{each}_change": lambda: None for each in says}
    if says:
        heard["default"] = dict.fromkeys(says)

    def draw(*, key: str, **options: Any) -> Any:
        return drawn(key=safe_key(key), **heard, **options)

    return draw


def component_of(file: str, name: str, says: Sequence[str] = (), before: str = "") -> Component:
    """The component whose HTML, CSS and JS lie beside a module, named like its folder.

    Args:
        says: as of :func:`component`.
        before: JS that its own needs.
    """
    folder = Path(file).parent
    html, css, js = (
        (folder / f"{folder.name}.{kind}").read_text(encoding="utf-8")
        for kind in ("html", "css", "js")
    )
    return component(name, says, html=html, css=css, js=before + js)


def safe_key(key: str) -> str:
    """A key that Streamlit takes for a component, another one for each key.

    It joins the key and what has happened by ``__``, and refuses keys that hold that themselves, as
    those do that are made of a folder's name or of a random id.
    """
    if "__" not in key and not key.endswith("_"):
        return key
    mark = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"{re.sub('_+', '-', key)}-{mark}"
