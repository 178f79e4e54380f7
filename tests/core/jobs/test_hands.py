"""Several machines do one job together: the same to the bit as one alone, whoever dies."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.catalog import Catalog, JobRecord
from core.datasets.content import hash_bytes
from core.datasets.intake import add_folder, start_upload
from core.errors import NotFound
from core.inference import batch as batch_module
from core.inference.batch_store import new_batch, place_of
from core.jobs.execute import execute
from core.jobs.hands import Does
from core.jobs.kinds import submit_batch, submit_import, submit_scan
from core.jobs.supervisor import Supervisor
from core.progress import Reporter
from core.quality import scan as scan_module
from core.quality import scan_parts
from core.quality.curation import curated
from core.workspace import Workspace, open_workspace
from tests.computers import Computer
from tests.conftest import write_image
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.jobs import tiny
from tests.core.jobs.processes import ended, queue
from tests.core.jobs.together import mine, part_elsewhere, watched
from tests.recording import RecordingReporter

Elsewhere = Callable[[], JobRecord | None]


@contextmanager
def another_machine(
    catalog: Catalog, job: JobRecord, home: Workspace | None = None
) -> Iterator[Elsewhere]:
    """A second machine, ready; gives what waits until it has a part of a job, and returns that."""
    workspace = home or catalog.workspace
    other = Supervisor(workspace, (tiny.MODULE,), ("light",), of_app=False)
    other.start()

    try:
        ended(catalog, queue(catalog, "tiny.note"), 180)
        yield lambda: part_elsewhere(catalog, job)
    finally:
        other.stop()


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("killed", [False, True], ids=["", "killed"])
def test_a_scan_by_two_machines_is_that_of_one_to_the_bit(
    catalog: Catalog,
    class_folders: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    root = class_folders({"cat": 50, "dog": 46})
    (root / "cat" / "broken.jpg").write_bytes(b"no image")
    monkeypatch.setattr(scan_module, "WORTH", 10)
    monkeypatch.setattr(scan_parts, "_SMALLEST", 20)
    alone = add_folder(catalog, root, "alone", restrict=False)
    assert execute(catalog, mine(catalog, submit_scan(catalog, alone.id))).state == "done"
    together = add_folder(catalog, root, "together", restrict=False)
    job = mine(catalog, submit_scan(catalog, together.id))
    with another_machine(catalog, job) as has_one:

        def happens() -> None:
            part = has_one()
            assert part is not None
            assert part.pid is not None
            if killed:
                os.kill(part.pid, signal.SIGKILL)

        here = watched(monkeypatch, scan_parts, "look_part", happens)
        told = RecordingReporter()
        assert execute(catalog, job, told).state == "done"
    parts = 5
    # A machine whose worker was killed starts another, which may come in time for a part.
    assert 0 < len(here) < parts + killed
    for name in ("index-1.parquet", "thumbs.pack"):
        one, two = (catalog.workspace.dataset(each.id) / name for each in (alone, together))
        assert one.read_bytes() == two.read_bytes(), name
    assert catalog.jobs.all(parts=True)[-1].whole == ""
    assert not list((catalog.workspace.cache / "parts").iterdir())
    counts = [done for phase, done, *_ in told.steps if phase == "scan"]
    assert counts == sorted(counts)
    assert counts[-1] == 97


@pytest.mark.usefixtures("shared")
def test_computers_that_share_a_store_scan_what_one_of_them_has_taken_in(
    computer: Computer,
    class_folders: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    catalog = computer("here")
    monkeypatch.setattr(scan_module, "WORTH", 10)
    monkeypatch.setattr(scan_parts, "_SMALLEST", 20)
    jobs = []
    for name in ("alone", "together"):
        record = start_upload(catalog, name, [])
        originals = catalog.workspace.originals(record.id)
        shutil.copytree(class_folders({"cat": 50, "dog": 47}), originals, dirs_exist_ok=True)
        jobs.append(mine(catalog, submit_import(catalog, record.id)))
    assert execute(catalog, jobs[0]).state == "done"
    with another_machine(catalog, jobs[1], open_workspace(tmp_path / "there")) as has_one:
        here = watched(monkeypatch, scan_parts, "look_part", has_one)
        assert execute(catalog, jobs[1]).state == "done"
    assert 0 < len(here) < 5
    third = computer("third")
    alone, together = (catalog.datasets.find(name).id for name in ("alone", "together"))
    tables = [curated(third, alone), curated(third, together), curated(catalog, together)]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(
            tables[0].drop(columns="mtime_ns"), table.drop(columns="mtime_ns")
        )
    one, two = (third.workspace.dataset(each) / "thumbs.pack" for each in (alone, together))
    assert one.read_bytes() == two.read_bytes()
    assert not list((tmp_path / "shared").glob("parts/*"))


@pytest.mark.usefixtures("either_database")
def test_a_batch_by_two_machines_is_that_of_one_to_the_bit(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "CHUNK", 8)
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    run = make_run(catalog, tmp_path / "training", {"train": images, "test": images})
    for number in range(40):
        write_colour(tmp_path / "new" / f"{number}.png", "red", number)
    (tmp_path / "new" / "broken.png").write_bytes(b"no image")
    alone, together = (new_batch(catalog, run.id, tmp_path / "new") for _ in range(2))
    assert execute(catalog, mine(catalog, submit_batch(catalog, alone))).state == "done"
    job = mine(catalog, submit_batch(catalog, together))
    with another_machine(catalog, job) as has_one:
        here = watched(monkeypatch, batch_module, "_telling", has_one)
        assert execute(catalog, job).state == "done"
    assert 0 < len(here) < 6
    one, two = (place_of(catalog.workspace, each) / "answers.parquet" for each in (alone, together))
    assert one.read_bytes() == two.read_bytes()


class WithOtherFiles(Reporter):
    """Has each part of a job done on a computer that has other files at the same place."""

    machines = 2

    def __init__(self, catalog: Catalog, folder: Path, others: Path, does: Any) -> None:
        self.catalog, self.folder, self.others, self.does = catalog, folder, others, does
        self.refused = 0

    def hands(self) -> WithOtherFiles:
        return self

    def share(
        self, kind: str, specs: Sequence[dict[str, Any]], here: Does, tell: object
    ) -> Generator[int]:
        del kind, tell
        aside = self.folder.with_name("aside")
        for number, spec in enumerate(specs):
            self.folder.rename(aside)
            self.others.rename(self.folder)
            try:
                self.does(self.catalog, spec, Reporter())
            except NotFound as error:
                self.refused += "other files at that place" in str(error)
            finally:
                self.folder.rename(self.others)
                aside.rename(self.folder)
            here(spec, Reporter())
            yield number


@pytest.mark.parametrize("of", ["one size", "another size"])
def test_parts_are_left_to_their_owner_where_a_computer_has_other_files_at_that_place(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    monkeypatch.setattr(scan_module, "WORTH", 4)
    monkeypatch.setattr(batch_module, "_WORTH_CHUNKS", 1)
    images = [("red", "red"), ("green", "green")]
    run = make_run(catalog, tmp_path / "training", {"train": images, "test": images})
    folder, others = tmp_path / "new", tmp_path / "others"
    for number in range(8):
        for place, shade in ((folder, number), (others, number + 100)):
            file = write_image(place / "cat" / f"{number}.bmp", shade)
            if of == "another size" and place == others and number != 0:
                file.write_bytes(file.read_bytes() + b"0")
    if of == "another size":
        (others / "cat/0.bmp").write_bytes((folder / "cat/0.bmp").read_bytes())
    record = add_folder(catalog, folder, restrict=False)
    scanning = WithOtherFiles(catalog, folder, others, scan_parts.look_part)
    scan_module.scan(catalog, record.id, scanning)
    assert scanning.refused == 1
    hashes = {hash_bytes(file.read_bytes()) for file in folder.glob("cat/*")}
    assert set(curated(catalog, record.id)["hash"]) == hashes
    batch = new_batch(catalog, run.id, folder)
    answering = WithOtherFiles(catalog, folder, others, batch_module.answer_part)
    batch_module.answer_batch(catalog, run.id, batch.id, answering)
    assert answering.refused == 1


def test_parts_that_are_done_at_once_have_helpers_for_their_own_folder(
    class_folders: Callable[..., Path],
) -> None:
    one, two = class_folders({"one": 1}, "one"), class_folders({"two": 1}, "two")
    lend = scan_parts._Lender()
    with lend(one, None), lend(two, None):
        pass
    for root in (two, one, two):
        with lend(root, None) as pool:
            (looked,) = pool.look([[f"{root.name}/000.jpg"]], lambda: None)
        assert looked.facts[0].status == "ok"


def test_who_stops_a_job_stops_all_its_parts(
    catalog: Catalog, class_folders: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_module, "WORTH", 10)
    monkeypatch.setattr(scan_parts, "_SMALLEST", 10)
    dataset = add_folder(catalog, class_folders({"cat": 50, "dog": 50}), "pets", restrict=False)
    job = mine(catalog, submit_scan(catalog, dataset.id))
    with another_machine(catalog, job) as has_one:

        def happens() -> None:
            has_one()
            catalog.jobs.request_cancel(job.id)

        watched(monkeypatch, scan_parts, "look_part", happens)
        assert execute(catalog, job).state == "cancelled"
        states = catalog.jobs.states_of_parts(job.id).values()
        assert "queued" not in states  # those that run were asked to stop, or have heard it
    assert execute(catalog, mine(catalog, submit_scan(catalog, dataset.id))).state == "done"


def test_a_part_of_a_scan_that_is_begun_anew_elsewhere_is_no_defect(
    catalog: Catalog, class_folders: Callable[..., Path]
) -> None:
    root = class_folders({"cat": 2})
    record = add_folder(catalog, root, "lost", restrict=False)
    job = mine(catalog, submit_scan(catalog, record.id))
    spec = {"dataset_id": record.id, "folder": f"{record.id}.tidied", "part": 0, "greys": None}
    (part_id,) = catalog.jobs.add_parts(job, "scan_part", [{**spec, "first": ""}])
    found = execute(catalog, mine(catalog, catalog.jobs.get(part_id)))
    assert (found.state, found.error_id) == ("failed", "")
    assert list(catalog.workspace.logs.iterdir()) == []
