"""The command that makes a run's model ready for use elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from core.catalog import Catalog
from core.cli.command import RUN, Options, argument, command, one_of
from core.cli.output import Output, when
from core.delivery.exports.formats import FORMATS, get, offered
from core.delivery.exports.kept import Export, export_file, find_exports
from core.errors import InvalidInput
from core.workspace import atomic_path, writable_place


@command(
    "Take away",
    "export-model",
    "take a model to use elsewhere",
    RUN,
    one_of(
        argument("--list", action="store_true", help="formats, and what was made of them"),
        argument(
            "--format", nargs=2, metavar=("F", "FILE.zip"), help="make one, as --list names them"
        ),
        required=True,
    ),
    examples=('"hands 1" --list', '"hands 1" --format onnx hands.zip'),
)
def export_model(catalog: Catalog, options: Options, output: Output) -> Any:
    run = catalog.runs.find(options.run)
    if options.list:
        return _list(catalog, run.id, output)
    key, file = options.format
    key = get(key).key
    target = writable_place(Path(file))
    if target.suffix.lower() != ".zip" or not target.parent.is_dir():
        raise InvalidInput(
            "An export is a .zip in a folder that is there.",
            file=file,
            remedy="Call it model.zip, for example.",
        )
    from core.delivery.exports.make import make_export

    export = make_export(catalog, run.id, key, output.progress)
    with atomic_path(target) as part:
        shutil.copyfile(export_file(catalog.workspace, run.id, export), part)
    output.text(f"Wrote {FORMATS[export.format].title} to {target} ({export.bytes / 1e6:,.1f} MB)")
    output.text(
        f"The same answer as Keras for {export.same:,} of {export.images:,} validation images; the "
        f"largest difference of a probability is {export.largest_difference:.2g}; "
        f"{export.milliseconds:.1f} ms an image."
    )
    return {"run": run.id, "path": str(target), **_known(export)}


def _list(catalog: Catalog, run_id: str, output: Output) -> list[dict[str, Any]]:
    made = {export.format: export for export in find_exports(catalog.workspace, run_id)}
    rows, document = [], []
    for key in offered():
        fmt, export = FORMATS[key], made.get(key)
        facts = ("–",) * 5
        if export is not None:
            facts = (
                when(export.made_at),
                f"{export.model_bytes / 1e6:.1f} MB",
                f"{export.same} of {export.images}",
                f"{export.largest_difference:.2g}",
                f"{export.milliseconds:.1f} ms",
            )
        rows.append((key, fmt.title, *facts))
        known = _known(export) if export is not None else None
        said = {"format": key, "title": fmt.title, "sentence": fmt.sentence, "made": known}
        document.append(said)
    output.table(
        ("name", "format", "made", "model", "same answer", "largest difference", "an image"), rows
    )
    return document


def _known(export: Export) -> dict[str, Any]:
    return export.model_dump(exclude={"token"})
