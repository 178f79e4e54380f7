"""Links for other people: the whole address, its QR code for phones, and who reaches it."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from core.access.reach import Reach, qr_code, reach
from core.delivery.take_away.links import Link, revoke_link
from core.text import ago, escape
from pages._widgets.job import act
from pages._widgets.session import catalog


def reached() -> Reach:
    """Where others find this Lightbox, as far as this browser's own address and the server say."""
    return reach(catalog().workspace, base_address())


def link_for_others(path: str, *, code: bool = True) -> None:
    """Draw a link: its whole address to copy, and its QR code if another device reaches it.

    Args:
        path: below the address of the app.
        code: whether the QR code is wanted.
    """
    at = reached()
    address = at.base + path
    st.code(address, language=None, wrap_lines=True)
    if code and at.others:
        st.image(_qr(address), width=232, alt="The link as a QR code")


def take_back(link: Link, key: str, more: str = "") -> None:
    """A button that makes a link lead nowhere.

    Args:
        more: what else comes of it, for its help.
    """
    act(
        "Take it back",
        (revoke_link, catalog().workspace, link.token),
        icon="link_off",
        key=f"{key}-{link.token}",
        help=f"Made {ago(link.made_at)} by {escape(link.by)}. Once taken back, it leads "
        f"nowhere{more}.",
    )


def who_reaches() -> None:
    """Say who can open such links, and what to do for others to."""
    at = reached()
    if at.others:
        phone = "Phones and computers in the same network open it"
        camera = "" if at.secure else "; browsers give it their live camera only over https"
        st.caption(f"{phone}{camera}.")
    else:
        st.caption(f":material/computer: {escape(at.why)}")


def base_address() -> str:
    """The address of the app as this browser has it, without a slash at its end; "" if unknown."""
    parts = urlsplit(st.context.url or "")
    if not parts.netloc:
        return ""
    # The last part is the page's own.
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}"


@st.cache_data(show_spinner=False, max_entries=32)
def _qr(address: str) -> bytes:
    return qr_code(address)
