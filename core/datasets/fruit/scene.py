"""One picture: a ground, light from one side, fruit with its shadow, and a camera's faults."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.datasets.fruit import solids
from core.datasets.fruit.grounds import GROUNDS
from core.datasets.fruit.pixels import (
    SIDE,
    F,
    Rng,
    between,
    blurred,
    grid,
    mix,
    noise,
    step,
    turn,
)

# What makes some pictures hard: too dark, out of focus, cut off, far away, half hidden, odd light.
HARD = ("dark", "soft", "cut", "far", "hidden", "tinted")
_SKINS = {
    "apple": (
        ((0.70, 0.06, 0.08), (0.92, 0.60, 0.24)),
        ((0.60, 0.03, 0.06), (0.80, 0.22, 0.16)),
        ((0.47, 0.66, 0.14), (0.72, 0.80, 0.34)),
        ((0.90, 0.72, 0.26), (0.82, 0.24, 0.16)),
    ),
    "orange": (((0.95, 0.48, 0.04), (0.98, 0.60, 0.12)), ((0.88, 0.38, 0.03), (0.95, 0.50, 0.08))),
    "pear": (
        ((0.66, 0.72, 0.22), (0.80, 0.80, 0.38)),
        ((0.82, 0.72, 0.28), (0.86, 0.78, 0.44)),
        ((0.50, 0.60, 0.16), (0.66, 0.68, 0.26)),
    ),
    "banana": (((0.94, 0.76, 0.13), (0.98, 0.85, 0.30)), ((0.80, 0.78, 0.20), (0.92, 0.86, 0.32))),
}


@dataclass(frozen=True)
class Light:
    """Where it comes from (a unit vector), its colour, and how bright shadows are."""

    x: float
    y: float
    z: float
    colour: tuple[float, float, float]
    fill: float


def draw(kind: str, rng: Rng, hard: Collection[str] = ()) -> NDArray[np.uint8]:
    """A picture of one kind of fruit, uint8 of shape (224, 224, 3).

    Args:
        kind: apple, banana, orange or pear.
        hard: those of :data:`HARD` that it is.
    """
    ground = GROUNDS[int(rng.integers(len(GROUNDS)))](rng)
    light = _light(rng, hard)
    picture = ground * (np.asarray(light.colour, np.float32) * np.float32(0.62 + light.fill * 0.6))
    size = between(rng, 26, 34) if "far" in hard else between(rng, 50, 74)
    several = 1 if hard else int(rng.integers(1, 4)) if rng.integers(3) == 0 else 1
    size *= (1.0, 0.78, 0.66)[several - 1]
    skin = _SKINS[kind][int(rng.integers(len(_SKINS[kind])))]
    for n in range(several):
        spread = (n - (several - 1) / 2) * size * 1.72
        x = SIDE / 2 + spread + between(rng, -18, 18)
        y = SIDE / 2 + 8 + between(rng, -16, 16) + (12 if n % 2 else 0)
        if "cut" in hard:
            x += (1 if rng.integers(2) else -1) * between(rng, 62, 82)
        picture = _place(picture, kind, skin, (x, y), size, light, rng)
    if "hidden" in hard:
        picture = _leaf(picture, rng, light)
    return _photographed(picture, rng, hard)


def _light(rng: Rng, hard: Collection[str]) -> Light:
    side = 1 if rng.integers(2) else -1
    x, y = side * between(rng, 0.25, 0.62), between(rng, -0.72, -0.35)
    length = (x * x + y * y + 0.64) ** 0.5
    warm = between(rng, -0.05, 0.09)
    colour = (1.0 + warm, 1.0, 1.0 - 1.3 * warm)
    if "tinted" in hard:
        tints = ((1.15, 0.86, 0.55), (0.62, 0.82, 1.2), (0.75, 1.05, 0.68))
        colour = tints[int(rng.integers(len(tints)))]
    return Light(x / length, y / length, 0.8 / length, colour, between(rng, 0.30, 0.5))


def _place(
    picture: F,
    kind: str,
    skin: tuple[tuple[float, float, float], tuple[float, float, float]],
    middle: tuple[float, float],
    size: float,
    light: Light,
    rng: Rng,
) -> F:
    """A fruit in the picture, with its shadow."""
    reach = size * (1.75 if kind in ("pear", "banana") else 1.35)
    left, top = (int(max(0, min(SIDE - 2, each - reach))) for each in middle)
    right, low = (int(max(2, min(SIDE, each + reach))) for each in middle)
    columns, rows = grid()
    box = (slice(top, low), slice(left, right))
    x = (columns[box] - np.float32(middle[0])) / np.float32(size)
    y = (rows[box] - np.float32(middle[1])) / np.float32(size)
    surface = _surface(kind, x, y, size, rng)
    colour = _skin(kind, skin, surface, rng)
    if kind == "orange":
        surface = _pored(surface, rng)
    lit = _shaded(surface, colour, light, gloss=0.34 if kind in ("apple", "pear") else 0.2)
    cover = np.zeros((SIDE, SIDE), np.float32)
    cover[box] = surface.cover
    picture = _shadowed(picture, cover, light, size)
    picture = picture.copy()
    picture[box] = mix(picture[box], lit, surface.cover)
    if kind in ("apple", "pear"):
        picture[box] = _stalked(picture[box], kind, (x, y), surface, size, light, rng)
    return picture


def _stalked(
    picture: F,
    kind: str,
    place: tuple[F, F],
    on: solids.Surface,
    size: float,
    light: Light,
    rng: Rng,
) -> F:
    """The fruit with its stalk, and now and then a leaf at it."""
    x, y = place
    ax, ay, _ = on.axis
    reach = 0.62 if kind == "apple" else 1.34
    long = between(rng, 0.34, 0.5) if kind == "apple" else between(rng, 0.24, 0.36)
    foot = (ax * reach, ay * reach + (0.12 if kind == "pear" else 0.0))
    lean = between(rng, -0.5, 0.5)
    tip = (foot[0] + (ax - ay * lean) * long, foot[1] + (ay + ax * lean) * long)
    u, near = _along(x, y, foot, tip)
    thick = np.float32(0.026) + np.float32(0.024) * u * u
    wood = np.clip((thick - near) * np.float32(size) + np.float32(0.5), 0, 1)
    if rng.integers(2):
        side = 1 if rng.integers(2) else -1
        end = (
            foot[0] + ax * long * 0.6 - ay * side * 0.62,
            foot[1] + ay * long * 0.6 + ax * side * 0.62,
        )
        v, off = _along(x, y, ((foot[0] + tip[0]) / 2, (foot[1] + tip[1]) / 2), end)
        wide = np.float32(0.62) * v * (1 - v)
        leaf = np.clip((wide - off) * np.float32(size) + np.float32(0.5), 0, 1)
        leaf = leaf * step(v, 0.0, 0.02) * (1 - step(v, 0.98, 1.0))
        green = mix([0.16, 0.38, 0.10], [0.40, 0.60, 0.20], np.asarray(v, np.float32))
        green = green * (0.75 + 0.35 * step(off, 0.0, 0.05))[..., None]
        picture = mix(picture, green * np.asarray(light.colour, np.float32), leaf)
    brown = mix([0.20, 0.13, 0.06], [0.40, 0.28, 0.13], np.asarray(u, np.float32))
    return mix(picture, brown * np.asarray(light.colour, np.float32), wood)


def _along(x: F, y: F, start: tuple[float, float], end: tuple[float, float]) -> tuple[F, F]:
    """How far along a segment the nearest place is, 0 to 1, and how far away that is."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    fx, fy = x - np.float32(start[0]), y - np.float32(start[1])
    u = np.clip((fx * np.float32(dx) + fy * np.float32(dy)) / np.float32(dx * dx + dy * dy), 0, 1)
    ox, oy = fx - u * np.float32(dx), fy - u * np.float32(dy)
    return u, np.sqrt(ox * ox + oy * oy)


def _surface(kind: str, x: F, y: F, size: float, rng: Rng) -> solids.Surface:
    lie = 2.6 if kind == "banana" else 0.5
    if kind in ("pear", "apple") and not rng.integers(4):
        lie = 2.4  # it lies on its side
    c, s = turn(rng, lie)
    if kind == "banana":
        u, v = x * np.float32(c) + y * np.float32(s), y * np.float32(c) - x * np.float32(s)
        flip = np.float32(1 if rng.integers(2) else -1)
        drawn = solids.tube(
            u * flip / np.float32(1.25),
            v / np.float32(1.25),
            between(rng, 0.95, 1.5),
            between(rng, 0.24, 0.31),
            size * 1.25,
        )
        nx, ny = drawn.x * flip, drawn.y
        return replace(
            drawn,
            x=nx * np.float32(c) - ny * np.float32(s),
            y=nx * np.float32(s) + ny * np.float32(c),
        )
    toward = between(rng, 0.12, 0.55)
    flat = (1 - toward * toward) ** 0.5
    axis = (s * flat, -c * flat, toward)
    profile = {"apple": solids.apple, "orange": solids.orange, "pear": solids.pear}[kind]
    if kind == "pear":
        y = y - np.float32(0.12)
    return replace(solids.revolved(x, y, profile, axis, size), axis=axis)


def _skin(
    kind: str,
    skin: tuple[tuple[float, float, float], tuple[float, float, float]],
    on: solids.Surface,
    rng: Rng,
) -> F:
    """The colour of each place on the fruit."""
    first, second = skin
    wide = on.cover.shape[::-1]
    mottled = 0.6 * noise(rng, 6, 6, wide) + 0.4 * noise(rng, 22, 22, wide)
    if kind == "apple":
        streaks = _sampled(0.7 * noise(rng, 26, 3) + 0.3 * noise(rng, 60, 7), on)
        share = step(streaks + np.float32(0.25) * on.along + np.float32(0.2) * mottled, 0.45, 1.0)
        colour = mix(first, second, share)
        specks = step(noise(rng, 70, 70, wide), 0.86, 0.97)
        colour = mix(colour, [0.93, 0.82, 0.58], 0.35 * specks)
        stem = step(on.along, 0.955, 0.985)
        colour = mix(colour, [0.42, 0.44, 0.14], 0.7 * step(on.along, 0.82, 0.99))
        return mix(colour, [0.24, 0.15, 0.07], stem)
    if kind == "pear":
        colour = mix(first, second, np.asarray(mottled, np.float32))
        blush = step(on.across * np.float32(0.7 if rng.integers(2) else -0.7), 0.0, 0.75)
        colour = mix(colour, [0.80, 0.34, 0.18], blush * np.float32(between(rng, 0, 0.6)))
        russet = step(noise(rng, 60, 60, wide), 0.66, 0.9)
        colour = mix(colour, [0.50, 0.38, 0.16], 0.5 * russet)
        stem = step(on.along, 0.985, 0.996)
        return mix(colour, [0.26, 0.17, 0.08], stem)
    if kind == "orange":
        colour = mix(first, second, np.asarray(mottled, np.float32))
        star = step(on.along, 0.975, 0.99)
        return mix(colour, [0.36, 0.42, 0.16], star)
    colour = mix(first, second, np.asarray(mottled, np.float32))
    ripe = between(rng, 0.62, 0.95)
    spots = step(
        noise(rng, 34, 34, wide) * np.float32(0.7) + np.float32(0.3) * mottled, ripe, ripe + 0.08
    )
    colour = mix(colour, [0.36, 0.21, 0.08], 0.8 * spots)
    edge = 1 - step(np.abs(np.abs(on.across) - np.float32(0.4)), 0.0, 0.1)
    colour = colour * (1 - 0.10 * edge)[..., None]
    green = step(np.abs(on.along), 0.72, 1.0)
    colour = mix(colour, [0.60, 0.62, 0.16], 0.55 * green)
    tips = step(-on.along, 0.97, 1.01) + step(on.along, 1.12, 1.16)
    return mix(colour, [0.17, 0.12, 0.07], tips)


def _sampled(texture: F, on: solids.Surface) -> F:
    """A texture of shape (SIDE, SIDE) laid around a fruit."""
    last = np.float32(SIDE - 1)
    across = np.asarray((on.across + 1) / 2 * last, np.int32)
    along = np.asarray((np.clip(on.along, -1, 1) + 1) / 2 * last, np.int32)
    return np.asarray(texture, np.float32)[along, across]


def _pored(on: solids.Surface, rng: Rng) -> solids.Surface:
    """An orange's skin: its normals wobble."""
    rough = noise(rng, 52, 52, on.cover.shape[::-1])
    dx, dy = np.zeros_like(rough), np.zeros_like(rough)
    dx[:, 1:] = rough[:, 1:] - rough[:, :-1]
    dy[1:] = rough[1:] - rough[:-1]
    x, y = on.x - np.float32(0.55) * dx, on.y - np.float32(0.55) * dy
    length = np.sqrt(x * x + y * y + on.z * on.z) + np.float32(1e-6)
    return replace(on, x=x / length, y=y / length, z=on.z / length)


def _shaded(on: solids.Surface, colour: F, light: Light, gloss: float) -> F:
    """The fruit in its light: diffuse, from the sky, from the table, and a highlight."""
    facing = on.x * np.float32(light.x) + on.y * np.float32(light.y) + on.z * np.float32(light.z)
    direct = np.clip(facing * np.float32(0.88) + np.float32(0.12), 0, 1)
    sky = np.float32(0.5) - np.float32(0.5) * on.y
    bounce = np.clip(on.y, 0, 1)
    dim = np.float32(0.45) + np.float32(0.55) * np.clip(on.z * 2, 0, 1)
    bright = (direct + np.float32(light.fill) * (sky * 0.75 + 0.25) + 0.13 * bounce) * dim
    half = (light.x * light.x + light.y * light.y + (light.z + 1) * (light.z + 1)) ** 0.5
    shine = np.clip(
        on.x * np.float32(light.x / half)
        + on.y * np.float32(light.y / half)
        + on.z * np.float32((light.z + 1) / half),
        0,
        1,
    )
    for _ in range(4):
        shine = shine * shine
    wide = shine
    for _ in range(2):
        shine = shine * shine
    shine = np.float32(gloss) * (0.35 * wide + 0.9 * shine)
    tint = np.asarray(light.colour, np.float32)
    return np.asarray(colour * tint * bright[..., None] + tint * shine[..., None], np.float32)


def _shadowed(picture: F, cover: F, light: Light, size: float) -> F:
    """A soft shadow away from the light, and a dark one where the fruit stands."""
    away = _moved(cover, -light.x * size * 0.62, -light.y * size * 0.42)
    near = _moved(cover, -light.x * size * 0.14, size * 0.10)
    shade = 0.52 * blurred(away, size * 0.16) + 0.34 * blurred(near, size * 0.07)
    return np.asarray(picture * (1 - np.clip(shade, 0, 0.8))[..., None], np.float32)


def _moved(values: F, right: float, down: float) -> F:
    moved = np.zeros_like(values)
    x, y = int(right), int(down)
    height, width = values.shape
    moved[max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)] = values[
        max(0, -y) : height + min(0, -y), max(0, -x) : width + min(0, -x)
    ]
    return moved


def _leaf(picture: F, rng: Rng, light: Light) -> F:
    """A large leaf in front of everything."""
    columns, rows = grid()
    c, s = turn(rng, 1.4)
    x = (columns - np.float32(between(rng, 70, 150))) / np.float32(92)
    y = (rows - np.float32(between(rng, 120, 170))) / np.float32(92)
    u, v = x * np.float32(c) + y * np.float32(s), y * np.float32(c) - x * np.float32(s)
    wide = np.float32(0.46) * (1 - u * u)
    inside = np.clip((wide - np.abs(v)) * 92 + np.float32(0.5), 0, 1)
    vein = 1 - step(np.abs(v), 0.008, 0.03)
    ribs = 1 - step(np.abs(((np.abs(v) * 1.5 + u) * 7) % 1 - np.float32(0.5)), 0.0, 0.12)
    green = mix([0.16, 0.36, 0.12], [0.34, 0.55, 0.20], noise(rng, 8, 8))
    green = green * (1 + 0.35 * vein + 0.10 * ribs - 0.2 * step(v, -0.1, 0.1))[..., None]
    picture = _shadowed(picture, inside, light, 34)
    return mix(picture, green * np.asarray(light.colour, np.float32), inside)


def _photographed(picture: F, rng: Rng, hard: Collection[str]) -> NDArray[np.uint8]:
    """Exposed, a little darker in the corners, perhaps out of focus, with grain."""
    columns, rows = grid()
    x, y = (columns - 112) / np.float32(158), (rows - 112) / np.float32(158)
    corners = 1 - np.float32(between(rng, 0.1, 0.35)) * (x * x + y * y)
    gain = between(rng, 0.24, 0.34) if "dark" in hard else between(rng, 0.88, 1.16)
    exposed = np.clip(picture * (corners * np.float32(gain))[..., None], 0, 1)
    # A curve for the eye, between linear light and a square root.
    exposed = np.float32(0.55) * exposed + np.float32(0.45) * np.sqrt(exposed)
    frame = Image.fromarray(np.asarray(exposed * 255 + 0.5, np.uint8))
    blur = between(rng, 3.2, 4.6) if "soft" in hard else between(rng, 0.2, 0.9)
    seen = np.asarray(frame.filter(ImageFilter.GaussianBlur(blur)), np.int16)
    most = int(rng.integers(9, 15)) if "dark" in hard else int(rng.integers(1, 7))
    grain = rng.integers(-most, most + 1, (SIDE, SIDE, 1), dtype=np.int16)
    coloured = rng.integers(-2, 3, (SIDE, SIDE, 3), dtype=np.int16)
    return np.clip(seen + grain + coloured, 0, 255).astype(np.uint8)
