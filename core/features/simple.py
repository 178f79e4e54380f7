"""Features that need no pretrained weights: edges by direction and place, and coarse colour.

Histograms of oriented gradients (Dalal & Triggs, 2005) without their overlapping blocks. Far weaker
than a pretrained network's on photos, but enough to see which images are unlike their class.
"""

from __future__ import annotations

import numpy as np

SIZE = 64
_CELL = 8
_DIRECTIONS = 8
FEATURES = (SIZE // _CELL) ** 2 * _DIRECTIONS + 8 * 8 * 3


def describe(images: np.ndarray) -> np.ndarray:
    """Features of images.

    Args:
        images: uint8, shape (n, 64, 64, 3).

    Returns:
        float32, shape (n, FEATURES).
    """
    n, cells = len(images), SIZE // _CELL
    grey = images.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    down, across = np.gradient(grey, axis=(1, 2))
    strength = np.hypot(down, across)
    # Opposite directions are one: a dark edge on light is the same edge as a light one on dark.
    turned = (np.arctan2(down, across) % np.pi) * (_DIRECTIONS / np.pi)
    low = np.floor(turned).astype(np.int64) % _DIRECTIONS
    share = (turned - np.floor(turned)).astype(np.float32)
    cell = np.arange(SIZE) // _CELL
    place = (np.arange(n)[:, None, None] * cells + cell[:, None]) * cells + cell
    total = n * cells * cells * _DIRECTIONS
    edges = np.bincount(
        (place * _DIRECTIONS + low).ravel(), (strength * (1 - share)).ravel(), total
    )
    edges += np.bincount(
        (place * _DIRECTIONS + (low + 1) % _DIRECTIONS).ravel(), (strength * share).ravel(), total
    )
    edges = np.sqrt(edges.reshape(n, -1))
    edges = edges / (np.linalg.norm(edges, axis=1, keepdims=True) + 1e-6)
    colour = images.reshape(n, 8, SIZE // 8, 8, SIZE // 8, 3).mean((2, 4)).reshape(n, -1) / 255
    return np.concatenate([edges * 20, colour], axis=1).astype(np.float32)
