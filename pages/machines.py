"""The computers that do the work: what each has, and what it is at."""

import time

import streamlit as st

from core import settings
from core.jobs.cluster.news import trouble
from core.jobs.crew import START_ONE, Member, crew, nobody_for
from core.jobs.kinds import named
from core.text import duration, escape, plural, size
from pages._widgets.session import catalog

_EVERY_S = 2.0
_LANES = {"train": "trains", "light": "looks at images, tests and answers"}
# More than one beat of theirs: this one may be busy, or cut off.
_SILENT_S = 12.0


def _passed(since: float) -> str:
    return duration(max(1.0, time.time() - since))


def _has(member: Member) -> str:
    machine = member.machine
    has = [plural(machine.cores, "core")]
    has += [f"{size(machine.memory)} of memory"] if machine.memory else []
    has += [machine.gpu or "no GPU"]
    has += ["a node of the Ray cluster"] if machine.on_ray else []
    does = ", ".join(_LANES[lane] for lane in _LANES if lane in machine.lanes)
    return f"{', '.join(has)}; {does}"


def _machine(member: Member) -> None:
    machine = member.machine
    with st.container(border=True):
        st.markdown(f"**{escape(machine.host)}**  \n:gray[{escape(_has(member))}]")
        for doing in member.doing:
            st.markdown(
                f":material/play_circle: {escape(doing.what)} · :gray[for {_passed(doing.since)}]"
            )
        if not member.doing:
            st.markdown(":material/pause_circle: waits for work")
        heard = f"here for {_passed(machine.since)}"
        if machine.silent_s > _SILENT_S:
            heard += f" · **not heard of for {machine.silent_s:.0f} s**"
        st.caption(heard)


def _waiting() -> None:
    """What waits, and why where nobody can do it."""
    jobs = [job for lane in ("light", "train") for job in catalog().jobs.queue(lane)]
    if not jobs:
        return
    st.subheader("Waiting")
    words = named(catalog(), jobs)
    for job in jobs:
        why = nobody_for(catalog(), job)
        st.markdown(f"{escape(words[job.id].whole)}{f' · **{escape(why)}**' if why else ''}")


@st.fragment(run_every=_EVERY_S)
def _all() -> None:
    members = crew(catalog())
    away = trouble(catalog().workspace)
    if away:
        st.warning(escape(away), icon=":material/dns:")
    elif not members:
        st.info("No computer works here now, so what people ask for waits.", icon=":material/dns:")
    for member in members:
        _machine(member)
    _waiting()


st.title("Computers")
st.markdown(
    "What you ask for is done by the next computer that is free. Looking at many images and "
    "answering many are shared between all of them."
)
_all()
if settings.ray():
    st.caption(
        "These are the nodes of the Ray cluster, which places the work. To add another one, run "
        "this on it, with the same database and folder:"
    )
    st.code("ray start --address=HEAD:6379", language="bash")
else:
    st.caption("To let another one work too, run this on it, with the same database and folder:")
    st.code(START_ONE, language="bash")
