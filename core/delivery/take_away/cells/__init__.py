"""The cells of the notebook, one step of a training a file; each makes only what its run uses.

What trains is cut out of Lightbox's own code (:mod:`core.delivery.take_away.cut`); what stands here
calls it. Cells are given as pieces of text, a pair being one that is indented by so many steps;
``False`` is left out.
"""

from __future__ import annotations

import base64
import json
import pprint
import re
import textwrap
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from core.text import as_text

Piece = str | bool | tuple[int, str | bool]


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook.

    Attributes:
        hidden: JupyterLab shows its source only when asked for.
    """

    kind: Literal["markdown", "code"]
    source: str
    hidden: bool = False


def words(*pieces: Piece) -> Cell:
    """A cell of text in Markdown, in lines of any length."""
    joined = re.sub(r"(?<!\n)\n(?!\n|[*#-] |\|)", " ", _joined(pieces))
    return Cell("markdown", re.sub(r" +\n", "\n", joined).rstrip())


def code(*pieces: Piece, hidden: bool = False) -> Cell:
    """A cell of code, with empty lines as formatters have them."""
    lines: list[str] = []
    inside = False  # a function or class
    for line in re.sub(r"\n{3,}", "\n\n", _joined(pieces)).split("\n"):
        outside = line[:1] not in ("", " ", ")", "]")
        defines = line.startswith(("def ", "class ", "@"))
        if outside and (inside or (defines and not (lines and lines[-1].startswith(("@", "#"))))):
            while lines and not lines[-1]:
                lines.pop()
            lines += ["", ""] if lines else []
        if outside:
            inside = defines and not line.startswith("@")
        elif line.strip().startswith("def ") and re.search(r"^[^@].*[^:]$", lines[-1].strip()):
            lines.append("")
        lines.append(line)
    return Cell("code", "\n".join(lines).strip("\n"), hidden)


def _joined(pieces: tuple[Piece, ...]) -> str:
    joined = []
    for each in pieces:
        steps, text = each if isinstance(each, tuple) else (0, each)
        if isinstance(text, str):
            # One of several lines has no part in the indentation of where it is written.
            text = textwrap.dedent(text).strip("\n") if text.startswith("\n") else text
            joined.append(textwrap.indent(text, "    " * steps))
    return "\n".join(joined)


def literal(value: Any, indent: int = 0) -> str:
    """A value as Python source in lines of at most a hundred characters, the further ones
    indented."""
    text = pprint.pformat(value, width=98 - indent, compact=True, sort_dicts=False)
    return text.replace("\n", "\n" + " " * indent)


def packed(value: Any) -> str:
    """Much JSON as one line of text, which a notebook unpacks."""
    text = json.dumps(value, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("ascii"), 9)).decode("ascii")


_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&])")
_START = re.compile(r"^(\d*)([-+.)])(?=\s|$)")


def plain(text: str) -> str:
    """Somebody's text inside Markdown, on one line and shown as it is written."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(as_text(text).split()))
    # Only at the start of a line would these begin a list.
    return _START.sub(r"\1\\\2", escaped)
