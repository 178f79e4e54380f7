"""The grammar of the command line, put together from what each command's file declares."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from core.cli import (  # noqa: F401  (imported for their commands)
    api,
    batch,
    classes,
    cleaning,
    compare,
    datasets,
    datasets_out,
    demo,
    evaluation,
    explain,
    layouts,
    library,
    machines,
    mistakes,
    models,
    people,
    queue,
    reliability,
    take_away,
    trying,
    tuning,
    workspace,
)
from core.cli.command import COMMANDS, PROGRAM, STEPS, Command, Options
from core.cli.numbers import number, whole
from core.text import meant

_ABOUT = "Lightbox without a browser: from folders of images to a trained classifier."
_HELP = ("-h", "--help")
_NOT_WITH = re.compile(r"argument (\S+): not allowed with argument (\S+)")


def parse(words: Sequence[str]) -> Options:
    """What was typed after the program's name; ``options.command`` is the command.

    Ends the program after help, and with exit code 2 after what can't be understood.

    Raises:
        InvalidInput: what should be a number is none.
    """
    first = words[0] if words else ""
    actions = [each for each in COMMANDS.values() if each.name.startswith(f"{first} ")]
    named = 2 if actions and len(words) > 1 and not words[1].startswith("-") else 1
    name = " ".join(words[:named])
    name = next((each.name for each in COMMANDS.values() if name and name == each.formerly), name)
    if name in COMMANDS:
        options = parser_of(COMMANDS[name]).parse_args(words[named:])
        options.command = COMMANDS[name]
        return options
    wanted = f"{first} ACTION" if actions else "COMMAND"
    if not {*words[:2]}.isdisjoint(_HELP):
        print(_overview(actions or COMMANDS.values(), wanted))
        raise SystemExit(0)
    print(_usage(wanted), file=sys.stderr)
    print(f"{PROGRAM}: {_refusal(name, [each.name for each in actions])}", file=sys.stderr)
    raise SystemExit(2)


def parser_of(command: Command) -> argparse.ArgumentParser:
    """The grammar of one command."""
    about = [f"example{'s' if len(command.examples) > 1 else ''}:"]
    about += [f"  {PROGRAM} {command.name} {each}".rstrip() for each in command.examples]
    more = [each for each in COMMANDS if each.startswith(f"{command.name} ")]
    if more:
        about += ["", f"see also: {', '.join(more)}"]
    parser = _Parser(
        prog=f"{PROGRAM} {command.name}",
        description=command.help[0].upper() + command.help[1:] + "." * (command.help[-1] != "?"),
        epilog="\n".join(about),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for action in (None, "store"):
        parser.register("action", action, _Once)
    for kind, read in ((int, whole), (float, number)):
        parser.register("type", kind, read)
    for each in command.arguments:
        each.add_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if found := _NOT_WITH.fullmatch(message):
            message = f"give {found[2]} or {found[1]}, not both"
        super().error(message)


class _Once(argparse.Action):
    """Keeps what was given, and refuses to keep the last of two options without a word."""

    given = False

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: Options,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if option_string and self.given:
            parser.error(f"{option_string} was given twice; give it once")
        self.given = True
        setattr(namespace, self.dest, values)


def _overview(commands: Iterable[Command], wanted: str) -> str:
    """Commands under the headings of their steps, one a line."""
    found = list(commands)
    width = max(len(each.name) for each in found)
    lines = [_usage(wanted), "", _ABOUT]
    for step in STEPS:
        own = [each for each in found if each.step == step]
        if own:
            lines += ["", step, *(f"  {each.name:{width}}  {each.help}" for each in own)]
    return "\n".join(
        [*lines, "", f"What a command takes, with examples: {PROGRAM} {wanted} --help"]
    )


def _usage(wanted: str) -> str:
    return f"usage: {PROGRAM} {wanted} [-h] [--json] …"


def _refusal(name: str, actions: list[str]) -> str:
    """Why there is no such command, and which ones are written nearly like it."""
    if name in ("", *(each.split()[0] for each in actions)):
        return f"Say what to do. All that there is: {' '.join([PROGRAM, *name.split()])} --help"
    asked = meant(name, actions or COMMANDS)
    return " ".join(
        each
        for each in (f"There is no command “{name}”.", asked, f"All of them: {PROGRAM} --help")
        if each
    )
