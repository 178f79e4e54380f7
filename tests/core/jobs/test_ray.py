"""A Ray cluster of two nodes on this computer does what is in the queue, as other computers do:
lists in PostgreSQL, files in a store, a home for each node."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.catalog import Catalog, JobRecord, RunRecord, open_catalog
from core.cli import main
from core.datasets.intake import add_folder
from core.errors import InvalidInput, LightboxError
from core.inference import batch as batch_module
from core.inference.batch_store import new_batch, place_of
from core.jobs.cluster import ray as cluster
from core.jobs.execute import execute
from core.jobs.kinds import submit_batch
from core.jobs.live import curves
from core.jobs.supervisor import Supervisor
from core.quality import scan as scan_module
from core.quality import scan_parts
from core.runs.files import RunFiles
from core.runs.values import EpochRecord
from core.training import search
from core.training.run import train_run
from core.training.start import create_run
from core.workspace import open_workspace
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.jobs import tiny
from tests.core.jobs.processes import ended, queue, running, said, start, started
from tests.core.jobs.together import mine, part_elsewhere, watched
from tests.core.training.small import PLAIN, add_colours, new_catalog, spec_of
from tests.postgres import Server
from tests.waiting import wait_until

pytestmark = pytest.mark.server

_SECONDS = 150
# Of a search's trainings, and the first of them at which those are compared.
_EPOCHS, _RUNG = 40, 4
# Of which an epoch is the same whatever follows it.
_SETTINGS: dict[str, Any] = {
    "stack": PLAIN,
    "dropout": 0.0,
    "augmentation": "light",
    "schedule__name": "constant",
    "schedule__warmup": 0.0,
}


@pytest.fixture(scope="module")
def shared_by_all(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What computers of a team are told: where lists and files are."""
    files = tmp_path_factory.mktemp("files")
    database = server.url(server.new_database())
    return {"LIGHTBOX_DATABASE": database, "LIGHTBOX_FILES": str(files)}


@pytest.fixture(scope="module")
def address(
    shared_by_all: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Of a cluster of two nodes, which lets in whoever has its token; each has its own home."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed: requirements-ray.txt")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LIGHTBOX_HOME", "LIGHTBOX_ROOTS", "LIGHTBOX_USER"):
            patch.delenv(name, raising=False)
        for name, value in shared_by_all.items():
            patch.setenv(name, value)
        # Nodes do what the tests ask them for, and nothing besides.
        patch.setenv("LIGHTBOX_AHEAD", "0")
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", "t" * 64)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # Ray has its workers wait for whatever else goes on.
        patch.setenv("RAY_worker_niceness", "0")
        # A computer that others use, too, must not make it end tasks.
        patch.setenv("RAY_memory_monitor_refresh_ms", "0")
        homes = [str(tmp_path_factory.mktemp(name)) for name in ("one", "two")]
        process = start("-m", "tests.core.jobs.two_nodes", *homes)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            lines = (line for line in process.stdout if line.startswith("address "))
            yield next(lines).split()[1]
        finally:
            process.stdin.close()
            process.stdout.read()
            process.wait()


@pytest.fixture(scope="module")
def team(
    address: str, shared_by_all: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The cluster does what is in the queue of a third computer, which does nothing itself; gives
    that one's environment."""
    home, roots = str(tmp_path_factory.mktemp("home")), str(tmp_path_factory.getbasetemp())
    told = {**shared_by_all, "LIGHTBOX_HOME": home, "LIGHTBOX_ROOTS": roots}
    told["LIGHTBOX_RAY"] = address
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(name, value)
        supervisor = Supervisor(
            open_workspace(), (tiny.MODULE,), (), ray_lanes=("train", "light"), of_app=False
        )
        supervisor.start()
        try:
            yield told
        finally:
            supervisor.stop()


@pytest.fixture
def catalog(team: dict[str, str], monkeypatch: pytest.MonkeyPatch, _own_home: None) -> Catalog:
    for name, value in team.items():
        monkeypatch.setenv(name, value)
    found = open_catalog(open_workspace())
    wait_until(lambda: len(found.machines.all()) == 2, _SECONDS, "two nodes")
    return found


def test_a_cluster_does_what_is_in_the_queue(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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

    # What a killed process had goes on elsewhere.
    job = queue(catalog, "tiny.steps", file=str(tmp_path / "steps"), steps=8, hang_at=5)
    wait_until(lambda: len(curves(catalog, job.id).batches) == 5, _SECONDS, "the fifth step")
    os.kill(catalog.jobs.get(job.id).pid or 0, signal.SIGKILL)
    job = ended(catalog, job, _SECONDS)
    assert (job.state, job.lost) == ("done", 1)
    assert [entry["epoch"] for entry in curves(catalog, job.id).epochs] == list(range(1, 9))


def test_a_scan_and_a_batch_that_nodes_do_parts_of_are_those_of_one_computer_to_the_bit(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "photos"
    for number in range(96):
        write_colour(photos / ("red", "blue")[number % 2] / f"{number}.png", "red", number)
    (photos / "red" / "broken.png").write_bytes(b"no image")
    alone, together = (
        add_folder(catalog, photos, name, restrict=False) for name in ("alone", "together")
    )
    scan_module.scan(catalog, alone.id)
    monkeypatch.setattr(scan_module, "WORTH", 10)
    monkeypatch.setattr(scan_parts, "_SMALLEST", 20)
    job = _left_to_this_process(catalog, "scan", {"dataset_id": together.id})
    here = watched(monkeypatch, scan_parts, "look_part", lambda: part_elsewhere(catalog, job))
    assert execute(catalog, job).state == "done"
    assert 0 < len(here) < 5
    for name in ("index-1.parquet", "thumbs.pack"):
        one, two = (catalog.workspace.dataset(each.id) / name for each in (alone, together))
        assert one.read_bytes() == two.read_bytes(), name

    # The model is fetched by each node.
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    run = make_run(catalog, tmp_path / "training", {"train": images, "test": images})
    batches = [new_batch(catalog, run.id, photos) for _ in range(2)]
    monkeypatch.setattr(batch_module, "CHUNK", 8)
    assert execute(catalog, mine(catalog, submit_batch(catalog, batches[0]))).state == "done"
    spec = {"run_id": run.id, "batch_id": batches[1].id}
    job = _left_to_this_process(catalog, "batch", spec)
    here = watched(monkeypatch, batch_module, "_telling", lambda: part_elsewhere(catalog, job))
    assert execute(catalog, job).state == "done"

    assert 0 < len(here) < 13
    one, two = (place_of(catalog.workspace, each) / "answers.parquet" for each in batches)
    assert one.read_bytes() == two.read_bytes()


def _left_to_this_process(catalog: Catalog, kind: str, spec: dict[str, str]) -> JobRecord:
    """A job that needs more than any node has, claimed here; its parts need nothing."""
    held = catalog.jobs.hold(kind, {}, lane="light")
    catalog.jobs.need(held.id, memory=2**60)
    catalog.jobs.release(held.id, dict(spec))
    return mine(catalog, held)


@pytest.mark.keras
def test_trainings_of_a_search_that_fall_behind_are_stopped_and_stand_in_its_table(
    catalog: Catalog, tmp_path: Path
) -> None:
    dataset = add_colours(catalog, tmp_path / "shades")
    spec = spec_of(dataset, epochs=_EPOCHS, **_SETTINGS)
    # One node is kept busy until the first of the search has come to its end: what the others are
    # measured by is known then.
    busy = started(catalog, queue(catalog, "tiny.wait", lane="train"), _SECONDS)
    good, *bad = search.start_search(catalog, spec, {"learning_rate": [0.02, 1e-9, 1e-8]})
    _done(catalog, good)
    catalog.jobs.request_cancel(busy.id)
    early = list(bad)

    def all_wait() -> bool:
        """They are as quick as who looks at them, so they are to wait where they are compared."""
        for run in list(early):
            if len(curves(catalog, run.job_id).epochs) >= _RUNG:
                catalog.jobs.wish(run.job_id, paused=True)
                early.remove(run)
        return not early

    wait_until(all_wait, _SECONDS, "the first rung")
    for run in bad:
        _done(catalog, run)
        assert "behind the best third" in " ".join(curves(catalog, run.job_id).notes)
        assert len(curves(catalog, run.job_id).epochs) < _EPOCHS
    table = search.results([catalog.runs.get(run.id) for run in (*bad, good)])
    assert table["id"].iloc[0] == good.id
    assert list(table["learning_rate"].sort_values()) == [1e-9, 1e-8, 0.02]
    assert set(table["state"]) == {"done"}
    assert table[["validation_accuracy", "seconds"]].notna().all(axis=None)


@pytest.mark.keras
def test_two_nodes_train_a_network_as_a_computer_does_that_knows_no_ray(
    catalog: Catalog,
    team: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # After a search one node is too many, and is taken back, while the other is at work.
    dataset = add_colours(catalog, tmp_path / "colours together")
    run = create_run(catalog, spec_of(dataset, epochs=4, together=2, **_SETTINGS))
    _done(catalog, run)
    notes = curves(catalog, run.job_id).notes
    assert not [note for note in notes if "instead of" in note]
    found = _figures(RunFiles(catalog.workspace, run.id).history())
    for name in team:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "alone"))
    alone = new_catalog(tmp_path / "alone")
    record = add_colours(alone, tmp_path / "colours together")
    run = create_run(alone, spec_of(record, epochs=4, **_SETTINGS))
    train_run(alone, run.id)
    expected = _figures(RunFiles(alone.workspace, run.id).history())
    assert np.allclose(found, expected, rtol=2e-3, atol=2e-4)


def _figures(history: list[EpochRecord]) -> NDArray[np.float64]:
    return np.array([(each.loss, each.val_loss) for each in history], np.float64)


def _done(catalog: Catalog, run: RunRecord) -> None:
    job = ended(catalog, catalog.jobs.get(run.job_id), 3 * _SECONDS)
    assert (job.state, job.error) == ("done", "")


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
