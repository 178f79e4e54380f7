"""What lies in an export beside the model: labels, example, self-test, model card, and how to use
it.

::

    model.*                 as the format has it
    model.json              what prepare.py needs: image size, fit; from which probability on an
                            answer counts as sure (0 to 1); and the model's name
    labels.txt              classes in the order of the probabilities, one a line
    example.py, prepare.py  ask it about a picture (with what they need: seen.py, greys.py …)
    selftest.py, selftest/  a few pictures, and what Lightbox answers about them
    requirements.txt        what all of that runs on
    README.md, MODEL_CARD.md
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

from core.datasets import colour, dicom, greys, seen, shaper
from core.delivery.exports.check import Check
from core.delivery.exports.formats import Answer, Format
from core.delivery.exports.images import pictures
from core.delivery.exports.shipped import prepare, unreadable
from core.delivery.take_away.material import Material
from core.delivery.take_away.model_card import card_markdown
from core.evaluation.threshold import sentence_of_sure
from core.inference.predictor import open_predictor
from core.text import percent, plain_number
from core.workspace import atomic_path

_SHIPPED = Path(prepare.__file__).parent
# Decoded PNGs and the arithmetic of other processors differ in the last digits.
_SLACK = 0.005
_EXAMPLE = '''"""What is in a picture? Run it with: python example.py PICTURE …"""
import json
import sys
from pathlib import Path
{imports}
from prepare import UnreadableImage, prepare

HERE = Path(__file__).parent
labels = (HERE / "labels.txt").read_text(encoding="utf-8").splitlines()
sure_from = json.loads((HERE / "model.json").read_text(encoding="utf-8"))["sure_from"]
{loading}

def answer(pixels):  # float32 (1, size, size, 3), 0 to 255 -> probabilities (1, classes)
    return {answering}

if __name__ == "__main__":
    unread = []
    for file in sys.argv[1:] or [HERE / "selftest" / "1.png"]:
        try:
            shares = answer(prepare(file))[0]
        except UnreadableImage as error:
            unread.append(str(error))
            continue
        best = shares.argmax()
        unsure = " (not sure)" if shares[best] < sure_from else ""
        print(f"{{Path(file).name}}: {{labels[best]}}, {{100 * shares[best]:.1f}} %{{unsure}}")
    sys.exit("\\n".join(unread) or None)
'''


def add_companions(
    folder: Path, fmt: Format, material: Material, answer: Answer, check: Check
) -> None:
    """Write everything but the model itself beside it.

    Args:
        answer: what the export answers with, float32.
        check: how it compares with Keras.
    """
    info = material.info
    classes = [" ".join(str(label).split()) for label in info.classes]
    (folder / "labels.txt").write_text("\n".join(classes) + "\n", encoding="utf-8")
    _json(
        folder / "model.json",
        {
            "name": material.run.name,
            "classes": list(info.classes),
            "image_size": info.image_size,
            "fit": info.fit,
            "decoding": info.decoding,
            "sure_from": material.sure.threshold,
        },
    )
    example = _EXAMPLE.format(imports=fmt.imports, loading=fmt.loading, answering=fmt.answering)
    (folder / "example.py").write_text(example, encoding="utf-8")
    shutil.copyfile(_SHIPPED / "selftest.py", folder / "selftest.py")
    add_reading(folder)
    requirements = "\n".join(fmt.requirements()) + "\n"
    (folder / "requirements.txt").write_text(requirements, encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text(card_markdown(material), encoding="utf-8")
    (folder / "README.md").write_text(_readme(fmt, material, check), encoding="utf-8")
    _selftest(folder / "selftest", fmt, material, answer)


def add_reading(folder: Path) -> None:
    """Write what brings a picture to the pixels that a model takes: ``prepare.py``, and what it
    needs of Lightbox beside it."""
    for module in (prepare, unreadable, seen, colour, shaper, greys, dicom):
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        # They lie side by side there.
        text = text.replace("from core.errors import", "from unreadable import")
        for room in ("core.datasets", "core.delivery.exports.shipped"):
            text = text.replace(f"from {room}.", "from ")
            text = re.sub(rf"^from {room} import (\w+)$", r"import \1", text, flags=re.MULTILINE)
        name = module.__name__.rpartition(".")[2]
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


def zip_folder(folder: Path, target: Path) -> None:
    """Everything below a folder as a .zip, in place of one that is there."""
    with atomic_path(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder).as_posix())


def _selftest(folder: Path, fmt: Format, material: Material, answer: Answer) -> None:
    """Pictures, and the app's own answers about these very files."""
    info, shown = material.info, pictures(material)
    app = open_predictor(material.catalog.workspace, material.run.id)
    answers = app.predict([(str(n), each) for n, each in enumerate(shown)], len(info.classes))
    folder.mkdir()
    expected, off = [], 0.0
    for number, (picture, said) in enumerate(zip(shown, answers, strict=True), 1):
        file = folder / f"{number}.png"
        file.write_bytes(picture)
        named = dict(said.top)
        wanted = [named[label] for label in info.classes]
        pixels = prepare.as_pixels(file, info.image_size, info.fit, info.decoding)[None]
        answered = answer(pixels.astype("float32"))[0]
        off = max(off, *(abs(float(a) - b) for a, b in zip(answered, wanted, strict=True)))
        expected.append(
            {
                "file": f"selftest/{number}.png",
                "answer": said.label,
                "probabilities": [round(probability, 6) for probability in wanted],
            }
        )
    tolerance = fmt.tolerance
    if tolerance is None:
        # With fewer digits processors differ more; what was measured here is where to begin.
        tolerance = round(min(1.0, 2 * off + 0.05), 4)
    _json(
        folder / "expected.json", {"tolerance": round(tolerance + _SLACK, 4), "pictures": expected}
    )


def _readme(fmt: Format, material: Material, check: Check) -> str:
    info, sure = material.info, material.sure
    size = info.image_size
    fit = {
        "stretch": "stretched to it, whatever their shape",
        "crop": "cut to a square from their middle",
        "pad": "filled up to a square with black",
    }[info.fit]
    title = " ".join(material.run.name.split())
    return f"""# {title}: {fmt.title}

{fmt.sentence}

    pip install -r requirements.txt
    python selftest.py
    python example.py PICTURE.jpg

The self-test asks the model about a few pictures, and compares with what Lightbox answered.

## What goes in, what comes out

- In: float32 of shape (1, {size}, {size}, 3): red, green and blue from 0 to 255, as they are in
  the picture. What the network does with them first is inside the model: don't divide by 255.
- Out: {len(info.classes)} probabilities, in the order of labels.txt.
- `prepare.py` brings a picture to that shape. Pictures are {fit}.

`prepare.py` reads what Lightbox reads: DICOM where pydicom is installed, HEIC where pi-heif is.

Resizing is not inside the model. Where formats can resize at all, they do it a little differently
from Pillow, which this model was trained with: on photos of hands that moved probabilities by up
to 5 percentage points. With `prepare.py` the answers are those of the app.

## When it is not sure

Lightbox counts its answers from {percent(sure.threshold, 0)} on, and says “not sure” below, as
`example.py` does; `model.json` has the number as `sure_from`.
{sentence_of_sure(sure)}

Lightbox also says of a picture that it looks like nothing the model was trained on. **That is not
in this export**: it gives probabilities for a picture of anything. Ask it about pictures of the
kind that it has learned from.

## Checked

Asked about {check.images:,} validation images, this export and the Keras model it was made of
gave the same answer for {check.same:,}. No probability differed by more than
{plain_number(check.largest_difference)}. One image took {plain_number(check.milliseconds)} ms,
from pixels to probabilities, on the computer that made it.

What the model is and how good it is: MODEL_CARD.md.
"""


def _json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
