"""Model files that were made to do harm, or are damaged, end in a sentence before Keras sees
them."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.errors import InvalidInput
from core.training.foreign.archive import (
    check_weights,
    clean_copy,
    look_into,
    look_into_here,
)
from core.training.foreign.judge import Looked

Config = dict[str, Any]


def layer(kind: str, **settings: Any) -> Config:
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": kind.lower(), **settings},
        "registered_name": None,
    }


def config(*more: Config) -> Config:
    start = layer("InputLayer", batch_shape=[None, 32, 32, 3], dtype="float32")
    layers = [start, *more, layer("Flatten"), layer("Dense", units=3, activation="softmax")]
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": layers, "build_input_shape": [None, 32, 32, 3]},
        "registered_name": None,
    }


def arrays(fill: Callable[[h5py.File], object] | None = None) -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file["layers/dense/vars/0"] = np.zeros((3072, 3), np.float32)
        if fill is not None:
            fill(file)
    return out.getvalue()


PLAIN = arrays()


def write(
    path: Path,
    described: Config | bytes,
    weights: bytes | None = PLAIN,
    more: dict[str, bytes] | None = None,
) -> Path:
    text = described if isinstance(described, bytes) else json.dumps(described).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", text)
        for name, data in {"metadata.json": b'{"keras_version": "3.15.1"}', **(more or {})}.items():
            archive.writestr(name, data)
        if weights is not None:
            archive.writestr("model.weights.h5", weights)
    return path


def test_what_the_others_are_made_of_is_taken(tmp_path: Path) -> None:
    file = write(tmp_path / "m.keras", config(layer("UpSampling2D", size=[2, 2])))
    assert (look_into(file).size, look_into(file).outputs) == (32, 3)
    assert clean_copy(file, tmp_path / "copy.keras").layers == 4


def deep(levels: int) -> bytes:
    return b'{"config": ' * levels + b"1" + b"}" * levels


def own(**changed: Any) -> Config:
    return config({**layer("Dense", units=3), **changed})


DESCRIPTIONS: dict[str, Config | bytes] = {
    "nothing": b"",
    "no-json": b"model",
    "no-text": b"\xff\xfe{}",
    "null": b"null",
    "a-list": b"[]",
    "a-number": b"1",
    "not-a-number": b'{"config": NaN}',
    "infinite": json.dumps(config(layer("Dropout", rate=float("inf")))).encode(),
    "huge-number": b'{"config": ' + b"9" * 100_000 + b"}",
    "deep": deep(900),
    "very-deep": deep(200_000),
    "deep-lists": b"[" * 100_000,
    "twenty-thousand-layers": config(*[layer("Activation", activation="relu")] * 20_000),
    "forty-megabytes": b'{"config": "' + b"a" * 40 * 1024**2 + b'"}',
    "resizing-to-a-million": config(layer("Resizing", height=10**6, width=10**6)),
    "upsampling-by-ten-thousand": config(layer("UpSampling2D", size=[10_000, 10_000])),
    "upsampling-by-one-number": config(layer("UpSampling2D", size=10**9)),
    "padding-of-a-million": config(layer("ZeroPadding2D", padding=[[10**6, 0], [0, 0]])),
    "negative-padding": config(layer("ZeroPadding2D", padding=[[-(10**6), 0], [0, 0]])),
    "kernel-of-ten-thousand": config(layer("Conv2D", filters=3, kernel_size=[9999, 9999])),
    "pool-of-a-million": config(layer("MaxPooling2D", pool_size=[10**6, 1])),
    "repeated-a-billion-times": config(layer("RepeatVector", n=10**9)),
    "billions-of-units": config(layer("Dense", units=10**9)),
    "billions-of-filters": config(layer("Conv2D", filters=10**9, kernel_size=[1, 1])),
    "an-embedding-of-billions": config(layer("Embedding", input_dim=10**9, output_dim=10**6)),
    "heads-without-number": config(layer("MultiHeadAttention", num_heads=10**6, key_dim=10**6)),
    "code-in-a-lambda": config(layer("Lambda", function="lambda x: x")),
    "code-of-a-system": own(module="os", class_name="system"),
    "code-of-builtins": own(module="builtins", class_name="eval"),
    "a-class-of-its-own": own(registered_name="evil>Dense"),
    "a-module-of-its-own": own(module="evil.layers"),
    "a-module-that-looks-like-keras": own(module="keras.src.utils.file_utils"),
    "a-download": own(module="keras.utils", class_name="get_file"),
    "another-saved-model": config(layer("TFSMLayer", filepath="/etc")),
    "a-pickled-module": config(layer("TorchModuleWrapper", module="gASV")),
    "a-vocabulary-file": config(layer("TextVectorization", vocabulary="/etc/passwd")),
    "words-from-a-file": config(layer("StringLookup", vocabulary="/etc/passwd")),
    "numbers-from-a-file": config(layer("IntegerLookup", vocabulary="/etc/passwd")),
    "a-function-of-its-own": own(
        config={"activation": {"class_name": "function", "config": "system", "module": "os"}}
    ),
    "a-lambda-in-a-setting": own(config={"activation": {"class_name": "__lambda__"}}),
    "no-layers": {"class_name": "Sequential", "module": "keras", "config": {}},
    "layers-that-are-none": {
        "class_name": "Sequential",
        "module": "keras",
        "config": {"layers": [1, None, "x", []]},
    },
    "one-layer-alone": layer("Dense", units=3),
    "two-inputs": config(layer("InputLayer", batch_shape=[None, 32, 32, 3])),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_description_that_no_model_of_images_has_is_refused(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "m.keras", DESCRIPTIONS[name])
    with pytest.raises(InvalidInput):
        look_into(file)
    with pytest.raises(InvalidInput):
        clean_copy(file, tmp_path / "copy.keras")
    assert not (tmp_path / "copy.keras").exists()


def linked(link: Any) -> bytes:
    return arrays(lambda file: file.__setitem__("layers/more", link))


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("layers/more", layout)


def outside(file: h5py.File) -> None:
    file.create_dataset("layers/more", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def hole(file: h5py.File) -> None:
    file.create_dataset("layers/more", (10**6, 10**6), "f4", chunks=(1000, 1000))


def circle(file: h5py.File) -> None:
    file["layers/again"] = file["layers"]


def objects(file: h5py.File) -> None:
    file.create_dataset("layers/more", (4,), h5py.string_dtype())


def many(file: h5py.File) -> None:
    group = file.create_group("layers/many", track_order=False)
    for number in range(20_001):
        group[str(number)] = h5py.SoftLink("/layers")


WEIGHTS: dict[str, bytes] = {
    "none": b"",
    "text": b"weights",
    "cut": PLAIN[:900],
    "noise": PLAIN[:64] + bytes(range(256)) * 40,
    "in-another-file": linked(h5py.ExternalLink("/etc/passwd", "/")),
    "by-a-soft-link": linked(h5py.SoftLink("/layers/dense")),
    "pieced-together-from-other-files": arrays(virtual),
    "lying-outside": arrays(outside),
    "four-terabytes-of-nothing": arrays(hole),
    "in-a-circle": arrays(circle),
    "objects": arrays(objects),
    "too-many": arrays(many),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_are_not_plain_arrays_are_refused(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "m.keras", config(), WEIGHTS[name])
    with pytest.raises(InvalidInput, match="weights"):
        clean_copy(file, tmp_path / "copy.keras")
    assert not (tmp_path / "copy.keras").exists()
    # The same door for weights alone, as a training starts from them.
    alone = tmp_path / "m.weights.h5"
    alone.write_bytes(WEIGHTS[name])
    with pytest.raises(InvalidInput, match="weights"):
        check_weights(alone)


MEMBERS: dict[str, dict[str, bytes]] = {
    "gigabytes-about-itself": {"metadata.json": b" " * 8 * 1024**2 + b"{}"},
    "about-itself-as-a-list": {"metadata.json": b"[]"},
    "about-itself-damaged": {"metadata.json": b"{"},
    "a-program": {"run.py": b"import os"},
    "an-asset": {"assets/vocabulary.txt": b"a"},
    "leading-out": {"../../x": b"a"},
    "from-the-root": {"/etc/x": b"a"},
    "of-a-drive": {"C:\\x": b"a"},
}


@pytest.mark.parametrize("name", MEMBERS)
def test_members_that_no_model_has_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        look_into(write(tmp_path / "m.keras", config(), more=MEMBERS[name]))


def damaged(value: Any, chance: random.Random) -> Any:
    """The same description with one thing in it replaced or left out."""
    places: list[tuple[Any, Any]] = []

    def walk(each: Any) -> None:
        inside = each.items() if isinstance(each, dict) else enumerate(each)
        for key, inner in list(inside):
            places.append((each, key))
            if isinstance(inner, dict | list):
                walk(inner)

    value = copy.deepcopy(value)
    walk(value)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(places)
        try:
            if chance.random() < 0.25:
                del holder[key]
            else:
                holder[key] = chance.choice(
                    [None, True, -1, 1e308, 10**30, "", "x", [], {}, [None], {"class_name": 1}]
                )
        except (KeyError, IndexError):
            continue
    return value


def test_three_thousand_damaged_descriptions_are_judged_or_refused(tmp_path: Path) -> None:
    chance = random.Random(15)
    inner = config(
        layer("Rescaling", scale=1 / 255), layer("Conv2D", filters=4, kernel_size=[3, 3])
    )
    whole = config(
        layer("Conv2D", filters=4, kernel_size=[3, 3], kernel_initializer="zeros"), inner
    )
    file = tmp_path / "m.keras"
    judged = 0
    for _ in range(3000):
        write(file, damaged(whole, chance), b"")
        try:
            assert isinstance(look_into_here(file), Looked)
            judged += 1
        except InvalidInput:
            continue
    assert 300 < judged < 2700
