"""Whoever stops a training is told what became of it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from core.catalog import Catalog, JobRecord
from core.cli import running
from core.cli.output import Output
from core.cli.running import saying_what_became
from core.errors import Cancelled
from tests.core.cli.conftest import Cli
from tests.core.evaluation.coloured import CLASSES, make_run


def test_a_stopped_training_has_no_model_or_has_one_all_the_same(
    catalog: Catalog, tmp_path: Path
) -> None:
    right = [(label, label) for label in CLASSES]
    run = make_run(catalog, tmp_path / "colours", {"train": right, "test": right})
    for stop in (KeyboardInterrupt, Cancelled):
        with pytest.raises(Cancelled) as caught, saying_what_became(catalog, run.id):
            raise stop
        assert str(caught.value) == (
            'Stopped. “colours” has no model yet. Go on with: resume "colours"'
        )
    # What a worker of the app has begun goes on there until it has heard of it.
    other = catalog.jobs.add("train", {}, lane="train", subject=run.dataset_id)
    again = catalog.runs.add(
        "again", dataset_id=run.dataset_id, dataset_version=1, spec={}, job_id=other.id
    )
    catalog.jobs.claim("train", pid=1, host="app", job_id=other.id)
    with pytest.raises(Cancelled, match='To stop it there: stop "again"'):
        with saying_what_became(catalog, again.id):
            raise KeyboardInterrupt
    # And what nobody has begun is not begun any more.
    waits = catalog.jobs.add("train", {}, lane="train", subject=run.dataset_id)
    third = catalog.runs.add(
        "third", dataset_id=run.dataset_id, dataset_version=1, spec={}, job_id=waits.id
    )
    with pytest.raises(Cancelled, match='resume "third"'):
        with saying_what_became(catalog, third.id):
            raise KeyboardInterrupt
    assert catalog.jobs.get(waits.id).state == "cancelled"
    catalog.jobs.finish(run.job_id, "done")
    with (
        pytest.raises(Cancelled, match="“colours” is there all the same"),
        saying_what_became(catalog, run.id),
    ):
        raise KeyboardInterrupt


def test_an_import_that_was_stopped_says_how_it_goes_on(
    cli: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr("core.quality.scan.scan", stopped)
        said = cli("dataset", "add", photos)
    assert (said.code, said.err.splitlines()[-1]) == (130, 'Stopped. Go on with: scan "colours"')
    for words in (("dataset", "show"), ("dataset", "export")):
        where = (photos.parent / "out",) if words[-1] == "export" else ()
        assert "Scan to go on with it." in cli(*words, "colours", *where).mistake
    assert "9 images" in cli("scan", "colours").out
    assert cli("dataset", "show", "colours", "--json").document["images"] == 9


def test_ctrl_c_is_answered_where_the_command_talks_and_not_where_libraries_do(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(_: Catalog, claimed: JobRecord, *__: object) -> JobRecord:
        interrupted = signal.getsignal(signal.SIGINT)
        assert callable(interrupted)
        interrupted(signal.SIGINT, None)
        catalog.jobs.finish(claimed.id, "done")
        return catalog.jobs.get(claimed.id)

    monkeypatch.setattr(running, "execute", execute)
    job = catalog.jobs.add("scan", {}, lane="light", subject="d")
    with (tmp_path / "terminal").open("w", encoding="utf-8") as terminal:
        output = Output(json_wanted=True)
        output.err = terminal
        assert running.run_job(catalog, job, output).state == "done"
    said = (tmp_path / "terminal").read_text(encoding="utf-8")
    assert "Press Ctrl-C once more" in said
