"""The cells of the notebook, one step of a training a file; each makes only what its run uses.

Code is written as it will be read, in templates of two rules: a line that ends in ``#? name`` is
kept only for runs of which that holds (``!name`` for those of which it does not; several names mean
all of them), and ``{{name}}`` is replaced by a value.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_CONDITION = re.compile(r"\s*#\?\s*([!\w ]+)$")
_VALUE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook.

    Attributes:
        hidden: JupyterLab shows its source only when asked for.
    """

    kind: Literal["markdown", "code"]
    source: str
    hidden: bool = field(default=False)


def words(text: str, holds: Mapping[str, bool] | None = None, **values: Any) -> Cell:
    """A cell of text in Markdown; conditions and values as in code."""
    filled = fill(text, holds or {}, **values)
    # Written in lines of a hundred, read in lines of any length.
    joined = re.sub(r"(?<!\n)\n(?!\n|[*#-] |\|)", " ", filled)
    return Cell("markdown", re.sub(r" +\n", "\n", joined).rstrip())


def code(
    text: str, holds: Mapping[str, bool] | None = None, *, hidden: bool = False, **values: Any
) -> Cell:
    """A cell of code."""
    return Cell("code", fill(text, holds or {}, **values), hidden)


def fill(text: str, holds: Mapping[str, bool], **values: Any) -> str:
    """A template with its conditions decided and its values put in.

    Raises:
        KeyError: it names something that is not known.
    """
    kept = []
    for line in textwrap.dedent(text).strip("\n").split("\n"):
        condition = _CONDITION.search(line)
        if condition is None:
            kept.append(line)
        elif all(
            holds[name.removeprefix("!")] != name.startswith("!")
            for name in condition.group(1).split()
        ):
            kept.append(line[: condition.start()])
    filled = _VALUE.sub(lambda found: str(values[found.group(1)]), "\n".join(kept))
    return _spaced(filled).strip("\n")


def _spaced(text: str) -> str:
    """Empty lines as formatters have them, whatever was left out between them."""
    lines: list[str] = []
    inside = False  # a function or class
    for line in re.sub(r"\n{3,}", "\n\n", re.sub(r":\n\n(?= )", ":\n", text)).split("\n"):
        outside = line[:1] not in ("", " ", ")", "]")
        defines = line.startswith(("def ", "class "))
        if outside and (defines or inside):
            while lines and not lines[-1]:
                lines.pop()
            lines += ["", ""] if lines else []
        if outside:
            inside = defines
        lines.append(line)
    return "\n".join(lines)


def literal(value: Any, indent: int = 0) -> str:
    """A value as Python source in lines of at most a hundred characters, the further ones indented."""
    import pprint

    text = pprint.pformat(value, width=98 - indent, compact=True, sort_dicts=False)
    return text.replace("\n", "\n" + " " * indent)


_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&])")
_START = re.compile(r"^(\d*)([-+.)])(?=\s|$)")


def plain(text: str) -> str:
    """Somebody's text inside Markdown, on one line and shown as it is written."""
    from core.text import as_text

    escaped = _SPECIAL.sub(r"\\\1", " ".join(as_text(text).split()))
    # Only at the start of a line would these begin a list.
    return _START.sub(r"\1\\\2", escaped)
