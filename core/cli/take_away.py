"""The commands that take a run away: export-model, report, notebook, card, metrics; and links."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from core.access.reach import Reach, qr_code, reach
from core.catalog import Catalog
from core.cli.command import DAYS, LINKS, RUN, Options, argument, command, one_of
from core.cli.output import Output, put, when
from core.cli.running import say_where
from core.delivery.exports.formats import FORMATS, get, offered
from core.delivery.exports.kept import Export, export_file, find_exports
from core.delivery.take_away.links import Kind, Link, create_link, links, revoke_link
from core.errors import InvalidInput, NotFound
from core.jobs import kinds
from core.workspace import atomic_path, writable_place

in_take_away = partial(command, "Take away")


@in_take_away(
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
        return _formats(catalog, run.id, output)
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
    return {"run": run.id, "path": str(target), **_made(export)}


def _formats(catalog: Catalog, run_id: str, output: Output) -> list[dict[str, Any]]:
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
        known = _made(export) if export is not None else None
        said = {"format": key, "title": fmt.title, "sentence": fmt.sentence, "made": known}
        document.append(said)
    output.table(
        ("name", "format", "made", "model", "same answer", "largest difference", "an image"), rows
    )
    return document


def _made(export: Export) -> dict[str, Any]:
    return export.model_dump(exclude={"token"})


def take(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Write what the command is called after, of a run, to a file."""
    from core.delivery.take_away.written import write

    run, kind = catalog.runs.find(options.run), options.command.name
    file = write(kind, catalog, run.id, options.file, output.progress)
    try:
        size = file.stat().st_size
    except OSError as error:
        raise InvalidInput("The file has gone again.", file=file) from error
    called = "model card" if kind == "card" else kind
    output.text(f"Wrote the {called} to {file} ({size / 1000:,.0f} KB)")
    return {"run": run.id, "path": str(file), "bytes": size}


for _kind, _help, _endings, *_examples in (
    ("report", "write a run's report to share", (".html", ".pdf"), "hands.html", "hands.pdf"),
    (
        "poster",
        "write one page for whoever decides about it",
        (".pdf", ".png", ".html"),
        "poster.html",
        "poster.pdf",
    ),
    ("replay", "write a film of its answers turning right", (".webp", ".gif"), "hands.webp"),
    ("notebook", "write a notebook that rebuilds a run", (".ipynb",), "hands.ipynb"),
    ("card", "write a run's model card", (".md",), "hands.md"),
):
    in_take_away(
        _kind,
        _help,
        RUN,
        argument("file", type=Path, metavar="|".join(f"FILE{each}" for each in _endings)),
        examples=tuple(f'"hands 1" {each}' for each in _examples),
    )(take)


@in_take_away(
    "metrics",
    "all figures of a run as JSON",
    RUN,
    argument("file", type=Path, metavar="FILE.json", nargs="?"),
    examples=('"hands 1"', '"hands 1" hands.json'),
)
def metrics(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    if options.file is not None:
        return take(catalog, options, output)
    from core.delivery.take_away.material import load_material
    from core.delivery.take_away.metrics_json import metrics as figures

    run = catalog.runs.find(options.run)
    document = figures(load_material(catalog, run.id, output.progress))
    if not output.json_wanted:
        # Without a file they are JSON, whether that was asked for or not.
        output.end_line()
        put(json.dumps(document, indent=1), output.out)
    return document


@in_take_away(
    "share",
    "make a link to a run's results, or to a page to try it on",
    RUN,
    argument("--demo", action="store_true", help="to try the model, instead of its results"),
    LINKS,
    DAYS,
    argument("--title", default="", help="what a demo is headed with; else the model's name"),
    argument("--purpose", default="", help="what a demo says that the model is for"),
    argument("--qr", type=Path, metavar="FILE.png|FILE.svg", help="the link as a QR code"),
    examples=(
        '"hands 1"',
        '"hands 1" --list',
        '"hands 1" --days 30',
        '"hands 1" --demo --title "Which hand?" --qr hands.png',
    ),
)
def share(catalog: Catalog, options: Options, output: Output) -> dict[str, Any] | list[Any]:
    from core.delivery.take_away.written import checked_target

    run = catalog.runs.find(options.run)
    kind: Kind = "demo" if options.demo else "results"
    at = reach(catalog.workspace)
    if options.revoke is not None:
        both = (*links(catalog.workspace, run.id), *links(catalog.workspace, run.id, "demo"))
        if all(link.token != options.revoke for link in both):
            raise NotFound(
                "There is no such link to this run.", remedy="See those that there are: --list."
            )
        revoke_link(catalog.workspace, options.revoke)
        output.text("The link leads nowhere from now on.")
        return {"run": run.id, "revoked": options.revoke}
    if options.list:
        found = links(catalog.workspace, run.id, kind)
        output.table(
            ("made", "by", "address"),
            [(when(link.made_at), link.by, at.base + link.address) for link in found],
            none="There are no links to this run. Make one with: share RUN",
        )
        return [_link(link, at) for link in found]
    picture = options.qr and checked_target(options.qr, (".png", ".svg"), "A QR code")
    link = create_link(
        catalog, run.id, kind, options.days, title=options.title, purpose=options.purpose
    )
    if kind == "results":
        # A running app makes what there is to download; otherwise it waits for the next start.
        kinds.submit_report(catalog, run.id)
    made = _link(link, at)
    if picture is not None:
        with atomic_path(picture) as part:
            part.write_bytes(qr_code(made["url"], picture.suffix[1:].lower()))
    output.text(made["url"])
    can = "sees the results of this run" if kind == "results" else "can try this model"
    output.text(f"Whoever has it {can}, and can change nothing.")
    say_where(catalog, output, "It opens")
    if at.why:
        output.text(at.why)
    return made


def _link(link: Link, at: Reach) -> dict[str, Any]:
    """What is said of a link; its address below the app's and in full, and who can open it."""
    url = at.base + link.address
    return {**link.model_dump(), "address": link.address, "url": url, "others": at.others}


@in_take_away(
    "demo-link",
    "make a link to try a run's model, and no more",
    RUN,
    LINKS,
    examples=('"hands 1"', '"hands 1" --list'),
)
def demo_link(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    workspace = catalog.workspace
    if options.revoke is not None:
        if all(link.token != options.revoke for link in links(workspace, run.id, "demo")):
            raise NotFound(
                "There is no such demo link to this run.", remedy="See those there are: --list."
            )
        revoke_link(workspace, options.revoke)
        output.text("The link leads nowhere from now on.")
    elif not options.list:
        link = create_link(catalog, run.id, "demo")
        output.text(f"Below the address of the app: {link.address}")
        output.text("Whoever has it can try this model, and nothing else.")
        say_where(catalog, output, "It opens")
    found = links(workspace, run.id, "demo")
    if options.list:
        output.table(
            ("made", "by", "address"),
            [(when(link.made_at), link.by, link.address) for link in found],
        )
    return {
        "run": run.id,
        "links": [{**link.model_dump(), "address": link.address} for link in found],
    }
