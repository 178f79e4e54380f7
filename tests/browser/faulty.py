"""A folder of photos with known faults, as people's folders have them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

_BROKEN, _COPIES, _ACROSS, _RESIZED, _BLURRED, _DARK = 3, 10, 6, 12, 6, 6
_WRONG = 0.08


@dataclass
class Planted:
    """What was done to the folder: paths below it.

    Attributes:
        files: how many files it has.
        broken: can't be read, or only half.
        copies: same bytes as another image of their class.
        across: same bytes as an image of another class.
        resized: near-duplicates of an image of their class.
        wrong: path → the class that it really shows.
    """

    root: Path
    files: int = 0
    broken: set[str] = field(default_factory=set)
    copies: set[str] = field(default_factory=set)
    across: set[str] = field(default_factory=set)
    resized: set[str] = field(default_factory=set)
    blurred: set[str] = field(default_factory=set)
    dark: set[str] = field(default_factory=set)
    wrong: dict[str, str] = field(default_factory=dict)


def plant(photos: Path, root: Path, *, each: int, seed: int = 0) -> Planted:
    """Copy ``each`` images of every class in ``photos`` to ``root``, and spoil some of them."""
    rng = np.random.default_rng(seed)
    classes = sorted(folder.name for folder in photos.iterdir() if folder.is_dir())
    done = Planted(root)
    good: list[str] = []
    for label in classes:
        (root / label).mkdir(parents=True)
    for label in classes:
        for number, photo in enumerate(_shuffled(photos / label)[:each]):
            target, path = label, f"{label}/{number:03d}.jpg"
            if rng.random() < _WRONG:
                target = str(rng.choice([other for other in classes if other != label]))
                path = f"{target}/from {number:03d} {label}.jpg"
                done.wrong[path] = label
            else:
                good.append(path)
            (root / path).write_bytes(photo.read_bytes())
    some = iter(rng.permutation(good).tolist())

    def add(beside: str, name: str, data: bytes) -> str:
        path = f"{beside.partition('/')[0]}/{name}.jpg"
        (root / path).write_bytes(data)
        return path

    for number in range(_BROKEN):
        whole = (root / next(some)).read_bytes()
        done.broken.add(add(next(some), f"half {number}", whole[: len(whole) // 2]))
        done.broken.add(add(next(some), f"words {number}", b"These are words."))
    for number in range(_COPIES):
        path = next(some)
        done.copies.add(add(path, f"copy {number}", (root / path).read_bytes()))
    for number in range(_ACROSS):
        path = next(some)
        other = next(label for label in classes if label != path.partition("/")[0])
        done.across.add(add(f"{other}/", f"also {number}", (root / path).read_bytes()))
    for number in range(_RESIZED):
        path = next(some)
        with Image.open(root / path) as image:
            small = image.resize((image.width * 3 // 4, image.height * 3 // 4))
        done.resized.add(path.replace("/", f"/small {number} "))
        small.save(root / path.replace("/", f"/small {number} "), quality=80)
    for _ in range(_BLURRED):
        path = next(some)
        with Image.open(root / path) as image:
            image.filter(ImageFilter.GaussianBlur(image.width / 12)).save(root / path, quality=90)
        done.blurred.add(path)
    for _ in range(_DARK):
        path = next(some)
        with Image.open(root / path) as image:
            ImageEnhance.Brightness(image).enhance(0.08).save(root / path, quality=90)
        done.dark.add(path)
    done.files = sum(path.is_file() for path in root.rglob("*"))
    return done


def held_out(photos: Path, root: Path, *, after: int, each: int) -> Path:
    """Copy ``each`` images of every class that :func:`plant` has not taken."""
    for folder in sorted(photos.iterdir()):
        (root / folder.name).mkdir(parents=True)
        for photo in _shuffled(folder)[after : after + each]:
            (root / folder.name / photo.name).write_bytes(photo.read_bytes())
    return root


def _shuffled(folder: Path) -> list[Path]:
    """Its files, in an order that is always the same; neighbours by name show the same person."""
    files = sorted(folder.iterdir())
    return [files[place] for place in np.random.default_rng(0).permutation(len(files))]
