"""How alike two pictures are once one is laid exactly over the other.

Two stages. *Tangent distance* (Simard, LeCun and Denker, 1993) asks cheaply how much of a picture
is explained by the other and by small shifts, turns, zooms and shears of it; it throws out most
candidates. *Alignment* (Baker and Matthews, "Lucas-Kanade 20 years on", 2004: inverse
compositional, affine, with gain and offset) then finds the warp itself and measures what differs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.quality.descriptor import SIDE

Floats = NDArray[np.float32]

_COARSE = SIDE // 2
_BLOCK = 4096  # pictures at a time, for the memory's sake
_RIM = 2  # cells at the edge that don't count: a turned copy has black corners there
_STEPS = 4
_FARTHEST = 3.0  # cells at the edge of the picture; a crop by 5 % on each side moves it by 1.6
_NOISE = 0.25  # variance of luma that rounding alone may cause

_AXIS = ((np.arange(SIDE) - (SIDE - 1) / 2) / (SIDE / 2)).astype(np.float32)
_X = np.tile(_AXIS, SIDE)
_Y = np.repeat(_AXIS, SIDE)


def smooth(grids: Floats, times: int = 1) -> Floats:
    """Grids (n, side, side) blurred by [1 2 1]/4 both ways, ``times`` over."""
    for _ in range(times):
        padded = np.pad(grids, ((0, 0), (1, 1), (1, 1)), mode="edge")
        rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) * np.float32(0.25)
        grids = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) * np.float32(0.25)
    return grids


def coarse(luma: NDArray[np.uint8]) -> Floats:
    """Half-size grids (n, side/2, side/2), blurred: what :func:`explained` works on."""
    halves = np.empty((len(luma), _COARSE, _COARSE), np.float32)
    for start in range(0, len(luma), _BLOCK):
        blurred = smooth(luma[start : start + _BLOCK].astype(np.float32), 2)
        halves[start : start + _BLOCK] = blurred.reshape(-1, _COARSE, 2, _COARSE, 2).mean((2, 4))
    return halves


def explained(models: Floats, grids: Floats) -> Floats:
    """The share (m,) in [0, 1] of each grid's contrast its model explains by small affine moves.

    Args:
        models: coarse grids of shape (m, side/2, side/2).
        grids: of the same shape.
    """
    m = len(models)
    inner = slice(1, -1)
    models = models - models.mean((1, 2), keepdims=True)
    down, right = _slopes(models)
    axis = _AXIS[::2][inner]
    x, y = axis[None, None, :], axis[None, :, None]
    g, d, r = (part[:, inner, inner] for part in (models, down, right))
    basis = np.stack((g, np.ones_like(g), d, r, d * x, d * y, r * x, r * y), axis=1)
    basis = basis.reshape(m, 8, -1).astype(np.float32)
    seen = grids[:, inner, inner].reshape(m, -1)
    seen = seen - seen.mean(1, keepdims=True)
    gram = basis @ basis.swapaxes(1, 2)
    gram[:, range(8), range(8)] *= 1.0001
    gram[:, range(8), range(8)] += 1e-3
    onto = np.einsum("mkp,mp->mk", basis, seen)
    share = (np.linalg.solve(gram, onto[:, :, None])[:, :, 0] * onto).sum(1)
    power = (seen * seen).sum(1) + _NOISE
    return np.clip(share / power, 0, 1).astype(np.float32)


def likeness(models: Floats, grids: Floats) -> Floats:
    """How alike (m,) pictures are in [0, 1] when each grid is warped onto its model.

    It is the correlation of their slopes, brightness and contrast set aside: slopes tell the edges
    and the texture of one scene from those of another whose light and shade merely lie alike.
    Recompressed, resized, cropped or turned copies of photos reach 0.99.

    Args:
        models, grids: luma of shape (m, side, side).
    """
    target, seen, inside = _laid_over(models, grids)
    valid = inside.reshape(models.shape)
    product, mine, theirs = (np.zeros(len(models), np.float32) for _ in range(3))
    for slope, other in zip(
        *(_slopes(each.reshape(models.shape)) for each in (target, seen)), strict=True
    ):
        slope, other = slope * valid, other * valid
        product += (slope * other).sum((1, 2))
        mine += (slope * slope).sum((1, 2))
        theirs += (other * other).sum((1, 2))
    return np.clip(product / np.sqrt(mine * theirs + 1e-6), 0, 1)


def _laid_over(models: Floats, grids: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """The models and the grids warped onto them, blurred and standardised, both (m, side²), and
    where they can be compared, bool of the same shape."""
    m = len(models)
    model = smooth(models).reshape(m, -1)
    grid = _standard(smooth(grids).reshape(m, -1))
    target = _standard(model)
    down, right = (part.reshape(m, -1) for part in _slopes(target.reshape(m, SIDE, SIDE)))
    steepest = np.stack(
        (right, down, right * _X, right * _Y, down * _X, down * _Y, target, np.ones_like(target)),
        axis=1,
    )
    inside = _inside(_X, _Y)
    steepest *= inside
    hessian = steepest @ steepest.swapaxes(1, 2)
    hessian[:, range(8), range(8)] += 1e-3 * SIDE * SIDE
    downhill = np.linalg.solve(hessian, steepest)[:, :6]
    warp = np.tile(np.eye(3, dtype=np.float32), (m, 1, 1))
    for _ in range(_STEPS):
        seen, valid = _sample(grid, warp)
        error = np.where(valid, seen - target, 0)
        move = np.einsum("mkp,mp->mk", downhill, error)
        warp = _limited(warp @ np.linalg.inv(_matrix(np.clip(move, -2, 2))))
    seen, valid = _sample(grid, warp)
    return target, seen, valid & inside


def _slopes(grids: Floats) -> tuple[Floats, Floats]:
    """How grids (n, side, side) change from cell to cell: downwards and to the right."""
    down, right = np.empty_like(grids), np.empty_like(grids)
    for slope, axis in ((down, 1), (right, 2)):
        slope[...] = np.gradient(grids, axis=axis)
    return down, right


def _standard(grids: Floats) -> Floats:
    """Zero mean and unit variance, with rounding noise kept small."""
    grids = grids - grids.mean(1, keepdims=True)
    return grids / np.sqrt((grids * grids).mean(1, keepdims=True) + _NOISE)


def _matrix(moves: Floats) -> Floats:
    """Affine matrices (m, 3, 3) in units of half the side from moves (m, 6) in cells."""
    matrix = np.tile(np.eye(3, dtype=np.float32), (len(moves), 1, 1))
    # Of a move, the shifts come first: right, down.
    matrix[:, :2] += (moves / (SIDE / 2))[:, [[2, 3, 0], [4, 5, 1]]]
    return matrix


def _limited(warp: Floats) -> Floats:
    """No warp goes farther than a near-duplicate may."""
    far = np.float32(_FARTHEST / (SIDE / 2))
    straight = np.eye(3, dtype=np.float32)
    return straight + np.clip(warp - straight, -far, far)


def _inside(x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Where coordinates (−1 to 1) are not on the rim."""
    edge = 1 - 2 * (_RIM - 0.25) / SIDE
    return (np.abs(x) <= edge) & (np.abs(y) <= edge)


def _sample(grids: Floats, warp: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Grids (m, side²) read bilinearly where the warp sends each cell, and where that is inside."""
    x = warp[:, 0, 0:1] * _X + warp[:, 0, 1:2] * _Y + warp[:, 0, 2:3]
    y = warp[:, 1, 0:1] * _X + warp[:, 1, 1:2] * _Y + warp[:, 1, 2:3]
    valid = _inside(x, y)
    half = np.float32(SIDE / 2)
    column = np.clip(x * half + np.float32((SIDE - 1) / 2), 0, np.float32(SIDE - 1.001))
    line = np.clip(y * half + np.float32((SIDE - 1) / 2), 0, np.float32(SIDE - 1.001))
    left, top = column.astype(np.int32), line.astype(np.int32)
    column -= left
    line -= top
    at = top * SIDE + left
    at += np.arange(len(grids), dtype=np.int32)[:, None] * (SIDE * SIDE)
    flat = grids.ravel()
    upper = flat[at]
    upper += column * (flat[at + 1] - upper)
    lower = flat[at + SIDE]
    lower += column * (flat[at + SIDE + 1] - lower)
    upper += line * (lower - upper)
    return upper, valid
