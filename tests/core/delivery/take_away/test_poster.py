"""The poster: what counts on one page, in any format and with any names."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import Catalog, RunRecord
from core.delivery.take_away.material import load_material
from core.delivery.take_away.notes import save_about
from core.delivery.take_away.pdf import HEIGHT, WIDTH, find_browser, spelled_out
from core.delivery.take_away.poster import poster_html
from core.delivery.take_away.report_matrix import Look, picture
from core.delivery.take_away.written import write
from core.errors import InvalidInput
from core.evaluation.aim import set_aim
from core.evaluation.mistakes import telling
from core.evaluation.predictions import predictions_table
from tests.core.delivery.take_away.test_report import words

needs_browser = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")


def test_it_has_the_sentence_photos_mistakes_and_what_to_collect(
    catalog: Catalog, run: RunRecord
) -> None:
    save_about(catalog.workspace, run.id, use="For <friends>.", licence="", remarks="")
    set_aim(catalog, run.dataset_id, 70, together=True)
    page = poster_html(load_material(catalog, run.id))
    read = words(page)
    for said in (
        *("A &lt;b&gt;run&lt;/b&gt;", "For &lt;friends&gt;.", "93 %", "Right on 28 of 30 images"),
        "Good enough? Yes. You want 70 of 100 photos recognised, all classes together;",
        *("What to collect next", "“green” taken for “red”: 2 of 11", "✗ red is green"),
    ):
        assert said in read
    # As in the whole test, of which a fifteenth is wrong.
    assert page.count('<li class="wrong">') == 1
    assert page.count('<li class="right">') == 11
    assert "11 of these 12 right, 93 % of all" in read
    assert "Where it is weakest “green”, right on 9 of 11 images (82 %, likely" in read


@needs_browser
def test_it_is_one_page_as_pdf_and_as_a_picture(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    printed = write("poster", catalog, run.id, tmp_path / "poster.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    with Image.open(write("poster", catalog, run.id, tmp_path / "poster.png")) as image:
        assert image.size == (2 * WIDTH, 2 * HEIGHT)
        # Below the foot's line there is white paper.
        edge = image.convert("L").crop((0, 2 * HEIGHT - 30, 2 * WIDTH, 2 * HEIGHT))
        assert edge.getextrema() == (255, 255)
    with pytest.raises(InvalidInput, match=r"\.pdf or \.png or \.html"):
        write("poster", catalog, run.id, tmp_path / "poster.jpg")


def test_names_in_a_matrix_end_where_their_room_does() -> None:
    drawn = picture(["天" * 40, "x" * 40], np.eye(2, dtype=int), Look(margin=92, font=11))
    shown = re.findall(r">([天x]+)…</text>", drawn)
    assert [len(each) for each in shown] == [5, 5, 11, 11]


def test_examples_are_of_all_classes_and_the_surest_mistakes(
    catalog: Catalog, run: RunRecord
) -> None:
    table = predictions_table(catalog.workspace, run.id)
    rows = telling(table, 6, 2)
    assert list(rows["correct"]) == [True] * 4 + [False] * 2
    assert len(set(rows["label"].head(3))) == 3
    assert not rows.index.duplicated().any()


def test_where_no_font_has_pictographs_they_are_told_by_name() -> None:
    assert spelled_out("Kaffee 🌿, 🍎🍏 and 👩\u200d🌾🏽 ✓") == (
        "Kaffee (herb), (red apple, green apple) and (woman, ear of rice) ✓"
    )
