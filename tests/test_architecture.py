"""The house's own rules: imports point downwards, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What each room may import, besides itself; everything may import the ground floor.
GROUND = {
    *("addresses", "complaints", "contained", "errors", "helper", "who", "progress", "settings"),
    *("text", "workspace", "quiet", "keeper", "lasting", "defects"),
}
ORDER = (
    "files",
    "catalog",
    "access",
    "datasets",
    "features",
    "quality",
    "runs",
    "training",
    "evaluation",
    "inference",
    "delivery",
    "jobs",
)
ROOMS: dict[str, set[str]] = {
    **{room: set(ORDER[:place]) for place, room in enumerate(ORDER)},
    "files": set(),
    "datasets": {"catalog", "access", "files"},
    "features": {"datasets"},
    "api": set(ORDER) - {"jobs"},
    "charts": set(),
    "cli": {*ORDER, "api"},
}
FITTING = ROOT / "core" / "training" / "fitting"  # the one place that is all Keras
HEAVY = {"tensorflow", "keras", "sklearn"}


@cache
def _nodes(file: Path) -> list[ast.AST]:
    """All of a file, read once for all rules."""
    return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def _imports(file: Path, *, only_at_import: bool) -> Iterator[tuple[str, int]]:
    """Names that a file imports, with line numbers; also those inside functions if asked."""
    inside = {
        id(node)
        for function in _nodes(file)
        if only_at_import and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in _nodes(file):
        if only_at_import and id(node) in inside:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def _room(file: Path) -> str:
    return file.relative_to(ROOT / "core").parts[0].removesuffix(".py")


CORE = sorted((ROOT / "core").rglob("*.py"))
WEB = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def test_imports_inside_core_point_downwards() -> None:
    wrong = []
    for file in CORE:
        room = _room(file)
        if room in {"__init__", "__main__"}:
            continue
        allowed = GROUND | ROOMS.get(room, set()) | {room}
        for name, line in _imports(file, only_at_import=False):
            parts = name.split(".")
            if parts[0] == "core" and len(parts) > 1 and parts[1] not in allowed | {"__version__"}:
                wrong.append(f"{file.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def test_every_room_is_named_in_the_plan() -> None:
    rooms = {_room(file) for file in CORE} - {"__init__", "__main__"}
    assert rooms <= GROUND | set(ROOMS), "say in ROOMS what the new room may import"


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _graph(files: list[Path]) -> dict[str, set[str]]:
    """Module → modules of ours that its file names: imported anywhere in it, for types only too,
    or in a string, as for ``import_module``."""
    modules = {_module(file) for file in files}
    graph = {}
    for file in files:
        named = set()
        for node in _nodes(file):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                # Whoever takes only modules from a package takes nothing of the package's file.
                named |= inside if inside <= modules else inside | {node.module}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
        graph[_module(file)] = named & modules - {_module(file)}
    return graph


def _circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Sets of modules each of which reaches all others of its set (Tarjan, 1972)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []
    found: list[set[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        open_.append(module)
        for other in sorted(graph[module]):
            if other not in number:
                visit(other)
            if other in open_:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == number[module]:
            at = open_.index(module)
            if len(open_) - at > 1:
                found.append(set(open_[at:]))
            del open_[at:]

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return found


def test_no_file_imports_what_imports_it() -> None:
    assert _circles(_graph([*CORE, *WEB])) == []


def test_a_circle_is_found_wherever_it_closes() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a", "d"}}
    assert _circles(graph) == [{"d", "e"}, {"a", "b", "c"}]


def test_core_never_imports_streamlit_and_nothing_in_it_imports_pages() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in CORE
        for name, line in _imports(file, only_at_import=False)
        if name.split(".")[0] in {"streamlit", "pages", "app", "tests", "benchmarks"}
    ]
    assert wrong == []


def test_pages_never_import_tensorflow_keras_or_scikit_learn() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in WEB
        for name, line in _imports(file, only_at_import=False)
        if name.split(".")[0] in HEAVY
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """What is loaded once all of core is imported, but for what is all Keras."""
    modules = [
        _module(file)
        for file in CORE
        if "migrations" not in file.parts
        and file.name != "__main__.py"
        and not file.is_relative_to(FITTING)
    ]
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("heavy", sorted(HEAVY))
def test_importing_all_of_core_loads_nothing_heavy(loaded: set[str], heavy: str) -> None:
    assert "core.catalog" in loaded
    assert heavy not in loaded


def test_what_fits_with_keras_is_imported_only_where_it_is_called() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in [*CORE, *WEB]
        if not file.is_relative_to(FITTING)
        for name, line in _imports(file, only_at_import=True)
        if name.startswith("core.training.fitting")
    ]
    assert wrong == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in [*CORE, *WEB]
        if isinstance(module := _nodes(file)[0], ast.Module)
        and module.body
        and not ast.get_docstring(module)
    ]
    assert silent == []


def test_no_file_has_become_a_corridor() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in [*CORE, *WEB]
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}
