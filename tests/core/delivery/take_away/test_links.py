"""Read-only links: found by whoever has them, and by nobody once taken back."""

from __future__ import annotations

import pytest

from core.catalog import Catalog, RunRecord
from core.delivery.take_away.links import (
    all_links,
    create_link,
    find_link,
    link_is_open,
    links,
    revoke_link,
)
from core.errors import InvalidInput, NotFound
from tests.core.api.asking import add_run


def test_a_link_leads_to_its_run_until_it_is_taken_back(catalog: Catalog, run: RunRecord) -> None:
    first, second = create_link(catalog, run.id), create_link(catalog, run.id)
    assert first.token != second.token
    assert find_link(catalog, first.token)[1].id == run.id
    assert {link.token for link in links(catalog.workspace, run.id)} == {first.token, second.token}
    assert first.by == "tester"
    revoke_link(catalog.workspace, first.token)
    with pytest.raises(NotFound, match="leads nowhere"):
        find_link(catalog, first.token)
    assert find_link(catalog, second.token)[1].id == run.id
    with pytest.raises(NotFound, match="no such link"):
        revoke_link(catalog.workspace, first.token)


@pytest.mark.parametrize("token", ["", "x", "a" * 32, "../lightbox", "..%2f..", "a" * 31 + "\n"])
def test_what_was_never_given_leads_nowhere(catalog: Catalog, token: str) -> None:
    with pytest.raises(NotFound, match="leads nowhere"):
        find_link(catalog, token)


def test_capitals_are_not_taken_for_small_letters(catalog: Catalog, run: RunRecord) -> None:
    link = create_link(catalog, run.id)
    folder = catalog.workspace.home / "shares"
    # As on a disk that does not tell them apart.
    other = link.token.swapcase()
    (folder / f"{other}.json").write_bytes((folder / f"{link.token}.json").read_bytes())
    with pytest.raises(NotFound):
        find_link(catalog, other)


def test_a_run_without_results_can_not_be_shared(catalog: Catalog) -> None:
    job = catalog.jobs.hold("train", {}, lane="train")
    run = catalog.runs.add(
        "new", dataset_id="d", dataset_version=1, spec={"recipe": "scratch"}, job_id=job.id
    )
    with pytest.raises(NotFound, match="no results"):
        create_link(catalog, run.id)


def test_a_run_in_the_bin_is_not_shown_any_more(catalog: Catalog, run: RunRecord) -> None:
    link = create_link(catalog, run.id)
    catalog.runs.delete(run.id)
    with pytest.raises(NotFound, match="leads nowhere"):
        find_link(catalog, link.token)


def test_a_link_ends_by_itself(catalog: Catalog) -> None:
    run = add_run(catalog)
    over = create_link(catalog, run.id, "demo", days=1e-9)
    link = create_link(catalog, run.id, "demo", days=1)
    assert not link_is_open(catalog.workspace, over.token, "demo")
    assert [each.token for each in all_links(catalog.workspace)] == [link.token]
    with pytest.raises(InvalidInput, match="in force"):
        create_link(catalog, run.id, "demo", days=-1)
