"""The report's pictures: tested images, some beside what the model looked at."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from core.delivery.take_away.material import Material
from core.errors import NotFound
from core.evaluation.document.parts import Picture, Pictures
from core.evaluation.explain.overlay import framed, overlay
from core.evaluation.study.basis import Heat
from core.quality import report_html, thumbs
from core.quality.curation import curated
from core.quality.report_html import name, strip, text
from core.quality.thumbs import data_uri

_TINY = 48
_SIDE = 160
_OPACITY = 0.65


def groups(parts: Sequence[Pictures], material: Material) -> str:
    """Images that belong together, each group with its title, side by side."""
    items = []
    for part in parts:
        shown = [
            report_html.Picture(data, each.name, each.notes, tiny)
            for each, (data, tiny) in zip(part.items, _thumbnails(part, material), strict=True)
        ]
        items.append(
            f"<li><strong>{text(part.title)}</strong><br>{text(part.text)}{strip(shown)}</li>"
        )
    return f'<ul class="pairs mixed">{"".join(items)}</ul>'


def looked_at(part: Pictures, material: Material, heat: Heat | None) -> str:
    """Images, each beside what the model looked at where that is known."""
    items = []
    for each, (data, tiny) in zip(part.items, _thumbnails(part, material), strict=True):
        items.append(_looked_at(each, data, tiny, material, heat))
    return f'<ul class="pairs">{"".join(items)}</ul>'


def _looked_at(
    each: Picture, data: bytes, tiny: bool, material: Material, heat: Heat | None
) -> str:
    looked = heat.of(each.row) if heat is not None else None
    both = _image(data, tiny, each.path) if data else '<div class="none">no picture</div>'
    single = "" if looked is None or not data else "both"
    if looked is not None and data:
        both += _image(_with_heat(material, data, looked), False, "what it looked at")
    said, *others = each.notes
    then = "".join(f'<br><span class="soft">{text(other)}</span>' for other in others)
    return f'<li><div class="{single}">{both}</div>{name(each.name)}<br>{text(said)}{then}</li>'


def _thumbnails(part: Pictures, material: Material) -> list[tuple[bytes, bool]]:
    return pictures(material, [each.path for each in part.items])


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
    kind = " class=tiny" if tiny else ""
    return f'<img src="{data_uri(data)}" alt="{text(said)}"{kind}>'
