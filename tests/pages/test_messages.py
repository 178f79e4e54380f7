"""What a browser may ask of Streamlit: what pages send, and nothing that changes the server."""

from __future__ import annotations

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from pages._widgets.messages import is_asked_by_pages

# Of fields of the message, and of what is wanted of the server.
HEARD = {
    "rerun_script": True,
    "stop_script": True,
    "app_heartbeat": True,
    "file_urls_request": True,
    "clear_cache": False,
    "set_run_on_save": False,
    "load_git_info": False,
    "debug_disconnect_websocket": False,
    "debug_shutdown_runtime": False,
}
WORK = {
    "deferred_file": True,
    "dataframe_chunk": True,
    "install_skills": False,
    "dismiss_skills_nudge": False,
}


@pytest.mark.parametrize("name", HEARD)
def test_a_message_is_heard_if_pages_send_it(name: str) -> None:
    message = BackMsg()
    field = getattr(message, name)
    if isinstance(field, bool):
        setattr(message, name, True)
    else:
        field.SetInParent()
    assert message.WhichOneof("type") == name
    assert is_asked_by_pages(message.SerializeToString()) == HEARD[name]


@pytest.mark.parametrize("name", WORK)
def test_work_is_done_if_pages_ask_for_it(name: str) -> None:
    message = BackMsg()
    getattr(message.backend_operation_request, name).SetInParent()
    assert is_asked_by_pages(message.SerializeToString()) == WORK[name]


def test_every_kind_of_message_is_judged_here() -> None:
    kinds = {each.name for each in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields}
    assert kinds == {*HEARD, "backend_operation_request"}
