"""The command line as a person meets it: arguments in; exit code, standard output and error out."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.workspace import read_json, write_json
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.sharing import made_once

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Said:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output; the command must have gone well."""
        assert self.code == 0, self.err
        return json.loads(self.out, parse_constant=_no_json)

    @property
    def mistake(self) -> str:
        """The sentence about a person's mistake, which must be all that was said; with ``--json``
        it is what the document says, too."""
        assert self.code == 2, self.err
        lines = self.err.splitlines()
        if self.out:
            assert json.loads(self.out)["error"].splitlines() == lines[-1:]
        assert lines[-1].endswith((".", "PATH", "NAME")), self.err
        assert "Traceback" not in self.err
        return lines[-1]


def _no_json(text: str) -> None:
    raise AssertionError(f"{text} is not JSON")


Cli = Callable[..., Said]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in this process."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return run


def aside(*arguments: object) -> Said:
    """Run a command in this process, where no test captures what it says."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Said(code, out.getvalue(), err.getvalue())


def process(*arguments: object, env: dict[str, str] | None = None) -> Said:
    """Run a command as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def colours(root: Path, each: int = 12) -> Path:
    """Class folders of images of 24 × 20 pixels, one a colour."""
    for colour in CLASSES:
        for number in range(each):
            write_colour(root / colour / f"{number:02d}.png", colour, seed=number)
    return root


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return colours(tmp_path / "colours", each=3)


@dataclass(frozen=True)
class Trained:
    """A workspace with one dataset, ``colours``, and one run, ``first``."""

    home: Path
    root: Path
    said: Said


def _train(folder: Path) -> None:
    root = colours(folder / "colours")
    settings = ("--name", "first", "--set", "epochs=2", "--set", "image_size=24")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIGHTBOX_HOME", str(folder / "home"))
        patch.setenv("LIGHTBOX_ROOTS", str(folder))
        patch.setenv("LIGHTBOX_USER", "tester")
        added = aside("dataset", "add", root)
        assert added.code == 0, added.err
        said = aside("train", "colours", "--recipe", "classic", "--json", *settings)
    write_json(folder / "said.json", asdict(said))


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    made = made_once(tmp_path_factory, "trained-by-command", _train)
    home = tmp_path_factory.mktemp("trained") / "home"
    shutil.copytree(made / "home", home)
    return Trained(home, made / "colours", Said(**read_json(made / "said.json")))


@pytest.fixture
def trained(trained_once: Trained, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """The trained workspace, as the one that commands use."""
    monkeypatch.setenv("LIGHTBOX_HOME", str(trained_once.home))
    monkeypatch.setenv("LIGHTBOX_ROOTS", str(trained_once.root.parent))
    return trained_once
