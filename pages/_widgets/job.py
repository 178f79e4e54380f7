"""A job while it runs: what it does, how far it is, how long it takes still, and Cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.catalog import JobRecord
from core.errors import LightboxError
from core.jobs.live import JobView, how_far, live
from core.progress import amount
from core.text import escape, plural
from pages._widgets.session import catalog

EVERY_S = 0.6


@st.fragment(run_every=EVERY_S)
def watch(job_id: str) -> None:
    """Show a job until it ends, then run the page again. Only call it for one that has not."""
    view = live(catalog(), job_id)
    if view.job.finished:
        st.rerun(scope="app")
    progress_bar(view)
    if view.job.cancel_requested:
        st.caption("Stopping …")
    else:
        cancel_button(job_id)


def watched(job: JobRecord | None) -> bool:
    """Show a job that has not ended, if there is one; whether there is."""
    if job is None or job.finished:
        return False
    watch(job.id)
    return True


def cancel_button(job_id: str, *, key: str = "") -> None:
    """Cancel, for work that has nothing to keep yet."""
    # A callback, since the click may come together with a rerun of the whole page.
    act(
        "Cancel", (catalog().jobs.request_cancel, job_id), icon="close", key=f"cancel-{key}{job_id}"
    )


def doing(view: JobView) -> str:
    """What a job is at; while it waits, also how many are to be done before it."""
    return view.doing + (f", behind {plural(view.ahead, 'other task')}" if view.ahead else "")


def progress_bar(view: JobView) -> None:
    """One line and a bar."""
    text, far = escape(doing(view)), how_far(catalog(), view)
    if view.fraction == 1.0 and view.job.phase != "fit":
        # The next thing has begun, and says nothing yet.
        text += ": done, going on …"
    elif view.job.total and view.job.phase not in ("fit", "export", "search"):
        text += f" · {amount(view.job.phase, view.job.done, view.job.total)}"
    if far.words:
        text += f" · {far.words}"
    st.progress(far.fraction or 0.0, text=text)


def act(
    label: str, does: Callable[..., Any] | tuple[Any, ...], *, icon: str = "", **given: Any
) -> None:
    """A button that does something as :func:`attempt` does: in a callback, since a click may come
    together with a rerun of the whole page.

    Args:
        does: what is called; with what, too, if that is needed: ``(rename, run_id, name)``.
        icon: the name of a Material symbol.
        given: what else ``st.button`` takes.
    """
    called = does if isinstance(does, tuple) else (does,)
    drawn = f":material/{icon}:" if icon else None
    st.button(label, icon=drawn, on_click=attempt, args=called, **given)


def delete_popover(what: str, told: str, does: tuple[Any, ...], *, key: str) -> None:
    """A button that deletes something once it was said what goes and what stays."""
    with st.popover(f"Delete this {what}", icon=":material/delete:", type="tertiary"):
        st.write(told)
        act("Yes, delete it", does, key=key)


def attempt(action: Callable[..., Any], *args: Any, **values: Any) -> None:
    """For callbacks: do it, or say in a sentence why it can't be.

    What was true when the page was drawn may not be when a button on it is clicked: the training
    has begun, or somebody else has stopped it.
    """
    try:
        action(*args, **values)
    except LightboxError as error:
        st.toast(escape(str(error)), icon=":material/error:")
