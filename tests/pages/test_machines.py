"""Which computers do the work is seen on a page, and why something waits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.catalog.machines import Machine
from core.jobs.cluster import news
from tests.pages.conftest import Open, words


def test_a_job_that_no_computer_can_do_is_explained_and_each_computer_is_listed(
    catalog: Catalog, open_page: Open
) -> None:
    assert "No computer works here now" in words(open_page("machines"))
    catalog.datasets.add("*pets*", "folder", "/photos")
    dataset = catalog.datasets.all()[0]
    catalog.jobs.add("scan", {"dataset_id": dataset.id}, lane="light", subject=dataset.id)
    catalog.jobs.claim("light", pid=os.getpid(), host="h", machine="m-1")
    training = catalog.jobs.add("train", {}, lane="train", subject=dataset.id)
    catalog.machines.beat(Machine("m-1", "attic*", ("light",), 8, 16 * 10**9))
    at = open_page("machines")
    assert "8 cores, 16.0 GB of memory, no GPU" in words(at)
    assert "Look at the images again: *pets*" in words(at)
    assert "no computer here trains. Start one with: python -m core worker --lane train" in words(
        at
    )
    catalog.machines.beat(Machine("m-2", "cellar", ("train",), 2, 8 * 10**9))
    assert "no computer here" not in words(open_page("machines"))
    catalog.jobs.need(training.id, memory=32 * 10**9, gpu=True)
    assert "no computer here has a GPU and 32.0 GB of memory" in words(open_page("machines"))


def test_before_a_training_it_is_said_that_no_computer_trains(
    catalog: Catalog,
    class_folders: Callable[..., Path],
    bring_in: Callable[..., DatasetRecord],
    open_page: Open,
) -> None:
    bring_in(class_folders({"cat": 8, "dog": 8}))
    assert "No computer trains" not in words(open_page("train"))
    for name in ("attic", "cellar"):
        catalog.machines.beat(Machine(name, name, ("light",), 8, 16 * 10**9))
    for page in ("train", "home"):
        assert "No computer trains now, so a training waits" in words(open_page(page)), page
    catalog.machines.beat(Machine("shed", "shed", ("train",), 2, 8 * 10**9))
    assert "No computer trains" not in words(open_page("train"))


def test_the_way_to_the_computers_is_there_only_where_there_are_several(
    catalog: Catalog, open_page: Open
) -> None:
    attic = Machine("m-1", "attic", ("light", "train"), 8, 16 * 10**9)
    catalog.machines.beat(attic)
    # One that was started again here at once.
    catalog.machines.beat(Machine("m-0", "attic", ("light", "train"), 8, 16 * 10**9))
    links = [each.proto.label for each in open_page("data").get("page_link")]
    assert "Computers" not in links
    catalog.machines.beat(attic)  # a page may take longer than one that is silent counts
    catalog.machines.beat(Machine("m-2", "cellar", ("train",), 2, 8 * 10**9))
    links = [each.proto.label for each in open_page("data").get("page_link")]
    assert "Computers" in links


def test_nodes_of_a_ray_cluster_are_listed_and_what_is_wrong_with_it_is_said(
    catalog: Catalog, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_RAY", "attic:6379")
    catalog.jobs.need(catalog.jobs.add("train", {}, lane="train").id, gpu=True)
    assert "Nothing was heard of the Ray cluster yet" in words(open_page("machines"))
    news.tell(catalog.workspace, "The Ray cluster does not answer (attic:6379).")
    assert "does not answer (attic:6379)" in words(open_page("machines"))
    news.tell(catalog.workspace, "")
    catalog.machines.beat(Machine("ray-1", "attic (10.0.0.2)", ("light", "train"), 8, 16 * 10**9))
    said = words(open_page("machines"))
    assert "8 cores, 16.0 GB of memory, no GPU, a node of the Ray cluster" in said
    assert "the Ray cluster has no node with a GPU for it now" in said
    assert "These are the nodes of the Ray cluster" in said
    catalog.machines.beat(Machine("ray-2", "cellar (10.0.0.3)", ("train",), 8, 0, "A100"))
    assert "has no node" not in words(open_page("machines"))
