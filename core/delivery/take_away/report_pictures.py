"""The report's pictures: the worst confusions with examples, and mistakes with what was looked
at."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from core.delivery.take_away.findings import Findings
from core.delivery.take_away.material import Material
from core.errors import NotFound
from core.evaluation.explain.overlay import framed, overlay
from core.evaluation.mistakes import select, top
from core.evaluation.records import worst_confusions
from core.quality import thumbs
from core.quality.curation import curated
from core.quality.report_html import Picture, name, strip, text
from core.quality.thumbs import media_type
from core.text import images, percent, quoted

# Together a few hundred pictures of 5 KB: the report stays below a few megabytes.
_PAIRS, _EXAMPLES = 8, 6
MOST_MISTAKES = 60
_TINY = 48
_SIDE = 160
_OPACITY = 0.65


def pairs_section(found: Findings) -> str:
    """The pairs of classes that are mixed up most, with examples of each."""
    material = found.material
    worst = worst_confusions(material.evaluation, _PAIRS)
    if not worst:
        return ""
    predictions = material.predictions
    items = []
    for pair in worst:
        rows = select(predictions, "wrong", true=pair.true, predicted=pair.predicted)[:_EXAMPLES]
        paths = list(predictions.table["path"].iloc[rows])
        shown = [
            Picture(data, f"{percent(float(predictions.confidence[row]), 0)} sure", (), tiny)
            for row, (data, tiny) in zip(rows, pictures(material, paths), strict=True)
        ]
        items.append(
            f"<li><strong>{text(quoted(pair.true))} taken for "
            f"{text(quoted(pair.predicted))}</strong>"
            f"<br>{pair.count:,} of {text(images(pair.support))}{strip(shown)}</li>"
        )
    return (
        "<section><h2>Most often mixed up</h2>"
        f'<ul class="pairs mixed">{"".join(items)}</ul></section>'
    )


def mistakes_section(found: Findings) -> str:
    """Wrong answers, the surest first, each beside what the model looked at."""
    material, predictions = found.material, found.material.predictions
    rows = select(predictions, "wrong")
    if not len(predictions):
        return ""
    if not len(rows):
        return "<section><h2>Mistakes</h2><p>There are none in this test.</p></section>"
    shown = rows[:MOST_MISTAKES]
    heat = found.heat
    said = (
        "The surest first: where the model is sure and wrong, it has learned something wrong, or "
        "the label is."
    )
    if heat is None:
        said += (
            " What the model looked at is not known yet: it is found out when Results are opened, "
            "or by the command “study”."
        )
    else:
        said += " Right: the light places are those whose evidence spoke most for the answer " + (
            "(Grad-CAM)." if heat.method == "gradients" else "(found by covering them)."
        )
    paths = list(predictions.table["path"].iloc[shown])
    items = []
    for row, path, (data, tiny) in zip(shown, paths, pictures(material, paths), strict=True):
        (said_label, sure), *others = top(predictions, int(row), 3)
        then = ", ".join(f"{text(quoted(label))} {percent(share, 0)}" for label, share in others)
        looked = heat.of(int(row)) if heat is not None else None
        both = _image(data, tiny, path) if data else '<div class="none">no picture</div>'
        if looked is not None and data:
            both += _image(_with_heat(material, data, looked), False, "what it looked at")
        single = "" if looked is None or not data else "both"
        items.append(
            f'<li><div class="{single}">{both}</div>{name(path.rpartition("/")[2])}<br>is '
            f"<strong>{name(predictions.labels[predictions.true[row]])}</strong>, said "
            f"<strong>{name(said_label)}</strong> ({percent(sure, 0)})<br>"
            f'<span class="soft">then {then}</span></li>'
        )
    more = len(rows) - len(shown)
    rest = f'<p class="soft">and {more:,} more</p>' if more else ""
    out_of = text(images(len(predictions)))
    return (
        f"<section><h2>Mistakes: {len(rows):,} of {out_of}</h2><p>{said}</p>"
        f'<ul class="pairs">{"".join(items)}</ul>{rest}</section>'
    )


def pictures(material: Material, paths: Sequence[str]) -> list[tuple[bytes, bool]]:
    """Thumbnails (JPEG or PNG; ``b""`` where there is none any more), and whether each has so few
    pixels that they should be shown as squares."""
    run = material.run
    try:
        table = curated(material.catalog, run.dataset_id, run.dataset_version)
    except NotFound:
        return [(b"", False)] * len(paths)
    known: pd.DataFrame = table.set_index("path").reindex(list(paths))
    places = known[["thumb_at", "thumb_bytes"]].fillna(0).astype("int64").itertuples(index=False)
    found = thumbs.read(
        material.catalog.workspace, run.dataset_id, [tuple(each) for each in places]
    )
    sides = known[["width", "height"]].max(axis=1).fillna(0)
    return [(data, bool(0 < side <= _TINY)) for data, side in zip(found, sides, strict=True)]


def _with_heat(material: Material, data: bytes, heat: np.ndarray) -> bytes:
    """The picture as the model sees it, with its heat map on it; a JPEG."""
    with Image.open(io.BytesIO(data)) as image:
        shown = framed(image.convert("RGB"), material.spec.resize, _SIDE)
    out = io.BytesIO()
    Image.fromarray(overlay(shown, heat, _OPACITY)).save(out, "JPEG", quality=80)
    return out.getvalue()


def _image(data: bytes, tiny: bool, said: str) -> str:
    packed = base64.b64encode(data).decode()
    kind = " class=tiny" if tiny else ""
    return f'<img src="data:{media_type(data)};base64,{packed}" alt="{text(said)}"{kind}>'
