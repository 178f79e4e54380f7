"""Text for people or one document for programs, and progress where it is in nobody's way."""

from __future__ import annotations

import json

import pytest

from core.catalog import Catalog
from core.cli.output import Output
from core.cli.running import JobDefect, JobFailed, run_job
from core.errors import Cancelled
from tests.core.jobs import tiny
from tests.core.jobs.processes import queue

assert tiny.MODULE, "importing it registers its kinds"
Captured = pytest.CaptureFixture[str]


def test_text_and_tables_are_for_people_only(capsys: Captured) -> None:
    for json_wanted in (False, True):
        output = Output(json_wanted=json_wanted)
        output.text("hello")
        output.table(("name", "images"), [("a", 1)])
        output.document({"name": "Käse “1”"})
        said = capsys.readouterr()
        if json_wanted:
            assert json.loads(said.out) == {"name": "Käse “1”"}
            assert "Käse “1”" in said.out
        else:
            assert said.out.splitlines() == ["hello", "name  images", "a          1"]
        assert said.err == ""


def test_columns_of_numbers_are_aligned_to_the_right(capsys: Captured) -> None:
    Output(json_wanted=False).table(
        ("name", "images", "accuracy"), [("cats and dogs", "1,234", "–"), ("x", "7", "91.0 %")]
    )
    assert capsys.readouterr().out.splitlines() == [
        "name           images  accuracy",
        "cats and dogs   1,234         –",
        "x                   7    91.0 %",
    ]


def test_a_table_without_rows_is_its_head(capsys: Captured) -> None:
    Output(json_wanted=False).table(("name", "images"), [])
    assert capsys.readouterr().out == "name  images\n"


def test_progress_in_a_log_is_a_line_a_phase_on_standard_error(capsys: Captured) -> None:
    progress = Output(json_wanted=True).progress
    for done in range(50):
        progress.progress("scan", done, 50, "Looking at images")
    progress.progress("decode", 0, None)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["Looking at images …", "decode …"]


def test_progress_on_a_terminal_is_one_line_that_rewrites_itself(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    output = Output(json_wanted=False)
    output.progress.progress("scan", 0, 50, "Looking at images")
    output.progress.progress("scan", 50, 50, "Looking at images")
    output.text("Done.")
    said = capsys.readouterr()
    assert said.out == "Done.\n"
    assert said.err.count("\n") == 1
    assert said.err.endswith("\n")
    assert "50 of 50  100 %" in said.err.split("\r")[-1]


def test_epochs_and_notes_are_lines(capsys: Captured) -> None:
    progress = Output(json_wanted=True).progress
    progress.event("note", text="One image was left out.")
    progress.event("epoch", epoch=1, epochs=2, loss=0.5, val_loss=None, accuracy=0.75, best=True)
    progress.event("batch", batch=1)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "One image was left out.",
        "epoch 1/2  loss 0.5000  accuracy 0.7500  *",
    ]


def test_a_job_that_is_done_here_is_reported_here(catalog: Catalog, capsys: Captured) -> None:
    job = run_job(catalog, queue(catalog, "tiny.note", text="Counted."), Output(json_wanted=True))
    assert job.state == "done"
    assert capsys.readouterr().err.splitlines() == ["Counting …", "Counted."]


def test_a_job_that_failed_here_is_its_sentence(catalog: Catalog) -> None:
    with pytest.raises(JobFailed, match="This folder is empty"):
        run_job(catalog, queue(catalog, "tiny.mistake"), Output(json_wanted=True))
    with pytest.raises(JobDefect, match="logs under e-"):
        run_job(catalog, queue(catalog, "tiny.defect"), Output(json_wanted=True))


def test_a_job_that_was_cancelled_before_it_began_is_not_done(catalog: Catalog) -> None:
    job = queue(catalog, "tiny.note")
    catalog.jobs.request_cancel(job.id)
    with pytest.raises(Cancelled):
        run_job(catalog, job, Output(json_wanted=True))


def test_a_name_of_several_lines_stays_in_its_row(capsys: Captured) -> None:
    Output(json_wanted=False).table(("class", "images"), [("a\nb\x1b[31m", 3), ("é", 4)])
    assert capsys.readouterr().out.splitlines()[1] == "a\\nb\\x1b[31m       3"
