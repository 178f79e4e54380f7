"""What a warm worker does ahead while somebody looks at the settings of a training.

Images are decoded, features of images as they are computed, the network traced. All of it is what
the training would do first, so nothing is lost if it is started in the middle.
"""

from __future__ import annotations

from core.catalog import Catalog
from core.progress import Reporter
from core.quality.curation import curated, usable
from core.training import checks, recipes
from core.training.auto.clock import Clock
from core.training.auto.kept import Kept
from core.training.auto.search import Search
from core.training.context import TrainingContext, decode
from core.training.spec import TrainSpec

# More images than that are not decoded on the mere chance.
MOST_IMAGES = 6_000


def prepare(catalog: Catalog, spec: TrainSpec, report: Reporter) -> None:
    """Do what can be done before the start.

    Raises:
        InvalidInput: the spec can't work.
        Cancelled: by the person; what was done is kept.
    """
    table = usable(curated(catalog, spec.dataset_id, spec.dataset_version)).reset_index(drop=True)
    checks.check(spec, table, catalog)
    context = TrainingContext.begin(catalog, catalog.workspace.staging, spec, report, table)
    table = table.assign(split_at=recipes.plan(spec, table).to_numpy())
    if spec.minutes:
        data = decode(context, table, later=True)
        nothing = Kept(context.folder / "search.json", spec, data)
        Search(context, data, Clock(0, 0), nothing).look_ahead(MOST_IMAGES)
        return
    if len(table) <= MOST_IMAGES:
        data = decode(context, table)
        if context.pretrained:
            from core.training.fitting.pretrained import prepare_features

            prepare_features(context, data)
            return
    if not context.pretrained and spec.weights == "none":
        from core.training.fitting import prepared

        prepared.prepare(context)
