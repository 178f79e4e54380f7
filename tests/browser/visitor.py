"""A browser's side of Streamlit's websocket without a browser: asks for pages and hears what they
say. Whoever attacks speaks it too, and twenty of them cost less than one browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


def cookies_of(session: requests.Session) -> str:
    """What a browser with these cookies sends along."""
    return "; ".join(f"{each.name}={each.value}" for each in session.cookies)


@dataclass
class Visitor:
    """An open websocket.

    Attributes:
        session_id: of Streamlit's session, once it has answered.
        again: how often parts of the page are to be asked for anew: fragment → seconds.
        kinds: of messages that were heard.
    """

    socket: ClientConnection
    url: str
    session_id: str = ""
    again: dict[str, float] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)

    def ask(self, page: str, query: str = "", *, fragment: str = "", timeout: float = 60) -> str:
        """Have a page drawn, or a part of it; all that it says."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        message.rerun_script.context_info.url = f"{self.url}/{page}"
        if fragment:
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
        else:
            self.again.clear()
        self.send(message)
        return self.hear(timeout)

    def send(self, message: BackMsg) -> None:
        """Send anything."""
        self.socket.send(message.SerializeToString())

    def beat(self) -> None:
        """Ask whether the server is there, and wait until it says so."""
        message = BackMsg()
        message.app_heartbeat = True
        self.send(message)
        self.hear(last="heartbeat_ack")

    def hear(self, timeout: float = 60, last: str = "script_finished") -> str:
        """What is said until a script has ended, or another message has come: all messages one
        after the other, in which texts stand as they are.

        Raises:
            TimeoutError: that took too long.
            ConnectionClosed: the websocket was ended.
        """
        said = bytearray()
        until = time.monotonic() + timeout
        while True:
            data = self.socket.recv(timeout=max(0.0, until - time.monotonic()))
            answer = ForwardMsg()
            answer.ParseFromString(data if isinstance(data, bytes) else data.encode())
            kind = answer.WhichOneof("type")
            self.kinds.add(str(kind))
            if kind == "new_session":
                self.session_id = answer.new_session.initialize.session_id or self.session_id
            elif kind == "auto_rerun":
                self.again[answer.auto_rerun.fragment_id] = answer.auto_rerun.interval
            elif kind == "stop_auto_rerun":
                self.again.pop(answer.stop_auto_rerun.fragment_id, None)
            # A page that leads to another one at once is drawn anew.
            if kind == last and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return said.decode("utf-8", "replace")
            said += data if isinstance(data, bytes) else data.encode()


@contextmanager
def visiting(
    url: str, session: requests.Session, *protocols: str, **headers: str
) -> Iterator[Visitor]:
    """A websocket to the app at an address with a browser's cookies.

    Args:
        protocols: what the browser says besides; of a session that it had before, its id.
        headers: others to send.
    """
    sent = {"Cookie": cookies_of(session), "Origin": url, **headers}
    with connect(
        f"{url.replace('http', 'ws')}/_stcore/stream",
        additional_headers=sent,
        subprotocols=["streamlit", *protocols],  # type: ignore[list-item]
        max_size=None,
    ) as socket:
        yield Visitor(socket, url)
