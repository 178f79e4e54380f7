"""What each role may is checked where it is done, so page, API and command obey alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.access.visible import show_to
from core.api import uploads
from core.catalog import Catalog
from core.datasets import intake, removal
from core.datasets.layout import Choice, save_choice
from core.delivery.take_away.links import create_link, find_link
from core.delivery.take_away.notes import save_about
from core.errors import NotAllowed, NotFound
from core.evaluation.library import empty_bin
from core.evaluation.tested import forget_tested
from core.evaluation.threshold import move_sure
from core.inference.batch_store import new_batch
from core.inference.corrections import add_corrections
from core.inference.keys import create_key, revoke_key
from core.jobs import kinds
from core.jobs.registry import KINDS
from core.quality.curation import decide
from core.who import GIVEN, Role, Who, acting_as
from tests.core.api.asking import add_run


@dataclass(frozen=True)
class On:
    """What something is done to."""

    catalog: Catalog
    dataset: str
    run: str


Do = Callable[[On], object]
# Who may is tried with every role: those above may too, those below may not.
DONE: dict[str, tuple[Role, Do]] = {
    "study": ("viewer", lambda on: kinds.submit_study(on.catalog, on.run)),
    "add a folder": (
        "labeller",
        lambda on: intake.add_folder(on.catalog, Path("/"), restrict=True),
    ),
    "browse folders": ("labeller", lambda _: intake.subfolders(Path("/"))),
    "rename a dataset": ("labeller", lambda on: on.catalog.datasets.rename(on.dataset, "other")),
    "remove a dataset": ("labeller", lambda on: removal.remove(on.catalog, on.dataset)),
    "bring a dataset back": ("labeller", lambda on: kinds.restore_dataset(on.catalog, "none")),
    "exclude": ("labeller", lambda on: decide(on.catalog, on.dataset, "exclude", ["a"])),
    "scan": ("labeller", lambda on: kinds.submit_scan(on.catalog, on.dataset)),
    "test again": ("labeller", lambda on: kinds.submit_evaluate(on.catalog, on.run)),
    "upload": ("labeller", lambda _: uploads.issue()),
    "begin a batch": ("labeller", lambda on: new_batch(on.catalog, on.run, Path("/"))),
    "forget a test": (
        "labeller",
        lambda on: forget_tested(on.catalog.workspace, on.run, "home:none"),
    ),
    "read a folder otherwise": (
        "labeller",
        lambda on: save_choice(on.catalog.workspace, on.dataset, Choice()),
    ),
    "move from when it is sure": (
        "trainer",
        lambda on: move_sure(on.catalog.workspace, on.run, 0.7),
    ),
    "say what it is for": (
        "trainer",
        lambda on: save_about(on.catalog.workspace, on.run, use="a", licence="", remarks=""),
    ),
    "take corrections": ("labeller", lambda on: add_corrections(on.catalog, on.dataset)),
    "export a model": (
        "trainer",
        lambda on: kinds.submit_export_model(on.catalog, on.run, "keras"),
    ),
    "export a dataset": (
        "trainer",
        lambda on: kinds.submit_export(on.catalog, on.dataset, "classes"),
    ),
    "tag": ("trainer", lambda on: on.catalog.runs.set_tags(on.run, ["a"])),
    "star": ("trainer", lambda on: on.catalog.runs.star(on.run)),
    "write notes": ("trainer", lambda on: on.catalog.runs.note(on.run, "a")),
    "rename a model": ("trainer", lambda on: on.catalog.runs.rename(on.run, "other")),
    "delete a model": ("trainer", lambda on: on.catalog.runs.delete(on.run)),
    "empty the bin": (
        "trainer",
        lambda on: (on.catalog.runs.delete(on.run), empty_bin(on.catalog)),
    ),
    "make a key": ("trainer", lambda on: create_key(on.catalog.workspace, "kiosk")),
    "take a key back": ("trainer", lambda on: revoke_key(on.catalog.workspace, "none")),
    "make a link": ("trainer", lambda on: create_link(on.catalog, on.run, "demo")),
    "stop a training": (
        "trainer",
        lambda on: on.catalog.jobs.request_cancel(on.catalog.runs.get(on.run).job_id),
    ),
    "train again": ("trainer", lambda on: kinds.resume_run(on.catalog, on.run)),
}


@pytest.mark.parametrize("what", DONE)
def test_each_role_does_what_it_may_and_no_more(catalog: Catalog, what: str) -> None:
    least, do = DONE[what]
    dataset = catalog.datasets.add("photos", "folder", "/nowhere").id
    run = add_run(catalog).id
    for role in ("nobody", "guest", *GIVEN):
        with acting_as(Who(role, "Anna")):
            if GIVEN.index(least) <= (GIVEN.index(role) if role in GIVEN else -1):
                refused = None
                try:
                    do(On(catalog, dataset, run))
                except Exception as error:  # what it lacks here is another matter
                    refused = error
                assert "Only a" not in str(refused)
                return
            with pytest.raises(NotAllowed, match="Only a"):
                do(On(catalog, dataset, run))
    raise AssertionError("nobody may")


def test_every_kind_of_job_says_who_may_ask_for_it() -> None:
    assert {kind.role for kind in KINDS.values()} == {"viewer", "labeller", "trainer"}
    assert all(
        kind.role == "trainer" for kind in KINDS.values() if kind.key in ("train", "prepare")
    )


def test_what_is_private_is_seen_by_its_owner_and_administrators(catalog: Catalog) -> None:
    with acting_as(Who("trainer", "Anna")):
        dataset = catalog.datasets.add("photos", "folder", "/nowhere")
        run = add_run(catalog)
    boris = Who("trainer", "Boris")
    with acting_as(boris):
        assert [each.id for each in catalog.datasets.all()] == [dataset.id]
        assert catalog.runs.get(run.id)
        with pytest.raises(NotAllowed, match="Anna"):
            show_to(catalog, "run", run.id, "private")
    with acting_as(Who("trainer", "Anna")):
        show_to(catalog, "dataset", dataset.id, "private")
        show_to(catalog, "run", run.id, "private")
    with acting_as(boris):
        assert catalog.datasets.all() == []
        assert catalog.runs.all() == []
        for look in (
            lambda: catalog.datasets.get(dataset.id),
            lambda: catalog.datasets.find("photos"),
            lambda: catalog.datasets.rename(dataset.id, "mine"),
            lambda: catalog.datasets.remove(dataset.id),
            lambda: catalog.runs.get(run.id),
            lambda: catalog.runs.find(run.name),
            lambda: catalog.runs.star(run.id),
            lambda: catalog.runs.delete(run.id),
        ):
            with pytest.raises(NotFound):
                look()
    for who in (Who("trainer", "Anna"), Who("administrator", "Clara"), Who()):
        with acting_as(who):
            assert catalog.runs.get(run.id)
            assert catalog.datasets.get(dataset.id)


def test_links_lead_nowhere_while_the_model_is_the_teams_alone(catalog: Catalog) -> None:
    run = add_run(catalog)
    link = create_link(catalog, run.id, "demo")
    guest = Who("guest", "a guest", links=(link.token,))
    with acting_as(guest):
        assert find_link(catalog, link.token, "demo")
    for level in ("team", "private"):
        show_to(catalog, "run", run.id, level)
        with acting_as(guest), pytest.raises(NotFound):
            find_link(catalog, link.token, "demo")
    show_to(catalog, "run", run.id, "link")
    with acting_as(guest):
        assert find_link(catalog, link.token, "demo")
    with acting_as(Who("guest", "a guest", links=("another",))), pytest.raises(NotFound):
        find_link(catalog, link.token, "demo")
