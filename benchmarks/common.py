"""What benchmarks share: their options, and pictures to measure with where nobody gives any."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.catalog import Catalog, open_catalog
from core.datasets.intake import add_folder
from core.progress import Reporter
from core.workspace import open_workspace

_FEW = 200
_CLASSES = 5


def parser_of(documented: str | None) -> argparse.ArgumentParser:
    """A parser that knows ``--quick``.

    Args:
        documented: the benchmark's own docstring, of which the first line is shown.
    """
    parser = argparse.ArgumentParser(description=(documented or "").splitlines()[0])
    parser.add_argument(
        "--quick",
        action="store_true",
        help="little of everything, to see that it runs; the figures are not to be compared",
    )
    return parser


def photos_of(options: argparse.Namespace, folder: Path) -> Path:
    """The photos that were given as PHOTOS; with ``--quick`` some are made where none were.

    Raises:
        SystemExit: there are none.
    """
    if options.photos is not None:
        return Path(options.photos).expanduser().resolve()
    if not options.quick:
        raise SystemExit("Give a folder of class folders of photos; --quick makes some.")
    return make_photos(folder / "made photos", _FEW)


def imported(photos: Path, name: str, home: Path) -> tuple[Catalog, str]:
    """A workspace with these class folders in it, looked through; and the dataset's id."""
    from core.quality.alike import find_alike
    from core.quality.scan import scan

    catalog = open_catalog(open_workspace(home))
    record = add_folder(catalog, photos, name, restrict=False)
    scan(catalog, record.id)
    find_alike(catalog, record.id, Reporter())
    return catalog, record.id


def drawing(
    catalog: Catalog, dataset: str, table: pd.DataFrame, rng: np.random.Generator
) -> Callable[[], None]:
    """What draws sixty pictures of a gallery, from anywhere in the table."""
    from core.quality import thumbs

    def page() -> None:
        start = int(rng.integers(0, len(table) - 60))
        rows = table.iloc[start : start + 60]
        places = zip(rows["thumb_at"], rows["thumb_bytes"], strict=True)
        thumbs.read(catalog.workspace, dataset, places)

    return page


def held_mb() -> float:
    """Megabytes that this process holds, pages of files not counted."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1024
    return 0.0


def make_photos(root: Path, count: int) -> Path:
    """Write JPEGs of 500×374 pixels and about 55 KB in class folders: noise with the spectrum of
    photos."""
    height, width = 374, 500
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1
    for number in range(count):
        rng = np.random.default_rng(number)
        layers = []
        for _ in range(3):
            waves = frequency**-1.3 * np.exp(2j * np.pi * rng.random(frequency.shape))
            layer = np.fft.irfft2(waves, (height, width))
            layers.append((layer - layer.mean()) / layer.std())
        light, red, blue = layers
        pixels = np.stack((light + 0.25 * red, light + 0.25 * blue, light - 0.25 * red), axis=2)
        file = root / f"class {number % _CLASSES}" / f"{number:05d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray((120 + 45 * pixels).clip(0, 255).astype(np.uint8))
        image.save(file, quality=85)
    return root
