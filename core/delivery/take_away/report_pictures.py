"""The report's pictures: tested images, some beside what the model looked at."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.delivery.take_away.material import Material
from core.evaluation.document.parts import Pictures
from core.evaluation.explain.overlay import framed, overlay
from core.quality import report_html
from core.quality.report_html import name, strip, text
from core.quality.thumbs import data_uri
from core.runs.pictures import Picture as Thumbnail
from core.runs.pictures import run_pictures

_SIDE = 160
_OPACITY = 0.65


def groups(parts: Sequence[Pictures], material: Material) -> str:
    """Images that belong together, each group with its title, side by side."""
    items = []
    for part in parts:
        shown = [
            report_html.Picture(found.data, each.name, each.notes, found.tiny)
            for each, found in zip(part.items, _thumbnails(part, material), strict=True)
        ]
        items.append(
            f"<li><strong>{text(part.title)}</strong><br>{text(part.text)}{strip(shown)}</li>"
        )
    return f'<ul class="pairs mixed">{"".join(items)}</ul>'


def looked_at(part: Pictures, material: Material) -> str:
    """Images, each beside what the model looked at where that is known."""
    items = []
    for each, found in zip(part.items, _thumbnails(part, material), strict=True):
        looked = material.heat.of(each.row) if material.heat is not None else None
        both, beside = '<div class="none">no picture</div>', ""
        if found.data:
            both = _image(found.data, found.tiny, each.path)
        if found.data and looked is not None:
            both += _image(_with_heat(material, found.data, looked), False, "what it looked at")
            beside = "both"
        said, *others = each.notes
        then = "".join(f'<br><span class="soft">{text(other)}</span>' for other in others)
        items.append(
            f'<li><div class="{beside}">{both}</div>{name(each.name)}<br>{text(said)}{then}</li>'
        )
    return f'<ul class="pairs">{"".join(items)}</ul>'


def _thumbnails(part: Pictures, material: Material) -> list[Thumbnail]:
    return run_pictures(material.catalog, material.run, [each.path for each in part.items])


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
