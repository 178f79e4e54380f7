"""The eight ways to turn and mirror a square picture, as three bits of a code.

A code is applied bit by bit: first :data:`TRANSPOSE` (rows become columns), then
:data:`LEFT_RIGHT`, then :data:`UPSIDE_DOWN`. An odd number of bits mirrors the picture, an even
number turns it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEFT_RIGHT, UPSIDE_DOWN, TRANSPOSE = 1, 2, 4
SAME, MIRRORED, ROTATED = "same", "mirrored", "rotated"

RELATION_OF = (SAME, MIRRORED, MIRRORED, ROTATED, MIRRORED, ROTATED, ROTATED, MIRRORED)
"""What a code makes of a picture: the same, its mirror image, or the picture turned by 90°, 180° or
270°."""

INVERSE_OF = np.array([0, 1, 2, 3, 4, 6, 5, 7], np.int8)
"""The code that takes a code back: only the two quarter turns differ from their own."""

SEARCHED = (0, 1, 2, 3, 4, 5, 7)
"""Codes that find all pairs: 6 takes the second picture to the first where 5 does the reverse."""


def turn(grids: NDArray[np.float32], code: int) -> NDArray[np.float32]:
    """Grids of shape (n, side, side), or (n, side, side, channels), turned or mirrored; a view."""
    if code & TRANSPOSE:
        grids = grids.swapaxes(1, 2)
    if code & LEFT_RIGHT:
        grids = grids[:, :, ::-1]
    if code & UPSIDE_DOWN:
        grids = grids[:, ::-1]
    return grids


def turn_spectra(spectra: NDArray[np.float32], code: int) -> NDArray[np.float32]:
    """Cosine spectra of shape (n, side, side) of the grids that :func:`turn` would give: a mirrored
    picture only changes the signs of its odd waves."""
    if code & TRANSPOSE:
        spectra = spectra.swapaxes(1, 2)
    signs = np.where(np.arange(spectra.shape[1]) % 2, -1, 1).astype(np.float32)
    if code & LEFT_RIGHT:
        spectra = spectra * signs
    if code & UPSIDE_DOWN:
        spectra = spectra * signs[:, None]
    return spectra
