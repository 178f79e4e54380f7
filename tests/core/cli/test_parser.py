"""The grammar: what can be typed, and what is said about what can't."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.cli import main
from core.cli.command import COMMANDS, STEPS, Options, argument, command
from core.cli.output import Output
from core.cli.parser import parse, parser_of
from tests.core.cli.conftest import Cli, process


def test_settings_of_a_training_can_be_given_many_times() -> None:
    options = parse(["train", "x", "--set", "epochs=2", "--set", "seed=3", "--recipe", "scratch"])
    assert options.settings == ["epochs=2", "seed=3"]
    assert (options.recipe, options.run_name) == ("scratch", None)


def test_a_prediction_takes_many_files_and_names_three_classes() -> None:
    options = parse(["predict", "r", "a.png", "b.png"])
    assert (options.files, options.top) == ([Path("a.png"), Path("b.png")], 3)


def refused(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said about something that can't be understood."""
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.startswith("usage: python -m core")
    return said.err


@pytest.mark.parametrize(
    "line", ["", "fly", "dataset", "dataset add", "train", "predict r", "predict r a b --top"]
)
def test_what_can_not_be_understood_has_exit_code_2_and_says_how_it_is_used(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(line, capsys)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("predict r a --top two", "“two” is no whole number. Give one such as 10, in digits."),
        ("run sure r high", "“high” is no number. Give one such as 10 or 0.5, in digits."),
        ("train hands --minutes nan", "“nan” is no number. Give one such as 10 or 0.5, in digits."),
    ],
)
def test_what_is_no_number_is_a_sentence_also_for_a_program(
    line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    assert capsys.readouterr() == ("", f"{says}\n")
    assert main([*line.split(), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"] == says


def test_shares_are_typed_as_people_say_them(capsys: pytest.CaptureFixture[str]) -> None:
    for typed in ("0.95", "95", "95%", "95 %"):
        assert parse(["run", "sure", "r", typed]).sure_from == 0.95
    assert parse(["run", "sure", "r", "1"]).sure_from == 1
    assert "give --aim or --no-aim, not both" in refused("verdict r --aim 90 --no-aim", capsys)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("trian hands", "“train”"),
        ("dataset shwo hands", "“dataset show”"),
        ("queue mvoe a first", "“queue move”"),
        ("predict_batch r photos", "“predict-batch”"),
    ],
)
def test_a_command_that_was_mistyped_is_recognised(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"Did you mean {meant}" in refused(typed, capsys)


def test_help_has_every_command_on_a_line_of_its_own_under_its_step() -> None:
    said = process("--help")
    assert said.code == 0
    lines = said.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line in STEPS] == list(STEPS)
    for each in COMMANDS.values():
        (row,) = [n for n, line in enumerate(lines) if line.startswith(f"  {each.name}  ")]
        assert lines[row].endswith(f"  {each.help}")
        assert [line for line in lines[:row] if line in STEPS][-1] == each.step


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("run --help", "  run forget-test  delete what came of a test on a folder"),
        (
            "queue --help",
            "\n\nsee also: queue move, queue needs, queue cancel",
        ),
        ("train --help", "  python -m core train hands"),
    ],
)
def test_a_command_and_a_group_of_commands_have_help_of_their_own(
    line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 0
    assert says in capsys.readouterr().out


def test_a_command_is_added_by_declaring_it(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "wave", COMMANDS["demo"])  # so that it is gone afterwards

    @command("Start", "wave", "say hello", argument("whom"), examples=("Ada",))
    def wave(catalog: Catalog, options: Options, output: Output) -> dict[str, str]:
        output.text(f"Hello {options.whom}")
        return {"hello": options.whom}

    assert cli("wave", "Ada", "--json").document == {"hello": "Ada"}
    assert cli("wave", "Ada").out == "Hello Ada\n"
    for line, says in (("--help", "say hello"), ("wave --help", "python -m core wave Ada")):
        with pytest.raises(SystemExit):
            main(line.split())
        assert says in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_given_twice_silently_takes_the_last(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    takes = [each for each in parser_of(COMMANDS[name])._actions if each.option_strings]
    for each in takes:
        # What collects values, and what takes none, can't take another one's place.
        if each.nargs == 0 or isinstance(each, argparse._AppendAction):
            continue
        value = str(next(iter(each.choices))) if each.choices else "1"
        given = [each.option_strings[-1], *[value] * (each.nargs or 1)]  # type: ignore[operator]
        with pytest.raises(SystemExit) as ended:
            parse([*name.split(), *given, *given])
        assert ended.value.code == 2
        assert f"{given[0]} was given twice" in capsys.readouterr().err
