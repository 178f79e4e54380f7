"""How training images are varied: the code that did it, as far as the run needs it."""

from __future__ import annotations

from typing import Any

from core.delivery.take_away.cells import Cell, code, words
from core.delivery.take_away.cut import Cutter, namespace
from core.training.augmentation.catalogue import describe
from core.training.augmentation.kind import CHANGES
from core.training.augmentation.options import Augmentation
from core.training.spec import TrainSpec

_ROOM = "core.training.augmentation"


def cells(spec: TrainSpec, cutter: Cutter, *, on_pixels: bool) -> list[Cell]:
    """How images are varied, and a look at it; empty where nothing is.

    Args:
        on_pixels: the network sees images while it learns, not features of them.
    """
    chosen = spec.augmentation
    if not chosen.active:
        return []
    known = facts(chosen)
    made = [
        words(
            f"""
            ## Varied images

            While it learns, the network never sees an image twice in the same way: images are
            {describe(chosen)}. So it can't learn them by heart, and small differences of that kind
            stop mattering to it. Validation and test images are left as they are.
            """
        ),
        code(namespace("AUGMENTATION", chosen.model_dump())),
    ]
    later = [name for name in CHANGES if getattr(chosen, name)]
    if later:
        found = {name: CHANGES[name] for name in later}
        cutter.stands(f"{_ROOM}.kind", "CHANGES")
        changes = ", ".join(f"{name!r}: {change.__name__}" for name, change in found.items())
        places = [f"{change.__module__}:{change.__name__}" for change in found.values()]
        made.append(code(cutter.cut(*places), "", f"CHANGES = {{{changes}}}"))
    made.append(code(cutter.cut(f"{_ROOM}.vary:vary", known=known)))
    if chosen.varies:
        made.append(
            code(
                "varied = vary(images[some], AUGMENTATION, np.random.default_rng(SEED))",
                'show(varied, [""] * len(some))',
            )
        )
    if chosen.mixes and on_pixels:
        made += [
            words(
                """
                Images are also mixed with others of the same batch, and the network is asked for
                both classes in the same shares.
                """
            ),
            code(cutter.cut(f"{_ROOM}.mix:mix", known=known)),
        ]
    return made


def facts(chosen: Augmentation) -> dict[str, Any]:
    """What never happens with these options, as the code asks for it."""
    rand = chosen.randaugment > 0
    moves = any((chosen.rotation, chosen.zoom, chosen.shift, chosen.shear, rand))
    colours = any((chosen.saturation, chosen.hue, rand))
    later = any(getattr(chosen, name) for name in CHANGES)
    never = {
        "self.moved.any()": moves,
        "self.moved[i]": moves,
        "self.drawn.mirror[i] or self.drawn.flip[i]": chosen.flip_horizontal
        or chosen.flip_vertical,
        "self.drawn.blur[i] > 0": chosen.blur or rand,
        "self.coloured[i]": colours,
        "self.coloured.any()": colours,
        "self.lit[i]": chosen.brightness or chosen.contrast or rand,
        "self.lit.any()": chosen.brightness or chosen.contrast or rand,
        "self.drawn.noise[i] > 0": chosen.noise or rand,
        "self.drawn.cutout[i] > 0": chosen.cutout or rand,
        "kind == 'mixup'": chosen.mixup,
        "self.drawn.more": later,
        "any((getattr(options, name) for name in CHANGES))": later,
    }
    known: dict[str, Any] = {text: False for text, happens in never.items() if not happens}
    if not chosen.cutmix:
        known["kind == 'mixup'"] = True
    return known | {"options": chosen, "threads <= 1": True, "not kinds": False}
