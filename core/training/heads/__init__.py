"""Heads: what turns the features of a frozen network into classes, fitted in seconds.

One file a head. Each is given the same :class:`Problem` (features of all images, reduced to few
coordinates; labels; folds) and gives back what it answered about each image from folds without it,
and how to compute its answer: :class:`Steps`, which a Keras model is made of, layer by layer.
Nothing here needs Keras but :mod:`core.training.heads.head`.
"""

from __future__ import annotations

from core.errors import named
from core.training.heads import discriminant, kernel, logistic, perceptron
from core.training.heads.head import Head

HEADS: dict[str, Head] = {
    head.key: head for head in (discriminant.HEAD, kernel.HEAD, logistic.HEAD, perceptron.HEAD)
}


def get(key: str) -> Head:
    """The head of this name.

    Raises:
        InvalidInput: there is none; the sentence names those that there are.
    """
    return named("head", key, HEADS)
