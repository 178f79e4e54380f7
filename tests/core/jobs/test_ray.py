"""A Ray cluster of two nodes on this computer does what is in the queue, as other computers do."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.catalog import Catalog
from core.cli import main
from core.datasets.intake import add_folder
from core.errors import InvalidInput, LightboxError
from core.jobs.cluster import ray as cluster
from core.jobs.execute import execute
from core.jobs.live import curves
from core.jobs.supervisor import Supervisor
from core.quality import scan as scan_module
from core.quality import scan_parts
from core.runs.files import RunFiles
from core.training.start import create_run
from tests.core.jobs import tiny
from tests.core.jobs.processes import ended, queue, running, said, start, started
from tests.core.jobs.together import mine, part_elsewhere, watched
from tests.core.training.small import PLAIN, add_colours, spec_of
from tests.waiting import wait_until

_SECONDS = 150


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster of two nodes, which lets in whoever has its token."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed: requirements-ray.txt")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LIGHTBOX_HOME", "LIGHTBOX_ROOTS", "LIGHTBOX_USER", "LIGHTBOX_DATABASE"):
            patch.delenv(name, raising=False)
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", "t" * 64)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # A computer that others use, too, must not make it end tasks.
        patch.setenv("RAY_memory_monitor_refresh_ms", "0")
        process = start("-m", "tests.core.jobs.two_nodes")
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            lines = (line for line in process.stdout if line.startswith("address "))
            yield next(lines).split()[1]
        finally:
            process.stdin.close()
            process.stdout.read()
            process.wait()


@pytest.fixture
def on_ray(address: str, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The cluster does what is in the catalog's queue; gives its address."""
    monkeypatch.setenv("LIGHTBOX_RAY", address)
    supervisor = Supervisor(
        catalog.workspace, (tiny.MODULE,), (), ray_lanes=("train", "light"), of_app=False
    )
    supervisor.start()
    try:
        wait_until(lambda: len(catalog.machines.all()) == 2, _SECONDS, "two nodes")
        yield address
    finally:
        supervisor.stop()


def test_a_cluster_does_what_is_in_the_queue(
    on_ray: str,
    catalog: Catalog,
    class_folders: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Two at once, one on each node, which people see; what is asked to stop stops.
    jobs = [queue(catalog, "tiny.wait") for _ in range(2)]
    at = {started(catalog, job, _SECONDS).machine for job in jobs}
    assert main(["machines", "--json"]) == 0
    nodes = json.loads(capsys.readouterr().out)
    assert at == {node["id"] for node in nodes if node["ray"] and node["jobs"]}
    assert len(at) == 2
    for job in jobs:
        catalog.jobs.request_cancel(job.id)
        assert ended(catalog, job, _SECONDS).state == "cancelled"

    # A process has no more threads than Ray gave it cores.
    job = queue(catalog, "tiny.threads")
    assert ended(catalog, job, _SECONDS).state == "done"
    assert said(catalog, job, "threads").payload == {"cores": 1, "openvino": 1, "tensorflow": "1"}

    # What a killed process had is let go of, and goes on.
    job = queue(catalog, "tiny.steps", file=str(tmp_path / "steps"), steps=8, hang_at=5)
    wait_until(lambda: len(curves(catalog, job.id).batches) == 5, _SECONDS, "the fifth step")
    os.kill(catalog.jobs.get(job.id).pid or 0, signal.SIGKILL)
    assert ended(catalog, job, _SECONDS).state == "interrupted"
    catalog.jobs.requeue(job.id)
    assert ended(catalog, job, _SECONDS).state == "done"
    assert [entry["epoch"] for entry in curves(catalog, job.id).epochs] == list(range(1, 9))

    # A scan that nodes do parts of is that of one computer, to the bit.
    root = class_folders({"cat": 50, "dog": 46})
    (root / "cat" / "broken.jpg").write_bytes(b"no image")
    alone = add_folder(catalog, root, "alone", restrict=False)
    scan_module.scan(catalog, alone.id)
    monkeypatch.setattr(scan_module, "WORTH", 10)
    monkeypatch.setattr(scan_parts, "_SMALLEST", 20)
    together = add_folder(catalog, root, "together", restrict=False)
    # What needs so much is left to this process; its parts need nothing.
    held = catalog.jobs.hold("scan", {}, lane="light", subject=together.id)
    catalog.jobs.need(held.id, memory=2**60)
    catalog.jobs.release(held.id, {"dataset_id": together.id})
    job = mine(catalog, held)
    here = watched(monkeypatch, scan_parts, "look_part", lambda: part_elsewhere(catalog, job))
    assert execute(catalog, job).state == "done"
    assert 0 < len(here) < 5
    for name in ("index-1.parquet", "thumbs.pack"):
        one, two = (catalog.workspace.dataset(each.id) / name for each in (alone, together))
        assert one.read_bytes() == two.read_bytes(), name


@pytest.mark.keras
def test_two_nodes_train_a_network_as_one_does(
    on_ray: str, catalog: Catalog, tmp_path: Path
) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    curves_of = []
    for together in (2, 1):
        run = create_run(
            catalog,
            spec_of(dataset, stack=PLAIN, dropout=0.0, augmentation="light", together=together),
        )
        job = ended(catalog, catalog.jobs.get(run.job_id), 3 * _SECONDS)
        assert (job.state, job.error) == ("done", "")
        notes = [each.payload["text"] for each in catalog.jobs.events(job.id, kinds=("note",))]
        assert not [note for note in notes if "instead of" in note]
        history = RunFiles(catalog.workspace, run.id).history()
        curves_of.append([(each.loss, each.val_loss) for each in history])
    assert np.allclose(*curves_of, rtol=2e-3, atol=2e-4)


def test_who_has_not_the_token_is_not_let_in(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "o" * 64)
    asks = f"from core.jobs.cluster import ray; ray.connect({address!r})"
    with running(start("-c", asks)) as process:
        told, _ = process.communicate(timeout=_SECONDS)
    assert "can't be joined" in told
    assert "token" in told


@pytest.mark.parametrize(
    ("given", "heard"),
    [
        ("127.0.0.1:1", "does not answer"),
        ("everywhere", "no address of a cluster"),
        ("here:99999", "does not answer"),
    ],
)
def test_a_cluster_that_is_not_there_is_a_sentence(given: str, heard: str) -> None:
    with pytest.raises(LightboxError, match=heard):
        cluster.connect(given)


def test_without_ray_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidInput, match="requirements-ray"):
        cluster.connect("auto")
