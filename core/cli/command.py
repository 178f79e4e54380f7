"""What a command is, and the list of them; each file of this folder declares its own.

A command is a function, declared where it stands::

    @command(
        "Clean",
        "scan",
        "look at a dataset's files again; list findings",
        NAME,
        argument("--threshold", action="append", metavar="DETECTOR=SCORE"),
        examples=("hands", "hands --threshold blurry=0.4"),
    )
    def scan(catalog, options, output): ...

It prints lines for people to ``output``, and returns the document that ``--json`` prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.catalog import Catalog
from core.cli.output import Output

PROGRAM = "python -m core"
# Where in the work a command is needed; help lists them in this order.
Step = Literal[
    "Start",
    "Data",
    "Clean",
    "Train",
    "Results",
    "Predict",
    "Take away",
    "Library",
    "Queue",
    "People",
]
STEPS: tuple[Step, ...] = get_args(Step)

Options = argparse.Namespace
Run = Callable[[Catalog, Options, Output], Any]


@dataclass(frozen=True)
class Argument:
    """Something that a command takes.

    Attributes:
        add_to: adds it to a parser, or to a group of one.
        example: what to type for it, where a command has no examples of its own.
    """

    add_to: Callable[[Any], object]
    example: str = ""


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        name: the word, or the two words, that it is called by.
        step: the heading of help under which it stands.
        help: what it does, in one line.
        run: does it.
        arguments: what it takes besides ``--json``.
        examples: what to type after its name; each one works as it stands where there are a
            dataset ``hands`` and its runs ``hands 1`` and ``hands 2``.
        formerly: what it was called before; still understood.
        opens: it is run with the catalog open; one that isn't is given none, and works where none
            can be opened.
    """

    name: str
    step: Step
    help: str
    run: Run
    arguments: tuple[Argument, ...]
    examples: tuple[str, ...]
    formerly: str = ""
    opens: bool = True


# By name, in the order of their files.
COMMANDS: dict[str, Command] = {}


def command(
    step: Step,
    name: str,
    help: str,
    *arguments: Argument,
    examples: tuple[str, ...] = (),
    formerly: str = "",
    opens: bool = True,
) -> Callable[[Run], Run]:
    """Declare the function below as a command; see :class:`Command`."""
    shown = examples or (" ".join(each.example for each in arguments if each.example),)

    def declare(run: Run) -> Run:
        COMMANDS[name] = Command(name, step, help, run, arguments, shown, formerly, opens)
        return run

    return declare


def argument(*flags: str, example: str = "", **options: Any) -> Argument:
    """One argument, given as :meth:`argparse.ArgumentParser.add_argument` takes it."""
    return Argument(lambda parser: parser.add_argument(*flags, **options), example)


def one_of(*arguments: Argument, required: bool = False) -> Argument:
    """Arguments of which one, or where that is not ``required`` none, can be given."""

    def add_to(parser: Any) -> None:
        group = parser.add_mutually_exclusive_group(required=required)
        for each in arguments:
            each.add_to(group)

    return Argument(add_to)


# What several commands take.
NAME = argument("name", metavar="NAME", example="hands")
RUN = argument("run", metavar="RUN", example='"hands 1"')
LINKS = one_of(
    argument("--list", action="store_true", help="list the links that there are"),
    argument("--revoke", metavar="TOKEN", help="take a link back"),
)
DAYS = argument("--days", type=float, metavar="N", help="for so many days; else until taken back")
