"""A training seen again in seconds: the pictures that it did not learn from, turning right.

All of it is what was answered at the time, moment by moment, as the studio showed it; nothing is
made smoother. Written as an animated WebP or GIF, which any browser and chat shows.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.quality import thumbs
from core.quality.curation import curated
from core.text import percent, shorten

_ACROSS, _SIDE, _GAP, _MARGIN, _FOOT = 4, 132, 10, 18, 74
_LONGEST_S, _LAST_MS, _FEWEST_MS, _MOST_MS = 10.0, 2000, 60, 600
_MOST_FRAMES = 90
_GROUND, _INK, _PALE = (20, 24, 28), (232, 234, 236), (95, 104, 112)
_RIGHT, _WRONG, _LINE = (22, 165, 122), (224, 123, 57), (79, 179, 217)


def can_replay(catalog: Catalog, run: RunRecord) -> bool:
    """Whether what was answered while a run was trained is still known."""
    return len(_told(catalog, run).get("history", ())) > 1


def replay(catalog: Catalog, run_id: str, kind: str = "webp") -> bytes:
    """The film as a file's content.

    Args:
        kind: ``webp`` or ``gif``.

    Raises:
        NotFound: nothing is known of how its answers came about, or its pictures have gone.
    """
    run = catalog.runs.get(run_id)
    told = _told(catalog, run)
    history = _thinned(told.get("history", ()))
    if len(history) < 2:
        raise NotFound(
            "Nothing is known of how this model’s answers came about.",
            remedy="Train again; what is answered meanwhile is kept from then on.",
        )
    tiles = _tiles(catalog, run, told["samples"])
    frames = [_frame(tiles, told["samples"], history, n, run.name) for n in range(len(history))]
    each = min(_MOST_MS, max(_FEWEST_MS, round(1000 * _LONGEST_S / len(frames))))
    out = io.BytesIO()
    frames[0].save(
        out,
        kind.upper(),
        save_all=True,
        append_images=frames[1:],
        duration=[each] * (len(frames) - 1) + [_LAST_MS],
        loop=0,
        **({"quality": 82, "method": 2} if kind == "webp" else {}),
    )
    return out.getvalue()


def _told(catalog: Catalog, run: RunRecord) -> dict[str, Any]:
    event = catalog.jobs.latest_event(run.job_id, "snapshot")
    return dict(event.payload) if event is not None else {}


def _thinned(history: Sequence[Any]) -> list[Any]:
    """At most so many moments, the first and the last among them."""
    if len(history) <= _MOST_FRAMES:
        return list(history)
    step = (len(history) - 1) / (_MOST_FRAMES - 1)
    return [history[round(n * step)] for n in range(_MOST_FRAMES)]


def _tiles(catalog: Catalog, run: RunRecord, samples: Sequence[Any]) -> list[Image.Image]:
    """A picture for each sample; a grey one where it has gone."""
    table = curated(catalog, run.dataset_id, run.dataset_version).set_index("path")
    rows = table.reindex([one["path"] for one in samples])[["thumb_at", "thumb_bytes"]]
    places = zip(*(rows[name].fillna(0).astype(int) for name in rows), strict=True)
    found = []
    for data in thumbs.read(catalog.workspace, run.dataset_id, places):
        tile = Image.new("RGB", (_SIDE, _SIDE), _PALE)
        if data:
            picture = Image.open(io.BytesIO(data)).convert("RGB")
            tile = ImageOps.fit(picture, (_SIDE, _SIDE))
        found.append(tile)
    return found


def _frame(
    tiles: Sequence[Image.Image],
    samples: Sequence[Any],
    history: Sequence[Any],
    now: int,
    name: str,
) -> Image.Image:
    rows = -(-len(tiles) // _ACROSS)
    step = _SIDE + _GAP
    width = 2 * _MARGIN + _ACROSS * step - _GAP
    height = 2 * _MARGIN + rows * step - _GAP + _FOOT
    frame = Image.new("RGB", (width, height), _GROUND)
    draw = ImageDraw.Draw(frame)
    marks = history[now][2]
    for n, (tile, one) in enumerate(zip(tiles, samples, strict=True)):
        x, y = _MARGIN + n % _ACROSS * step, _MARGIN + n // _ACROSS * step
        right = n < len(marks) and marks[n] == "1"
        colour = _RIGHT if right else _WRONG
        frame.paste(tile if right else ImageOps.grayscale(tile).convert("RGB"), (x, y))
        draw.rectangle((x, y, x + _SIDE - 1, y + _SIDE - 1), outline=colour, width=5)
        draw.rectangle((x, y + _SIDE - 26, x + _SIDE - 1, y + _SIDE - 1), fill=colour)
        draw.text(
            (x + 8, y + _SIDE - 23),
            f"{'right' if right else 'wrong'}: {shorten(str(one['label']), 10)}",
            font=ImageFont.load_default(14),
            fill=(255, 255, 255) if right else (20, 24, 28),
        )
    base = height - _FOOT + 4
    share = sum(mark == "1" for mark in marks) / max(1, len(marks))
    draw.text((_MARGIN, base), shorten(name, 34), font=ImageFont.load_default(17), fill=_INK)
    said = f"{marks.count('1')} of {len(marks)} right ({percent(share, 0)})"
    draw.text(
        (width - _MARGIN, base), said, font=ImageFont.load_default(17), fill=_INK, anchor="ra"
    )
    left, right_end = _MARGIN, width - _MARGIN
    draw.rectangle((left, base + 34, right_end, base + 42), fill=(50, 58, 66))
    until = left + (right_end - left) * now / max(1, len(history) - 1)
    draw.rectangle((left, base + 34, until, base + 42), fill=_LINE)
    return frame
