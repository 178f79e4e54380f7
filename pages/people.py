"""Who may come in, with which role; invitations, sessions, and what was done."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from core.access import audit, people
from core.api.entrance import PREFIX
from core.catalog.people import PersonRecord
from core.delivery.take_away.links import all_links, revoke_link
from core.errors import LightboxError
from core.inference.keys import list_keys, revoke_key
from core.text import ago, escape
from core.who import GIVEN, acting, require
from pages._widgets.component import safe_key
from pages._widgets.files import download
from pages._widgets.one_of import choose
from pages._widgets.others import link_for_others, reached, who_reaches
from pages._widgets.session import catalog

_ROLES = {
    "viewer": "Viewer: looks at results and tries models",
    "labeller": "Labeller: also adds, cleans and corrects images",
    "trainer": "Trainer: also trains, exports, shares and makes keys",
    "administrator": "Administrator: also manages people",
}
_INVITATION = "people-invitation"
_SAID = "people-said"


def _do(work: Callable[..., object], *given: object, **named: object) -> None:
    """In a callback: what went wrong is said on the page that is drawn next."""
    try:
        work(*given, **named)
    except LightboxError as error:
        st.session_state[_SAID] = str(error)


def _act(label: str, does: tuple[Any, ...], **given: Any) -> None:
    st.button(label, on_click=_do, args=does, **given)


def _invite(role: str, name: str = "") -> None:
    st.session_state[_INVITATION] = (name, people.invite(catalog(), role, name))


def _invitations() -> None:
    st.header("Invite somebody")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        role = choose("As", {each: _ROLES[each] for each in GIVEN}, key="people-role")
        _act("Make a link", (_invite, role), icon=":material/link:", type="primary")
    made = st.session_state.get(_INVITATION)
    if made:
        name, token = made
        whom = f"for **{escape(name)}** to choose a new password" if name else "for somebody new"
        st.success(
            f"A link {whom}. It works once, within seven days; send it to them alone.",
            icon=":material/mail:",
        )
        link_for_others(f"{PREFIX}/invited?token={token}", code=False)
        who_reaches()


def _person(person: PersonRecord) -> None:
    key = safe_key(person.id)
    browsers = catalog().people.sessions(person.id)
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"people-person-{key}"
    ):
        seen = f"last here {ago(browsers[0].seen_at)}" if browsers else "not signed in"
        shut = " · **shut out**" if person.disabled_at else ""
        st.markdown(f"**{escape(person.name)}**{shut}  \n:gray[{escape(seen)}]", width="stretch")
        st.selectbox(
            "Role",
            list(GIVEN),
            index=list(GIVEN).index(people.as_given(person.role)),
            key=f"people-role-{key}",
            label_visibility="collapsed",
            width=180,
            on_change=lambda: _do(
                people.change, catalog(), person.name, role=st.session_state[f"people-role-{key}"]
            ),
        )
        with st.popover("More", icon=":material/more_horiz:"):
            who = (catalog(), person.name)
            again = (_invite, person.role, person.name)
            _act("New password", again, key=f"people-password-{key}")
            _act("Sign out everywhere", (people.end_sessions, *who), key=f"people-out-{key}")
            label = "Let in again" if person.disabled_at else "Shut out"
            change = partial(people.change, disabled=person.disabled_at is None)
            _act(label, (change, *who), key=f"people-shut-{key}")
            sure = st.checkbox("Yes, for good", key=f"people-sure-{key}")
            _act(
                "Remove",
                (people.remove, *who),
                key=f"people-remove-{key}",
                disabled=not sure,
                help="They can’t come in any more, and their keys open nothing. What they did "
                "stays in the log.",
            )


def _invited() -> None:
    """Invitations that nobody has used yet, each with a way to take it back."""
    names = {person.id: person.name for person in catalog().people.all()}
    for each in catalog().people.invitations():
        with st.container(horizontal=True, vertical_alignment="center"):
            whom = names.get(each.person_id or "", "")
            what = f"A new password for **{escape(whom)}**" if whom else f"Somebody as {each.role}"
            st.markdown(
                f":material/mail: {what} · invited by {escape(each.by)} · until "
                f"{datetime.datetime.fromtimestamp(each.ends_at):%d %b %Y}",
                width="stretch",
            )
            key = f"people-uninvite-{safe_key(each.id[:12])}"
            _act("Take back", (people.take_back, catalog(), each), key=key)


def _open_doors() -> None:
    """Links and keys that are in force, each with a way to take it back."""
    st.header("Links and keys")
    workspace = catalog().workspace
    links, keys = all_links(workspace), list_keys(workspace)
    if not links and not keys:
        st.caption("There are none: links are made on Results and Predict, keys on Predict.")
    names = {run.id: run.name for run in catalog().runs.all(archived=True)}
    for link in links:
        name = escape(names.get(link.run_id, link.run_id))
        what = "results of" if link.kind == "results" else "demo of"
        called = f"Link to the {what} **{name}**"
        _open_door(called, link.by, link.ends_at, link.token, revoke_link, link.address)
    for key in keys:
        only = f", {len(key.models)} of the models" if key.models else ""
        what = f"Key **{escape(key.name)}** ({key.hint}…){only}"
        _open_door(what, key.by, key.ends_at, key.id, revoke_key)


def _open_door(
    what: str,
    by: str,
    ends_at: float | None,
    key: str,
    take: Callable[..., object],
    address: str = "",
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        until = "until taken back"
        if ends_at is not None:
            until = f"until {datetime.datetime.fromtimestamp(ends_at):%d %b %Y}"
        said = f"{what} · by {escape(by)} · {until}"
        if address:
            said += f"  \n`{reached().base}{address}`"
        st.markdown(said, width="stretch")
        taken = (take, catalog().workspace, key)
        _act("Take back", taken, key=f"people-take-{safe_key(key)}")


def _log() -> None:
    st.header("What was done")
    found = audit.entries(catalog(), most=1000)
    if not found:
        st.caption("Nothing yet.")
        return
    st.dataframe(
        [
            {
                "when": ago(each.at),
                "who": each.who,
                "what": each.what,
                "about": each.subject,
                "details": each.detail,
            }
            for each in found[:200]
        ],
        hide_index=True,
    )
    table = audit.to_csv(found)
    download("All of it as a table (CSV)", table, "lightbox-log.csv", "text/csv")


def _page() -> None:
    require("administrator")
    st.title("People")
    said = st.session_state.pop(_SAID, "")
    if said:
        st.error(escape(said), icon=":material/error:")
    if not acting().name:
        st.info(
            "Nobody signs in here now: whoever is at this computer may do everything. Invite an "
            "administrator, then start Lightbox with `LIGHTBOX_ACCESS=password`.",
            icon=":material/lock_open:",
        )
    _invitations()
    st.header("Who may come in")
    everybody = catalog().people.all()
    if not everybody:
        st.caption("Nobody yet. Make a link above, and send it to them.")
    for person in everybody:
        _person(person)
    _invited()
    _open_doors()
    _log()


_page()
