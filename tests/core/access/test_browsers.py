"""Browsers that are signed in, and who is acting."""

from __future__ import annotations

import time

import pytest

from core.access import browsers
from core.catalog import Catalog
from core.errors import NotAllowed
from core.who import NOBODY, Who, acting, acting_as, author, load, require
from tests.waiting import wait_until


def test_a_session_opens_until_it_is_ended_and_its_secret_is_not_kept(catalog: Catalog) -> None:
    secret = browsers.sign_in(catalog, None, "Firefox")
    found = browsers.recognised(catalog, secret, people=False)
    assert found is not None
    assert found.may("administrator")
    assert secret.encode() not in catalog.workspace.database.read_bytes()
    assert browsers.recognised(catalog, secret + "x", people=False) is None
    # Where people sign in, the person at the computer's browser is nobody.
    assert browsers.recognised(catalog, secret, people=True) is None
    browsers.sign_out(catalog, secret)
    assert browsers.recognised(catalog, secret, people=False) is None


def test_a_session_that_another_process_ended_is_gone_within_a_second(catalog: Catalog) -> None:
    anna = catalog.people.add("Anna", "labeller")
    secret = browsers.sign_in(catalog, anna.id)
    who = browsers.recognised(catalog, secret, people=True)
    assert who is not None
    assert (who.role, who.name) == ("labeller", "Anna")
    catalog.people.change(anna.id, disabled=True)
    wait_until(
        lambda: browsers.recognised(catalog, secret, people=True) is None, 1, "the session's end"
    )
    assert catalog.people.sessions() == []


def test_a_session_ends_by_itself(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog.people.begin_session(browsers.digest("old"), None, time.time() - 1)
    assert browsers.recognised(catalog, "old", people=False) is None


def test_who_acts_is_the_person_at_the_computer_unless_somebody_else_is() -> None:
    assert acting().may("administrator")
    assert author() == "tester"
    anna = Who("labeller", "Anna", "s-1", ("a", "b"))
    with acting_as(anna):
        assert author() == "Anna"
        require("viewer")
        with pytest.raises(NotAllowed, match="and you are a labeller"):
            require("trainer")
        with acting_as(NOBODY), pytest.raises(NotAllowed, match="Sign in first"):
            require("guest")
    assert load(anna.dump()) == anna
    assert anna.dump().isascii()
