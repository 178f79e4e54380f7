"""The notebook's beginning: what it needs, which images, how they are read."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from core import __version__
from core.delivery.take_away.cells import Cell, code, literal, plain, words
from core.delivery.take_away.environment import NEEDED, installed
from core.delivery.take_away.material import Material
from core.training import architectures

# Beyond, the pixels are kept in a file and not in memory.
_MOST_BYTES = 4 * 1024**3


def cells(material: Material, holds: Mapping[str, bool]) -> list[Cell]:
    """Title, settings, the split, decoding, a look at the images."""
    spec, evaluation = material.spec, material.evaluation
    return [
        words(
            """
            # {{name}}

            This notebook rebuilds a run of Lightbox from its
            images, without Lightbox: with Keras, NumPy, Pillow, scikit-learn and Matplotlib. It
            trains a **{{network}}** to tell {{classes}} classes apart, and compares what comes of
            it with the run: **{{accuracy}} of {{images}} test images right**.

            Run it from top to bottom. What differs by chance (the order in which processors add up,
            other versions of libraries) changes a few answers, not the result.
            """,
            name=plain(material.run.name),
            network=architectures.get(spec.architecture).title,
            classes=len(material.classes),
            accuracy=f"{evaluation.accuracy:.1%}".replace("%", " %"),
            images=f"{evaluation.images:,}",
        ),
        words(
            """
            ## What it needs

            Lightbox {{version}} trained the run with the versions below. To install them, remove
            the `#` and run the cell.
            """,
            version=__version__,
        ),
        code(
            "# %pip install {{packages}}",
            packages=" ".join(f"{name}=={number}" for name, number in installed(NEEDED).items()),
        ),
        code(
            """
            import base64
            import json
            import math
            import os
            import zlib
            from concurrent.futures import ThreadPoolExecutor
            from pathlib import Path

            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow says less
            import keras
            import matplotlib.pyplot as plt
            import numpy as np
            from keras import layers
            from PIL import Image, ImageFilter, ImageOps   #? blurs
            from PIL import Image, ImageOps   #? !blurs
            from sklearn.metrics import balanced_accuracy_score   #? by_balanced
            from sklearn.metrics import (
                ConfusionMatrixDisplay,
                classification_report,
                confusion_matrix,
                f1_score,   #? by_f1
            )
            """,
            holds,
        ),
        words(
            """
            ## Settings

            `FOLDER` is where the images lie, in one folder a class. **Change it if they have
            moved.** The other values are the run's.
            """
            if material.root is not None
            else """
            ## Settings

            The dataset was removed from Lightbox, so **say here where its images lie**: the folder
            of the class folders. The other values are the run's.
            """
        ),
        code(_settings(material), holds),
        words(
            """
            ## Which images

            The run divided the images into three parts: {{train}} to **train** on, {{validation}} to
            choose the best epoch by (**validation**), and {{test}} that were kept back for the
            **test** at the end. Copies of one picture were kept on one side. The list below is that
            division, with labels as they were corrected in Lightbox and without what was excluded,
            so exactly the same images are used here.
            """,
            train=f"{material.count('train'):,}",
            validation=f"{material.count('validation'):,}",
            test=f"{material.count('test'):,}",
        ),
        code('SPLIT = "{{packed}}"', hidden=True, packed=_packed(material)),
        code(
            """
            listed = json.loads(zlib.decompress(base64.b64decode(SPLIT)))
            paths = [path for path, label, part in listed]
            labels = np.array([label for path, label, part in listed])
            parts = np.array([part for path, label, part in listed])
            train, validation, test = (np.flatnonzero(parts == part) for part in (0, 1, 2))

            missing = [path for path in paths if not (Path(FOLDER) / path).is_file()]
            assert not missing, f"{len(missing)} images are not in {FOLDER}, for example {missing[0]}"
            print(len(train), "to train on,", len(validation), "for validation,", len(test), "to test")
            """
        ),
        words(
            """
            ## Reading the images

            Each is turned upright as its camera says (EXIF), made RGB{{and_white}}, and resized to
            {{size}} × {{size}} pixels{{fit}}. Large JPEGs are decoded at a fraction of their size,
            which is several times faster. A model must see in use exactly what it saw in training,
            so keep this function with the model.
            """,
            and_white=" (what is transparent becomes white)" if holds["transparent"] else "",
            size=spec.image_size,
            fit={
                "stretch": "; the aspect ratio is not kept",
                "crop": "; the middle is cut out, so the aspect ratio is kept",
                "pad": "; black borders keep the aspect ratio",
            }[spec.resize],
        ),
        code(_READ, holds),
        code(
            """
            images = np.empty((len(paths), SIZE, SIZE, 3), np.uint8)   #? !vast
            images = np.lib.format.open_memmap("pixels.npy", "w+", np.uint8, (len(paths), SIZE, SIZE, 3))   #? vast
            with ThreadPoolExecutor() as pool:
                for number, pixels in enumerate(pool.map(read, [Path(FOLDER) / path for path in paths])):
                    images[number] = pixels
            one_hot = np.eye(len(CLASSES), dtype="float32")
            """,
            holds,
        ),
        code(
            """
            def show(pictures, titles):
                figure, axes = plt.subplots(2, 8, figsize=(14, 4))
                for axis in axes.flat:
                    axis.axis("off")
                for axis, picture, title in zip(axes.flat, pictures, titles):
                    axis.imshow(picture)
                    axis.set_title(title, fontsize=9)
                plt.show()


            some = np.random.default_rng(SEED).choice(train, min(16, len(train)), replace=False)
            show(images[some], [CLASSES[label] for label in labels[some]])
            """
        ),
    ]


def is_vast(material: Material) -> bool:
    """Whether its decoded images had better not lie in memory."""
    return len(material.split) * material.spec.image_size**2 * 3 > _MOST_BYTES


def _settings(material: Material) -> str:
    spec = material.spec
    folder = "" if material.root is None else str(material.root)
    lines = [
        f"FOLDER = {folder!r}",
        f"CLASSES = {literal(material.classes, 10)}",
        f"SIZE = {spec.image_size}  # side of the images, in pixels",
        "BATCH = {{batch}}  # images that each step looks at",
        f"SEED = {spec.seed}  # decides the first weights, the order and the variations",
    ]
    from core.training.recipes import batch_size

    batch = batch_size(spec, material.count("train"))
    return "\n".join(lines).replace("{{batch}}", str(batch))


def _packed(material: Material) -> str:
    """Paths, labels and parts of all images, and what Lightbox answered, as one line of text."""
    number = {label: at for at, label in enumerate(material.classes)}
    part = {"train": 0, "validation": 1, "test": 2}
    rows: list[list[Any]] = [
        [path, number[label], part[split]]
        for path, label, split in material.split[["path", "label", "split"]].itertuples(index=False)
        if label in number and split in part
    ]
    text = json.dumps(rows, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("ascii"), 9)).decode("ascii")


_READ = '''
def read(file):
    """One image file as pixels: uint8, shape (SIZE, SIZE, 3)."""
    with Image.open(file) as image:
        if image.format in ("JPEG", "MPO"):   #? jpegs
            image.draft(None, (2 * SIZE, 2 * SIZE))   #? jpegs
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I") or image.mode == "F":   #? deep
            image = as_8_bits(image)   #? deep
        if image.has_transparency_data:   #? transparent
            image = image.convert("RGBA")   #? transparent
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)   #? transparent
        image = image.convert("RGB")
        if image.size != (SIZE, SIZE):   #? stretch
            image = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR, reducing_gap=2.0)   #? stretch
        if image.size != (SIZE, SIZE):   #? crop
            image = ImageOps.fit(image, (SIZE, SIZE), Image.Resampling.BILINEAR)   #? crop
        if image.size != (SIZE, SIZE):   #? pad
            image = ImageOps.pad(image, (SIZE, SIZE), Image.Resampling.BILINEAR)   #? pad
    return np.asarray(image)


def as_8_bits(image):   #? deep
    """Greys of 16 bits by their full range; others from their own least to their own most."""   #? deep
    values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)   #? deep
    low, high = values.min(), values.max()   #? deep
    if image.mode != "F" and low >= 0 and high <= 65535:   #? deep
        low, high = 0, 65535 if high > 255 else 255   #? deep
    scaled = (values - low) * (255 / max(high - low, 1e-9))   #? deep
    return Image.fromarray(scaled.round().clip(0, 255).astype(np.uint8))   #? deep
'''
