"""A network as a drawing: an SVG from top to bottom that fits a phone, in the colour of the text.

Each block is a bar, as wide as its picture and as high as it has channels, both on a scale that
keeps the small ones visible; a list of numbers is a round one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, sqrt

from core.text import escape_html
from core.training.blocks import Block

_WIDTH = 380
_ROW = 58
_MIDDLE = 62  # of the bars
_WIDEST = 104
_TEXT = 130


def diagram(blocks: Sequence[Block], title: str = "The network") -> str:
    """The blocks as a self-contained ``<svg>`` element, to be put into a page as it is.

    Args:
        title: what it shows, read out in its place to who can't see it, with every block.
    """
    height = _ROW * max(1, len(blocks))
    widest = max((block.shape[0] for block in blocks if len(block.shape) == 3), default=1)
    described = "; ".join(f"{block.name}: {_detail(block)}" for block in blocks)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'width="100%" style="max-width:{_WIDTH}px" font-family="system-ui, sans-serif" '
        f'fill="currentColor"><title>{escape_html(title)}</title><desc>{escape_html(described)}</desc>'
    ]
    for number, block in enumerate(blocks):
        parts += _bar(block, number * _ROW, widest, last=number == len(blocks) - 1)
    return "".join([*parts, "</svg>"])


def _bar(block: Block, top: int, widest: int, *, last: bool) -> list[str]:
    width, height, round_by = _sizes(block, widest)
    middle = top + (_ROW - 14) / 2
    left, y = _MIDDLE - width / 2, middle - height / 2
    dashes = "" if block.shape else ' stroke-dasharray="4 3"'
    parts = [
        f'<rect x="{left:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'rx="{round_by:.1f}" fill-opacity="0.14" stroke="currentColor" stroke-opacity="0.6"'
        f"{dashes}/>",
        f'<text x="{_TEXT}" y="{middle - 3:.1f}" font-size="13" font-weight="600">'
        f"{escape_html(block.name)}{_layers(block)}</text>",
        f'<text x="{_TEXT}" y="{middle + 13:.1f}" font-size="12" fill-opacity="0.75">'
        f"{escape_html(_detail(block))}</text>",
    ]
    if not last:
        start, end = top + _ROW - 13, top + _ROW - 1
        parts.append(
            f'<path d="M{_MIDDLE} {start}V{end}m-3 -4l3 4l3 -4" fill="none" '
            'stroke="currentColor" stroke-opacity="0.6"/>'
        )
    return parts


def _sizes(block: Block, widest: int) -> tuple[float, float, float]:
    """Width, height and how round the corners are."""
    channels = block.shape[-1] if block.shape else 1
    height = 10 + 30 * min(1.0, log2(channels + 1) / 12)
    if len(block.shape) == 3:
        return max(10.0, _WIDEST * sqrt(block.shape[0] / widest)), height, 2.0
    return _WIDEST / 4, height, height / 3


def _layers(block: Block) -> str:
    if block.layers == 1:
        return ""
    return f'<tspan font-weight="400" fill-opacity="0.75"> · {block.layers} layers</tspan>'


def _detail(block: Block) -> str:
    words = [" × ".join(f"{length:,}" for length in block.shape) or "?"]
    if block.parameters:
        words.append(f"{_short(block.parameters)} weights")
    return " · ".join(words)


def _short(number: int) -> str:
    if number >= 10_000_000:
        return f"{number / 1e6:.0f} M"
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} M"
    return f"{number / 1e3:.0f} k" if number >= 10_000 else f"{number:,}"
