"""The grammar of the command line. Each command is a function of a module beside this one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.cli import cleaning, datasets, demo, models, queue, tuning
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
        "--threshold", action="append", default=[], metavar="DETECTOR=SCORE", dest="thresholds",
        help="flag images from this score (0 to 1) on",
    )  # fmt: skip
    command = add(
        verbs, "suspects", cleaning.suspects, "look for wrong labels and images out of place"
    )
    command.add_argument("name", metavar="NAME")
    command = add(verbs, "relabel", cleaning.relabel, "move images, or whole classes, to a class")
    command.add_argument("name", metavar="NAME")
    command.add_argument("label", metavar="CLASS", help="a present class, or a new one")
    command.add_argument("paths", nargs="*", metavar="IMAGE")
    command.add_argument(
        "--class", action="append", default=[], metavar="CLASS", dest="classes",
        help="all images of this class: renames it, or merges it into the other",
    )  # fmt: skip
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
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="a setting, for example epochs=10, validation=0.2 or test=0.1",
    )  # fmt: skip
    command.add_argument("--name", dest="run_name", metavar="RUN", help="name of the new run")
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
            "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
            help="a setting that all have in common",
        )  # fmt: skip
    command.add_argument(
        "--try", action="append", default=[], required=True, metavar="KEY=V1,V2", dest="tries",
        help="values of a setting to try",
    )  # fmt: skip
    command.add_argument("--random", type=int, metavar="N", help="only N combinations, by chance")
    command.add_argument("--seed", type=int, default=1, help="decides which")
    command.add_argument("--name", dest="run_name", metavar="RUN", help="what the runs are called")
    add(verbs, "runs", models.runs, "list runs")
    command = add(verbs, "evaluate", models.evaluate, "how good a run is")
    command.add_argument("run", metavar="RUN")
    command.add_argument("--on", type=Path, metavar="FOLDER", help="class folders of new images")
    command = add(verbs, "predict", models.predict, "ask a run about images")
    command.add_argument("run", metavar="RUN")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--top", type=int, default=3, metavar="K")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write the answers as a table")
    return parser
