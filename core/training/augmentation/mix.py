"""Two images in one, with shares of both labels: mixup and cutmix."""

from __future__ import annotations

from functools import partial

import numpy as np

from core.training.augmentation.kind import MORE, Chosen, Kind


def mix(
    images: np.ndarray, labels: np.ndarray, options: Chosen, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mix each image of a batch with another of the same batch.

    Where both kinds are on, a batch gets one of them, either as often as the other.

    Args:
        images: uint8 or float32, shape (n, size, size, 3); left as they are.
        labels: float32, shape (n, classes), rows that sum to 1.

    Returns:
        float32 images, and float32 labels whose rows sum to 1.
    """
    pixels, labels = images.astype(np.float32), labels.astype(np.float32)
    alphas = {"mixup": options.mixup, "cutmix": options.cutmix}
    kinds = [kind for kind, alpha in alphas.items() if alpha]
    if not kinds:
        return pixels, labels
    kind = kinds[rng.integers(len(kinds))]
    others = rng.permutation(len(pixels))
    kept = rng.beta(alphas[kind], alphas[kind], len(pixels)).astype(np.float32)
    if kind == "mixup":
        pixels = _blended(pixels, others, kept)
    else:
        middles = rng.integers(0, pixels.shape[1], (len(pixels), 2))
        pixels, kept = _patched(pixels, others, kept, middles)
    return pixels, kept[:, None] * labels + (1 - kept[:, None]) * labels[others]


def _blended(pixels: np.ndarray, others: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Mixup (Zhang et al., 2018), each image by its own share. Uses ``pixels`` up."""
    share = kept[:, None, None, None]
    blended = pixels[others]
    blended *= 1 - share
    pixels *= share
    blended += pixels
    return blended


def _patched(
    pixels: np.ndarray, others: np.ndarray, kept: np.ndarray, middles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cutmix (Yun et al., 2019): a square is replaced by the same part of another image.

    Returns:
        the images, and the share of each that is really kept: the border may cut a square off.
    """
    size = pixels.shape[1]
    sides = np.rint(size * np.sqrt(1 - kept)).astype(np.int64)[:, None]
    starts = np.clip(middles - sides // 2, 0, size)
    ends = np.clip(middles - sides // 2 + sides, 0, size)
    mixed = pixels.copy()
    for i, ((top, left), (bottom, right)) in enumerate(zip(starts, ends, strict=True)):
        mixed[i, top:bottom, left:right] = pixels[others[i], top:bottom, left:right]
    replaced = np.prod(ends - starts, axis=1) / size**2
    return mixed, (1 - replaced).astype(np.float32)


_mixed = partial(Kind, group=MORE, maximum=2, step=0.05)
KINDS = (
    # Zhang et al., 2018.
    _mixed(
        "mixup",
        "Mixup",
        "Blends each image with another, and asks the network for both in these shares. 0.2 is "
        "usual; higher blends more evenly.",
        "blended with another image (mixup {})",
    ),
    # Yun et al., 2019.
    _mixed(
        "cutmix",
        "Cutmix",
        "Replaces a square of each image by another's, and asks the network for both in the shares "
        "of their areas. 1 makes every size of square as likely.",
        "with a square of another image (cutmix {})",
    ),
)
