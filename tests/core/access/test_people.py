"""People, their roles and invitations; passwords that are tried a few times only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from core import settings
from core.access import audit, browsers, passwords, people
from core.access.browsers import owner
from core.catalog import Catalog
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.inference.keys import create_key
from core.who import GIVEN, Who, acting_as

GOOD = "a few words in a row"


@pytest.fixture(autouse=True)
def _nobody_has_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_throttle", passwords.Throttle())


@pytest.fixture(autouse=True)
def _quickly_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes it long to guess passwords is of interest to one test alone."""
    quick = PasswordHasher(time_cost=1, memory_cost=64)
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)


def test_to_try_a_password_takes_as_much_as_is_recommended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    # RFC 9106's second recommendation.
    kept = passwords.hashed(GOOD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.is_right(GOOD, kept)


def joined(catalog: Catalog, name: str, role: str) -> None:
    people.add(catalog, name, role)
    people.accept(catalog, people.invite(catalog, role, name), name, GOOD)


@pytest.mark.usefixtures("either_database")
def test_somebody_invited_comes_in_with_that_role_and_the_link_works_once(
    catalog: Catalog,
) -> None:
    token = people.invite(catalog, "labeller")
    assert people.invited(catalog, token) == ("", "labeller")
    people.accept(catalog, token, "Anna", GOOD)
    with pytest.raises(NotFound):
        people.accept(catalog, token, "Boris", GOOD)
    assert people.by_password(catalog, "Anna", GOOD, "1.2.3.4").role == "labeller"
    kept = catalog.people.get("Anna").password
    assert kept.startswith("$argon2id$")
    if catalog.workspace.database.exists():
        assert token.encode() not in catalog.workspace.database.read_bytes()


@pytest.mark.parametrize(
    ("name", "password"),
    [
        *(("Anna", ""), ("Anna", "short"), ("Anna", "aaaaaaaaaaaaaaaa"), ("Anna", "x" * 201)),
        *(("annaannaanna", "AnnaAnnaAnna"), ("", GOOD), ("a" * 101, GOOD), ("\0", GOOD)),
    ],
)
def test_a_name_or_password_that_cannot_be_used_leaves_the_invitation_in_force(
    catalog: Catalog, name: str, password: str
) -> None:
    token = people.invite(catalog, "viewer")
    with pytest.raises(InvalidInput):
        people.accept(catalog, token, name, password)
    assert catalog.people.all() == []
    assert people.invited(catalog, token)


def test_an_invitation_ends_and_can_be_taken_back(catalog: Catalog) -> None:
    over = people.invite(catalog, "viewer", kept_s=-1)
    back = people.invite(catalog, "viewer")
    catalog.people.take_invitation(browsers.digest(back)[:12])
    for token in (over, back, "guessed", ""):
        with pytest.raises(NotFound):
            people.accept(catalog, token, "Anna", GOOD)


def test_a_new_password_ends_all_sessions_and_the_old_one(catalog: Catalog) -> None:
    joined(catalog, "Anna", "viewer")
    secret = browsers.sign_in(catalog, catalog.people.get("Anna").id)
    people.accept(catalog, people.invite(catalog, "viewer", "Anna"), "", "other words in a row")
    assert browsers.recognised(catalog, secret, people=True) is None
    with pytest.raises(NotAllowed):
        people.by_password(catalog, "Anna", GOOD, "1.2.3.5")


def test_whoever_guesses_waits(catalog: Catalog) -> None:
    joined(catalog, "Anna", "viewer")
    joined(catalog, "Boris", "viewer")
    for _ in range(5):
        with pytest.raises(NotAllowed, match="belong together"):
            people.by_password(catalog, "Anna", "wrong", "9.9.9.9")
    # The right one isn't heard now either, from anywhere; nor is anybody from there.
    for name, place in (("Anna", "8.8.8.8"), ("Boris", "9.9.9.9"), ("nobody", "9.9.9.9")):
        with pytest.raises(NotAllowed, match="too many"):
            people.by_password(catalog, name, GOOD, place)
    assert people.by_password(catalog, "Boris", GOOD, "8.8.8.8").name == "Boris"


def test_many_who_try_at_once_are_heard_no_more_often(catalog: Catalog) -> None:
    joined(catalog, "Anna", "viewer")

    def said(number: int) -> str:
        try:
            people.by_password(catalog, "Anna", f"guess {number}", "9.9.9.9")
        except NotAllowed as error:
            return str(error)
        return "came in"

    with ThreadPoolExecutor(12) as many:
        found = list(many.map(said, range(12)))
    assert sum("belong together" in each for each in found) == 5
    assert sum("too many" in each for each in found) == 7


def test_many_who_come_from_one_address_at_once_all_come_in(catalog: Catalog) -> None:
    for number in range(8):
        joined(catalog, f"person {number}", "viewer")
    with ThreadPoolExecutor(8) as many:
        came = many.map(
            lambda n: people.by_password(catalog, f"person {n}", GOOD, "9.9.9.9").name, range(8)
        )
    assert list(came) == [f"person {n}" for n in range(8)]


def test_of_many_who_come_with_one_invitation_at_once_one_is_let_in(catalog: Catalog) -> None:
    token = people.invite(catalog, "viewer")

    def came(number: int) -> bool:
        try:
            people.accept(catalog, token, f"person {number}", GOOD)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(6) as many:
        assert sum(many.map(came, range(6))) == 1
    assert len(catalog.people.all()) == 1
    again = people.invite(catalog, "viewer")
    with pytest.raises(Conflict):
        people.accept(catalog, again, catalog.people.all()[0].name, GOOD)
    assert people.accept(catalog, again, "somebody else", GOOD).role == "viewer"


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("name", ["nobody", "", "Anna' OR 1=1 --", "%", "Anna\0", "a" * 5000])
def test_nobody_comes_in_by_a_name_that_is_none(catalog: Catalog, name: str) -> None:
    joined(catalog, "Anna", "viewer")
    with pytest.raises(NotAllowed):
        people.by_password(catalog, name, GOOD, f"address of {name[:9]}")


def test_a_name_that_is_none_takes_as_long_as_a_wrong_password(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(catalog, "Anna", "viewer")
    checked: list[str] = []

    def is_right(password: str, kept: str) -> bool:
        checked.append(password)
        return False

    monkeypatch.setattr(passwords, "is_right", is_right)
    for name in ("Anna", "nobody"):
        with pytest.raises(NotAllowed, match="belong together"):
            people.by_password(catalog, name, f"guess of {name}", "9.9.9.9")
    assert checked == ["guess of Anna", "guess of nobody"]


def test_whoever_is_shut_out_or_has_no_password_stays_outside(catalog: Catalog) -> None:
    joined(catalog, "Anna", "viewer")
    people.add(catalog, "Boris", "viewer")
    people.change(catalog, "Anna", disabled=True)
    for name in ("Anna", "Boris"):
        for password in (GOOD, ""):
            with pytest.raises(NotAllowed):
                people.by_password(catalog, name, password, f"{name} {password}")
    people.change(catalog, "Anna", disabled=False)
    people.by_password(catalog, "Anna", GOOD, "7.7.7.7")


def test_only_administrators_manage_people_and_one_of_them_stays(catalog: Catalog) -> None:
    joined(catalog, "Anna", "administrator")
    joined(catalog, "Boris", "trainer")
    for role in GIVEN[:-1]:
        with acting_as(Who(role, "Boris")):
            for forbidden in (
                lambda: people.add(catalog, "Clara", "administrator"),
                lambda: people.invite(catalog, "administrator"),
                lambda: people.change(catalog, "Boris", role="administrator"),
                lambda: people.remove(catalog, "Anna"),
                lambda: people.end_sessions(catalog, "Anna"),
                lambda: audit.entries(catalog),
            ):
                with pytest.raises(NotAllowed):
                    forbidden()
            people.end_sessions(catalog, "Boris")
    with acting_as(Who("administrator", "Anna")):
        for forbidden in (
            lambda: people.change(catalog, "Anna", role="viewer"),
            lambda: people.change(catalog, "Anna", disabled=True),
            lambda: people.remove(catalog, "Anna"),
        ):
            with pytest.raises(NotAllowed, match="only administrator"):
                forbidden()
        with pytest.raises(InvalidInput, match="no role"):
            people.change(catalog, "Boris", role="owner")
        with pytest.raises(Conflict):
            people.add(catalog, "Boris", "viewer")
        people.change(catalog, "Boris", role="administrator")
        people.remove(catalog, "Anna")


@pytest.mark.usefixtures("either_database")
def test_what_is_done_is_in_the_log_and_in_a_table_that_runs_nothing(catalog: Catalog) -> None:
    joined(catalog, "=1+1", "viewer")
    people.by_password(catalog, "=1+1", GOOD, "1.1.1.1")
    found = [(each.who, each.what) for each in audit.entries(catalog)]
    assert ("=1+1", "signed in") in found
    assert ("tester", "added a person") in found
    assert ",=1+1," not in audit.to_csv(audit.entries(catalog))


def test_a_key_of_somebody_who_was_removed_opens_nothing_whatever_they_were_called(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_ACCESS", "password")
    name = settings.load().author
    made, _ = create_key(catalog.workspace, "kiosk")
    joined(catalog, name, "trainer")
    with acting_as(Who("trainer", name)):
        theirs, _ = create_key(catalog.workspace, "scanner")
    people.remove(catalog, name)
    assert owner(catalog.workspace, theirs.by, person=theirs.person).role == "nobody"
    assert owner(catalog.workspace, made.by, person=made.person).may("administrator")


def test_a_hash_that_is_damaged_opens_nothing() -> None:
    for kept in ("", "x", "$argon2id$", "$argon2id$v=19$m=1,t=1,p=1$YQ$YQ"):
        assert not passwords.is_right("", kept)
        assert not passwords.is_right(GOOD, kept)
