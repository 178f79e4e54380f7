"""Where the evidence lies, found by covering: for models whose slopes can't be followed.

A window slides over the image, and what is under it is replaced by the image's mean colour; where
the class's score falls, there was something that spoke for it (Zeiler & Fergus, "Visualizing and
understanding convolutional networks", 2014). It asks the model more than two hundred times for each
image, and sees nothing finer than its window.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Places along each side, and how many of them the window covers.
PLACES = 14
WINDOW = 2
# Scores are told apart up to a probability of this or 1 less this.
_CERTAIN = 1e-6


def occlude(
    predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """How much the class's score falls, on average over the windows that cover a place.

    Args:
        predict: uint8 (n, side, side, 3) → probabilities (n, classes).
        images: uint8, shape (n, side, side, 3).
        classes: int, shape (n,): whose evidence is looked for.

    Returns:
        float32, shape (n, places, places), with at most :data:`PLACES` a side: differences of the
        score's log odds; negative where what is covered speaks against the class.
    """
    side = images.shape[1] if len(images) else PLACES
    places = min(PLACES, side)
    edges = np.rint(np.arange(places + 1) * side / places).astype(int)
    windows = [
        (max(0, top), min(places, top + WINDOW), max(0, left), min(places, left + WINDOW))
        for top in range(1 - WINDOW, places)
        for left in range(1 - WINDOW, places)
    ]
    falls = np.zeros((len(images), places, places), np.float32)
    counts = np.zeros((places, places), np.float32)
    for top, bottom, left, right in windows:
        counts[top:bottom, left:right] += 1
    for number, (image, wanted) in enumerate(zip(images, classes, strict=True)):
        batch = np.repeat(image[None], len(windows) + 1, axis=0)
        mean = image.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
        for place, (top, bottom, left, right) in enumerate(windows):
            batch[place, edges[top] : edges[bottom], edges[left] : edges[right]] = mean
        odds = _odds(predict(batch)[:, wanted])
        for place, (top, bottom, left, right) in enumerate(windows):
            falls[number, top:bottom, left:right] += odds[-1] - odds[place]
    return falls / counts


def _odds(probabilities: np.ndarray) -> np.ndarray:
    sure = np.clip(probabilities.astype(np.float64), _CERTAIN, 1 - _CERTAIN)
    return np.log(sure / (1 - sure))
