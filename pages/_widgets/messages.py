"""What a browser may ask of Streamlit over its websocket: what our pages send, and nothing else."""

from __future__ import annotations

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg

_ASKED = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request"}
_WORK = {"deferred_file", "dataframe_chunk"}


def is_asked_by_pages(data: bytes) -> bool:
    """Whether a message is of a kind that pages send.

    Streamlit knows others, which it hears from anybody: to empty everybody's caches, to look for a
    repository, to write files for programs that write code beside the app.
    """
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return True  # it ends that websocket, and says why
    kind = message.WhichOneof("type")
    if kind == "backend_operation_request":
        return message.backend_operation_request.WhichOneof("payload") in _WORK
    return kind in _ASKED
