"""Corrected images gather apart, and go into the dataset only when somebody says so."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from core.cli import main
from core.datasets import intake
from core.errors import InvalidInput, NotFound, UnreadableImage
from core.inference.beginning import begin_class
from core.inference.corrections import (
    add_corrections,
    correct,
    corrections,
    corrections_zip,
    drop_correction,
    read_correction,
    take_back,
)
from core.progress import Reporter
from core.quality.curation import curated
from core.quality.scan import scan
from tests.core.evaluation.coloured import make_run, write_colour

SPLITS = {"train": [("red", "red"), ("green", "green"), ("blue", "blue")]}


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    """A run whose dataset is a folder of somebody's own."""
    return make_run(catalog, tmp_path / "colours", SPLITS)


@pytest.fixture
def own(catalog: Catalog, run: RunRecord, tmp_path: Path) -> RunRecord:
    """The same run, of a dataset that keeps its own images."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in (tmp_path / "colours").rglob("*.png"):
            archive.write(file, file.relative_to(tmp_path / "colours"))
    (tmp_path / "own.zip").write_bytes(packed.getvalue())
    record = intake.add_archive(catalog, tmp_path / "own.zip", "own.zip", "Own")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    made = catalog.runs.add(
        "own", dataset_id=record.id, dataset_version=1, spec={}, job_id=run.job_id
    )
    folder = catalog.workspace.run(made.id)
    folder.mkdir(parents=True)
    for file in catalog.workspace.run(run.id).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return made


def image(tmp_path: Path, seed: int) -> bytes:
    return write_colour(tmp_path / f"new-{seed}.png", "green", seed).read_bytes()


def test_they_gather_and_nothing_changes_until_they_are_added(
    catalog: Catalog, own: RunRecord, tmp_path: Path
) -> None:
    before = catalog.datasets.get(own.dataset_id).version
    first, second = image(tmp_path, 101), image(tmp_path, 102)
    correct(catalog, own.id, "a/../x.png", first, "blue", predicted="green", confidence=0.9)
    correct(catalog, own.id, "frame", second, "red")
    scan(catalog, own.dataset_id)
    assert len(curated(catalog, own.dataset_id)) == 3
    assert catalog.datasets.get(own.dataset_id).version >= before
    newest, oldest = corrections(catalog.workspace, own.dataset_id)
    assert (newest.label, oldest.label, oldest.predicted) == ("red", "blue", "green")
    assert read_correction(catalog.workspace, own.dataset_id, oldest.id) == first
    assert add_corrections(catalog, own.dataset_id) == 2
    scan(catalog, own.dataset_id)
    table = curated(catalog, own.dataset_id)
    assert table["label"].value_counts().to_dict() == {"red": 2, "blue": 2, "green": 1}
    assert corrections(catalog.workspace, own.dataset_id) == []
    kept = {
        file.read_bytes() for file in catalog.workspace.originals(own.dataset_id).rglob("*.png")
    }
    assert {first, second} <= kept


def test_the_last_word_about_an_image_counts(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    for label in ("blue", "red"):
        correct(catalog, run.id, "x.png", image(tmp_path, 101), label)
    (only,) = corrections(catalog.workspace, run.dataset_id)
    assert only.label == "red"


def test_one_is_left_out_and_brought_back(catalog: Catalog, run: RunRecord, tmp_path: Path) -> None:
    made = correct(catalog, run.id, "x.png", image(tmp_path, 101), "blue")
    place = (catalog.workspace, run.dataset_id)
    drop_correction(*place, made.id)
    assert corrections(*place) == []
    with pytest.raises(InvalidInput, match="no corrections"):
        corrections_zip(*place)
    drop_correction(*place, made.id, dropped=False)
    assert [item.id for item in corrections(*place)] == [made.id]
    for nonsense in ("../../x", "0" * 32):
        with pytest.raises(NotFound):
            drop_correction(*place, nonsense)


def test_corrections_of_a_folder_of_ones_own_are_kept_beside_it(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    data = image(tmp_path, 101)
    correct(catalog, run.id, "../evil.png", data, "blue")
    before = sorted((tmp_path / "colours").rglob("*"))
    with zipfile.ZipFile(io.BytesIO(corrections_zip(catalog.workspace, run.dataset_id))) as archive:
        (name,) = archive.namelist()
        assert name.startswith("blue/evil")
        assert archive.read(name) == data
    assert add_corrections(catalog, run.dataset_id) == 1
    scan(catalog, run.dataset_id)
    table = curated(catalog, run.dataset_id)
    assert list(table.loc[table["path"].str.contains("evil"), "label"]) == ["blue"]
    assert sorted((tmp_path / "colours").rglob("*")) == before
    assert corrections(catalog.workspace, run.dataset_id) == []


def test_one_that_was_taken_back_can_be_said_anew_of_another_class(
    catalog: Catalog, own: RunRecord, tmp_path: Path
) -> None:
    data, dataset = image(tmp_path, 101), own.dataset_id
    for label in ("blue", "red"):
        made = correct(catalog, own.id, "x.png", data, label)
        add_corrections(catalog, dataset, made.id)
        scan(catalog, dataset)
        table = curated(catalog, dataset)
        mine = table[table["hash"].str.startswith(made.id) & ~table["excluded"]]
        assert list(mine["label"]) == [label]
        assert len(table) == 4
        take_back(catalog, dataset, made.id)
        assert curated(catalog, dataset)["excluded"].sum() == 1
    assert corrections(catalog.workspace, dataset) == []


def test_what_makes_no_sense_is_refused(catalog: Catalog, run: RunRecord, tmp_path: Path) -> None:
    known = (tmp_path / "colours/red/train-0.png").read_bytes()
    with pytest.raises(InvalidInput, match="in the dataset already, as “red”"):
        correct(catalog, run.id, "x.png", known, "blue")
    with pytest.raises(InvalidInput, match="doesn't know the class"):
        correct(catalog, run.id, "x.png", image(tmp_path, 101), "yellow")
    with pytest.raises(UnreadableImage):
        correct(catalog, run.id, "x.png", b"no image", "blue")
    assert corrections(catalog.workspace, run.dataset_id) == []


def test_the_command_line_corrects_lists_drops_and_adds(
    catalog: Catalog, own: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str) -> dict:  # type: ignore[type-arg]
        assert main([*words, "--json"]) == 0
        return dict(json.loads(capsys.readouterr().out))

    image(tmp_path, 101)
    made = said("correct", own.id, str(tmp_path / "new-101.png"), "blue")
    assert (made["label"], made["predicted"]) == ("blue", "green")
    assert said("corrections", "Own", "--drop", made["id"])["corrections"] == []
    assert len(said("corrections", "Own", "--restore", made["id"])["corrections"]) == 1
    said("corrections", "Own", "--zip", str(tmp_path / "out.zip"))
    assert zipfile.ZipFile(tmp_path / "out.zip").namelist()
    assert said("corrections", "Own", "--add")["added"] == 1
    assert len(curated(catalog, own.dataset_id)) == 4


def test_an_image_of_no_class_begins_one_also_from_the_command_line(
    catalog: Catalog,
    run: RunRecord,
    own: RunRecord,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = write_colour(tmp_path / "new.png", "red", 99)
    for each in (run, own):
        before = sorted((tmp_path / "colours").rglob("*"))
        with pytest.raises(InvalidInput, match="already a class “red”"):
            begin_class(catalog, each.id, "pasted", file.read_bytes(), "red")
        begun = begin_class(catalog, each.id, "pasted", file.read_bytes(), "olive")
        (path,) = begun.paths
        assert (begun.fresh, begun.missing) == (True, 2)
        scan(catalog, each.dataset_id)
        table = curated(catalog, each.dataset_id).set_index("path")
        assert table.loc[path, "label"] == "olive"
        assert sorted((tmp_path / "colours").rglob("*")) == before, "a person's folder stays"
        with pytest.raises(InvalidInput, match="in the dataset already, as “olive”"):
            begin_class(catalog, each.id, "new.png", file.read_bytes(), "lime")
    for number in (98, 97, 96):
        other = write_colour(tmp_path / f"other-{number}.png", "red", number)
        assert (
            main(["correct", run.id, str(other), " Lime" if number < 98 else "lime", "--new"]) == 0
        )
    assert list(curated(catalog, run.dataset_id)["label"]).count("lime") == 3
    said = capsys.readouterr().out
    assert "With 2 more it can be learned" in said
    assert "With 1 more it can be learned" in said
    assert "Train, and it is learned" in said
