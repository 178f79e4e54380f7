"""Taking a run away from Results, and what a guest sees who has the link."""

from __future__ import annotations

import pytest

from core.delivery.take_away.links import create_link, links, revoke_link
from core.delivery.take_away.made import find_report, make_report
from core.delivery.take_away.notes import load_about
from core.delivery.take_away.pdf import find_browser
from tests.pages.conftest import (
    Open,
    Trained,
    assert_no_defect,
    click,
    sections,
    title,
    words,
)


def _taken(open_page: Open, trained: Trained):  # type: ignore[no-untyped-def]
    at = open_page("results", run=trained.run_id)
    at.segmented_control[0].set_value("share").run()
    assert_no_defect(at)
    return at


def _downloads(at) -> list[str]:  # type: ignore[no-untyped-def]
    return [each.proto.label for each in at.get("download_button")]


def test_the_report_is_made_by_a_job_and_files_are_offered(
    open_page: Open, trained: Trained
) -> None:
    at = _taken(open_page, trained)
    assert _downloads(at) == ["Notebook", "Model card", "Figures as JSON"]
    click(at, "Make them")
    (job,) = [job for job in trained.catalog.jobs.all() if job.kind == "report"]
    assert job.state == "queued"
    trained.catalog.jobs.finish(job.id, "done")
    make_report(trained.catalog, trained.run_id)
    at = _taken(open_page, trained)
    made = [label.partition(" (")[0] for label in _downloads(at)[:-3]]
    if find_browser() is None:
        assert made == ["Report HTML", "Poster HTML"]
    else:
        assert made == ["Report PDF", "Report HTML", "Poster PDF", "Poster PNG"]
    assert "Make them" not in [button.label for button in at.button]


def test_what_a_person_says_about_a_model_is_kept(open_page: Open, trained: Trained) -> None:
    at = _taken(open_page, trained)
    at.text_area[0].set_value("To sort colours.")
    click(at, "Save")
    assert load_about(trained.catalog.workspace, trained.run_id).use == "To sort colours."


def test_a_link_is_made_and_taken_back(open_page: Open, trained: Trained) -> None:
    at = _taken(open_page, trained)
    click(at, "Create a link")
    (link,) = links(trained.catalog.workspace, trained.run_id)
    assert at.code[0].value.endswith(link.address)
    click(at, "Take it back")
    assert links(trained.catalog.workspace, trained.run_id) == []


def test_a_guest_sees_the_results_and_nothing_to_change(open_page: Open, trained: Trained) -> None:
    make_report(trained.catalog, trained.run_id)
    link = create_link(trained.catalog, trained.run_id)
    before = (len(trained.catalog.jobs.all()), trained.catalog.runs.all())
    at = open_page("shared", token=link.token)
    assert title(at) == trained.catalog.runs.get(trained.run_id).name
    assert "Right on" in words(at)
    assert not at.get("page_link"), "a guest is offered other pages"
    assert "HTML" in " ".join(_downloads(at))
    for section in sections(at):
        labels = " ".join(button.label for button in at.button)
        for change in ("wrong", "Correct", "Train", "Find it out", "Test", "Create", "Delete"):
            assert change not in labels, f"{section} offers {labels}"
    assert (len(trained.catalog.jobs.all()), trained.catalog.runs.all()) == before
    assert find_report(trained.catalog, trained.run_id).page is not None


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_a_link_that_is_not_good_is_a_sentence(
    open_page: Open, trained: Trained, token: str
) -> None:
    at = open_page("shared", token=token)
    assert "leads nowhere" in words(at)
    assert not at.get("page_link")


def test_a_link_that_was_taken_back_is_a_sentence(open_page: Open, trained: Trained) -> None:
    link = create_link(trained.catalog, trained.run_id)
    revoke_link(trained.catalog.workspace, link.token)
    at = open_page("shared", token=link.token)
    assert "leads nowhere" in words(at)
    assert "Right on" not in words(at)
