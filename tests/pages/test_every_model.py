"""Every kind of model goes through every command, every section of a page, and every export.

Each is trained once, on pictures of one colour and for an epoch or two: what it answers is of no
interest here, only that everything about it can be asked.
"""

from __future__ import annotations

import os
import shlex
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.catalog import Catalog, DatasetRecord
from core.cli import main
from core.cli.command import COMMANDS
from core.delivery.exports import formats
from core.delivery.exports.make import make_export
from core.delivery.imported.start import begin_import
from core.delivery.take_away.links import create_link
from core.errors import InvalidInput
from core.evaluation.comparison import latency
from core.evaluation.evaluate import evaluate_run
from core.evaluation.study import basis
from core.evaluation.study.run import run_study
from core.features.weights import find_weights
from core.jobs.execute import execute
from core.progress import Wishes
from core.quiet import load_keras
from core.training.auto import search
from core.training.heads import choose
from core.training.run import train_run
from core.workspace import Workspace, open_workspace
from tests import small_network
from tests.core.cli.conftest import Said
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.core.training.running import queued
from tests.core.training.small import Wishing, add_colours, new_catalog
from tests.pages.conftest import Open, click, sections, words

pytestmark = pytest.mark.keras

# Enough for what a model's images usually look like to be learned from the validation images.
_EACH = 40
# LIGHTBOX_EVERY=1 takes the network that people have in all kinds, and every format of each. A step
# of it takes ten seconds to be traced, of which nothing is the kind's own.
EVERY = bool(os.environ.get("LIGHTBOX_EVERY"))
_REAL = {"architecture": "efficientnet_lite0", "image_size": 64, "epochs": 1}
_SMALL = {**_REAL, "architecture": _REAL["architecture"] if EVERY else small_network.KEY}
_TUNED = {**_SMALL, "tuning__epochs": 1}
_AUTO = {**_SMALL, "recipe": "auto", "image_size": 160, "minutes": 30}
# Formats that no other test makes of a trained network of full size.
_OF_REAL = ("onnx", "litert-int8", "openvino-int8")


@dataclass(frozen=True)
class Kind:
    """A kind of model.

    Attributes:
        classes: of its images.
        settings: it is trained with; ``None`` for one that was trained elsewhere.
        outputs, channels: of one that was.
        tested: whether one that was is given images to be tested on.
        formats: that it is exported in, all of them when empty.
        more: how many besides, in turn, so that each meets several.
    """

    settings: dict[str, Any] | None = None
    classes: tuple[str, ...] = tuple(CLASSES)
    outputs: int = 3
    channels: int = 3
    tested: bool = True
    formats: tuple[str, ...] = ()
    more: int = 0


def _few(settings: dict[str, Any] | None = None, **others: Any) -> Kind:
    """A kind that differs little from another: in the most used format, and two more in turn."""
    return Kind(settings, formats=("onnx",), more=2, **others)


_TWO = ("green", "red")
KINDS: dict[str, Kind] = {
    "own": Kind({}),
    "own, gray, 5 looks": Kind({"color": "gray", "test_views": 5}),
    "own, two classes, 2 looks": _few({"loss__name": "binary", "test_views": 2}, classes=_TWO),
    "scratch": _few({"recipe": "scratch", "epochs": 1}),
    "scratch, gray, 3 looks": _few(
        {"recipe": "scratch", "epochs": 1, "color": "gray", "test_views": 3}
    ),
    "classic": _few({"recipe": "classic", "image_size": 32, "epochs": 1}),
    "classic, two classes": _few(
        {"recipe": "classic", "image_size": 32, "epochs": 1, "loss__name": "binary"}, classes=_TWO
    ),
    "quick": Kind({"recipe": "quick", **_REAL}, formats=_OF_REAL),
    "quick, gray, 4 looks": _few({"recipe": "quick", **_SMALL, "color": "gray", "test_views": 4}),
    "quick, two classes": _few({"recipe": "quick", **_SMALL, "loss__name": "binary"}, classes=_TWO),
    "balanced": _few({"recipe": "balanced", **_TUNED}),
    "balanced, gray": _few({"recipe": "balanced", **_TUNED, "color": "gray"}),
    "best": _few({"recipe": "best", **_TUNED}),
    "auto": Kind(_AUTO),
    "auto, 3 looks": _few({**_AUTO, "test_views": 3}),
    "imported": Kind(),
    "imported, gray, one number": _few(classes=_TWO, outputs=1, channels=1),
    "imported, untested": Kind(tested=False),
}
_ELSEWHERE = tuple(name for name, kind in KINDS.items() if kind.settings is None)

# Commands that can't do what they are asked of some kinds, and what they say: by the beginning of
# what is typed. Of all others each is expected to work with every kind.
_UNTESTED = (
    *("compare", "similar", "study", "mistakes", "map", "reliability", "report", "card", "metrics"),
    "poster",
    "verdict",
    *(
        'share "hands 1" --json',
        'share "hands 1" --days',
        'evaluate "hands 1" --json',
        'explain "hands 1" --json',
    ),
)
CANNOT: dict[str, dict[str, str]] = {
    **{
        begin: {"any": "is not running: it is done"}
        for begin in ('pause "hands 1"', 'stop "hands 1"', 'rate "hands 1"')
    },
    "resume": {"any": "is done. To see how good it is", "imported, untested": "--on FOLDER"},
    **{begin: {"imported, untested": "This run has no results yet"} for begin in _UNTESTED},
    "notebook": {
        **dict.fromkeys(_ELSEWHERE, "This model was trained elsewhere"),
        "imported, untested": "This run has no results yet",
    },
    "ood": dict.fromkeys(_ELSEWHERE, "This model was trained elsewhere"),
    "correct": {"imported, untested": "there is no dataset that its images belong to"},
    # Nobody keeps what a training says meanwhile that isn't a job.
    "replay": {"any": "Nothing is known of how this model"},
    "learn": dict.fromkeys(_ELSEWHERE, "This model was trained elsewhere"),
    'correct "hands 1" a.jpg red --learn': dict.fromkeys(
        _ELSEWHERE, "This model was trained elsewhere"
    ),
}
# What trains once more is asked of one kind of each way to train, and of those that can't. So is
# what a browser prints, since the page itself is asked of all.
_OF_SOME = ("learn", 'correct "hands 1" a.jpg red --learn', 'report "hands 1" hands.pdf')
_SOME = {"own", "balanced", "auto", *_ELSEWHERE}


def _params(names: list[str]) -> list[Any]:
    missing = find_weights(_REAL["architecture"]) is None
    absent = pytest.mark.skipif(missing, reason="the weights of Lite0 are not installed")
    real = {name for name in names if _is_real(KINDS[name])}
    return [pytest.param(name, marks=[absent] if name in real else []) for name in names]


def _is_real(kind: Kind) -> bool:
    return (kind.settings or {}).get("architecture") == _REAL["architecture"]


def _exports() -> list[Any]:
    found = []
    turn = 0
    for case in _params([name for name, kind in KINDS.items() if kind.tested]):
        (name,) = case.values
        kind, keys = KINDS[name], list(formats.offered())
        if kind.formats and not EVERY:
            others = [key for key in keys if key not in kind.formats]
            more = [others[(turn + step) % len(others)] for step in range(kind.more)]
            keys, turn = [*kind.formats, *more], turn + kind.more
        found += [pytest.param(name, key, marks=list(case.marks)) for key in keys]
    return found


class Runs(dict[str, str]):
    """A tested and studied run of each kind, made when it is first asked for; by kind, its id."""

    def __init__(self, catalog: Catalog, root: Path) -> None:
        super().__init__()
        self.catalog, self._root = catalog, root
        self._datasets: dict[tuple[str, ...], DatasetRecord] = {}

    def __missing__(self, name: str) -> str:
        load_keras()
        kind = KINDS[name]
        dataset = self._dataset(kind.classes)
        run_id = (
            self._imported(name, kind, dataset)
            if kind.settings is None
            else self._trained(kind.settings, dataset)
        )
        self[name] = run_id
        return run_id

    def _dataset(self, classes: tuple[str, ...]) -> DatasetRecord:
        if classes not in self._datasets:
            folder = self._root / "-".join(classes)
            self._datasets[classes] = add_colours(
                self.catalog, folder, {label: label for label in classes}, each=_EACH
            )
        return self._datasets[classes]

    def _trained(self, settings: dict[str, Any], dataset: DatasetRecord) -> str:
        run_id, _ = queued(self.catalog, dataset, **settings)
        if settings.get("recipe") == "auto":
            with pytest.MonkeyPatch.context() as patch:
                # Whatever it tries is better than all before, up to a closer look; where a person
                # has asked for several looks, it tries none.
                patch.setattr(search, "better", lambda *_: True)
                patch.setattr(choose, "FEWEST_WRONG", 0)
                last = "" if "test_views" in settings else "closer up"
                train_run(self.catalog, run_id, Wishing(lambda events: _after(events, last)))
            assert bool(last) == bool(self.catalog.runs.get(run_id).summary.closer)
        else:
            train_run(self.catalog, run_id)
        self.catalog.jobs.finish(self.catalog.runs.get(run_id).job_id, "done")
        evaluate_run(self.catalog, run_id)
        run_study(self.catalog, run_id)
        return run_id

    def _imported(self, name: str, kind: Kind, dataset: DatasetRecord) -> str:
        file = self._root / f"{name}.keras"
        _elsewhere(kind).save(file)
        run = begin_import(
            self.catalog, file, list(kind.classes), dataset_id=dataset.id if kind.tested else ""
        )
        claimed = self.catalog.jobs.claim("train", pid=os.getpid(), host="here", job_id=run.job_id)
        assert claimed is not None
        assert execute(self.catalog, claimed).state == "done"
        if kind.tested:
            run_study(self.catalog, run.id)
        return run.id


def _after(events: list[tuple[str, dict[str, Any]]], what: str) -> Wishes:
    """To stop once something was tried that is called so."""
    tried = any(kind == "rung" and what in payload["what"] for kind, payload in events)
    return Wishes(stop="keep") if tried else Wishes()


def _elsewhere(kind: Kind) -> Any:
    """A model as people bring them, with a convolution and dropout."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((24, 24, kind.channels)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(kind.outputs, "softmax" if kind.outputs > 1 else "sigmoid"),
        ]
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("every")
    with pytest.MonkeyPatch.context() as patch, small_network.registered(folder):
        # How long an answer takes, and where all the evidence lies that is found by covering, are
        # of no interest either, and take seconds for each kind.
        patch.setattr(latency, "_SECONDS", 0.0)
        patch.setattr(basis, "MOST_OCCLUDED", 4)
        made = Runs(new_catalog(folder / "home"), folder / "images")
        yield made
        made.catalog.engine.dispose()


@pytest.fixture
def workspace(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The one of all these runs, in the place of one of the test's own."""
    home = runs.catalog.workspace.home
    monkeypatch.setenv("LIGHTBOX_HOME", str(home))
    monkeypatch.setenv("LIGHTBOX_ROOTS", f"{home.parent}{os.pathsep}{tmp_path}")
    return open_workspace()


@pytest.fixture
def ask(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Callable[[list[str]], Said]:
    """Type a command in a folder with a few new images, which no other test has."""
    new = zlib.crc32(request.node.name.encode())
    for number, name in enumerate(("a.jpg", "b.jpg", "photos/red/c.jpg", "photos/green/d.jpg")):
        write_colour(tmp_path / name, "green" if "green" in name else "red", new + number)
    monkeypatch.chdir(tmp_path)

    def type_it(typed: list[str]) -> Said:
        capsys.readouterr()
        return Said(main(typed), *capsys.readouterr())

    return type_it


# All that help shows about finished runs, but for exports, which have a test of their own, and a
# second thing that a browser prints.
EXAMPLES = [
    f"{each.name} {example}"
    for each in COMMANDS.values()
    for example in each.examples
    if '"hands 1"' in example and "--format" not in example and "poster.pdf" not in example
]


@pytest.mark.parametrize("name", _params(list(KINDS)))
def test_every_command_works_or_says_why_not(
    runs: Runs, ask: Callable[[list[str]], Said], name: str, workspace: Workspace
) -> None:
    other = runs["imported" if name == "own" else "own"]
    wrong = {}
    for example in EXAMPLES:
        if example.startswith(_OF_SOME) and name not in _SOME and not EVERY:
            continue
        typed = example.replace("hands of May", f"{name} of May")
        typed = typed.replace("kiosk", f"kiosk-{list(KINDS).index(name)}")
        typed = typed.replace("--class zero", f"--class {KINDS[name].classes[0]}")
        typed = typed.replace('"hands 1"', runs[name]).replace('"hands 2"', other)
        why = next(
            (
                says[kind]
                for begin, says in sorted(CANNOT.items(), key=lambda each: -len(each[0]))
                if f"{example} --json".startswith(begin)
                for kind in (name, "any")
                if kind in says
            ),
            "",
        )
        said = ask([*shlex.split(typed), "--json"])
        if why and not (said.code == 2 and why in said.err):
            wrong[example] = f"{said.code}, not “{why}”: {said.err[-600:]}"
        elif not why and said.code != 0:
            wrong[example] = f"{said.code}: {said.err[-600:]}"
    assert not wrong, "\n".join(f"{example} → {said}" for example, said in wrong.items())


@pytest.mark.parametrize("page", ["results", "predict"])
@pytest.mark.parametrize("name", _params(list(KINDS)))
def test_every_section_is_drawn(
    runs: Runs, open_page: Open, name: str, page: str, workspace: Workspace
) -> None:
    at = open_page(page, run=runs[name])
    if KINDS[name].tested or page == "predict":
        assert list(sections(at))
    else:
        assert "has not been tested yet" in words(at)
    if page == "predict":
        _beaten(open_page, runs, name)


def _beaten(open_page: Open, runs: Runs, name: str) -> None:
    """A demo of it names a test photo, and asks a visitor for the next ones."""
    link = create_link(runs.catalog, runs[name], "demo")
    at = open_page("demo", token=link.token)
    assert ("Click one:" in words(at)) == KINDS[name].tested
    at.segmented_control[0].set_value("beat").run()
    if KINDS[name].tested:
        assert "Photo 2 of" in words(click(at, KINDS[name].classes[0]))
    else:
        assert "no test photos to guess" in words(at)


@pytest.mark.parametrize(("name", "key"), _exports())
def test_every_export_answers_like_keras_or_says_that_its_digits_are_too_few(
    runs: Runs, name: str, key: str
) -> None:
    if formats.FORMATS[key].tolerance is not None:
        assert make_export(runs.catalog, runs[name], key).largest_difference <= 1e-3
        return
    try:
        made = make_export(runs.catalog, runs[name], key)
    except InvalidInput as error:
        # What is learned in an epoch may hang on the last digits.
        refused = str(error)
    else:
        refused = "" if made.same >= formats.FORMATS[key].least_same * made.images else "too few"
    assert refused == "" or "can't do with so few digits" in refused
