"""Networks that Keras has not, for the notebook: cut from the code that Lightbox itself runs."""

from __future__ import annotations

from typing import Any

from core.delivery.take_away.cells import Cell, code, words
from core.delivery.take_away.cut import Cutter
from core.features.backbones.backbone import Backbone, Packaged

_FILES = "core.features.torch_file"
_READ = '''
def read_state(path):
    """The named arrays of a file."""
    return _read(io.BytesIO(path.read_bytes()))
'''


def definition(packaged: Packaged, cutter: Cutter, *, reads: bool) -> list[Cell]:
    """What defines the network, and reads its weights where the run began from them."""
    module = packaged.network.__module__
    made = [code(cutter.cut(f"{module}:network"))]
    if reads:
        # Refusals in words are Lightbox's own.
        cutter.stands(_FILES, "read_state")
        made.append(code(cutter.cut(f"{_FILES}:_read"), _READ, hidden=True))
        made.append(code(cutter.cut(f"{module}:read")))
    return made


def settings(backbone: Backbone, *, reads: bool) -> dict[str, Any]:
    """A backbone as the code that builds it reads it, for :func:`cut.namespace`."""
    of_its_own = f"SimpleNamespace(network=network{', read=read' if reads else ''})"
    return {
        "key": backbone.key,
        "application": backbone.application,
        "preprocessing": backbone.preprocessing,
        "taps": backbone.taps,
        "peaks": backbone.peaks,
        "arguments": backbone.arguments,
        "features": backbone.features,
        "packaged": f"={of_its_own if backbone.packaged is not None else None}",
    }


def weights(backbone: Backbone, packaged: Packaged) -> list[Cell]:
    """Where the published weights lie."""
    return [
        words(
            f"""
            It has learned from over a million photos (ImageNet) what edges, textures and shapes
            there are. Its weights ({backbone.megabytes} MB) come in a Python package. They are read
            by the code above, which runs nothing that the file may hold.
            """
        ),
        code(f"# %{packaged.command}"),
        code(
            f"""
            package = find_spec("{packaged.module}")
            WEIGHTS = Path(package.submodule_search_locations[0]) / "{backbone.file.names[0]}"
            """
        ),
    ]
