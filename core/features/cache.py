"""Features of a frozen backbone, computed once by OpenVINO and kept by content hash.

For each image once as it is and, if asked, a few times varied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.datasets.pixels import Images
from core.datasets.slots import SlotFile
from core.features.backbones import Backbone
from core.features.runtime import Compiled
from core.progress import Reporter
from core.workspace import Workspace

# Few enough that progress is seen several times a second; each pause between two costs little.
_BATCH = 64


@dataclass(frozen=True)
class Variations:
    """How images are varied: in ways that depend on each image's content and the view's number
    only, so that what comes of it can be kept.

    Attributes:
        views: how many variations of each image.
        version: part of the cache's name; changes when the variations do.
        make: (uint8 images, their content hashes, view from 1) → uint8 images, varied.
    """

    views: int
    version: str
    make: Callable[[np.ndarray, list[str], int], np.ndarray]


@dataclass(frozen=True)
class Extractor:
    """What makes features of images.

    Attributes:
        size: side of the images that it looks at, in pixels.
        precision: that it counts in.
        model: the backbone as an OpenVINO model, or a path of one; ``None`` to look only.
        tag: what else the features depend on (how images were resized, weights of one's own), for
            the cache's name.
    """

    backbone: Backbone
    size: int
    precision: str
    model: Any = None
    tag: str = ""


class FeatureViews:
    """Features of a table's images under one backbone, view by view, computed when asked for.

    Args:
        pixels: the decoded images; ``None`` to look only.
        digests: content hash of each row.
        variations: how views from 1 on differ from view 0, which is the images as they are.
    """

    def __init__(
        self,
        workspace: Workspace,
        dataset_id: str,
        extractor: Extractor,
        pixels: Images | None,
        digests: list[str],
        *,
        report: Reporter,
        variations: Variations | None = None,
    ) -> None:
        self._folder = workspace.cache / "features" / dataset_id
        self._extractor, self._pixels, self._digests = extractor, pixels, digests
        self._report, self._variations = report, variations
        self._compiled: Compiled | None = None

    @property
    def views(self) -> int:
        """How many views there are besides the images as they are."""
        return self._variations.views if self._variations is not None else 0

    def compute(
        self,
        view: int,
        rows: np.ndarray | None = None,
        tell: Callable[[np.ndarray, np.ndarray], None] | None = None,
    ) -> int:
        """Compute what of a view is not there yet; returns how many images that were.

        Args:
            rows: of which rows it is wanted; default all. Those that could not be decoded are
                passed over.
            tell: called with rows and their features, as they become known.

        Raises:
            Cancelled: what was computed is kept.
        """
        assert self._pixels is not None, "made to look only"
        note = f"Looking at images with {self._extractor.backbone.title}"
        if view:
            note += f", varied ({view} of {self.views})"
        asked = np.arange(len(self._digests)) if rows is None else rows
        ready = asked[self._pixels.slots[asked] >= 0]
        file = self._file(view)
        with file.adding():
            missing = np.array([r for r in ready if self._digests[r] not in file.slots], np.int64)
            batches = [missing[at : at + _BATCH] for at in range(0, len(missing), _BATCH)]
            for number, (some, images) in enumerate(self._ahead(batches)):
                self._report.step("features", number * _BATCH, len(missing), note)
                self._compiled = self._compiled or Compiled(
                    self._extractor.model, self._extractor.precision
                )
                digests = [self._digests[row] for row in some]
                if view and self._variations is not None:
                    images = self._variations.make(images, digests, view)
                found = self._compiled.predict(images)
                for digest, feature in zip(digests, found, strict=True):
                    file.add(digest, feature)
                if tell is not None:
                    tell(some, found)
        if len(missing):
            self._report.progress("features", len(missing), len(missing), note)
        return len(missing)

    def _ahead(self, batches: list[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows and their images, of which the next are read while these are worked on."""
        assert self._pixels is not None
        with ThreadPoolExecutor(1) as reader:
            following = [reader.submit(self._pixels.take, some) for some in batches[:1]]
            for number, some in enumerate(batches):
                images = following.pop().result()
                if number + 1 < len(batches):
                    following.append(reader.submit(self._pixels.take, batches[number + 1]))
                yield some, images

    def missing(self, view: int) -> int:
        """How many images :meth:`compute` would have to look at."""
        known = self._file(view).peek()
        return sum(digest not in known for digest in set(self._digests))

    def view(self, view: int) -> tuple[np.ndarray, np.ndarray]:
        """What has been computed of a view: a memory map, float16, shape (slots, features), and
        each row's slot in it, int64, -1 where it was not computed."""
        file = self._file(view)
        with file.adding():
            pass
        return file.open(), file.find(self._digests)

    def _file(self, view: int) -> SlotFile:
        made = self._extractor
        stem = f"{made.backbone.version}-{made.size}-{made.precision}"
        stem += f"{made.tag and '-' + made.tag}-view{view}"
        if view and self._variations is not None:
            stem += f"-a{self._variations.version}"
        return SlotFile(self._folder, stem, "float16", (self._extractor.backbone.features,))
