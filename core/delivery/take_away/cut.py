"""Code that trains, cut out of its files for somebody who has no Lightbox.

A function is given out with all that it calls, from whichever files, as one text that imports
nothing of Lightbox. What is known of a run is decided beforehand: branches that it never takes are
left out, and so is what only they would have needed. Types and the imports inside functions go too.

Files are read, not imported: what trains needs TensorFlow, and giving it out must not.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import core

_HOUSE = "core"
_ROLE = re.compile(r":\w+:`(?:[\w.]*\.)?(\w+)`")
# From here on, a docstring is for those who have the files.
_SECTION = re.compile(r"\n\s*(?:Args|Attributes|Returns|Raises):\n")
_SIGNATURE = re.compile(r"^( *def \w+)\(\n([^()]*?)\n *\):", re.M)
_WIDTH = 100
# A change of a text: from, to (in characters), and what stands there then.
_Edit = tuple[int, int, str]
_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Constant, ast.Subscript, ast.Tuple, ast.List)


class Cutter:
    """Gives code out, each thing once.

    Attributes:
        imports: name → the line that brings it, for what was given out.
    """

    def __init__(self) -> None:
        self.imports: dict[str, str] = {}
        self._known = _Known()
        self._given: dict[str, str] = {}

    def stands(self, module: str, name: str) -> None:
        """Say that the notebook has something of its own in place of this."""
        self._given[name] = module

    def cut(self, *places: str, known: Mapping[str, Any] | None = None) -> str:
        """What stands at these places (``module:name``), after all that it needs.

        Args:
            known: of the run: a name in the code → its value, or a whole condition as
                :func:`ast.unparse` writes it → whether it holds.
        """
        self._known = _Known(known or {})
        found: list[str] = []
        for place in places:
            module, _, name = place.partition(":")
            self._add(module, name, found)
        return "\n\n\n".join(found).replace("\n\n\n\n", "\n\n\n")

    def _add(self, module: str, name: str, found: list[str]) -> None:
        if name in self._given:
            if self._given[name] != module:
                raise ValueError(f"two things are called {name}: in {self._given[name]}, {module}")
            return
        self._given[name] = module
        text, local = _text(module, name, self._known)
        file = _file(module)
        for used in names_used(text):
            line = local.get(used) or file.imported.get(used)
            if used in file.defined:
                self._add(module, used, found)
            elif line is not None and line[0].split(".")[0] == _HOUSE:
                self._add(line[0], used, found)
            elif line is not None:
                self.imports[used] = line[1]
        found.append(text)


class _Known(dict[str, Any]):
    """What is known of a run, as what is cut by it is remembered."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))


@lru_cache(maxsize=1000)
def _text(module: str, name: str, known: _Known) -> tuple[str, dict[str, tuple[str, str]]]:
    """One definition as it is given out, and the imports inside it."""
    text, local = _untyped(module, name)
    return _tidy(_after(text, lambda text: _edits(text, known))), local


def _after(text: str, edits: Callable[[str], Iterator[_Edit]]) -> str:
    """A text after all edits, each of which is looked for in what the ones before have left."""
    while (edit := next(edits(text), None)) is not None:
        text = _edited(text, edit)
    return text


def _edits(text: str, known: _Known) -> Iterator[_Edit]:
    """Each change that is still to make for this run."""
    at = _Places(text)
    for node in ast.walk(ast.parse(text)):
        for block in _blocks(node):
            for number, statement in enumerate(block):
                if isinstance(statement, ast.Return | ast.Raise) and block[number + 1 :]:
                    yield at.start(block[number + 1]), at.end(block[-1]), ""
                if isinstance(statement, ast.If):
                    holds = _decided(statement.test, known)
                    if holds is not None:
                        yield at.folded(statement, holds, alone=len(block) == 1)
        if isinstance(node, ast.IfExp):
            holds = _decided(node.test, known)
            if holds is not None:
                kept = node.body if holds else node.orelse
                new = at.of(kept)
                new = new if isinstance(kept, _ATOMS) else f"({new})"
                yield at.start(node), at.end(node), new


def _decided(test: ast.expr, known: _Known) -> bool | None:
    """Whether a condition holds for this run; ``None`` where that is not known."""
    said = ast.unparse(test)
    if said in known:
        return bool(known[said])
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _decided(operand, known)
            return None if inner is None else not inner
        case ast.BoolOp(op=op, values=values):
            ends = isinstance(op, ast.Or)
            each = [_decided(value, known) for value in values]
            if ends in each:
                return ends
            return None if None in each else not ends
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    if not names <= set(known) or any(isinstance(n, ast.Call) for n in ast.walk(test)):
        return None
    scope = {name: known[name] for name in names}
    return bool(eval(compile(ast.Expression(test), "cut", "eval"), {}, scope))


@cache
def _untyped(module: str, name: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """One definition without types and without the imports inside it; and these."""
    text = _file(module).source(name)
    tree = ast.parse(text)
    local: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        local |= _imports(node)
    for type_ in sorted(set(_types(text, tree)), reverse=True):
        text = _edited(text, type_)
    return _after(text, _inner_imports), local


def _types(text: str, tree: ast.Module) -> Iterator[_Edit]:
    """What takes types away. None of these changes meets another."""
    at = _Places(text)
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=ast.expr() as kind):
                end, default = at.end(kind), text[at.end(kind) :].startswith(" = ")
                yield at.start(node) + len(node.arg), end + 3 * default, "=" * default
            case ast.FunctionDef(returns=kind):
                if kind is not None:
                    yield text.rindex("->", 0, at.start(kind)) - 1, at.end(kind), ""
                for inner in ast.walk(node):
                    if isinstance(inner, ast.AnnAssign):
                        value = inner.value
                        told = "" if value is None else at.of(value)
                        yield at.lines(inner, f"{at.of(inner.target)} = {told}" if told else "")


def _inner_imports(text: str) -> Iterator[_Edit]:
    at = _Places(text)
    for node in ast.walk(ast.parse(text)):
        for block in _blocks(node):
            for statement in block:
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    yield at.lines(statement, "" if len(block) > 1 else "pass")


def _edited(text: str, edit: _Edit) -> str:
    start, end, new = edit
    return text[:start] + new + text[end:]


def namespace(name: str, values: Mapping[str, Any]) -> str:
    """Settings as the code reads them, as source: ``NAME = SimpleNamespace(a=1)``."""
    given = ", ".join(f"{each}={_literal(value)}" for each, value in values.items())
    line = f"{name} = SimpleNamespace({given})"
    if len(line) <= _WIDTH:
        return line
    given = "\n".join(f"    {each}={_literal(value)}," for each, value in values.items())
    return f"{name} = SimpleNamespace(\n{given}\n)"


def _literal(value: Any) -> str:
    if isinstance(value, str) and value.startswith("="):
        return value[1:]  # an expression
    if isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    if isinstance(value, tuple | list):
        inside = [_literal(each) for each in value]
        return f"({', '.join(inside)}{',' * (len(inside) == 1)})"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _tidy(text: str) -> str:
    """Without what docstrings say to those who have the files, and without lines of spaces."""
    lines = text.splitlines()
    nodes = [
        (node.body[0], said)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and (said := ast.get_docstring(node))
    ]
    for node, said in sorted(nodes, key=lambda each: each[0].lineno, reverse=True):
        depth = " " * node.col_offset
        kept = _ROLE.sub(r"`\1`", _SECTION.split(said)[0].strip())
        end = f'\n{depth}"""' if "\n\n" in kept else '"""'
        quoted = textwrap.indent(f'"""{kept}', depth, lambda line: bool(line.strip())) + end
        lines[node.lineno - 1 : node.end_lineno] = quoted.splitlines()
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return _SIGNATURE.sub(_on_one_line, text)


def _on_one_line(found: re.Match[str]) -> str:
    """A signature that fits on a line without its types."""
    short = f"{found[1]}({' '.join(found[2].split()).removesuffix(',')}):"
    return short if len(short) <= _WIDTH else found[0]


class _File:
    """One module's text, and what stands where in it."""

    def __init__(self, module: str) -> None:
        # To ask Python for it would import the packages above it, Keras with some.
        place = Path(core.__file__).parents[1].joinpath(*module.split("."))
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        self.lines = file.read_text(encoding="utf-8").splitlines()
        self.defined: dict[str, tuple[int, int]] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        for node in ast.parse("\n".join(self.lines)).body:
            self.imported |= _imports(node)
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    first = min([first, *(each.lineno - 1 for each in node.decorator_list)])
                    self.defined[name] = first, last
                case ast.Assign(targets=targets):
                    while first and self.lines[first - 1].startswith("#"):
                        first -= 1
                    for each in (part for target in targets for part in ast.walk(target)):
                        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                            self.defined[each.id] = first, last

    def source(self, name: str) -> str:
        """The text of what is called so here."""
        first, last = self.defined[name]
        return "\n".join(self.lines[first:last]) + "\n"


@cache
def _file(module: str) -> _File:
    return _File(module)


class _Places:
    """Where nodes stand in a text, in characters."""

    def __init__(self, text: str) -> None:
        lines = text.splitlines(keepends=True)
        self.text = text
        self._bytes = [line.encode() for line in lines]
        self._starts = [0, *accumulate(map(len, lines))]

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._bytes[line - 1][:column].decode())

    def start(self, node: Any) -> int:
        return self._at(node.lineno, node.col_offset)

    def end(self, node: Any) -> int:
        return self._at(node.end_lineno, node.end_col_offset)

    def of(self, node: Any) -> str:
        return self.text[self.start(node) : self.end(node)]

    def lines(self, node: Any, new: str) -> _Edit:
        """A whole statement's lines, replaced by one, or by none."""
        if not new:
            end = self._starts[node.end_lineno]
            # An empty line below belongs to it.
            return self._starts[node.lineno - 1], end + (self.text[end : end + 1] == "\n"), ""
        return self.start(node), self.end(node), new

    def folded(self, node: ast.If, holds: bool, *, alone: bool) -> _Edit:
        """An ``if`` or ``elif`` of which it is known how it goes.

        Args:
            alone: its block would be empty without it.
        """
        first, last = self._starts[node.lineno - 1], self._starts[node.end_lineno or 0]
        chained = self.text.startswith("elif", self.start(node))
        depth = " " * node.col_offset
        begin = self._starts[node.body[-1].end_lineno or 0]
        if holds:
            kept = self.text[self._starts[node.test.end_lineno or 0] : begin]
            return first, last, f"{depth}else:\n{kept}" if chained else _shifted(kept)
        if not node.orelse:
            # What goes altogether leaves its comment behind, unless that goes with it.
            return self._comment(first), last, f"{depth}pass\n" if alone and not chained else ""
        other = node.orelse[0]
        after = self.text[begin:last]
        if chained:
            return first, last, after
        if isinstance(other, ast.If) and self.text.startswith("elif", self.start(other)):
            return first, last, after.replace("elif", "if", 1)
        return first, last, _shifted(after.partition("else:\n")[2])

    def _comment(self, first: int) -> int:
        """Where the comment right above begins."""
        above = self.text[:first].splitlines(keepends=True)
        while above and above[-1].strip().startswith("#"):
            first -= len(above.pop())
        return first


def _shifted(text: str) -> str:
    """One step further to the left."""
    return "".join(line.removeprefix("    ") for line in text.splitlines(keepends=True))


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and not isinstance(node, ast.Module):
            yield block


def _imports(node: ast.AST) -> dict[str, tuple[str, str]]:
    """Name → (module, line) of an import."""
    match node:
        case ast.Import(names=names):
            return {each.asname or each.name: (each.name, ast.unparse(node)) for each in names}
        case ast.ImportFrom(module=str() as module, names=names):
            return {
                each.asname or each.name: (module, f"from {module} import {ast.unparse(each)}")
                for each in names
            }
    return {}


@lru_cache(maxsize=1000)
def names_used(text: str) -> list[str]:
    """Names that are read, in the order in which they are."""
    nodes = ast.walk(ast.parse(textwrap.dedent(text)))
    names = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    names.sort(key=lambda each: (each.lineno, each.col_offset))
    return list(dict.fromkeys(each.id for each in names))
