"""A map of images: the many features of each as two coordinates, so that alike lies by alike.

Three ways to flatten them. PCA (Pearson, 1901) looks from where most is to be seen: distances mean
something all over the map, but much is hidden behind one another. t-SNE (van der Maaten & Hinton,
2008) and UMAP (McInnes et al., 2018) keep neighbours together and tear the rest apart: groups stand
out, while the sizes of groups and the distances between them mean nothing.

scikit-learn and umap-learn are imported inside the functions: jobs compute maps, pages read them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field, ValidationError

from core.catalog import Catalog
from core.errors import LightboxError, NotFound
from core.evaluation.study.basis import load_features
from core.evaluation.study.phases import Study, StudyContext, open_context, phase
from core.evaluation.study.sheet import save_sheet, tested_pictures
from core.progress import SILENT, Reporter

Method = Literal["pca", "tsne", "umap"]
METHODS: tuple[Method, ...] = get_args(Method)
NAMES: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
AT_MOST = 3000
# Of so many images or fewer nobody's neighbourhood can be told from the whole.
FEWEST = 10
# Of a map's places so many may be mistakes: the rest shows what they lie among.
_MISTAKES = 0.75
_DIMENSIONS = 50
_NEIGHBOURS = 15
_PERPLEXITY = 30.0
SEED = 0


class NoUmap(LightboxError):
    """umap-learn is not installed here."""


@dataclass(frozen=True)
class Flat:
    """Coordinates on a map.

    Attributes:
        method: how they came about: ``pca`` where another was asked for but there are too few
            images.
        points: float32, shape (n, 2); all (0, 0) where the images don't differ.
        explained: the share of the features' spread that is seen across and upwards, 0 to 1 each;
            known for PCA only, else (0, 0).
    """

    method: Method
    points: np.ndarray
    explained: tuple[float, float]


class FeatureMap(BaseModel, frozen=True, arbitrary_types_allowed=True):
    """A map as it is kept.

    Attributes:
        asked, method: the way that was asked for, and the way that was taken.
        table: ``path``, ``x``, ``y``; one row an image.
        explained: see :class:`Flat`.
        of: images that it was chosen from.
        mistakes, of_mistakes: mistakes on the map, and mistakes in all.
    """

    asked: Method = Field(exclude=True)
    method: Method
    table: pd.DataFrame = Field(exclude=True)
    explained: tuple[float, float]
    of: int
    mistakes: int
    of_mistakes: int


def sample(labels: np.ndarray, wrong: np.ndarray, at_most: int = AT_MOST) -> np.ndarray:
    """Which images to put on a map: all if they are few enough, else mistakes first, then as many
    of each class as there is room for.

    Args:
        labels: int, shape (n,): the true class of each.
        wrong: bool, shape (n,): answered wrongly.

    Returns:
        int64, shape (min(n, at_most),), rising. All mistakes are in it unless they would fill more
        than three quarters of it; then as many of each class's as there is room for.
    """
    if len(labels) <= at_most:
        return np.arange(len(labels))
    shuffled = np.random.default_rng(SEED).permutation(len(labels))
    # By turns: the first of each class, then the second of each; a class's mistakes come first.
    order = shuffled[np.argsort(~wrong[shuffled], kind="stable")]
    turn = pd.Series(labels[order]).groupby(labels[order]).cumcount().to_numpy()
    order = order[np.argsort(turn, kind="stable")]
    mistakes = order[wrong[order]][: int(at_most * _MISTAKES)]
    right = order[~wrong[order]][: at_most - len(mistakes)]
    rest = np.setdiff1d(order[wrong[order]], mistakes)[: at_most - len(mistakes) - len(right)]
    return np.sort(np.concatenate([mistakes, right, rest]))


def flatten(features: np.ndarray, method: Method, say: Callable[[str], None] | None = None) -> Flat:
    """Two coordinates for each image, the same for the same features.

    Args:
        features: any float type, shape (n, f).
        say: told what is being done.

    Every feature is standardised, then the 50 directions of most spread are kept, as van der Maaten
    and Hinton did; t-SNE and UMAP start from those.

    Raises:
        NoUmap: ``umap`` without umap-learn.
    """
    say = say or (lambda _: None)
    say(f"Drawing a map with {NAMES['pca']}")
    reduced, explained = _principal(features)
    first = np.zeros((len(reduced), 2), np.float32)
    first[:, : min(2, reduced.shape[1])] = reduced[:, :2]
    if method == "pca" or len(reduced) < FEWEST or not first.any():
        return Flat("pca", first, explained)
    if method == "umap":
        umap = _umap()
        say(f"Drawing a map with {NAMES['umap']}")
        return Flat("umap", _by_umap(umap, reduced), (0.0, 0.0))
    say(f"Drawing a map with {NAMES['tsne']}")
    return Flat("tsne", _by_tsne(reduced, first), (0.0, 0.0))


@phase("map", "Drawing a map of the images", needs=("answers",))
def keep_maps(context: StudyContext) -> None:
    """Keep a PCA and a t-SNE map of the tested images, and a sheet of their small pictures."""
    methods: tuple[Method, ...] = ("pca", "tsne")
    for method in methods:
        keep_map(context, method)
    paths = list(load_map(context.study, "pca").table["path"])
    pictures = tested_pictures(context.catalog, context.run, context.on, paths)
    save_sheet(context.folder, paths, pictures)


def keep_map(context: StudyContext, method: Method) -> None:
    """Keep ``map-<method>.parquet`` and ``map-<method>.json`` of the tested images.

    Raises:
        NoUmap: as :func:`flatten`.
        Cancelled: by the person, before the drawing begins.
    """
    images, features = load_features(context.study)
    rows = np.flatnonzero((images["split"] == "test").to_numpy())
    table = context.predictions.table.set_index("path")
    tested = table.loc[images["path"].iloc[rows]]
    wrong = ~tested["correct"].to_numpy(bool)
    labels = pd.factorize(tested["label"])[0]
    chosen = sample(labels, wrong)

    def say(note: str) -> None:
        context.report.step(context.phase, 0, None, note)

    flat = flatten(features[rows[chosen]], method, say)
    x, y = flat.points.T
    made = FeatureMap(
        asked=method,
        method=flat.method,
        table=pd.DataFrame({"path": images["path"].to_numpy()[rows[chosen]], "x": x, "y": y}),
        explained=flat.explained,
        of=len(rows),
        mistakes=int(wrong[chosen].sum()),
        of_mistakes=int(wrong.sum()),
    )
    context.save_table(f"map-{method}", made.table)
    # It is looked for, so it comes last.
    context.save_values(f"map-{method}", made.model_dump(mode="json"))


def draw_umap(catalog: Catalog, run_id: str, on: str, report: Reporter = SILENT) -> None:
    """Keep a UMAP map as well: not part of every study, since it is slow to begin with.

    Raises:
        NotFound: the study's features are not there.
        NoUmap: umap-learn is not installed.
    """
    keep_map(open_context(catalog, run_id, on, report, "map"), "umap")


def has_umap() -> bool:
    """Whether umap-learn is installed; imports nothing."""
    return find_spec("umap") is not None


def has_map(study: Study, method: Method) -> bool:
    """Whether there is one."""
    return (study.folder / f"map-{method}.json").exists()


def load_map(study: Study, method: Method) -> FeatureMap:
    """A map that was kept.

    Raises:
        NotFound: it has not been drawn.
    """
    if not has_map(study, method):
        raise NotFound(
            f"There is no {NAMES[method]} map of these images yet.",
            remedy=f"Draw it with: map RUN --method {method}",
        )
    about = study.values(f"map-{method}")
    points = study.table(f"map-{method}", ("path", "x", "y"))
    try:
        return FeatureMap.model_validate({**about, "asked": method, "table": points})
    except ValidationError as error:
        raise study.broken(study.folder / f"map-{method}.json") from error


def _principal(features: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The standardised features along their directions of most spread, float32 (n, at most 50), and
    how much of the spread the first two have."""
    from sklearn.decomposition import PCA

    scaled = np.nan_to_num(np.array(features, np.float32), copy=False, posinf=6e4, neginf=-6e4)
    if len(scaled) < 2 or not scaled.shape[1]:
        return np.zeros((len(scaled), 2), np.float32), (0.0, 0.0)
    # Around the first image, so that what is the same in all is exactly 0.
    scaled -= scaled[0].copy()
    scaled -= scaled.mean(axis=0)
    spread = scaled.std(axis=0)
    scaled *= np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-6)
    if not scaled.any():
        return np.zeros((len(scaled), 2), np.float32), (0.0, 0.0)
    dimensions = min(_DIMENSIONS, *scaled.shape)
    tall = scaled.shape[1] <= 512 and len(scaled) >= scaled.shape[1]
    pca = PCA(dimensions, svd_solver="covariance_eigh" if tall else "randomized", random_state=SEED)
    reduced = np.asarray(pca.fit_transform(scaled), np.float32)
    shares = [*(float(share) for share in pca.explained_variance_ratio_[:2]), 0.0]
    return reduced, (shares[0], shares[1])


def _by_tsne(reduced: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Begins with the PCA map, so that what is far apart on the whole tends to stay so."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # A perplexity is about a number of neighbours: of few images at most a third are.
    perplexity = min(_PERPLEXITY, (len(reduced) - 1) / 3)
    # Sums of several threads come in any order, and t-SNE makes much of the smallest difference.
    start = first / first[:, 0].std() * 1e-4
    with threadpool_limits(1):
        made = TSNE(perplexity=perplexity, init=start, random_state=SEED).fit_transform(reduced)
    return np.asarray(made, np.float32)


def _by_umap(umap: Any, reduced: np.ndarray) -> np.ndarray:
    neighbours = min(_NEIGHBOURS, len(reduced) - 1)
    with warnings.catch_warnings():
        # Groups far apart are what we hope for, no reason to warn.
        warnings.simplefilter("ignore")
        made = umap.UMAP(n_neighbors=neighbours, random_state=SEED, n_jobs=1).fit_transform(reduced)
    return np.nan_to_num(np.asarray(made, np.float32))


def _umap() -> Any:
    """The module ``umap``, without the part of it that would load TensorFlow.

    Raises:
        NoUmap: it is not there.
    """
    # None makes the import fail, which umap-learn is prepared for.
    sys.modules.setdefault("umap.parametric_umap", None)  # type: ignore[arg-type]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import umap  # type: ignore[import-untyped]
    except ImportError as error:
        raise NoUmap(
            "UMAP is not installed on this computer.",
            remedy="Choose t-SNE, or install it with: pip install umap-learn",
        ) from error
    return umap
