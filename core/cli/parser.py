"""The grammar of the command line. Each command is a function of a module beside this one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.cli import (
    api,
    batch,
    cleaning,
    compare,
    datasets,
    demo,
    evaluation,
    explain,
    exports,
    library,
    mistakes,
    models,
    queue,
    reliability,
    take_away,
    trying,
    tuning,
)
from core.delivery.imported.archive import PIXELS
from core.evaluation.library import SORTS
from core.evaluation.mistakes import ORDERS, WHICH
from core.evaluation.study.embedding import METHODS
from core.quality.export import LAYOUTS
from core.training.recipes import RECIPES


def make_parser() -> argparse.ArgumentParser:
    """The whole grammar; a parsed command has ``command``, the function to call."""
    parser = argparse.ArgumentParser(
        prog="python -m core",
        description="Lightbox without a browser: from folders of images to a trained classifier.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON document")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(where: Any, name: str, run: Callable[..., Any], text: str) -> argparse.ArgumentParser:
        command = where.add_parser(name, parents=[common], help=text, description=text)
        command.set_defaults(command=run)
        return command

    command = add(verbs, "demo", demo.demo, "the whole journey on the sample")
    command.add_argument("--epochs", type=int, default=demo.EPOCHS)

    dataset = verbs.add_parser(
        "dataset", help="add, list, show, rename, remove, export and report on datasets"
    )
    kinds = dataset.add_subparsers(required=True, metavar="ACTION")
    command = add(kinds, "add", datasets.add, "add a folder or an archive of class folders")
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--name")
    add(kinds, "sample", datasets.sample, "add the sample, handwritten digits")
    command = add(kinds, "known", datasets.known, "list datasets that everybody knows, or add one")
    command.add_argument("key", nargs="?", metavar="KEY", help="mnist, fashion_mnist or cifar10")
    add(kinds, "list", datasets.list_all, "list datasets")
    command = add(kinds, "show", datasets.show, "classes, sizes and what was skipped")
    command.add_argument("name", metavar="NAME")
    command = add(kinds, "rename", datasets.rename, "give a dataset another name")
    command.add_argument("name", metavar="NAME")
    command.add_argument("new_name", metavar="NEW")
    command = add(kinds, "remove", datasets.remove, "forget a dataset; your images stay")
    command.add_argument("name", metavar="NAME")
    command = add(kinds, "export", datasets.export, "write the cleaned images as something new")
    command.add_argument("name", metavar="NAME")
    command.add_argument("target", type=Path, metavar="TARGET", help="a new folder or .zip")
    command.add_argument("--layout", choices=LAYOUTS, default="classes", help="what is in it")
    command.add_argument("--zip", action="store_true", help="write one .zip")
    command = add(kinds, "report", datasets.report, "write a health report to share")
    command.add_argument("name", metavar="NAME")
    command.add_argument("file", type=Path, metavar="FILE.html")

    command = add(verbs, "scan", cleaning.scan, "look at a dataset's files again; list findings")
    command.add_argument("name", metavar="NAME")

    command.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="DETECTOR=SCORE",
        dest="thresholds",
        help="flag images from this score (0 to 1) on",
    )
    command = add(
        verbs, "suspects", cleaning.suspects, "look for wrong labels and images out of place"
    )
    command.add_argument("name", metavar="NAME")
    command = add(verbs, "relabel", cleaning.relabel, "move images, or whole classes, to a class")
    command.add_argument("name", metavar="NAME")
    command.add_argument("label", metavar="CLASS", help="a present class, or a new one")
    command.add_argument("paths", nargs="*", metavar="IMAGE")
    command.add_argument(
        "--class",
        action="append",
        default=[],
        metavar="CLASS",
        dest="classes",
        help="all images of this class: renames it, or merges it into the other",
    )
    command.add_argument("--why", default="")

    for name, text in (
        ("exclude", "leave images out of training"),
        ("restore", "take excluded images back"),
        ("keep", "mark images as fine, never to be flagged again"),
    ):
        command = add(verbs, name, cleaning.decide, text)
        command.add_argument("name", metavar="NAME")
        command.add_argument("paths", nargs="*", metavar="IMAGE", help="paths as scan lists them")
        command.add_argument("--finding", help="all images of a finding, by its key")
        command.add_argument(
            "--extra-copies", action="store_true", help="all but one of each group"
        )
        command.add_argument("--why", default="")
        command.set_defaults(action=name)
    command = add(verbs, "undo", cleaning.undo, "take decisions back")
    command.add_argument("name", metavar="NAME")
    command.add_argument("versions", nargs="*", type=int, metavar="VERSION")
    command.add_argument("--all", action="store_true", help="every decision")
    command = add(verbs, "history", cleaning.history, "what was decided about a dataset")
    command.add_argument("name", metavar="NAME")
    command = add(verbs, "diff", cleaning.diff, "what changed between two versions of a dataset")
    command.add_argument("name", metavar="NAME")
    command.add_argument("old", type=int, metavar="OLD", help="a version, as history lists them")
    command.add_argument("new", nargs="?", type=int, metavar="NEW", help="default: as it is now")

    command = add(verbs, "train", models.train, "train on a dataset")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--recipe", help=", ".join(RECIPES))
    command.add_argument(
        "--layers", type=Path, metavar="FILE.json", help="an own network (see: layers)"
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="a setting, for example epochs=10, validation=0.2 or test=0.1",
    )
    command.add_argument("--name", dest="run_name", metavar="RUN", help="name of the new run")
    command.add_argument("--like", metavar="RUN", help="begin with the settings of that run")
    command = add(verbs, "queue", queue.show, "what runs and what waits; move it, or cancel it")
    actions = command.add_subparsers(metavar="ACTION")
    for action, run, text in (
        ("move", queue.move, "let a waiting job come sooner or later"),
        ("cancel", queue.cancel, "take a waiting job out of the queue"),
    ):
        command = add(actions, action, run, text)
        command.add_argument("what", metavar="RUN", help="a run's name, or a job as queue lists it")
        if action == "move":
            command.add_argument("to", choices=("first", "up", "down", "last"))
    for name, run, text in (
        ("pause", queue.pause, "let a running training wait, keeping all in memory"),
        ("resume", queue.resume, "go on with a run that is paused, or was interrupted"),
        ("stop", queue.stop, "end a run early, and keep the best so far"),
        ("rate", queue.rate, "change the learning rate of a running training"),
    ):
        command = add(verbs, name, run, text)
        command.add_argument("run", metavar="RUN")
        if name == "stop":
            command.add_argument("--discard", action="store_true", help="keep nothing of it")
        if name == "rate":
            command.add_argument("value", type=float, metavar="VALUE", help="above 0, at most 1")
    command = add(verbs, "recipes", models.list_recipes, "the ways of training")
    command.add_argument("--for", dest="dataset", metavar="NAME", help="with predicted times")
    command = add(verbs, "measure", tuning.measure, "measure how fast this computer trains")
    command.add_argument("name", metavar="NAME")
    add(verbs, "architectures", tuning.list_architectures, "networks to choose from")
    command = add(verbs, "layers", tuning.layers, "check an own network, or show templates")
    command.add_argument("file", nargs="?", type=Path, metavar="FILE.json")
    command.add_argument("--size", type=int, default=64, metavar="PIXELS")
    command.add_argument("--classes", type=int, default=10)
    command.add_argument("--gray", action="store_true", help="images without colour")
    for name, run, text in (
        ("find-rate", tuning.find_rate, "find a learning rate"),
        ("search", tuning.search_settings, "train with different settings and compare"),
    ):
        command = add(verbs, name, run, text)
        command.add_argument("name", metavar="NAME")
        command.add_argument("--recipe", help=", ".join(RECIPES))
        command.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            dest="settings",
            help="a setting that all have in common",
        )
    command.add_argument(
        "--try",
        action="append",
        default=[],
        required=True,
        metavar="KEY=V1,V2",
        dest="tries",
        help="values of a setting to try",
    )
    command.add_argument("--random", type=int, metavar="N", help="only N combinations, by chance")
    command.add_argument("--seed", type=int, default=1, help="decides which")
    command.add_argument("--name", dest="run_name", metavar="RUN", help="what the runs are called")
    _library(verbs, add)
    command = add(verbs, "evaluate", evaluation.evaluate, "how good a run is")
    command.add_argument("run", metavar="RUN")
    command.add_argument("--on", type=Path, metavar="FOLDER", help="class folders of new images")
    command.add_argument(
        "--table",
        nargs=2,
        metavar=("FORMAT", "FILE"),
        help="write the report by class, as csv, markdown or latex",
    )
    command = add(verbs, "explain", explain.explain, "where in images a run sees a class")
    command.add_argument("run", metavar="RUN")
    command.add_argument(
        "files", nargs="*", type=Path, metavar="IMAGE", help="default: test images it got wrong"
    )
    command.add_argument("--class", dest="label", metavar="CLASS", help="default: the answer")
    command.add_argument("--out", type=Path, metavar="FOLDER", help="write pictures with heat maps")
    command = add(verbs, "study", explain.study, "find out all that Results shows of a run")
    command.add_argument("run", metavar="RUN")
    command.add_argument("--on", type=Path, metavar="FOLDER", help="that it was tested on")
    _single_answers(verbs, add)
    command = add(
        verbs, "reliability", reliability.reliability, "how far one can rely on a run's answers"
    )
    command.add_argument("run", metavar="RUN")
    command.add_argument("--on", metavar="FOLDER", help="a folder that it was tested on")
    command.add_argument(
        "--threshold",
        type=float,
        default=0.9,
        metavar="SURE",
        help="answer only when at least so sure; 0 to 1, default 0.9",
    )
    command.add_argument(
        "--accuracy",
        type=float,
        default=0.99,
        metavar="WANTED",
        help="suggest the lowest threshold that reaches it; 0 to 1, default 0.99",
    )
    command = add(verbs, "predict", models.predict, "ask a run about images")
    command.add_argument("run", metavar="RUN")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--top", type=int, default=3, metavar="K")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write the answers as a table")
    _batches(verbs, add)
    trying.add_verbs(verbs, add)
    api.add_verbs(verbs, add)
    command = add(verbs, "export-model", exports.export_model, "take a model to use elsewhere")
    command.add_argument("run", metavar="RUN")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--list", action="store_true", help="formats, and what was made of them")
    which.add_argument(
        "--format", nargs=2, metavar=("F", "FILE.zip"), help="make one, as --list names them"
    )
    _take_away(verbs, add)
    return parser


def _batches(verbs: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands about whole folders of images."""
    command = add(verbs, "predict-batch", batch.predict_batch, "ask a run about a whole folder")
    command.add_argument("run", metavar="RUN")
    command.add_argument("folder", type=Path, metavar="FOLDER", help="folders inside count too")
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=".csv, .json (one array), .jsonl (an object a line) or .parquet",
    )
    command.add_argument(
        "--sort-into", type=Path, metavar="FOLDER", help="copy images into class folders, or a .zip"
    )
    command.add_argument(
        "--threshold",
        type=float,
        default=0.5,
        metavar="SURE",
        help="answers less sure than this are “unsure”; 0 to 1, default 0.5",
    )
    command = add(
        verbs, "import-model", batch.import_model, "take in a model that was trained elsewhere"
    )
    command.add_argument("file", type=Path, metavar="FILE.keras")
    command.add_argument(
        "--labels",
        required=True,
        metavar="FILE|NAMES",
        help="its classes in the order of its outputs: a text file, one a line; a JSON list; or "
        "the names with commas between",
    )
    command.add_argument("--dataset", metavar="NAME", help="to test it on")
    command.add_argument("--name", dest="run_name", metavar="RUN", help="name of the new run")
    command.add_argument("--pixels", choices=PIXELS, help="values that it was trained on")
    command.add_argument("--size", type=int, metavar="PIXELS", help="where the file leaves it open")
    command = add(verbs, "batches", batch.list_batches, "the folders that a run was asked about")
    command.add_argument("run", metavar="RUN")
    command.add_argument("--delete", metavar="ID", help="forget one, as batches lists them")


def _take_away(verbs: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that write what a run was and found to files, and hand out links."""
    for name, run, text, file in (
        ("report", take_away.report, "write a run's report to share", "FILE.html|FILE.pdf"),
        ("notebook", take_away.notebook, "write a notebook that rebuilds a run", "FILE.ipynb"),
        ("card", take_away.card, "write a run's model card", "FILE.md"),
        ("metrics", take_away.metrics, "all figures of a run as JSON", "FILE.json"),
    ):
        command = add(verbs, name, run, text)
        command.add_argument("run", metavar="RUN")
        nargs = "?" if name == "metrics" else None
        command.add_argument("file", type=Path, metavar=file, nargs=nargs)
    command = add(verbs, "share", take_away.share, "make a read-only link to a run's results")
    command.add_argument("run", metavar="RUN")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--list", action="store_true", help="list the links that there are")
    which.add_argument("--revoke", metavar="TOKEN", help="take a link back")


def _single_answers(verbs: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that show what a run answered about single images."""
    command = add(
        verbs, "mistakes", mistakes.mistakes, "what a run got wrong, and what it learned that from"
    )
    command.add_argument("run", metavar="RUN")
    command.add_argument("--on", type=Path, metavar="FOLDER", help="that it was tested on")
    command.add_argument("--show", choices=WHICH, default="wrong", help="which answers")
    command.add_argument("--true", metavar="C", help="only images of this class")
    command.add_argument("--predicted", metavar="C", help="only images answered with this class")
    command.add_argument(
        "--sort", choices=ORDERS, help="surest first, least sure first, or by loss"
    )
    command.add_argument("--limit", type=int, default=20, metavar="N", help="default 20")
    command = add(verbs, "map", mistakes.draw_map, "test images as points: alike lies by alike")
    command.add_argument("run", metavar="RUN")
    command.add_argument("--on", type=Path, metavar="FOLDER", help="that it was tested on")
    command.add_argument("--method", choices=METHODS, default="tsne")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write the points as a table")


def _library(verbs: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that keep runs in order and lay them side by side."""
    command = add(verbs, "runs", library.runs, "list runs")
    command.add_argument("--search", metavar="WORDS", help="in names, tags, notes and settings")
    for name in ("dataset", "recipe", "state", "tag"):
        command.add_argument(f"--{name}", help=f"only runs of this {name}")
    command.add_argument("--starred", action="store_true", help="only starred ones")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--archived", action="store_true", help="only archived ones")
    which.add_argument("--all", action="store_true", help="archived ones too")
    which.add_argument("--deleted", action="store_true", help="what is in the bin")
    command.add_argument("--sort", choices=SORTS, default="newest")

    run = verbs.add_parser(
        "run", help="rename, tag, star, archive, delete or restore a run, show its settings …"
    )
    kinds = run.add_subparsers(required=True, metavar="ACTION")
    for action, do, text in (
        ("rename", library.rename, "give a run another name"),
        ("tag", library.tag, "give a run tags"),
        ("untag", library.untag, "take tags off a run"),
        ("note", library.note, "write notes about a run, in place of earlier ones"),
        ("star", library.star, "mark a run as one of the best"),
        ("unstar", library.star, "take the star off a run"),
        ("archive", library.archive, "offer a run no longer"),
        ("unarchive", library.archive, "offer a run again"),
        ("delete", library.delete, "put a run into the bin"),
        ("restore", library.restore, "take a run out of the bin"),
        ("settings", library.settings, "show a run's settings, to train with them again"),
        ("tests", library.tests, "list the folders that a run was tested on"),
        ("forget-test", library.forget_test, "delete what came of a test on a folder"),
    ):
        command = add(kinds, action, do, text)
        command.add_argument("run", metavar="RUN")
        command.set_defaults(on=not action.startswith("un"))
        if action == "rename":
            command.add_argument("new_name", metavar="NEW")
        if action in ("tag", "untag"):
            command.add_argument("tags", nargs="+", metavar="TAG")
        if action == "note":
            command.add_argument("text", metavar="TEXT")
        if action == "forget-test":
            command.add_argument("folder", metavar="FOLDER", help="as tests lists it")
    add(kinds, "empty-bin", library.empty_bin, "remove for good what is in the bin")

    command = add(verbs, "compare", compare.compare, "runs side by side: is one really better?")
    command.add_argument("runs", nargs="+", metavar="RUN", help="the first with each other one")
    command.add_argument("--on", metavar="FOLDER", help="a folder that all were tested on")
    command = add(
        verbs, "similar", compare.similar, "the score without images that resemble training images"
    )
    command.add_argument("run", metavar="RUN")
    command.add_argument("--on", metavar="FOLDER", help="a folder that it was tested on")
    command.add_argument("--threshold", type=float, default=0.98, help="0.9 to 1; default 0.98")
