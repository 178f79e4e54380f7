"""What a network starts from: weights of a file, or of a run that was trained here before."""

from __future__ import annotations

import hashlib
import shutil
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import keras

from core.errors import InvalidInput, NotFound
from core.runs.files import RunFiles
from core.training.context import TrainingContext
from core.training.foreign.archive import check_weights, clean_copy


def source_of(context: TrainingContext) -> tuple[Path, str]:
    """The model file that ``spec.weights`` names, and a tag that changes with its content.

    Raises:
        NotFound: the run or file is not there (any more).
    """
    kind, _, name = context.spec.weights.partition(":")
    if kind == "run":
        path = RunFiles(context.catalog.workspace, context.catalog.runs.find(name).id).keras
    else:
        path = Path(name).expanduser()
    if not path.is_file():
        raise NotFound("The weights to start from are not there.", file=path)
    with path.open("rb") as content:
        return path, "own" + hashlib.file_digest(content, "sha256").hexdigest()[:12]


def start_from(context: TrainingContext, model: Any, file: Path) -> None:
    """Give ``model`` all weights that fit of those in ``file``, and tell how many.

    Layers are matched in order, by kind and shapes (Keras numbers names anew in every process), so
    the last one is left alone where the classes differ.

    Raises:
        InvalidInput: the file can't be read as weights, or hardly any fit.
    """
    if file.suffix == ".keras":
        taken, total = take(model, _opened(context, file))
        # Some layers of any two networks are alike by chance.
        fits = taken > total // 4
    else:
        check_weights(file)
        before = [value.copy() for value in model.get_weights()]
        try:
            model.load_weights(str(file), skip_mismatch=True)
        # What Keras and h5py raise for what is no file of weights.
        except (ValueError, OSError, KeyError, IndexError, AttributeError, TypeError) as error:
            raise _unfit(context, file) from error
        changed = [
            not (old == new).all() for old, new in zip(before, model.get_weights(), strict=True)
        ]
        taken, total = sum(changed), len(changed)
        fits = any(changed)
    if not fits:
        raise _unfit(context, file)
    context.report.event(
        "note", text=f"Starts from {taken} of {total} arrays of weights of the model before."
    )


def take(model: Any, source: Any) -> tuple[int, int]:
    """Copy weights between layers of the same kind and shapes, in the order in which both networks
    have them; returns arrays taken, and all."""
    ours, theirs = ([each for each in _flat(one) if each.weights] for one in (model, source))
    matcher = SequenceMatcher(
        None, [_kind(each) for each in ours], [_kind(each) for each in theirs], autojunk=False
    )
    taken = 0
    for start, start_there, count in matcher.get_matching_blocks():
        for n in range(count):
            ours[start + n].set_weights(theirs[start_there + n].get_weights())
            taken += len(ours[start + n].weights)
    return taken, sum(len(each.weights) for each in ours)


def _kind(layer: Any) -> tuple[Any, ...]:
    return type(layer).__name__, *(tuple(value.shape) for value in layer.weights)


def freeze(model: Any, share: float) -> int:
    """Keep the first ``share`` of layers with weights as they are; returns how many that is."""
    weighing = [layer for layer in _flat(model) if layer.weights]
    # The last layer always learns: there would be nothing to train otherwise.
    frozen = weighing[: min(len(weighing) - 1, round(share * len(weighing)))]
    for layer in frozen:
        layer.trainable = False
    return len(frozen)


def _flat(model: Any) -> list[Any]:
    """Layers, those of models inside it included."""
    found = []
    for layer in model.layers:
        found += _flat(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def _opened(context: TrainingContext, file: Path) -> Any:
    """The model in a file. One that was made elsewhere passes the door of imported models."""
    if not file.resolve().is_relative_to(context.catalog.workspace.home):
        stage = context.catalog.workspace.new_staging()
        try:
            clean_copy(file, stage / "weights.keras")
            return _loaded(stage / "weights.keras", file)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return _loaded(file, file)


def _loaded(copy: Path, file: Path) -> Any:
    try:
        return keras.models.load_model(copy, compile=False, safe_mode=True)
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise InvalidInput(
            "This model can't be opened.", file=file, remedy="Choose a .keras file of Keras 3."
        ) from error


def _unfit(context: TrainingContext, file: Path) -> InvalidInput:
    return InvalidInput(
        f"The weights in this file don't fit {context.architecture.title}.",
        file=file,
        remedy="Choose the same architecture as the model that they are from.",
    )
