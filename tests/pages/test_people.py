"""Who may come in, and what is open, on one page; each can be taken back there."""

from __future__ import annotations

from core.access import people
from core.catalog import Catalog
from core.delivery.take_away.links import all_links, create_link
from core.inference.keys import create_key, list_keys
from tests.core.api.asking import add_run
from tests.pages.conftest import Open, click, words


def test_people_are_invited_given_a_role_and_shut_out(catalog: Catalog, open_page: Open) -> None:
    people.add(catalog, "*Anna*", "viewer")
    at = open_page("people")
    assert "Nobody signs in here now" in words(at)
    assert "*Anna*" in words(at)
    click(at, "Make a link")
    assert "invited?token=" in at.code[0].value
    at.selectbox[1].set_value("trainer").run()
    assert catalog.people.get("*Anna*").role == "trainer"
    click(at, "Shut out")
    assert catalog.people.get("*Anna*").disabled_at is not None
    click(at, "Let in again")
    (sure,) = [each for each in at.checkbox if each.label == "Yes, for good"]
    sure.check().run()
    click(at, "Remove")
    assert catalog.people.all() == []
    assert "Somebody as viewer · invited by tester" in words(at)
    click(at, "Take back")
    assert catalog.people.invitations() == []


def test_links_and_keys_are_listed_and_taken_back(catalog: Catalog, open_page: Open) -> None:
    run = add_run(catalog, "seals")
    create_link(catalog, run.id, "demo", days=3)
    create_key(catalog.workspace, "kiosk")
    at = open_page("people")
    assert "Link to the demo of **seals**" in words(at)
    assert "Key **kiosk**" in words(at)
    click(at, "Take back")
    assert all_links(catalog.workspace) == []
    click(at, "Take back")
    assert list_keys(catalog.workspace) == []
    assert "took a key back" in str(at.dataframe[0].value)
