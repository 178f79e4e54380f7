"""The notebook's beginning: what it needs, which images, how they are read."""

from __future__ import annotations

from typing import Any

from core import __version__
from core.addresses import is_address, shown
from core.datasets.places import outside
from core.delivery.take_away.cells import Cell, code, literal, packed, plain, words
from core.delivery.take_away.cut import Cutter
from core.delivery.take_away.environment import NEEDED, installed
from core.delivery.take_away.material import Material
from core.text import rate
from core.training import architectures
from core.training.recipes import batch_size

# Beyond, the pixels are kept in a file and not in memory.
_MOST_BYTES = 4 * 1024**3
_IMAGES, _SEEN = "core.datasets.images", "core.datasets.seen"


def opening(material: Material) -> list[Cell]:
    """Title, and what has to be installed."""
    evaluation = material.evaluation
    accuracy = rate(evaluation.accuracy, evaluation.images)
    network = architectures.get(material.spec.architecture).title
    packages = " ".join(f"{name}=={number}" for name, number in installed(NEEDED).items())
    return [
        words(
            f"# {plain(material.run.name)}",
            "",
            f"""
            This notebook rebuilds a run of Lightbox from its
            images, without Lightbox: with Keras, NumPy, Pillow, scikit-learn and Matplotlib. It
            trains a **{network}** to tell {len(material.classes)} classes apart, and compares what
            comes of it with the run: **{accuracy} of {evaluation.images:,} test images right**. The
            functions that train are Lightbox's own, with what this run did not use left out.

            Run it from top to bottom. What differs by chance (the order in which processors add up,
            other versions of libraries) changes a few answers, not the result.
            """,
        ),
        words(
            f"""
            ## What it needs

            Lightbox {__version__} trained the run with the versions below. To install them, remove
            the `#` and run the cell.
            """
        ),
        code(f"# %pip install {packages}"),
    ]


def cells(material: Material, cutter: Cutter, known: dict[str, Any]) -> list[Cell]:
    """Settings, the split, decoding, a look at the images.

    Args:
        known: of the run's images, for what reads them.
    """
    spec = material.spec
    # Its decoded images had better not lie in memory.
    vast = len(material.split) * spec.image_size**2 * 3 > _MOST_BYTES
    train, validation, test = map(material.count, ("train", "validation", "test"))
    # What validation images had a say in; where a head was fitted there were no epochs.
    chosen = "the head" if material.summary.head else "the best epoch"
    white = "" if _NO_TRANSPARENCY in known else " (what is transparent becomes white)"
    newer = spec.as_decoded.version > 1
    if newer:
        white = f" in sRGB{white.replace('white', 'white, or black where white would hide it')}"
    within = spec.as_decoded.greys
    deep = spec.as_decoded.version > 2 and within is not None and _DEEP_COLOURS not in known
    boxes = material.split["path"].str.contains("#xywh=", regex=False).any()
    pages = material.split["path"].str.contains("#page=", regex=False).any()
    exact = ", exact=True" if spec.as_decoded.version < 4 else ""
    if spec.as_decoded.version < 5:
        exact += ", tagged=False"
    rgb = f"as_seen(upright, {within}{exact})[0]" if newer else "as_first(upright)"
    fit = {
        "stretch": "the aspect ratio is not kept",
        "crop": "the middle is cut out, so the aspect ratio is kept",
        "pad": "black borders keep the aspect ratio",
    }[spec.resize]
    return [
        words(
            """
            ## Settings

            `FOLDER` is where the images lie, in one folder a class. **Change it if they have
            moved.** The other values are the run's.
            """
            if _folder(material)
            else f"""
            ## Settings

            {_why_no_folder(material)}. **Say here where its images lie**: the folder
            of the class folders. The other values are the run's.
            """
        ),
        code(
            f"FOLDER = {_folder(material)!r}",
            f"CLASSES = {literal(material.classes, 10)}",
            f"SIZE = {spec.image_size}  # side of the images, in pixels",
            f"BATCH = {batch_size(spec, train)}  # images that each step looks at",
            f"SEED = {spec.seed}  # decides the first weights, the order and the variations",
        ),
        words(
            f"""
            ## Which images

            The run divided the images into three parts: {train:,} to **train** on, {validation:,}
            to choose {chosen} by (**validation**), and {test:,} that were kept back for the
            **test** at the end. Copies of one picture were kept on one side. The list below is that
            division, with labels as they were corrected in Lightbox and without what was excluded,
            so exactly the same images are used here.
            """
        ),
        code(f'SPLIT = "{_packed(material)}"', hidden=True),
        code(
            """
            listed = json.loads(zlib.decompress(base64.b64decode(SPLIT)))
            paths = [path for path, label, part in listed]
            labels = np.array([label for path, label, part in listed])
            parts = np.array([part for path, label, part in listed])
            train, validation, test = (np.flatnonzero(parts == part) for part in (0, 1, 2))

            """,
            (boxes or pages)
            and """
            files = [path.split("#xywh=")[0].split("#page=")[0] for path in paths]
            missing = [path for path in files if not (Path(FOLDER) / path).is_file()]
            """,
            not (boxes or pages)
            and """
            missing = [path for path in paths if not (Path(FOLDER) / path).is_file()]
            """,
            """
            assert not missing, f"{len(missing)} images are not in {FOLDER}: {missing[0]} …"
            print(len(train), "to train on,", len(validation), "to validate,", len(test), "to test")
            """,
        ),
        words(
            f"""
            ## Reading the images

            Each is turned upright as its camera says (EXIF), made RGB{white}, and resized to
            {spec.image_size} × {spec.image_size} pixels; {fit}. Large JPEGs are decoded at a
            fraction of their size, which is several times faster. A model must see in use exactly
            what it saw in training, so keep this function with the model.
            """
        ),
        code(
            cutter.cut(
                f"{_IMAGES}:UPRIGHT",
                f"{_IMAGES}:orientation_of",
                f"{_SEEN}:{'as_seen' if newer else 'as_first'}",
                *([f"{_SEEN}:deep_colours"] if deep else []),
                f"{_IMAGES}:to_array",
                known=known | {"fit": spec.resize},
            ),
            """
            def read_image(file):
                \"\"\"One image file as pixels: uint8, shape (SIZE, SIZE, 3).\"\"\"
            """,
            (
                1,
                (boxes or pages)
                and """
                # A part of a file: photo.jpg#xywh=LEFT,TOP,WIDTH,HEIGHT or scan.tif#page=NUMBER.
                file, part = str(file), ""
                if "#xywh=" in file or "#page=" in file:
                    file, _, part = file.rpartition("#")
                """,
            ),
            (1, "with Image.open(file) as image:"),
            (
                2,
                pages
                and """
                if part.startswith("page="):
                    image.seek(int(part.removeprefix("page=")) - 1)
                """,
            ),
            (
                2,
                deep
                and f"""
                deep = deep_colours(image, {within})
                """,
            ),
            (
                2,
                _NO_JPEGS not in known
                and """
                if image.format in ("JPEG", "MPO")JUSTWHOLE:
                    image.draft(None, (2 * SIZE, 2 * SIZE))
                """.replace("JUSTWHOLE", ' and not part.startswith("xywh=")' if boxes else ""),
            ),
            (
                2,
                f"""
                image.load()
                turn = UPRIGHT.get(orientation_of(image))
                pixels = {"deep[0] if deep else image" if deep else "image"}
                upright = pixels if turn is None else pixels.transpose(turn)
                rgb = {rgb}
                """,
            ),
            (
                2,
                boxes
                and """
                if part.startswith("xywh="):
                    is_percent = part.startswith("xywh=percent:")
                    across, down = (rgb.width / 100, rgb.height / 100) if is_percent else (1, 1)
                    x, y, width, height = map(float, part.split("=")[1].split(":")[-1].split(","))
                    left, top = round(x * across), round(y * down)
                    right, bottom = round((x + width) * across), round((y + height) * down)
                    rgb = rgb.crop((left, top, min(right, rgb.width), min(bottom, rgb.height)))
                """,
            ),
            (2, f'return to_array(rgb, SIZE, fit="{spec.resize}")'),
        ),
        code(
            not vast and "images = np.empty((len(paths), SIZE, SIZE, 3), np.uint8)",
            vast
            and """
            images = np.lib.format.open_memmap(
                "pixels.npy", "w+", np.uint8, (len(paths), SIZE, SIZE, 3)
            )
            """,
            """
            with ThreadPoolExecutor() as pool:
                files = [Path(FOLDER) / path for path in paths]
                for number, pixels in enumerate(pool.map(read_image, files)):
                    images[number] = pixels
            one_hot = np.eye(len(CLASSES), dtype="float32")
            """,
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


# Images of these modes can have transparent parts, and those of these more than 8 bits.
_TRANSPARENT = {"P", "RGBA", "LA", "PA", "La", "RGBa"}
_DEEP = ("I", "F")
_NO_TRANSPARENCY = "'transparency' in image.info or mode in ('RGBA', 'LA', 'PA', 'La', 'RGBa')"
_NO_JPEGS = "kind in ('JPEG', 'MPO')"
# Colours of 16 bits are kept in these formats only.
_DEEP_COLOURS = "deep_colours"


def known_of_images(modes: set[str], formats: set[str]) -> dict[str, Any]:
    """What never happens when these images are read, as the code asks for it.

    Args:
        modes, formats: of all images, in Pillow's terms.
    """
    known: dict[str, Any] = {"isinstance(size, int)": True}
    if not any(mode.startswith(_DEEP) for mode in modes):
        known["is_deep(mode)"] = False
    if not modes & _TRANSPARENT:
        known[_NO_TRANSPARENCY] = False
    if not formats & {"PNG", "TIFF"}:
        known[_DEEP_COLOURS] = False
    if not formats & {"JPEG", "MPO"}:
        known[_NO_JPEGS] = False
    return known


def _folder(material: Material) -> str:
    """Where the images lie, if that is a folder."""
    root = material.root
    return "" if root is None or is_address(root) else str(root)


def _why_no_folder(material: Material) -> str:
    if material.root is None:
        return "The dataset was removed from Lightbox"
    return f"The dataset is in a bucket, {shown(material.root)}: copy it to a folder first"


def _packed(material: Material) -> str:
    """Paths, labels and parts of all images, as one line of text."""
    number = {label: at for at, label in enumerate(material.classes)}
    part = {"train": 0, "validation": 1, "test": 2}
    rows: list[list[Any]] = [
        [outside(path), number[label], part[split]]
        for path, label, split in material.split[["path", "label", "split"]].itertuples(index=False)
        if label in number and split in part
    ]
    return packed(rows)
