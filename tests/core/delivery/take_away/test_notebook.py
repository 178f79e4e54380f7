"""The notebook: its code is right for every setting, and does what Lightbox does."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from PIL import Image

from core.catalog import Catalog
from core.catalog.records import RunSummary
from core.datasets.images import Decoding, decode
from core.delivery.take_away.cells import training
from core.delivery.take_away.material import Material
from core.delivery.take_away.notebook import cells, notebook
from core.delivery.take_away.written import write
from core.errors import InvalidInput
from core.features import backbones
from core.runs.values import EpochRecord
from core.training.architectures import ARCHITECTURES
from core.training.augmentation.mix import mix
from core.training.augmentation.options import Augmentation
from core.training.augmentation.vary import vary
from core.training.heads import HEADS
from core.training.spec import TrainSpec
from tests.core.delivery.take_away.making import CLASSES, material_of, source, spec_of
from tests.deep import deep_png, display_p3, grey_tiff

_EVERYTHING = {
    "rotation": 20,
    "zoom": 0.2,
    "shift": 0.1,
    "shear": 10,
    "brightness": 0.2,
    "contrast": 0.3,
    "flip_horizontal": True,
    "flip_vertical": True,
}
_COLOURS = {"hue": 0.1, "saturation": 0.4, "contrast": 0.2, "brightness": 0.1}


def _specs() -> dict[str, TrainSpec]:
    """Settings that between them use every line of every template."""
    specs = {key: spec_of(architecture=key, weights="none") for key in ARCHITECTURES}
    specs |= {f"recipe {key}": spec_of(key) for key in ("quick", "balanced", "best", "classic")}
    for key in backbones.BACKBONES:
        specs[f"{key} gray"] = spec_of("quick", architecture=key, color="gray", image_size=96)
    specs |= {f"decoded {how}": spec_of(decoding=how) for how in ("1", "2", "3", "4", "5", "5:0:9")}
    specs |= {
        "gray": spec_of(color="gray", resize="crop"),
        "no dropout": spec_of("classic", dropout=0, resize="pad"),
        "sgd step": spec_of(optimizer__name="sgd", schedule__name="step", loss__name="focal"),
        "rmsprop plateau": spec_of(
            optimizer__name="rmsprop",
            schedule__name="plateau",
            stopping__patience=3,
            best_by="loss",
        ),
        "adam": spec_of(
            optimizer__name="adam",
            optimizer__clip_norm=1,
            optimizer__beta_1=0.8,
            best_by="f1",
            stopping__patience=2,
            stopping__metric="balanced_accuracy",
            metrics="top_3,auc",
        ),
        "no warm-up": spec_of(schedule__warmup=0, balance="weights", loss__name="binary"),
        "sampling": spec_of(balance="sampling", augmentation="none"),
        "head weights": spec_of("quick", balance="weights", best_by="balanced_accuracy"),
        "head sampling": spec_of("quick", balance="sampling", augmentation="none"),
        "strong": spec_of(augmentation="strong", augmentation__flip_horizontal=True),
        "everything": spec_of(**{f"augmentation__{k}": v for k, v in _EVERYTHING.items()}),
        "colours": spec_of(**{f"augmentation__{k}": v for k, v in _COLOURS.items()}),
        "flips": spec_of(augmentation={"flip_vertical": True, "flip_horizontal": True}),
        "flip": spec_of(augmentation={"flip_horizontal": True}, test_views=2),
        "rand": spec_of(augmentation={"randaugment": 5}),
        "rand more": spec_of(augmentation={"randaugment": 5, "rotation": 5, "cutout": 0.2}),
        "rand lean": spec_of(augmentation={"randaugment": 5, "shear": 5, "shift": 0.1}),
        "mixup": spec_of(augmentation={"mixup": 0.2}),
        "cutmix": spec_of(augmentation={"cutmix": 1.0}),
        "both": spec_of("best", augmentation__mixup=0.2, augmentation__cutmix=1, test_views=5),
        "noise": spec_of(augmentation={"noise": 0.1, "blur": 1}, test_views=4),
        "Lite": spec_of("balanced", architecture="efficientnet_lite0"),
        "Lite from .pth": spec_of("quick", architecture="efficientnet_lite0", weights="file:l.pth"),
        "Lite from .h5": spec_of("quick", architecture="efficientnet_lite0", weights="file:l.h5"),
        "from run": spec_of(weights="run:other", frozen=0.5),
        "from file": spec_of("balanced", weights="file:~/mine.weights.h5"),
        "from keras": spec_of("balanced", weights="file:/some/where.keras", frozen=0),
    }
    return specs


def _headed(catalog: Catalog, key: str) -> Material:
    """What Auto made, of a head with more images than it holds exactly, too."""
    spec = spec_of("auto", decoding=str(Decoding(greys=(0.0, 4095.0))))
    material = material_of(catalog, spec)
    settings = {"width": 1.0, "ridge": 0.1, "anchors": 64, "shrinkage": 0.2, "strength": 1.0}
    facts = {
        "head": key,
        "chosen": settings,
        "networks": ["efficientnet_lite0", "mobilenet_v2"],
        "closer": (0.8, 0.0),
    }
    summary = RunSummary.model_validate(material.run.summary.model_dump() | facts)
    return replace(material, run=replace(material.run, summary=summary))


def test_the_code_is_right_for_every_setting(catalog: Catalog, tmp_path: Path) -> None:
    materials = {name: material_of(catalog, spec) for name, spec in _specs().items()}
    materials |= {f"head {key}": _headed(catalog, key) for key in HEADS}
    for name, material in materials.items():
        text = source(cells(material))
        assert max(map(len, text.split("SPLIT", 1)[0].splitlines())) <= 100, name
        assert "core." not in text, name
        (tmp_path / f"{name.replace(' ', '_')}.py").write_text(text)
    # Undefined names, unused imports and variables, and what is no Python at all.
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--isolated",
            "--target-version",
            "py311",
            "--select",
            "E9,F,B,E7",
            "--ignore",
            "B905,B007,B023",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_it_has_no_code_for_what_the_run_does_not_use(catalog: Catalog) -> None:
    text = source(cells(material_of(catalog, spec_of(augmentation="none", dropout=0))))
    for word in ("vary", "mix", "Dropout", "rarity", "lightness(", "EarlyStopping", "applications"):
        assert word not in text
    imported = {
        line.split()[1].split(".")[0]
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported == {
        "base64",
        "json",
        "math",
        "os",
        "zlib",
        "concurrent",
        "pathlib",
        "keras",
        "matplotlib",
        "numpy",
        "PIL",
        "sklearn",
        "types",
    }


def test_without_validation_the_last_epoch_is_kept(catalog: Catalog) -> None:
    material = material_of(catalog, spec_of("balanced"))
    split = material.split[material.split["split"] != "validation"]
    text = source(cells(material_of(catalog, material.spec, split=split)))
    compile(text, "notebook", "exec")
    assert "KeepBest" not in text
    assert "validation_data" not in text


def test_it_is_a_valid_notebook_whose_text_is_only_text(catalog: Catalog) -> None:
    made = notebook(material_of(catalog, spec_of()))
    nbformat.validate(made)
    first = "".join(made["cells"][0]["source"])
    assert "# My \\*run\\*" in first
    assert "<b>" not in "".join(
        "".join(cell["source"]) for cell in made["cells"] if cell["cell_type"] == "markdown"
    )


def test_only_notebooks_are_written(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"ends in \.ipynb"):
        write("notebook", catalog, "any", tmp_path / "run.py")


def _run(cells_of: list[Any], *, until: str, **known: Any) -> dict[str, Any]:
    """Execute the code up to the cell that has this in it, without files."""
    space: dict[str, Any] = dict(known)
    for cell in cells_of:
        if cell.kind != "code" or cell.source.startswith(("# %pip", "FOLDER")):
            continue
        if any(skip in cell.source for skip in ("SPLIT", "get_file", "images = np.", "show(")):
            continue
        exec(compile(cell.source, "cell", "exec"), space)
        if until in cell.source:
            return space
    raise AssertionError(f"no cell has {until}")


@pytest.mark.keras
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("how", ["", "2", "4:0:4095", "5:0:4095"])
def test_it_reads_images_as_lightbox_does(
    catalog: Catalog, tmp_path: Path, fit: Any, how: str
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(1)
    pixels = Image.fromarray(rng.integers(0, 256, (90, 150, 4), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    grey16 = Image.fromarray(rng.integers(0, 65536, (50, 40), np.uint16))
    small = Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8))
    for name, image, more in (
        ("turned.jpg", pixels.convert("RGB"), {"exif": exif}),
        ("wide.png", pixels.convert("RGB"), {"icc_profile": display_p3()}),
        ("grey.png", pixels.convert("L"), {}),
        ("transparent.png", pixels, {}),
        ("deep.png", grey16, {}),
        ("float.tiff", Image.fromarray(rng.random((40, 50), np.float32)), {}),
        ("small.png", small, {}),
    ):
        image.save(folder / name, **more)
    (folder / "white-is-0.tiff").write_bytes(grey_tiff(np.asarray(grey16), white_is_zero=True))
    if how[:1] in ("4", "5"):
        (folder / "deep-colours.png").write_bytes(deep_png(rng.integers(0, 4096, (40, 50, 3))))
    made = cells(material_of(catalog, spec_of(resize=fit, decoding=how)))
    read = _run(made, until="def read_image", SIZE=32)["read_image"]
    for file in sorted(folder.iterdir()):
        ours = decode(file.read_bytes(), 32, fit=fit, decoding=Decoding.parse(how))
        np.testing.assert_array_equal(read(file), ours, err_msg=file.name)


@pytest.mark.keras
@pytest.mark.parametrize(
    "options",
    [
        _EVERYTHING,
        {"flip_horizontal": True, "flip_vertical": True},
        _COLOURS,
        {"cutout": 0.5, "rotation": 30},
        {"zoom": 0.8, "shift": 0.3},
        {"randaugment": 8},
        {"randaugment": 8, **_EVERYTHING},
        {"blur": 2},
        {"noise": 0.2},
    ],
)
def test_it_varies_images_as_lightbox_does(catalog: Catalog, options: dict[str, Any]) -> None:
    chosen = Augmentation.model_validate(options)
    images = np.random.default_rng(2).integers(0, 256, (12, 32, 32, 3)).astype(np.uint8)
    made = cells(material_of(catalog, spec_of(augmentation=options)))
    ours = vary(images, chosen, np.random.default_rng(5))
    known = _run(made, until="def vary", SIZE=32)
    theirs = known["vary"](images, known["AUGMENTATION"], np.random.default_rng(5))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.keras
@pytest.mark.parametrize("options", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 1, "cutmix": 1}])
def test_it_mixes_images_as_lightbox_does(catalog: Catalog, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (8, 32, 32, 3)).astype(np.float32)
    answers = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 8)]
    made = cells(material_of(catalog, spec_of(augmentation=options)))
    known = _run(made, until="def mix", SIZE=32)
    chosen = Augmentation.model_validate(options)
    ours = mix(images, answers, chosen, np.random.default_rng(7))
    theirs = known["mix"](images, answers, known["AUGMENTATION"], np.random.default_rng(7))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


# Grey is put before all backbones alike: a quick one of Keras's and one of our own stand for them.
_GREY = ("mobilenet_v3_small", "efficientnet_lite0")
_NETWORKS = [(key, "rgb") for key in ARCHITECTURES] + [
    (key, "gray") for key, each in ARCHITECTURES.items() if not each.backbone or key in _GREY
]


@pytest.mark.keras
@pytest.mark.parametrize(("key", "color"), _NETWORKS)
def test_it_builds_the_network_that_lightbox_builds(catalog: Catalog, key: str, color: str) -> None:
    import keras

    from core.training import architectures
    from core.training.architectures import BuildConfig

    size = 64 if key == "convnext_tiny" else 32
    spec = spec_of("classic", architecture=key, weights="none", color=color, image_size=size)
    material = material_of(catalog, spec)
    keras.utils.set_random_seed(1)
    ours = architectures.build(key, BuildConfig(size, 3, spec.dropout, spec.color, spec.stack))
    made = cells(material)
    known = _run(made, until="model = ", SIZE=size, CLASSES=CLASSES, SEED=1)
    theirs = known["model"]
    assert [each.shape for each in theirs.weights] == [each.shape for each in ours.weights]
    ours.set_weights(theirs.get_weights())
    images = np.random.default_rng(1).integers(0, 256, (2, size, size, 3)).astype(np.float32)
    np.testing.assert_allclose(
        np.asarray(ours(images, training=False)),
        np.asarray(theirs(images, training=False)),
        atol=1e-6,
    )


def test_rates_that_were_set_by_hand_are_found(catalog: Catalog) -> None:
    from core.training.rates import rate_at

    spec = spec_of(schedule__name="cosine", epochs=10)
    history = [
        EpochRecord(
            epoch=n + 1,
            val_loss=1.0,
            loss=1.0,
            learning_rate=rate_at(spec.schedule, spec.learning_rate, n * 7 + 6, 70, n),
        )
        for n in range(10)
    ]
    assert training.rates_by_hand(spec, history) == {}
    rates = {n: 1e-5 if n == 9 else 3e-4 for n in range(6, 10)}
    history = [
        entry.model_copy(update={"learning_rate": rates.get(n, entry.learning_rate)})
        for n, entry in enumerate(history)
    ]
    assert training.rates_by_hand(spec, history) == {6: 3e-4, 9: 1e-5}
    text = source(cells(material_of(catalog, spec, history=history)))
    assert "BY_HAND = {6: 0.0003, 9: 1e-05}" in text


_EXECUTED = {
    "grey, varied in every way": spec_of(
        color="gray", augmentation="strong", augmentation__randaugment=4, augmentation__mixup=0.2
    ),
    "an own network": spec_of(
        architecture="custom",
        balance="sampling",
        loss__name="focal",
        optimizer__name="sgd",
        schedule__name="step",
        augmentation={"cutmix": 1.0},
        resize="pad",
    ),
    "by another figure": spec_of(
        "classic",
        balance="weights",
        optimizer__name="rmsprop",
        schedule__name="plateau",
        schedule__patience=1,
        stopping__patience=2,
        best_by="f1",
        metrics="top_3,auc",
        augmentation={"flip_horizontal": True},
        test_views=3,
    ),
    "fine-tuned": spec_of("best", image_size=32, epochs=2, tuning__epochs=2),
    "a head": spec_of("quick", image_size=32, epochs=3, color="gray", balance="sampling"),
    "an own body": spec_of(
        "balanced", architecture="efficientnet_lite0", image_size=32, epochs=2, tuning__epochs=1
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", _EXECUTED)
def test_it_runs_from_top_to_bottom(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any, what: str
) -> None:
    spec = _EXECUTED[what]
    if spec.architecture == "mobilenet_v2":
        home = str(request.getfixturevalue("keras_home"))
        monkeypatch.setenv("KERAS_HOME", home)
        # Keras reads the variable when it is imported, which another test may have done.
        monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", home)
    if spec.tuning.epochs:
        request.getfixturevalue("as_written")
    material = material_of(catalog, spec)
    rng = np.random.default_rng(4)
    for path, label in material.split[["path", "label"]].itertuples(index=False):
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        shade = 60 * CLASSES.index(label)
        pixels = rng.integers(shade, shade + 60, (40, 36, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(file)
    text = source(cells(material)).replace("FOLDER = ''", f"FOLDER = {str(tmp_path)!r}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    known: dict[str, Any] = {}
    exec(compile(text, what, "exec"), known)
    assert 0 <= known["accuracy"] <= 1
    assert len(known["history"]["loss"]) == spec.all_epochs
    assert (tmp_path / "model.keras").exists()


@pytest.mark.slow
def test_executed_on_the_digits_it_is_as_accurate_as_the_run(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbclient import NotebookClient

    from core.datasets.intake import add_folder
    from core.datasets.sample import write_digits
    from core.evaluation.evaluate import evaluate_run
    from core.quality.curation import decide
    from core.quality.scan import scan
    from core.training.run import train_run
    from core.training.start import create_run

    write_digits(tmp_path / "digits")
    dataset = add_folder(catalog, tmp_path / "digits", "digits", restrict=False)
    scan(catalog, dataset.id)
    # What people decided counts here too.
    decide(catalog, dataset.id, "exclude", ["0/0000.png"])
    spec = spec_of("classic", epochs=3, image_size=16, precision="float32")
    version = catalog.datasets.get(dataset.id).version
    spec = spec.model_copy(update={"dataset_id": dataset.id, "dataset_version": version})
    run = create_run(catalog, spec)
    train_run(catalog, run.id)
    evaluation = evaluate_run(catalog, run.id)
    file = write("notebook", catalog, run.id, tmp_path / "run.ipynb")
    made = nbformat.read(file, 4)
    made.cells.append(
        nbformat.v4.new_code_cell(
            'import sys; assert "core" not in sys.modules\n'
            'print("SAID", json.dumps([float(accuracy), matrix.tolist(), history["val_accuracy"]]))'
        )
    )
    monkeypatch.setenv("PYTHONPATH", "")
    client = NotebookClient(
        made, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    text = "".join(
        output.text for output in made.cells[-1].outputs if output.output_type == "stream"
    )
    accuracy, matrix, curve = json.loads(text.partition("SAID ")[2])
    assert evaluation.interval.low <= accuracy <= evaluation.interval.high
    assert np.array(matrix).sum(axis=1).tolist() == np.array(evaluation.confusion).sum(1).tolist()
    history = [entry["val_accuracy"] for entry in _history(catalog, run.id)]
    np.testing.assert_allclose(curve, history, atol=0.03)
    assert (tmp_path / "model.keras").exists()
    answered = (np.array(matrix) - np.array(evaluation.confusion)).clip(0).sum()
    assert answered <= 0.05 * evaluation.images


def _history(catalog: Catalog, run_id: str) -> list[dict[str, Any]]:
    from core.workspace import read_json

    return list(read_json(catalog.workspace.run(run_id) / "history.json"))
