"""People who may sign in: made, invited, given a role, shut out. Administrators do that, and the
command line on the computer itself, which is how the first one comes to be."""

from __future__ import annotations

import time

from core.access import passwords
from core.access.audit import note
from core.access.browsers import digest
from core.catalog import Catalog
from core.catalog.datasets import clean_name
from core.catalog.people import InvitationRecord, PersonRecord
from core.errors import Conflict, NotAllowed, NotFound, unknown
from core.text import duration
from core.who import GIVEN, Role, acting, author, require
from core.workspace import new_token

INVITED_S = 7 * 24 * 3600
_throttle = passwords.Throttle()


def as_given(role: str) -> Role:
    """A role that a person can be given.

    Raises:
        InvalidInput: there is none of this name.
    """
    for each in GIVEN:
        if each == role:
            return each
    raise unknown("role", role, GIVEN)


def add(catalog: Catalog, name: str, role: str, *, source: str = "password") -> PersonRecord:
    """A new person. Where passwords are asked for, they can come in once they have chosen one, by
    an invitation.

    Raises:
        NotAllowed: whoever acts is no administrator.
        InvalidInput, Conflict: the name or role can't be used.
    """
    require("administrator")
    return _add(catalog, name, as_given(role), "", author(), source)


def _add(
    catalog: Catalog, name: str, role: Role, kept: str, by: str, source: str = "password"
) -> PersonRecord:
    made = catalog.people.add(clean_name(name), role, source=source, password=kept, by=by)
    note(catalog, "added a person", made.name, role, who=by)
    return made


def invite(catalog: Catalog, role: str, name: str = "", kept_s: float = INVITED_S) -> str:
    """A token by which somebody becomes a person here, or somebody who is one chooses a new
    password.

    Args:
        role: of the new person; taken from the person where ``name`` says one.
        kept_s: for how many seconds it is in force.

    Raises:
        NotAllowed: whoever acts is no administrator.
        NotFound: there is nobody of that name.
    """
    require("administrator")
    person = catalog.people.get(name) if name else None
    given = as_given(person.role if person else role)
    token = new_token()
    catalog.people.invite(
        digest(token),
        given,
        time.time() + kept_s,
        by=author(),
        person_id=person.id if person else None,
    )
    note(catalog, "made an invitation", person.name if person else "", given)
    return token


def invited(catalog: Catalog, token: str) -> tuple[str, Role]:
    """Whom an invitation is for ("" for somebody new), and with which role.

    Raises:
        NotFound: it was used, taken back, or is over.
    """
    found = _invitation(catalog, token)
    name = catalog.people.get(found.person_id).name if found.person_id else ""
    return name, as_given(found.role)


def _invitation(catalog: Catalog, token: str) -> InvitationRecord:
    found = catalog.people.invitation(digest(token))
    if found is None:
        raise NotFound("This invitation is not in force any more.", remedy="Ask for another one.")
    return found


def accept(catalog: Catalog, token: str, name: str, password: str) -> PersonRecord:
    """Use an invitation, once.

    Raises:
        NotFound: it is not in force.
        InvalidInput, Conflict: the name or password can't be used; it stays in force then.
    """
    invitation = _invitation(catalog, token)
    known, role = invited(catalog, token)
    if known:
        kept = passwords.hashed(passwords.check(password, known))
        _use_up(catalog, token)
        person = catalog.people.change(catalog.people.get(known).id, password=kept)
        note(catalog, "chose a new password", person.name, who=person.name)
        return person
    kept = passwords.hashed(passwords.check(password, clean_name(name)))
    # Used up first: of several who come with it at once, one is let in.
    _use_up(catalog, token)
    by = invitation.by
    try:
        return _add(catalog, name, role, kept, by)
    except Conflict:
        catalog.people.invite(digest(token), role, invitation.ends_at, by=by, person_id=None)
        raise


def take_back(catalog: Catalog, invitation: InvitationRecord) -> None:
    """Take an invitation back: nobody comes in by it from now on.

    Raises:
        NotAllowed: whoever acts is no administrator.
        NotFound: it was used or taken back already.
    """
    require("administrator")
    if not catalog.people.take_invitation(invitation.id):
        raise NotFound("This invitation was used already.")
    note(catalog, "took an invitation back", "", invitation.role)


def _use_up(catalog: Catalog, token: str) -> None:
    if not catalog.people.take_invitation(digest(token)):
        raise NotFound("This invitation was used already.", remedy="Ask for another one.")


def change(
    catalog: Catalog, name: str, *, role: str | None = None, disabled: bool | None = None
) -> PersonRecord:
    """Give somebody another role, shut them out, or let them in again; at once.

    Raises:
        NotAllowed: whoever acts is no administrator, or would lock out the last one.
        NotFound, InvalidInput: there is no such person or role.
    """
    require("administrator")
    person = catalog.people.get(name)
    given = None if role is None else as_given(role)
    if disabled or given not in (None, "administrator"):
        _keep_one(catalog, person)
    done = catalog.people.change(person.id, role=given, disabled=disabled)
    if given is not None:
        note(catalog, "gave a role", person.name, given)
    if disabled is not None:
        note(catalog, "shut out" if disabled else "let in again", person.name)
    return done


def remove(catalog: Catalog, name: str) -> PersonRecord:
    """Forget a person; what they have done stays in the log.

    Raises:
        NotAllowed: whoever acts is no administrator, or they are the last one.
        NotFound: there is no such person.
    """
    require("administrator")
    person = catalog.people.get(name)
    _keep_one(catalog, person)
    catalog.people.remove(person.id)
    note(catalog, "removed a person", person.name)
    return person


def _keep_one(catalog: Catalog, person: PersonRecord) -> None:
    """At the computer itself another one can always be made, so there it is allowed."""
    others = [
        each
        for each in catalog.people.all()
        if each.role == "administrator" and each.id != person.id and each.disabled_at is None
    ]
    if person.role == "administrator" and not others and acting().name:
        raise NotAllowed(
            f"“{person.name}” is the only administrator.",
            remedy="Make somebody else one first.",
        )


def end_sessions(catalog: Catalog, name: str) -> int:
    """Sign somebody out everywhere; returns of how many browsers.

    Raises:
        NotAllowed: whoever acts is neither they nor an administrator.
    """
    person = catalog.people.get(name)
    if acting().name != person.name:
        require("administrator")
    found = catalog.people.sessions(person.id)
    for each in found:
        catalog.people.end_session(each.id)
    note(catalog, "ended sessions", person.name, str(len(found)))
    return len(found)


def by_password(catalog: Catalog, name: str, password: str, address: str) -> PersonRecord:
    """Whoever has this name and password.

    Args:
        address: where they come from.

    Raises:
        NotAllowed: that is nobody, or too many tries were wrong; neither says which of them is.
    """
    name = " ".join(name.split())[:255]
    keys = (f"name {name.casefold()}", f"address {address}")
    with _throttle.turn(*keys):
        person = _whoever_has(catalog, name, password, address, keys)
    note(catalog, "signed in", person.name, address, who=person.name)
    return person


def _whoever_has(
    catalog: Catalog, name: str, password: str, address: str, keys: tuple[str, str]
) -> PersonRecord:
    if (wait := _throttle.wait(*keys)) > 0:
        raise NotAllowed(
            "There were too many wrong tries.", remedy=f"Try again in {duration(max(1.0, wait))}."
        )
    try:
        person: PersonRecord | None = catalog.people.get(name)
    except NotFound:
        person = None
    kept = person.password if person and person.disabled_at is None else ""
    # Of nobody too, so that how long it takes doesn't tell which names there are.
    right = passwords.is_right(password, kept)
    if person is None or not right:
        _throttle.miss(*keys)
        note(catalog, "was refused at the door", name, address, who="nobody")
        raise NotAllowed("This name and password don’t belong together.", remedy="Try again.")
    _throttle.hit(*keys)
    return person
