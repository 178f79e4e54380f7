"""How training images are varied, written out for the kinds that a run uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.delivery.take_away.cells import Cell, code, words
from core.training.augmentation.catalogue import describe
from core.training.augmentation.draw import COLUMNS, SMALLEST
from core.training.spec import TrainSpec

# Random numbers that each kind needs, named as in :data:`COLUMNS`.
_NEEDS = {
    "flip_horizontal": ("mirror",),
    "flip_vertical": ("flip",),
    "rotation": ("turn",),
    "zoom": ("zoom",),
    "shift": ("across", "down"),
    "shear": ("shear",),
    "brightness": ("brightness",),
    "contrast": ("contrast",),
    "saturation": ("saturation",),
    "hue": ("hue",),
    "blur": ("blur",),
    "noise": ("noise",),
    "cutout": ("cutout", "cutout_x", "cutout_y"),
    "randaugment": ("cutout_x", "cutout_y", "first", "second", "first_sign", "second_sign"),
}

# Kinds that go either way from nothing.
_RANGES = (
    "rotation",
    "zoom",
    "shift",
    "shear",
    "brightness",
    "contrast",
    "saturation",
    "hue",
)


def conditions(spec: TrainSpec) -> dict[str, bool]:
    """What holds of a run's variations, for templates."""
    chosen = spec.augmentation
    rand = chosen.randaugment > 0
    on = {name: bool(getattr(chosen, name)) for name in _NEEDS}
    turned = on["rotation"] or rand
    sheared = on["shear"] or rand
    zoomed = on["zoom"] or rand
    shifted = on["shift"] or rand
    moved = turned or sheared or zoomed or shifted
    coloured = on["saturation"] or on["hue"] or rand
    return {
        **on,
        "ranges": any(on[name] for name in _RANGES),
        "varies": chosen.varies,
        "mixes": chosen.mixes,
        "mixup": chosen.mixup > 0,
        "cutmix": chosen.cutmix > 0,
        "both_mixes": chosen.mixup > 0 and chosen.cutmix > 0,
        "turned": turned,
        "sheared": sheared,
        "zoomed": zoomed,
        "shifted": shifted,
        "moved": moved,
        "coloured": coloured,
        "lit": (on["brightness"] or on["contrast"]) and not coloured,
        "brightened": on["brightness"] or rand,
        "contrasted": on["contrast"] or rand,
        "saturated": on["saturation"] or rand,
        "hued": on["hue"] or rand,
        "blurs": on["blur"] or rand,
        "noisy": on["noise"] or rand,
        "cuts": on["cutout"] or rand,
        "rand": rand,
    }


def cells(spec: TrainSpec, holds: Mapping[str, bool]) -> list[Cell]:
    """How images are varied, and a look at it; empty where nothing is."""
    if not spec.augmentation.active:
        return []
    made = [
        words(
            """
            ## Varied images

            While it learns, the network never sees an image twice in the same way: images are
            {{how}}. So it can't learn them by heart, and small differences of that kind stop
            mattering to it. Validation and test images are left as they are.
            """,
            how=describe(spec.augmentation),
        )
    ]
    values: dict[str, Any] = {name: _number(value) for name, value in _strengths(spec).items()}
    if spec.augmentation.varies:
        made += [
            code(
                _VARY,
                holds,
                names=", ".join(name.upper() for name in _columns(holds)),
                numbers=", ".join(str(COLUMNS.index(name)) for name in _columns(holds)),
                columns=len(COLUMNS),
                smallest=SMALLEST,
                **values,
            ),
            code('show(vary(images[some], np.random.default_rng(SEED)), [""] * len(some))'),
        ]
    if spec.augmentation.mixes and holds["on_pixels"]:
        made += [
            words(
                """
                Images are also mixed with others of the same batch, and the network is asked for
                both classes in the same shares.
                """
            ),
            code(_MIX, holds, **values),
        ]
    return made


def _columns(holds: Mapping[str, bool]) -> list[str]:
    needed = {name for kind, names in _NEEDS.items() if holds[kind] for name in names}
    return [name for name in COLUMNS if name in needed]


def _strengths(spec: TrainSpec) -> dict[str, float]:
    chosen = spec.augmentation.model_dump()
    return {name: float(value) for name, value in chosen.items()}


def _number(value: float) -> str:
    return f"{value:g}"


_VARY = '''
# Every image has {{columns}} random numbers from 0 to 1 of its own. These are used here:
{{names}} = {{numbers}}


def vary(images, rng):
    """Images of uint8, shape (n, SIZE, SIZE, 3), each varied in its own way."""
    numbers = rng.random((len(images), {{columns}}))
    return np.stack([vary_one(image, number, rng) for image, number in zip(images, numbers)])   #? noisy
    return np.stack([vary_one(image, number) for image, number in zip(images, numbers)])   #? !noisy


def either_way(number, most):   #? ranges
    """From -most to most."""   #? ranges
    return (2 * number - 1) * most   #? ranges


def vary_one(image, number, rng):   #? noisy
def vary_one(image, number):   #? !noisy
    turn = either_way(number[TURN], {{rotation}})  # degrees   #? rotation
    shear = either_way(number[SHEAR], {{shear}})  # degrees   #? shear
    zoom = 1 + either_way(number[ZOOM], {{zoom}})   #? zoom
    across = either_way(number[ACROSS], {{shift}})  # shares of the side   #? shift
    down = either_way(number[DOWN], {{shift}})   #? shift
    brightness = either_way(number[BRIGHTNESS], {{brightness}})  # shares of the range   #? brightness
    contrast = 1 + either_way(number[CONTRAST], {{contrast}})   #? contrast
    saturation = 1 + either_way(number[SATURATION], {{saturation}})   #? saturation
    hue = either_way(number[HUE], {{hue}})  # shares of the colour circle   #? hue
    blur = number[BLUR] * {{blur}}  # standard deviation in pixels   #? blur
    noise = number[NOISE] * {{noise}}  # standard deviation in shares of the range   #? noise
    cutout = number[CUTOUT] * {{cutout}}  # side in shares of the image's   #? cutout

    # RandAugment: two of twelve kinds more, at strength {{randaugment}} of 10.   #? rand
    turn = shear = 0   #? rand !rotation !shear
    turn = 0   #? rand !rotation shear
    shear = 0   #? rand rotation !shear
    zoom = 1   #? rand !zoom
    across = down = 0   #? rand !shift
    brightness = 0   #? rand !brightness
    contrast = 1   #? rand !contrast
    saturation = 1   #? rand !saturation
    hue = 0   #? rand !hue
    blur = 0   #? rand !blur
    noise = 0   #? rand !noise
    cutout = 0   #? rand !cutout
    first = int(number[FIRST] * 12)   #? rand
    second = (first + 1 + int(number[SECOND] * 11)) % 12   #? rand
    for kind, sign in (first, number[FIRST_SIGN]), (second, number[SECOND_SIGN]):   #? rand
        amount = {{randaugment}} / 10 * (-1 if sign < 0.5 else 1)   #? rand
        turn += 30 * amount * (kind == 0)   #? rand
        shear += 17 * amount * (kind == 1)   #? rand
        zoom *= 1 + 0.3 * amount * (kind == 2)   #? rand
        across += 0.3 * amount * (kind == 3)   #? rand
        down += 0.3 * amount * (kind == 4)   #? rand
        brightness += 0.4 * amount * (kind == 5)   #? rand
        contrast *= 1 + 0.7 * amount * (kind == 6)   #? rand
        saturation *= 1 + 0.9 * amount * (kind == 7)   #? rand
        hue += 0.1 * amount * (kind == 8)   #? rand
        blur = np.hypot(blur, 0.015 * SIZE * amount * (kind == 9))   #? rand
        noise = np.hypot(noise, 0.06 * amount * (kind == 10))   #? rand
        cutout = max(cutout, 0.4 * abs(amount) * (kind == 11))   #? rand

    # Where each pixel of the result comes from, about the middle of the image.   #? moved
    zoom = max(zoom, {{smallest}})   #? rand
    angle = np.deg2rad(turn)   #? turned
    cos, sin = np.cos(angle), np.sin(angle)   #? turned
    cos, sin = 1, 0   #? sheared !turned
    lean = np.tan(np.deg2rad(shear))   #? sheared
    x_scale = 1 / zoom   #? zoomed
    x_scale = 1   #? moved !zoomed
    y_scale = x_scale   #? moved
    if number[MIRROR] < 0.5:   #? moved flip_horizontal
        x_scale = -x_scale   #? moved flip_horizontal
    if number[FLIP] < 0.5:   #? moved flip_vertical
        y_scale = -y_scale   #? moved flip_vertical
    a, b = x_scale * (cos - lean * sin), x_scale * (-sin - lean * cos)   #? sheared
    a, b = x_scale * cos, -x_scale * sin   #? turned !sheared
    a, b = x_scale, 0   #? moved !turned !sheared
    d, e = y_scale * sin, y_scale * cos   #? turned
    d, e = 0, y_scale   #? moved !turned
    half = SIZE / 2   #? moved
    x, y = half + across * SIZE, half + down * SIZE   #? shifted
    x, y = half, half   #? moved !shifted
    c, f = half - a * x - b * y, half - d * x - e * y   #? moved
    # The image goes on as in a mirror beyond its border, so that corners aren't black.   #? moved
    first, last = 0.5, SIZE - 0.5   #? moved
    ends = [(x, y) for x in (first, last) for y in (first, last)]   #? moved
    reached = [a * x + b * y + c for x, y in ends] + [d * x + e * y + f for x, y in ends]   #? moved
    beyond = max(first - min(reached), max(reached) - last, 0)   #? moved
    margin = math.ceil(max(beyond - 1e-6, 0))   #? moved
    wide = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")   #? moved
    image = np.asarray(   #? moved
        Image.fromarray(wide).transform(   #? moved
            (SIZE, SIZE),   #? moved
            Image.Transform.AFFINE,   #? moved
            (a, b, c + margin, d, e, f + margin),   #? moved
            Image.Resampling.BILINEAR,   #? moved
        )   #? moved
    )   #? moved
    if number[MIRROR] < 0.5:   #? !moved flip_horizontal
        image = image[:, ::-1]   #? !moved flip_horizontal
    if number[FLIP] < 0.5:   #? !moved flip_vertical
        image = image[::-1]   #? !moved flip_vertical

    if blur > 0:   #? blurs
        picture = Image.fromarray(np.ascontiguousarray(image))   #? blurs
        image = np.asarray(picture.filter(ImageFilter.GaussianBlur(float(blur))))   #? blurs

    # Colours are turned and stretched where they are differences from grey (YIQ).   #? coloured
    to_yiq = np.array(   #? coloured
        [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]   #? coloured
    )   #? coloured
    angle = 2 * np.pi * hue   #? hued
    angle = 0   #? coloured !hued
    strength = saturation   #? saturated
    strength = 1   #? coloured !saturated
    cos, sin = strength * np.cos(angle), strength * np.sin(angle)   #? coloured
    turned = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])   #? coloured
    colours = np.linalg.inv(to_yiq) @ turned @ to_yiq   #? coloured
    image = image @ colours.T   #? coloured
    image = image * contrast + 127.5 * (1 - contrast)   #? contrasted
    image = image + 255 * brightness   #? brightened
    image = image + rng.normal(0, 1, image.shape) * 255 * noise   #? noisy

    if cutout > 0:   #? cuts
        side = round(cutout * SIZE)   #? cuts
        left, top = (round(number[at] * SIZE - side / 2) for at in (CUTOUT_X, CUTOUT_Y))   #? cuts
        image = np.array(image)   #? cuts
        image[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = 127   #? cuts
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
'''

_MIX = '''
def mix(pixels, answers, rng):
    """Each image mixed with another of the batch, and its answer likewise."""
    cut = rng.integers(2) == 1   #? both_mixes
    others = rng.permutation(len(pixels))
    alpha = {{cutmix}} if cut else {{mixup}}   #? both_mixes
    alpha = {{mixup}}   #? mixup !cutmix
    alpha = {{cutmix}}   #? cutmix !mixup
    kept = rng.beta(alpha, alpha, len(pixels)).astype("float32")
    if not cut:   #? both_mixes
        share = kept[:, None, None, None]   #? both_mixes
        mixed = share * pixels + (1 - share) * pixels[others]   #? both_mixes
        return mixed, kept[:, None] * answers + (1 - kept[:, None]) * answers[others]   #? both_mixes
    share = kept[:, None, None, None]   #? mixup !cutmix
    pixels = share * pixels + (1 - share) * pixels[others]   #? mixup !cutmix
    middles = rng.integers(0, SIZE, (len(pixels), 2))   #? cutmix
    mixed = pixels.copy()   #? cutmix
    for n in range(len(pixels)):   #? cutmix
        side = round(SIZE * math.sqrt(1 - kept[n]))   #? cutmix
        (top, left) = np.clip(middles[n] - side // 2, 0, SIZE)   #? cutmix
        (bottom, right) = np.clip(middles[n] - side // 2 + side, 0, SIZE)   #? cutmix
        mixed[n, top:bottom, left:right] = pixels[others[n], top:bottom, left:right]   #? cutmix
        kept[n] = 1 - (bottom - top) * (right - left) / SIZE**2   #? cutmix
    pixels = mixed   #? cutmix
    return pixels, kept[:, None] * answers + (1 - kept[:, None]) * answers[others]
'''
