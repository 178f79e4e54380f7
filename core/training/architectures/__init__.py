"""Model families, one a file; each names what it has in ``FAMILIES``.

A new one is a file here and a word in the list below. What is said of it on pages (its parameters,
operations and layers) is in ``facts.json``, which ``python -m core.training.architectures.facts``
writes, so that pages need no Keras to show it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.errors import named
from core.training.architectures import classic, compact, custom, pretrained, unet, vgg
from core.training.architectures.family import Architecture, BuildConfig

# In the order of offering them.
_FILES = (classic, compact, vgg, unet, pretrained, custom)
ARCHITECTURES: dict[str, Architecture] = {
    family.key: family for file in _FILES for family in file.FAMILIES
}


def get(key: str) -> Architecture:
    """The family of this name.

    Raises:
        InvalidInput: there is none; the sentence names those that there are.
    """
    return named("architecture", key, ARCHITECTURES)


def in_words(keys: Iterable[str]) -> str:
    """Titles of the networks of one model; one that is not known here by its key."""
    return " and ".join(ARCHITECTURES[key].title if key in ARCHITECTURES else key for key in keys)


def titles() -> dict[str, str]:
    """Key → title of every family, in the order of offering them."""
    return {key: each.title for key, each in ARCHITECTURES.items()}


def build(key: str, config: BuildConfig) -> Any:
    """A model of this family; see :attr:`Architecture.build`."""
    return get(key).build(config)
