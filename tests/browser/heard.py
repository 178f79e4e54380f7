"""Listens to what a page and its server say to each other: has all been answered that was asked?

That a page's script stands still says little: between a click and the start of what it brings there
is a moment in which it stands still, too.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


class _Talk:
    """What was last said over a page's newest websocket."""

    def __init__(self) -> None:
        self.answered = False

    def begin(self, socket: Any) -> None:
        if not socket.url.partition("?")[0].endswith("/_stcore/stream"):
            return
        self.answered = False
        socket.on("framesent", self._asked)
        socket.on("framereceived", self._heard)

    def _asked(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes) and _read(BackMsg(), frame).HasField("rerun_script"):
            self.answered = False

    def _heard(self, frame: str | bytes) -> None:
        if not isinstance(frame, bytes):
            return
        said = _read(ForwardMsg(), frame)
        # One that ends early does so because the next one begins.
        if said.HasField("script_finished") and said.script_finished != _EARLY:
            self.answered = True


def _read(message: Any, frame: bytes) -> Any:
    try:
        message.ParseFromString(frame)
    except DecodeError:
        message.Clear()
    return message


_talks: WeakKeyDictionary[Any, _Talk] = WeakKeyDictionary()


def follow(page: Any) -> None:
    """Listen from now on; before the page goes anywhere."""
    talk = _talks[page] = _Talk()
    page.on("websocket", talk.begin)


def answered(page: Any) -> bool:
    """Whether the last thing that this page has asked for was drawn to its end."""
    return _talks[page].answered
