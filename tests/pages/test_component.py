"""Components are drawn whatever the names are that their keys are made of."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from core.evaluation.evaluate import evaluate_folder
from core.inference.batch import answer_batch
from core.inference.batch_store import new_batch, place_of
from pages._widgets.component import safe_key
from tests.conftest import ROOT
from tests.core.evaluation.coloured import write_colour
from tests.pages.conftest import Open, Trained, assert_no_defect, gallery, sections

NAMES = ("my__new", "___", "new_", "a__b__c")


@pytest.mark.parametrize("name", [*NAMES, "\udce4__b"])
def test_a_key_is_made_one_that_streamlit_takes(name: str) -> None:
    made = safe_key(f"gallery-{name}")
    assert "__" not in f"{made}_"
    assert made.startswith("gallery-")


def test_different_keys_stay_different_and_harmless_ones_are_as_they_were() -> None:
    keys = [f"gallery-{name}" for name in ("a_b", "a__b", "a___b", "a-b", "a_b_", "a__b_")]
    assert len({safe_key(key) for key in keys}) == len(keys)
    assert [safe_key(key) for key in ("gallery-a_b", "below-run-0.5")] == [
        "gallery-a_b",
        "below-run-0.5",
    ]


def test_no_component_goes_round_it() -> None:
    made = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "pages").rglob("*.py")
        if any(
            isinstance(node, ast.Attribute) and node.attr == "component" and "v2" in ast.dump(node)
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        )
    ]
    assert made == ["pages/_widgets/component.py"]


def test_every_section_of_results_is_drawn_of_a_test_on_a_folder_of_such_a_name(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    name = NAMES[0]
    for number in range(2):
        for colour in ("red", "green"):
            write_colour(tmp_path / name / colour / f"{number}.png", colour, 70 + number)
    on = evaluate_folder(trained.catalog, trained.run_id, tmp_path / name).on
    at = open_page("results", run=trained.run_id)
    at.selectbox(key=f"tested-on-{trained.run_id}").select(on).run()
    assert list(sections(at))


def test_a_batch_whose_id_holds_it_is_drawn(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    workspace = trained.catalog.workspace
    write_colour(tmp_path / "holiday/a.png", "red", 70)
    batch = new_batch(trained.catalog, trained.run_id, tmp_path / "holiday")
    place, number = place_of(workspace, batch), f"a__{batch.id[4:-1]}_"
    about = json.loads((place / "batch.json").read_text(encoding="utf-8"))
    (place / "batch.json").write_text(json.dumps(about | {"id": number}), encoding="utf-8")
    place.rename(place.with_name(number))
    answer_batch(trained.catalog, trained.run_id, number)
    at = open_page("predict", run=trained.run_id)
    at.button_group(key="do").set_value("batch").run()
    assert_no_defect(at)
    assert len(gallery(at, "batch").tiles) == 1
