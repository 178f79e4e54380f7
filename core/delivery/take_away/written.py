"""What is taken away as a file of its own: which kinds there are, and how each is written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.catalog import Catalog
from core.delivery.take_away.material import Material, load_material
from core.delivery.take_away.metrics_json import metrics_json
from core.delivery.take_away.model_card import card_markdown
from core.delivery.take_away.notebook import notebook_json
from core.delivery.take_away.pdf import print_page
from core.delivery.take_away.poster import poster_html
from core.delivery.take_away.replay import replay
from core.delivery.take_away.report import report_html
from core.errors import InvalidInput
from core.progress import SILENT, Reporter
from core.text import as_text
from core.workspace import atomic_path, writable_place


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        what: completes "… is a file that ends in …".
        suffixes: those that it can have, in lower case; a PDF and a PNG are printed of HTML.
        made: its content, of a catalog, a run's id, the suffix and who is told of progress.
    """

    what: str
    suffixes: tuple[str, ...]
    made: Callable[[Catalog, str, str, Reporter], str | bytes]


def _tested(made: Callable[[Material], str]) -> Callable[[Catalog, str, str, Reporter], str]:
    """What is made of a tested run, whatever the suffix."""
    return lambda catalog, run_id, _, report: made(load_material(catalog, run_id, report))


KINDS = {
    "report": Kind("A report", (".html", ".htm", ".pdf"), _tested(report_html)),
    "poster": Kind("A poster", (".pdf", ".png", ".html"), _tested(poster_html)),
    "replay": Kind("A replay", (".webp", ".gif"), lambda at, run, end, _: replay(at, run, end[1:])),
    "notebook": Kind("A notebook", (".ipynb",), _tested(notebook_json)),
    "card": Kind("A model card", (".md", ".markdown"), _tested(card_markdown)),
    "metrics": Kind("A document of metrics", (".json",), _tested(metrics_json)),
}


def write(kind: str, catalog: Catalog, run_id: str, file: Path, report: Reporter = SILENT) -> Path:
    """Write something of a run to a file, in place of one that is there; returns its full path.

    Args:
        kind: a key of :data:`KINDS`.

    Raises:
        InvalidInput: the file's name has another ending, nothing can be written there, or of this
            model there is no such thing.
        NotFound: there is no such run, it is not finished, or no browser is here that could print.
        Cancelled: the person asked to stop.
    """
    about = KINDS[kind]
    target = checked_target(file, about.suffixes, about.what)
    suffix = target.suffix.lower()
    made = about.made(catalog, run_id, suffix, report)
    if suffix in (".pdf", ".png"):
        with tempfile.TemporaryDirectory(prefix="lightbox-") as folder:
            page = Path(folder) / "page.html"
            page.write_text(str(made), encoding="utf-8")
            return print_page(page, target, report)
    with atomic_path(target) as part:
        if isinstance(made, bytes):
            part.write_bytes(made)
        else:
            part.write_text(made, encoding="utf-8")
    return target


def checked_target(file: Path, suffixes: tuple[str, ...], what: str) -> Path:
    """Where something can be written: ``file`` in full.

    Args:
        suffixes: one of which it must have, in lower case.
        what: completes "… is a file that ends in …".

    Raises:
        InvalidInput: it has another suffix, or there can be no file of that name.
        NotAllowed: Lightbox has no right to write there.
    """
    if file.suffix.lower() not in suffixes:
        raise InvalidInput(
            f"{what} is a file that ends in {' or '.join(suffixes)}.",
            file=as_text(str(file)),
            remedy=f"Give it a name that ends in {suffixes[0]}.",
        )
    return writable_place(file)
