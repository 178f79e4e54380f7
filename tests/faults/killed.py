"""Works on a workspace and is killed in the middle, again and again:
``python -m tests.faults.killed FOLDER ROUNDS SEED``.

Everything is imported once; each round is a fork that does what it is told until it is killed, and
writes down what it has been promised. Then another fork looks whether all of that is there.
"""

from __future__ import annotations

import io
import os
import random
import signal
import sqlite3
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from core.access import browsers, people
from core.catalog import Catalog, open_catalog
from core.catalog.backups import backup, restore
from core.catalog.datasets import new_id
from core.datasets import intake
from core.datasets.upload import UploadStage
from core.delivery.take_away.links import all_links, create_link
from core.inference.keys import create_key, find_key, list_keys
from core.jobs.execute import execute
from core.jobs.kinds import submit_export
from core.progress import Reporter
from core.quality import take_away
from core.quality.curation import curated, decide, usable
from core.quality.scan import scan
from core.runs.files import RunFiles
from core.who import Who, acting_as
from core.workspace import finish_swap, open_workspace, read_json
from tests.core.api.asking import add_run
from tests.core.catalog.test_migrations import of_schema
from tests.core.datasets.packing import good

# How long a round may work before it is killed, in seconds: from at once to past its end.
_LONGEST_S = 0.8
_PASSWORD = "a few words in a row"


def work(base: Path, number: int) -> None:
    """Import, decide, make a key, a model and a link, and a backup, one after the other."""
    home = base / "home"
    promised = (base / "promised").open("a", encoding="utf-8")

    def promise(kind: str, value: str) -> None:
        promised.write(f"{kind} {value}\n")
        promised.flush()

    catalog = open_catalog(open_workspace(home))
    record = intake.add_archive(catalog, base / "photos.zip", "photos.zip", f"set {number}")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    promise("dataset", record.id)
    path = str(curated(catalog, record.id)["path"].iloc[0])
    decide(catalog, record.id, "exclude", [path])
    promise("excluded", record.id)
    _, secret = create_key(catalog.workspace, new_id("key"))
    promise("key", secret)
    run = add_run(catalog, new_id("run"))
    promise("run", run.id)
    promise("link", create_link(catalog, run.id, "demo").token)
    backup(catalog.workspace, base / "all.lightbox")
    promise("backup", str(number))


def look(base: Path) -> None:
    """Whatever was promised is there, and whatever is there is whole."""
    catalog = open_catalog(open_workspace(base / "home"))
    with closing(sqlite3.connect(catalog.workspace.database)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for line in (base / "promised").read_text(encoding="utf-8").splitlines():
        kind, value = line.split()
        if kind in ("dataset", "excluded"):
            table = curated(catalog, value)
            assert len(table) == 4, line
            assert kind == "dataset" or len(usable(table)) == 3, line
        elif kind == "key":
            assert find_key(catalog.workspace, value) is not None, line
        elif kind == "run":
            assert RunFiles(catalog.workspace, value).model().classes, line
        elif kind == "link":
            assert value in {each.token for each in all_links(catalog.workspace)}, line
        else:
            place = base / f"restored-{os.getpid()}-{value}"
            restore(place, base / "all.lightbox")
    assert list_keys(catalog.workspace) is not None
    for record in catalog.datasets.all():
        assert read_json(catalog.workspace.dataset(record.id) / "source.json"), record.id
        if record.state == "ready":
            assert len(curated(catalog, record.id)) == 4, record.id


def replace(base: Path, number: int) -> None:
    """Put one of two backups in the place of the other's."""
    restore(base / "swapped", base / f"{number % 2}.lightbox", replace=True)


def look_at_swapped(base: Path) -> None:
    """It is one of the two, whole."""
    finish_swap(base / "swapped")
    with closing(sqlite3.connect(base / "swapped" / "lightbox.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = opened.execute("SELECT name FROM datasets").fetchall()
    mark = (base / "swapped" / "mark").read_text(encoding="utf-8")
    assert names == [(f"of {mark}",)], (names, mark)


def migrate(base: Path, _: int) -> None:
    """Bring an old database to today's schema."""
    open_catalog(open_workspace(base / "old"))


def look_at_migrated(base: Path) -> None:
    """It can be opened, and has what it had."""
    catalog = open_catalog(open_workspace(base / "old"))
    with closing(sqlite3.connect(catalog.workspace.database)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [each.name for each in catalog.datasets.all()] == ["kept"]
    assert catalog.people.all() == []


def begin_old(base: Path) -> None:
    """A database as the first version made it."""
    for file in (base / "old").glob("lightbox.db*"):
        file.unlink()
    engine = of_schema(open_workspace(base / "old"), "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO datasets (id, name, origin, root, created_at, version, state, images, "
            "classes, problem) VALUES ('k', 'kept', 'folder', '/', 0, 0, 'ready', 0, 0, '')"
        )
    engine.dispose()


def begin_swapped(base: Path) -> None:
    """Two workspaces with a backup each."""
    for number in (0, 1):
        catalog = open_catalog(open_workspace(base / f"of-{number}"))
        catalog.datasets.add(f"of {number}", "folder", "/")
        (catalog.workspace.home / "mark").write_text(str(number), encoding="utf-8")
        (catalog.workspace.home / "more").write_bytes(os.urandom(3_000_000))
        backup(catalog.workspace, base / f"{number}.lightbox")
        catalog.engine.dispose()
    restore(base / "swapped", base / "0.lightbox")


def serve(base: Path, number: int) -> None:
    """What the web process writes: somebody comes in by an invitation and sends photos."""
    promised = (base / "served").open("a", encoding="utf-8")

    def promise(kind: str, value: str) -> None:
        promised.write(f"{kind} {value}\n")
        promised.flush()

    catalog = open_catalog(open_workspace(base / "home"))
    name = f"person {number}"
    people.accept(catalog, people.invite(catalog, "labeller"), name, _PASSWORD)
    promise("person", str(number))
    promise("session", browsers.sign_in(catalog, catalog.people.get(name).id))
    with acting_as(Who("labeller", name)):
        stage = UploadStage(catalog.workspace)
        for path, data in good().items():
            stage.add(path, io.BytesIO(data))
        record = stage.finish(catalog, f"of {name}")
        scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
        promise("dataset", record.id)


def look_at_served(base: Path) -> None:
    """Whoever was let in still is, as themselves; what they were told has come is there."""
    catalog = open_catalog(open_workspace(base / "home"))
    for line in (base / "served").read_text(encoding="utf-8").splitlines():
        kind, _, value = line.partition(" ")
        if kind == "person":
            assert catalog.people.get(f"person {value}").role == "labeller", line
        elif kind == "session":
            assert browsers.recognised(catalog, value, people=True) is not None, line
        else:
            assert len(curated(catalog, value)) == 4, line
            assert catalog.visibility.of("dataset", value)[0].startswith("person"), line
    # An invitation makes one person or can be used again; nobody is there by halves.
    assert all(each.password for each in catalog.people.all())


def export(base: Path, _: int) -> None:
    """A worker: takes an export, and packs it."""
    catalog = open_catalog(open_workspace(base / "of-0"))
    submit_export(catalog, catalog.datasets.find("packed").id, "classes")
    _finish_all(catalog)


def _finish_all(catalog: Catalog) -> None:
    while job := catalog.jobs.claim("light", pid=os.getpid(), host="here"):
        ended = execute(catalog, job)
        assert ended.state == "done", ended


def look_at_exported(base: Path) -> None:
    """What is there to be fetched is whole, and what was not finished can be done anew."""
    catalog = open_catalog(open_workspace(base / "of-0"))
    for job in catalog.jobs.all(states=("running",)):
        catalog.jobs.finish(job.id, "interrupted")
        catalog.jobs.requeue(job.id)
    _whole(catalog)
    _finish_all(catalog)
    assert _whole(catalog) == len(catalog.jobs.all(kind="export"))


def _whole(catalog: Catalog) -> int:
    found = 0
    for job in catalog.jobs.all(kind="export"):
        if (file := take_away.find(catalog.workspace, job.spec["token"])) is not None:
            with zipfile.ZipFile(file) as packed:
                assert packed.testzip() is None, file
                assert sum(each.endswith(".png") for each in packed.namelist()) == 4, file
            found += 1
    return found


def begin_exported(base: Path) -> None:
    """A dataset to be packed."""
    catalog = open_catalog(open_workspace(base / "of-0"))
    record = intake.add_archive(catalog, base / "photos.zip", "photos.zip", "packed")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))


def forked(do: Callable[[], None], killed_after_s: float | None = None) -> int:
    """Do something in a fork; returns its exit status, negative for a signal's number."""
    pid = os.fork()
    if pid == 0:
        try:
            do()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    if killed_after_s is not None:
        time.sleep(killed_after_s)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> int:
    """One round after the other works, replaces, migrates, serves, exports; returns 1 as soon as
    something is missing."""
    base, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    for name in ("promised", "served"):
        (base / name).touch()
    assert forked(lambda: begin_swapped(base)) == 0
    assert forked(lambda: begin_exported(base)) == 0
    kinds: list[tuple[Callable[[Path, int], None], Callable[[Path], None]]] = [
        (work, look),
        (replace, look_at_swapped),
        (migrate, look_at_migrated),
        (serve, look_at_served),
        (export, look_at_exported),
    ]
    killed = 0
    for number in range(rounds):
        do, check = kinds[number % len(kinds)]
        if do is migrate:
            assert forked(lambda: begin_old(base)) == 0
        after = chance.uniform(0, _LONGEST_S) ** (1 if do in (work, serve) else 2)
        ended = forked(lambda do=do, n=number: do(base, n), after)  # type: ignore[misc]
        if ended == 1:
            return 1
        killed += ended == -signal.SIGKILL
        if forked(lambda check=check: check(base)) != 0:  # type: ignore[misc]
            print(f"round {number}, {do.__name__}, killed after {after:.3f} s", file=sys.stderr)
            return 1
    print(f"{killed} of {rounds} were killed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
