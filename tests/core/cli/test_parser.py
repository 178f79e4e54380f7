"""The grammar: what can be typed, and what is said about what can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli import main
from core.cli.parser import make_parser
from tests.core.cli.conftest import process

COMMANDS = [
    "demo",
    "dataset add photos",
    "dataset sample",
    "dataset list",
    "dataset show x",
    "dataset rename x y",
    "dataset remove x",
    "dataset export x out",
    "dataset report x r.html",
    "scan x",
    "exclude x a.png b.png",
    "restore x a.png",
    "keep x --finding blurred",
    "undo x 3 4",
    "history x",
    "train x",
    "recipes",
    "recipes --for x",
    "measure x",
    "architectures",
    "layers",
    "layers net.json --gray",
    "find-rate x",
    "search x --try epochs=1,2 --random 3",
    "queue",
    "pause r",
    "resume r",
    "stop r --discard",
    "rate r 0.01",
    "runs --tag t --starred --archived --search words",
    "run rename r s",
    "run tag r a b",
    "run untag r a",
    "run note r words",
    "run star r",
    "run unstar r",
    "run archive r",
    "run unarchive r",
    "run delete r",
    "run restore r",
    "run settings r",
    "run tests r",
    "run forget-test r folder",
    "run empty-bin",
    "compare a b c",
    "similar r --on folder --threshold 0.95",
    "train x --like r",
    "evaluate r",
    "predict r a.png",
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_answer_in_json(line: str) -> None:
    options = make_parser().parse_args([*line.split(), "--json"])
    assert options.json
    assert callable(options.command)
    assert not make_parser().parse_args(line.split()).json


def test_settings_of_a_training_can_be_given_many_times() -> None:
    options = make_parser().parse_args(
        ["train", "x", "--set", "epochs=2", "--set", "seed=3", "--recipe", "scratch"]
    )
    assert options.settings == ["epochs=2", "seed=3"]
    assert (options.recipe, options.run_name) == ("scratch", None)


def test_a_prediction_takes_many_files_and_names_three_classes() -> None:
    options = make_parser().parse_args(["predict", "r", "a.png", "b.png"])
    assert (options.files, options.top) == ([Path("a.png"), Path("b.png")], 3)


@pytest.mark.parametrize(
    "line", ["", "fly", "dataset", "dataset add", "train", "predict r", "predict r a --top two"]
)
def test_what_can_not_be_understood_has_exit_code_2_and_says_how_it_is_used(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.startswith("usage: python -m core")


def test_help_names_every_command() -> None:
    said = process("--help")
    assert said.code == 0
    for word in {line.split()[0] for line in COMMANDS}:
        assert word in said.out
