"""Images with what the model answered about them, as a gallery."""

from __future__ import annotations

import pandas as pd

from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.plain import shorten
from pages._widgets.results.view import View, pictures


def answers_gallery(view: View, rows: pd.DataFrame, *, key: str, label: str) -> None:
    """Rows of ``view.answers.table`` in their order, page by page.

    Args:
        key: another key for every other set of rows.
        label: what they are, for screen readers.
    """
    rows = rows.iloc[page_of(len(rows), key=f"page-{key}")]
    gallery(
        [
            Tile(
                row.path,
                picture.data,
                f"is {row.label}" if not row.correct else row.label,
                badge=f"{shorten(row.predicted, 16)} {row.confidence:.0%}",
                tone="good" if row.correct else "bad",
                title=f"{row.path}\ntrue: {row.label}\nanswer: {row.predicted} ({row.confidence:.1%})",
                tiny=picture.tiny,
            )
            for row, picture in zip(
                rows.itertuples(), pictures(view, list(rows["path"])), strict=True
            )
        ],
        key=key,
        label=label,
    )
