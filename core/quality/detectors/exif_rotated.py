"""Photos that are stored turned, with a note on how to turn them back."""

import pandas as pd

from core.quality.detectors.registry import detector


@detector(
    key="exif_rotated",
    title="Photos stored turned",
    sentence="The camera stored these turned or mirrored, with a note (EXIF orientation) on "
    "how to show them. Lightbox shows and trains on them upright; other programs may not.",
    suggestion="Nothing to do here; check that programs that use the model turn photos too.",
    harm=0.04,
)
def score(table: pd.DataFrame) -> pd.Series:
    """1 where the EXIF orientation is another than 1, upright."""
    return (table["status"] == "ok") & (table["orientation"] > 1)
