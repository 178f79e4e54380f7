"""Whether an image looks like what a model was trained on, by a distance in the model's own
features.

A classifier divides whatever it is shown among its classes, surely even where it has never seen
anything like it. What its last layer decides by lies close together for images of one class; an
image that lies far from every class is marked. The distance is Mahalanobis's, to the nearest
class's mean, with one covariance for all classes (Lee et al., "A simple unified framework for
detecting out-of-distribution samples and adversarial attacks", NeurIPS 2018), shrunk as Ledoit and
Wolf do ("A well-conditioned estimator for large-dimensional covariance matrices", 2004). It is
taken of the features as they are, and of their directions alone (Mueller & Hein, "Mahalanobis++",
ICML 2025), and the larger counts: each of them misses what the other one finds. "Far" is further
than 99 % of the validation images, which the model was not fitted to.

``familiar.npz`` in the run's folder keeps means and covariance; a light job makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.catalog import Catalog
from core.errors import InvalidInput, LightboxError, UnreadableImage
from core.evaluation.explain.explainer import open_explainer
from core.evaluation.study.phases import open_context
from core.features.kept import Kept
from core.progress import SILENT, Reporter
from core.runs.derived import AsArrays, Derived, state_of
from core.runs.files import RunFiles
from core.workspace import Workspace

FILE = "familiar.npz"
# The share of validation images that are nearer than what is marked.
QUANTILE = 0.99
# Fewer say nothing about a hundredth, and hardly anything about what is far.
FEWEST_VALIDATION = 10
# More training images change means and covariance by nothing that could be seen.
_MOST_TRAINING = 5000
# Features beyond so many are folded: covariances grow with the square of their number.
_MOST_FEATURES = 1024
FOLDED = 512
_SEED = 1
_VERSION = 1
_SPACES = ("plain", "directions")
_KEEP_LOADED = 5
# So many decoded images are held at once.
_BATCH = 64


@dataclass(frozen=True)
class OodScore:
    """How far from everything that was trained with an image lies.

    Attributes:
        distance: 1 is the limit; a typical training image lies at about half of it.
        out_of_distribution: it lies beyond.
    """

    distance: float
    out_of_distribution: bool


@dataclass(frozen=True)
class Space:
    """A covariance that all classes share, and their means, ready to measure by.

    Attributes:
        turn: float32, shape (f, f): features times this have the unit matrix as covariance.
        means: float32, shape (classes, f): in that space.
        usual: the median distance of validation images; 1 before it is known.
    """

    turn: np.ndarray
    means: np.ndarray
    usual: float = 1.0

    def distances(self, features: np.ndarray) -> np.ndarray:
        """float64 (n,), at least 0, in the usual distance: of features (n, f) to the nearest
        mean."""
        turned = features.astype(np.float32) @ self.turn
        squares = np.stack([np.square(turned - mean).sum(axis=1) for mean in self.means], axis=1)
        return np.sqrt(squares.min(axis=1)).astype(np.float64) / self.usual


@dataclass(frozen=True)
class MahalanobisModel:
    """What tells near from far for one model.

    Attributes:
        spaces: of features as they are, and of their directions.
        limit: what is further is out of distribution.
        validation: how many images the limit was found by.
        inputs: number of features before folding.
    """

    spaces: tuple[Space, ...]
    limit: float
    validation: int
    inputs: int

    def score(self, features: np.ndarray) -> list[OodScore]:
        """One for each row of features, shape (n, inputs)."""
        found = _farthest(self.spaces, features) / self.limit
        return [OodScore(float(one), bool(one > 1)) for one in found]


def fit_mahalanobis(
    features: np.ndarray, labels: np.ndarray, validation: np.ndarray
) -> MahalanobisModel:
    """Learn from training images what is near, and from validation images what is far.

    Args:
        features: float, shape (n, f), of training images.
        labels: shape (n,), their classes.
        validation: shape (m, f).

    Raises:
        InvalidInput: fewer than 10 validation images, or a training image a class at most.
    """
    _check_enough(len(features), len(np.unique(labels)), len(validation))
    spaces = tuple(
        _fit_space(trained, labels, held)
        for trained, held in zip(_views(features), _views(validation), strict=True)
    )
    limit = float(np.quantile(_farthest(spaces, validation), QUANTILE, method="higher"))
    return MahalanobisModel(spaces, max(limit, 1e-6), len(validation), features.shape[1])


def fit_detector(catalog: Catalog, run_id: str, report: Reporter = SILENT) -> MahalanobisModel:
    """Work out a run's measure and keep it as ``familiar.npz``; a few milliseconds an image.

    Raises:
        NotFound: the run has no model, its images have gone, or the model has no features.
        InvalidInput: there are too few images, or it was trained elsewhere.
        Cancelled: by the person.
    """
    context = open_context(catalog, run_id, "test", report, "familiar")
    files = RunFiles(catalog.workspace, run_id)
    split = files.split()
    training = split[split["split"] == "train"]
    if context.run.summary.imported is not None:
        raise InvalidInput(
            "This model was trained elsewhere, so what its images usually look like is not known.",
            remedy="Train one here to be told of images unlike its own.",
        )
    if len(training) > _MOST_TRAINING:
        training = training.sample(_MOST_TRAINING, random_state=_SEED).sort_index()
    held_out = split[split["split"] == "validation"]
    # Looking at all of them takes minutes.
    _check_enough(len(training), training["label"].nunique(), len(held_out))
    rows = pd.concat([training, held_out], ignore_index=True)
    note = "Learning what its training images look like"
    kept, found = zip(*context.features(rows, note), strict=True)
    rows, features = rows.iloc[np.concatenate(kept)], np.concatenate(found)
    trained = (rows["split"] == "train").to_numpy()
    labels = rows["label"].to_numpy(dtype=str)
    measure = fit_mahalanobis(features[trained], labels[trained], features[~trained])
    return _derived(files).keep(measure)


def _check_enough(training: int, classes: int, validation: int) -> None:
    if validation < FEWEST_VALIDATION or training <= classes:
        raise InvalidInput(
            f"There are only {validation} validation and {training} training images, too few to "
            "say what this model's images usually look like.",
            remedy=f"Train with at least {FEWEST_VALIDATION} validation images.",
        )


@dataclass(frozen=True)
class OodDetector:
    """One run's measure with its model. Get it from :func:`find_detector`."""

    workspace: Workspace
    run_id: str
    measure: MahalanobisModel

    def score(self, images: np.ndarray) -> list[OodScore]:
        """One for each of some images, uint8 (n, side, side, 3), as the model's ``decode`` makes
        them."""
        _, features = open_explainer(self.workspace, self.run_id).answer(images)
        if features is None or features.shape[1] != self.measure.inputs:
            return [OodScore(0.0, False)] * len(images)
        return self.measure.score(features)


def out_of_distribution_files(
    workspace: Workspace, run_id: str, files: Sequence[tuple[str, bytes]]
) -> list[bool | None]:
    """For each image file, as name and content, whether it looks like nothing that was trained
    with.

    ``None`` where that can't be told: the run has no measure yet, or the file is no picture.
    """
    detector = find_detector(workspace, run_id)
    found: list[bool | None] = [None] * len(files)
    if detector is None:
        return found
    info = RunFiles(workspace, run_id).model()
    for start in range(0, len(files), _BATCH):
        kept, images = [], []
        for at, (name, data) in enumerate(files[start : start + _BATCH], start):
            try:
                images.append(info.decode(data, file=name))
            except UnreadableImage:
                continue
            kept.append(at)
        if images:
            for at, score in zip(kept, detector.score(np.stack(images)), strict=True):
                found[at] = score.out_of_distribution
    return found


_loaded: Kept[OodDetector | None] = Kept(_KEEP_LOADED)


def find_detector(workspace: Workspace, run_id: str) -> OodDetector | None:
    """The measure of a run, kept loaded; ``None`` while there is none of its present model."""
    files = RunFiles(workspace, run_id)
    derived = _derived(files)

    def load() -> OodDetector | None:
        measure = derived.kept()
        return None if measure is None else OodDetector(workspace, run_id, measure)

    state = (state_of(derived.path), state_of(files.network[1]))
    return None if None in state else _loaded.get(files.folder, state, load)


def learned_detector(
    catalog: Catalog, run_id: str, report: Reporter = SILENT
) -> OodDetector | None:
    """The measure of a run, worked out now where nobody has asked for it before; ``None`` where it
    can't be, as :func:`fit_detector` says why.

    Raises:
        Cancelled: by the person.
    """
    found = find_detector(catalog.workspace, run_id)
    if found is None:
        try:
            fit_detector(catalog, run_id, report)
        except LightboxError:
            return None
        found = find_detector(catalog.workspace, run_id)
    return found


def _derived(files: RunFiles) -> Derived[MahalanobisModel]:
    form = AsArrays[MahalanobisModel](_arrays, _measure)
    return Derived(files.folder / FILE, form, _VERSION, files.network, also=str(_VERSION))


def _measure(kept: Mapping[str, np.ndarray]) -> MahalanobisModel:
    spaces = tuple(
        Space(kept[f"{name}_turn"], kept[f"{name}_means"], float(kept[f"{name}_usual"]))
        for name in _SPACES
    )
    limit, validation = float(kept["limit"]), int(kept["validation"])
    return MahalanobisModel(spaces, limit, validation, int(kept["inputs"]))


def _arrays(measure: MahalanobisModel) -> dict[str, Any]:
    values = {name: np.array(getattr(measure, name)) for name in ("limit", "validation", "inputs")}
    for name, space in zip(_SPACES, measure.spaces, strict=True):
        values |= {f"{name}_{part}": np.array(value) for part, value in vars(space).items()}
    return values


def _fit_space(features: np.ndarray, labels: np.ndarray, validation: np.ndarray) -> Space:
    """The space in which the classes' common covariance is the unit matrix."""
    from sklearn.covariance import ledoit_wolf

    classes, which = np.unique(labels, return_inverse=True)
    means = np.stack([features[which == n].mean(axis=0) for n in range(len(classes))])
    centred = (features - means[which]).astype(np.float64)
    covariance = ledoit_wolf(centred, assume_centered=True)[0]
    # A feature that never changes would divide by 0.
    floor = max(1e-9 * np.trace(covariance) / len(covariance), 1e-12)
    covariance[np.diag_indices_from(covariance)] += floor
    turn = np.linalg.cholesky(np.linalg.inv(covariance))
    space = Space(turn.astype(np.float32), (means @ turn).astype(np.float32))
    return replace(space, usual=max(float(np.median(space.distances(validation))), 1e-6))


def _farthest(spaces: Sequence[Space], features: np.ndarray) -> np.ndarray:
    """The largest of the distances, float64 (n,)."""
    seen = zip(spaces, _views(features), strict=True)
    return np.max([space.distances(each) for space, each in seen], axis=0)


def _views(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features as each of the spaces takes them."""
    return _fold(features), _fold(_unit(features))


def _unit(features: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(length, 1e-9))


def _fold(features: np.ndarray) -> np.ndarray:
    """Features (n, f) as :func:`folding` says."""
    plan = folding(features.shape[1])
    if plan is None:
        return features
    place, sign = plan
    folded = np.zeros((FOLDED, len(features)), np.float32)
    np.add.at(folded, place, (features * sign).T.astype(np.float32))
    return np.asarray(folded.T)


def folding(count: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Where each of so many features is added up, and with which sign, both by chance; ``None`` for
    at most 1,024, which stay as they are.

    Distances stay as they are on average (Weinberger et al., "Feature hashing for large scale
    multitask learning", ICML 2009).
    """
    if count <= _MOST_FEATURES:
        return None
    chance = np.random.default_rng(_SEED)
    return chance.integers(0, FOLDED, count), chance.choice([-1.0, 1.0], count)
