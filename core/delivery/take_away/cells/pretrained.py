"""Networks with published weights, for the notebook: where these come from, and what defines those
that Keras has not, cut from the code that Lightbox itself runs."""

from __future__ import annotations

from typing import Any

from core.delivery.take_away.cells import Cell, code, words
from core.delivery.take_away.cut import Cutter
from core.features.backbones.backbone import Backbone
from core.features.weights import find_weights

_FILES = "core.features.torch_file"
_READ = '''
def read_state(path):
    """The named arrays of a file."""
    return _read(io.BytesIO(path.read_bytes()))
'''


def definition(backbone: Backbone, cutter: Cutter, *, reads: bool) -> list[Cell]:
    """What defines a network that Keras has not, and reads its weights where the run began from
    them."""
    if backbone.packaged is None:
        return []
    module = backbone.packaged.network.__module__
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
    names = "key", "application", "preprocessing", "taps", "peaks", "arguments", "features"
    return {
        **{name: getattr(backbone, name) for name in names},
        "packaged": f"={of_its_own if backbone.packaged is not None else None}",
    }


def weights(backbone: Backbone) -> list[Cell]:
    """Where its published weights lie; or are downloaded from, once."""
    packaged = backbone.packaged
    learned = f"""
        It has learned from over a million photos (ImageNet) what edges, textures and shapes there
        are. Its weights ({backbone.megabytes} MB)
        """
    if packaged is not None:
        return [
            words(
                learned,
                """
                come in a Python package. They are read by the code above, which runs nothing that
                the file may hold.
                """,
            ),
            code(f"# %{packaged.command}"),
            code(
                f"""
                package = find_spec("{packaged.module}")
                WEIGHTS = Path(package.submodule_search_locations[0]) / "{backbone.file.names[0]}"
                """
            ),
        ]
    found = find_weights(backbone.key)
    # Keras files one set of weights under several names; the one that is here will do.
    name = found.name if found is not None else backbone.file.names[0]
    return [
        words(learned, "are downloaded once, and kept by Keras."),
        code(
            f"""
            WEIGHTS = keras.utils.get_file(
                "{name}",
                "{backbone.file.url.rpartition("/")[0]}/"
                "{name}",
                cache_subdir="models",
            )
            """
        ),
    ]
