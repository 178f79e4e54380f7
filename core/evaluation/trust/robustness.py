"""How a model's accuracy falls when photos are worse than those it was tested on.

The same test images are blurred, darkened, turned … by measured amounts and asked about again. Only
the disturbance differs, so each comparison is paired: image by image. A phase of the study of an
evaluation, which keeps ``robustness.json`` and, for people, ``robustness.png``.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image
from pydantic import BaseModel, ValidationError

from core.errors import NotFound
from core.evaluation.comparison.paired import paired
from core.evaluation.intervals import share_of
from core.evaluation.predictions import Predictions
from core.evaluation.records import Share
from core.evaluation.study.phases import StudyContext, load_study, phase
from core.evaluation.trust.disturbances import KINDS, chances, disturb
from core.progress import SILENT, Reporter
from core.runs.files import RunFiles
from core.workspace import Workspace, atomic_path

MOST_IMAGES = 1000
# Of the disturbances that are said to harm, at most this share is expected to be there by chance.
FALSE_DISCOVERIES = 0.05
NAME = "robustness"
_BATCH = 32
_SEED = 0
# Pictures are shown small.
_SIDE = 160
_TESTS = [(kind, level) for kind in KINDS.values() for level in range(len(kind.strengths))]


class Disturbed(BaseModel, frozen=True, extra="forbid"):
    """The answers under one disturbance.

    Attributes:
        kind: key of :data:`KINDS`.
        level: 1 mild to 3 strong.
        strength: in the kind's unit.
        said: in words.
        right: accuracy, with its interval.
        lost, gained: images that are right without it and wrong with it, and the other way round.
        change: accuracy with it minus without, -1 to 1.
        low, high: interval of the change at 95 % (Newcombe's for paired proportions).
        p: of McNemar's exact test, two-sided.
        q: p after the correction for the number of disturbances (Benjamini and Hochberg).
        worse: it harms, and by more than chance: q is below 5 %.
    """

    kind: str
    level: int
    strength: float
    said: str
    right: Share
    lost: int
    gained: int
    change: float
    low: float
    high: float
    p: float
    q: float
    worse: bool


class Example(BaseModel, frozen=True, extra="forbid"):
    """What was answered about the example picture; ``kind`` is "" for the undisturbed one."""

    kind: str
    level: int
    answer: str
    confidence: float
    right: bool


class Robustness(BaseModel, frozen=True, extra="forbid"):
    """How accuracy holds under disturbances.

    Attributes:
        images: how many were disturbed, of ``of`` test images; which and how was drawn by ``seed``.
        plain: the same images undisturbed.
        tests: one for each kind and level, in the order of :data:`KINDS`.
        path, label: of the example picture, in the set that was tested on; "" for no images.
        examples: answers about it: undisturbed first, then one for each test.
    """

    images: int
    of: int
    seed: int
    plain: Share
    tests: list[Disturbed]
    path: str
    label: str
    examples: list[Example]


def sample(images: int, most: int = MOST_IMAGES) -> np.ndarray:
    """Which rows are disturbed: all, or ``most`` by chance; int64, rising."""
    if images <= most:
        return np.arange(images)
    return np.sort(np.random.default_rng(_SEED).choice(images, most, replace=False))


@phase(NAME, "Asking again about worse photos")
def study_robustness(context: StudyContext) -> None:
    """Disturb test images in all ways, and keep what became of the answers."""
    rows = sample(len(context.predictions))
    table = context.predictions.table.iloc[rows]
    compiled = RunFiles(context.catalog.workspace, context.run.id).compiled()
    batches = context.batches(table, "Asking again about worse photos", _BATCH)
    found, picture = measure(
        compiled.predict, batches, context.predictions, rows, report=context.report
    )
    with atomic_path(context.folder / f"{NAME}.png") as part:
        _sheet(picture).save(part, "PNG")
    context.save_values(NAME, found.model_dump(mode="json"))


def load_robustness(workspace: Workspace, run_id: str, on: str = "test") -> Robustness | None:
    """What was found out about disturbed images; ``None`` if that was not studied.

    Raises:
        NotFound: the run has not been evaluated on that.
    """
    study = load_study(workspace, run_id, on)
    if not study.has(NAME):
        return None
    try:
        return Robustness.model_validate(study.values(NAME))
    except (NotFound, ValidationError):
        return None


def example_pictures(workspace: Workspace, run_id: str, on: str = "test") -> list[bytes]:
    """PNGs of the example picture, one for each of :attr:`Robustness.examples`; none if there are
    none."""
    file = load_study(workspace, run_id, on).folder / f"{NAME}.png"
    places = [(0, 0), *((1 + n // 3, n % 3) for n in range(len(_TESTS)))]
    pictures = []
    try:
        with Image.open(file) as sheet:
            side = sheet.width // 3
            for row, column in places:
                kept = io.BytesIO()
                box = (column * side, row * side, (column + 1) * side, (row + 1) * side)
                sheet.crop(box).save(kept, "PNG")
                pictures.append(kept.getvalue())
    except OSError:
        return []
    return pictures


def measure(
    predict: Callable[[np.ndarray], np.ndarray],
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
    predictions: Predictions,
    rows: np.ndarray,
    *,
    report: Reporter = SILENT,
) -> tuple[Robustness, np.ndarray]:
    """Ask about images again, disturbed in all ways.

    Args:
        predict: uint8 images (n, size, size, 3) in, probabilities (n, classes) out.
        batches: positions in ``rows``, and their images; those that never come are left out.
        predictions: what was answered about all images of the test.
        rows: int, shape (n,): which of these are asked about again.

    Returns:
        What was found; and the example picture: uint8, shape (1 + kinds, 3, size, size, 3), the
        undisturbed one first (three times), then the kinds in their order and strengths. It shows
        the first image that is right undisturbed, or the first.

    Raises:
        Cancelled: the person asked to stop.
    """
    true, labels, worth = predictions.true[rows], predictions.labels, predictions.worth
    chance = chances(len(true), _SEED)
    right: list[np.ndarray] = []
    example: tuple[int, np.ndarray, np.ndarray] | None = None
    example_right = False
    for some, images in batches:
        asked = [predict(images)]
        for kind, level in _TESTS:
            report.check()
            asked.append(predict(disturb(images, kind.key, kind.strengths[level], chance[some])))
        given = np.stack(asked)
        correct = given.argmax(axis=2) == true[some]
        right.append(correct)
        if example is None or (not example_right and correct[0].any()):
            at = int(np.argmax(correct[0]))
            example_right = bool(correct[0, at])
            example = int(some[at]), given[:, at], images[[at]]
    every = np.concatenate(right, axis=1) if right else np.zeros((1 + len(_TESTS), 0), bool)
    before, after = every[0], every[1:]
    found = Robustness(
        images=len(before),
        of=len(predictions),
        seed=_SEED,
        plain=share_of(int(before.sum()), len(before), worth),
        tests=_compare(before, after, worth),
        path="",
        label="",
        examples=[],
    )
    if example is None:
        return found, np.zeros((0, 3, 0, 0, 3))
    shown, answers, original = example
    label = labels[true[shown]]
    examples = [
        Example(
            kind=kind,
            level=level,
            answer=labels[int(each.argmax())],
            confidence=float(each.max()),
            right=labels[int(each.argmax())] == label,
        )
        for (kind, level), each in zip(
            [("", 0), *((kind.key, level + 1) for kind, level in _TESTS)], answers, strict=True
        )
    ]
    path = str(predictions.table["path"].iloc[rows[shown]])
    found = found.model_copy(update={"path": path, "label": label, "examples": examples})
    return found, _all_ways(original, chance[[shown]])


def harms_most(found: Robustness) -> Disturbed | None:
    """The disturbance that lowers accuracy most, of those that do by more than chance."""
    return min((each for each in found.tests if each.worse), key=lambda t: t.change, default=None)


def harms_first(found: Robustness) -> Disturbed | None:
    """Of the mildest disturbances that lower accuracy by more than chance, the one that does most:
    what photos in use are likeliest to suffer from."""
    worse = (each for each in found.tests if each.worse)
    return min(worse, key=lambda test: (test.level, test.change), default=None)


def _compare(before: np.ndarray, after: np.ndarray, worth: float) -> list[Disturbed]:
    """Each row of ``after`` against ``before``; bool, shapes (tests, n) and (n,)."""
    from scipy.stats import false_discovery_control

    pairs = [paired(before, each, worth) for each in after]
    q = false_discovery_control([pair.p for pair in pairs], method="bh")
    return [
        Disturbed(
            kind=kind.key,
            level=level + 1,
            strength=kind.strengths[level],
            said=kind.said(kind.strengths[level]),
            right=share_of(int(each.sum()), len(each), worth),
            lost=pair.only_first,
            gained=pair.only_second,
            change=pair.difference,
            low=pair.low,
            high=pair.high,
            p=pair.p,
            q=float(adjusted),
            worse=bool(adjusted < FALSE_DISCOVERIES and pair.difference < 0),
        )
        for (kind, level), each, pair, adjusted in zip(_TESTS, after, pairs, q, strict=True)
    ]


def _all_ways(original: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """One image, uint8 (1, size, size, 3), in all ways, as :func:`measure` returns it."""
    ways = [
        np.concatenate([disturb(original, kind.key, each, chance) for each in kind.strengths])
        for kind in KINDS.values()
    ]
    return np.stack([np.repeat(original, 3, axis=0), *ways])


def _sheet(picture: np.ndarray) -> Image.Image:
    """The pictures in one: a row a kind, a column a strength."""
    rows, columns, size = picture.shape[:3]
    if not picture.size:
        return Image.new("RGB", (3, len(KINDS) + 1))
    side = min(size, _SIDE)
    sheet = Image.new("RGB", (columns * side, rows * side))
    for row in range(rows):
        for column in range(columns):
            small = Image.fromarray(picture[row, column]).resize((side, side))
            sheet.paste(small, (column * side, row * side))
    return sheet
