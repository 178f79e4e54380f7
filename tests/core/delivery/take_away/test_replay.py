"""A training is seen again as it was: each moment that was told is a picture of the film."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from core.catalog import Catalog
from core.delivery.take_away.replay import can_replay, replay
from core.delivery.take_away.written import write
from core.errors import InvalidInput, NotFound
from tests.core.evaluation.coloured import CLASSES, make_run

SPLITS = {split: [(c, c) for c in CLASSES] for split in ("train", "validation", "test")}


def test_each_moment_is_a_frame_and_pictures_turn_from_wrong_to_right(
    catalog: Catalog, tmp_path: Path
) -> None:
    run = make_run(catalog, tmp_path / "photos", SPLITS)
    assert not can_replay(catalog, run)
    with pytest.raises(NotFound, match="how this model"):
        replay(catalog, run.id)
    samples = [
        {"path": f"{label}/validation-{n}.png", "label": label} for n, label in enumerate(CLASSES)
    ]
    history = [[0.5, 0.3, "100"], [1.0, 0.6, "110"], [2.0, 1.0, "111"]]
    catalog.jobs.replace_event(run.job_id, "snapshot", {"samples": samples, "history": history})
    assert can_replay(catalog, run)
    with Image.open(io.BytesIO(replay(catalog, run.id))) as film:
        assert film.n_frames == len(history)
        third = (film.width * 5 // 8, 70)
        film.seek(0)
        before = film.convert("RGB").getpixel(third)
        film.seek(2)
        after = film.convert("RGB").getpixel(third)
    # The third picture is grey as long as it is answered wrongly, and red then.
    assert max(before) - min(before) < 20
    assert after[0] - after[2] > 80
    assert write("replay", catalog, run.id, tmp_path / "film.gif").stat().st_size > 1000
    with pytest.raises(InvalidInput, match="ends in"):
        write("replay", catalog, run.id, tmp_path / "film.mp4")
