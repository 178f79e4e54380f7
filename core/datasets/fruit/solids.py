"""Fruit as solids: for each pixel, how much of it is covered, which way the surface faces there,
and where on the fruit it is.

An apple, an orange or a pear is a body of revolution: its surface is at distance R(s) from its
middle, where s is the cosine of the angle to its axis. A banana is a bent tube that tapers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.datasets.fruit.pixels import F, step

Profile = Callable[[F], tuple[F, F]]
_ROUNDS = 7


@dataclass(frozen=True)
class Surface:
    """What is seen of a fruit, arrays of one shape.

    Attributes:
        cover: 0 to 1.
        x, y, z: the unit normal; y points down in the picture and z to the viewer.
        along: from -1 at the bottom of its axis (or one tip) to 1.
        across: from -1 to 1, around the axis (or across the tube).
        axis: unit vector from its bottom to its top.
    """

    cover: F
    x: F
    y: F
    z: F
    along: F
    across: F
    axis: tuple[float, float, float] = (0.0, -1.0, 0.0)


def apple(s: F) -> tuple[F, F]:
    """R and its derivative: a dimple at the top and a smaller one below."""
    top = np.clip((s - 0.70) / 0.30, 0, 1)
    low = np.clip((-s - 0.80) / 0.20, 0, 1)
    r = 0.94 + 0.05 * s - 0.30 * top * top - 0.10 * low * low
    slope = 0.05 - 0.30 * 2 * top / 0.30 + 0.10 * 2 * low / 0.20
    return np.asarray(r, np.float32), np.asarray(slope, np.float32)


def orange(s: F) -> tuple[F, F]:
    """A little flat at both ends."""
    top = np.clip((s - 0.93) / 0.07, 0, 1)
    r = 0.98 - 0.05 * s * s - 0.04 * top * top
    slope = -0.10 * s - 0.04 * 2 * top / 0.07
    return np.asarray(r, np.float32), np.asarray(slope, np.float32)


def pear(s: F) -> tuple[F, F]:
    """A neck at the top."""
    neck = np.clip((s - 0.66) / 0.34, 0, 1)
    r = 0.90 - 0.02 * s + 0.50 * neck * neck * neck
    slope = -0.02 + 0.50 * 3 * neck * neck / 0.34
    return np.asarray(r, np.float32), np.asarray(slope, np.float32)


def revolved(
    x: F, y: F, profile: Profile, axis: tuple[float, float, float], sharp: float
) -> Surface:
    """A body of revolution, seen from far away.

    Args:
        x, y: pixels in units of its radius, from its middle.
        axis: unit vector from its bottom to its top.
        sharp: pixels a radius, so that its outline is one pixel soft.
    """
    ax, ay, az = (np.float32(each) for each in axis)
    flat2 = x * x + y * y
    flat = np.sqrt(flat2) + np.float32(1e-6)
    outline, _ = profile((x * ax + y * ay) / flat)
    cover = np.clip((outline - flat) * np.float32(sharp) + np.float32(0.5), 0, 1)
    depth = np.sqrt(np.maximum(1 - flat2, 0))
    for _ in range(_ROUNDS):
        r = np.sqrt(flat2 + depth * depth) + np.float32(1e-6)
        reach, _ = profile((x * ax + y * ay + depth * az) / r)
        depth = (depth + np.sqrt(np.maximum(reach * reach - flat2, 0))) / 2
    r = np.sqrt(flat2 + depth * depth) + np.float32(1e-6)
    ux, uy, uz = x / r, y / r, depth / r
    s = ux * ax + uy * ay + uz * az
    _, slope = profile(s)
    lean = slope / r
    nx, ny, nz = _unit(
        ux - lean * (ax - s * ux), uy - lean * (ay - s * uy), uz - lean * (az - s * uz)
    )
    around = (uy * ax - ux * ay) / np.sqrt(np.maximum(1 - s * s, np.float32(1e-4)))
    return Surface(cover, nx, ny, nz, s, np.clip(around, -1, 1))


def tube(x: F, y: F, bend: float, thick: float, sharp: float) -> Surface:
    """A banana: a tube of radius ``thick`` on an arc of radius ``bend``, its middle at (0, 0).

    Args:
        x, y, sharp: as for :func:`revolved`.
    """
    radius = np.float32(bend)
    from_middle = y + radius
    d = np.sqrt(x * x + from_middle * from_middle) + np.float32(1e-6)
    along = (x / d) * radius
    out = d - radius
    ends = np.abs(along)
    taper = 1 - np.float32(0.68) * step(ends, 0.55, 1.0)
    stalk = step(along, 0.93, 1.02)
    width = np.float32(thick) * (taper * (1 - stalk) + np.float32(0.30) * stalk)
    inside = np.minimum(width - np.abs(out), np.where(along > 0, 1.18, 1.04) - ends)
    inside = np.where(from_middle > 0, inside, np.float32(-1))
    cover = np.clip(inside * np.float32(sharp) + np.float32(0.5), 0, 1)
    round_ = np.clip(out / width, -1, 1)
    # Five sides: a banana has edges.
    sides = -0.78 + 0.80 * step(round_, -0.52, -0.24) + 0.80 * step(round_, 0.26, 0.54)
    lateral = 0.45 * round_ + 0.55 * sides
    deep = np.sqrt(np.maximum(1 - lateral * lateral, np.float32(0.02)))
    tip = np.where(along > 0, 1, -1) * step(ends, 0.6, 1.05) * np.float32(0.5)
    rx, ry = x / d, from_middle / d
    nx, ny, nz = _unit(rx * lateral + ry * tip, ry * lateral - rx * tip, deep)
    return Surface(np.asarray(cover, np.float32), nx, ny, nz, along, np.asarray(round_, np.float32))


def _unit(x: F, y: F, z: F) -> tuple[F, F, F]:
    length = np.sqrt(x * x + y * y + z * z) + np.float32(1e-6)
    return x / length, y / length, z / length
