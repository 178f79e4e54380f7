"""Large images are decoded in a helper with limits, so that none takes the memory of a process that
serves many.

What comes back is what is needed: the pixels that a model looks at, or a picture that is no larger
than what this process would decode itself.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from core import settings
from core.contained import Limits, contained
from core.datasets.held import MOST_HERE
from core.datasets.images import Decoding, Fit, OpenedImage, decode, open_image
from core.errors import UnreadableImage

# On the way to eight bits, and what the helper needs itself.
_BYTES_A_PIXEL, _OWN_MB = 24, 512
# One after the other: each may take gigabytes.
_turn = threading.Lock()


class Apart:
    """As :mod:`core.datasets.images` has it, in a helper."""

    def open(
        self, data: bytes, *, file: object, draft: tuple[int, int] | None, decoding: Decoding
    ) -> OpenedImage:
        """As :func:`core.datasets.images.open_image`, made smaller if it is still large.

        Raises:
            UnreadableImage: as there; of kind ``too_large`` where a limit was reached.
        """
        least = max(draft) if draft is not None else 0
        pixels, size, facts = _asked(file, _small, data, least, _name(file), decoding)
        return OpenedImage(Image.frombytes("RGB", size, pixels), *facts)

    def decode(
        self, data: bytes, size: int, *, fit: Fit, file: object, decoding: Decoding
    ) -> np.ndarray:
        """As :func:`core.datasets.images.decode`.

        Raises:
            UnreadableImage: as there; of kind ``too_large`` where a limit was reached.
        """
        pixels = _asked(file, _pixels, data, size, fit, _name(file), decoding)
        return np.frombuffer(pixels, np.uint8).reshape(size, size, 3)


def _asked(file: object, function: Callable[..., Any], *args: object) -> Any:
    with _turn:
        return contained(function, *args, limits=_limits(), otherwise=_too_much(file))


def _name(file: object) -> str | None:
    return None if file is None else str(file)


def _limits() -> Limits:
    memory = _OWN_MB + settings.max_pixels() * _BYTES_A_PIXEL // 1024**2
    return Limits(processor_s=120, still_s=1200, memory_mb=memory, file_mb=1)


def _too_much(file: object) -> UnreadableImage:
    return UnreadableImage(
        "too_large",
        "Reading this image takes more memory than there is.",
        file=file,
        remedy="Make it smaller, or save it again as JPEG.",
    )


# What follows is called in the helper.


def _pixels(data: bytes, size: int, fit: Fit, file: str | None, decoding: Decoding) -> bytes:
    return decode(data, size, fit=fit, file=file, decoding=decoding).tobytes()


def _small(
    data: bytes, least: int, file: str | None, decoding: Decoding
) -> tuple[bytes, tuple[int, int], tuple[object, ...]]:
    draft = (least, least) if least else None
    opened = open_image(data, file=file, draft=draft, decoding=decoding)
    image = opened.image
    # Four times what is asked for is as good as all of it, once it is made as small as that.
    times = max(
        min(image.size) // (4 * least) if least else 1,
        math.ceil(math.sqrt(image.width * image.height / MOST_HERE)),
    )
    if times > 1:
        image = image.reduce(times)
    facts = (
        *(opened.format, opened.mode, opened.width, opened.height, opened.orientation),
        *(opened.frames, opened.on_black, opened.greys),
    )
    return image.tobytes(), image.size, facts
