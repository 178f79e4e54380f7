"""Networks that Keras has not, for the notebook: cut from the code that Lightbox itself runs."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from types import ModuleType

from core.delivery.take_away.cells import Cell, code, words
from core.features import torch_file
from core.features.backbones.backbone import Backbone, Packaged

_READING = ("read", "_names", "_weighing")

_IMPORT_ANY = "from typing import Any"

_READ = '''
def read_state(path):
    """The named arrays of a file."""
    return _read(io.BytesIO(path.read_bytes()))
'''


def definition(packaged: Packaged, holds: Mapping[str, bool]) -> list[Cell]:
    """What defines the network, and reads its weights where the run began from them."""
    module = inspect.getmodule(packaged.network)
    assert module is not None, "networks are functions of modules"
    made = []
    if holds["reads"]:
        made.append(
            code(
                "import io\n"
                "import pickle\n"
                "from collections import OrderedDict\n"
                "from collections.abc import Iterator\n"
                "from dataclasses import dataclass, field\n"
                + ("from importlib.util import find_spec\n" if holds["imagenet"] else "")
                + _IMPORT_ANY
            )
        )
        made.append(code(_cut(torch_file, "read_state") + _READ, hidden=True))
        made.append(code(_cut(module, "_register")))
    else:
        made.append(code(_IMPORT_ANY))
        made.append(code(_cut(module, "_register", *_READING)))
    return made


def weights(backbone: Backbone, packaged: Packaged) -> list[Cell]:
    """Where the published weights lie."""
    return [
        words(
            """
            It has learned from over a million photos (ImageNet) what edges, textures and shapes
            there are. Its weights ({{megabytes}} MB) come in a Python package. They are read by the
            code above, which runs nothing that the file may hold.
            """,
            megabytes=backbone.megabytes,
        ),
        code("# %{{command}}", command=packaged.command),
        code(
            """
            package = find_spec("{{module}}")
            WEIGHTS = Path(package.submodule_search_locations[0]) / "{{file}}"
            """,
            module=packaged.module,
            file=backbone.file.names[0],
        ),
    ]


def _cut(module: ModuleType, *left_out: str) -> str:
    """A module's code without its docstring, its imports, and what these names define or call."""
    text = inspect.getsource(module)
    lines = text.splitlines()
    kept: list[str] = []
    end = 0
    for node in ast.parse(text).body:
        start, end = end, node.end_lineno or end
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                continue
            case ast.FunctionDef(name=name) if name in left_out:
                continue
            case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in left_out:
                continue
        kept += lines[start:end]
    return "\n".join(kept).strip("\n") + "\n"
