"""A result: one run, tested on one set of images, and everything that was found out about that."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.evaluation.comparison.learned import Learned, learned
from core.evaluation.figures import compute
from core.evaluation.predictions import Predictions, load_evaluation, load_predictions
from core.evaluation.records import Evaluation
from core.evaluation.study.basis import Heat, load_heat
from core.evaluation.study.run import Study, load_study
from core.evaluation.threshold import sure_from
from core.evaluation.trust import reliability as trust
from core.evaluation.trust import words as words
from core.evaluation.trust.coverage import at_threshold
from core.progress import SILENT, Reporter
from core.runs.earlier import learned_before, why_not_new
from core.runs.files import RunFiles
from core.runs.values import Sure


@dataclass(frozen=True)
class Result:
    """What is said of a test; worked out, or read, when first asked for.

    Attributes:
        report: told of the progress of what takes long.
    """

    catalog: Catalog
    run: RunRecord
    evaluation: Evaluation
    predictions: Predictions
    report: Reporter = field(default_factory=Reporter)

    @property
    def on(self) -> str:
        """``test`` for the run's own test set, else the folder that it was tested on."""
        return self.evaluation.on

    @cached_property
    def unseen(self) -> bool:
        """Whether the images are known to be none that it has learned from, now or before."""
        return self.on == "test" and not why_not_new(self.catalog, self.run)

    @cached_property
    def torn(self) -> int:
        """How many of its own test images belong with images that were trained on, also before it
        began: the end of a burst, or copies in folders that came split."""
        if not self.unseen:
            return 0
        try:
            table = RunFiles(self.catalog.workspace, self.run.id).split()
        except NotFound:
            return 0
        if "group" not in table:
            return 0
        before = learned_before(self.catalog, self.run) or ()
        learned = (table["split"] == "train") | table["hash"].isin(list(before))
        trained = set(table.loc[learned, "group"])
        return int(((table["split"] == "test") & table["group"].isin(trained)).sum())

    @cached_property
    def figures(self) -> compute.Figures:
        """Verdict, scores with intervals, classes, the order of similar classes."""
        return compute.figures(self.catalog, self.run.id, self.on, self.report)

    @cached_property
    def learned(self) -> Learned | None:
        """Beside the model that it came from, where it learned again."""
        return learned(self.catalog, self.run) if self.on == "test" else None

    @cached_property
    def trained(self) -> dict[str, int]:
        """Images in training by class; empty if that is not known."""
        return compute.trained_images(self.catalog.workspace, self.run.id)

    @cached_property
    def reliability(self) -> trust.Reliability:
        """Calibration, coverage, slices, robustness."""
        return trust.reliability(self.catalog, self.run.id, self.on, self.report)

    @property
    def sure(self) -> Sure:
        """From which confidence on its answers count, as it is now."""
        return sure_from(self.catalog.workspace, self.run.id)

    @property
    def reliance(self) -> tuple[words.Answer, str]:
        """Whether one can rely on it, in a sentence, and how that answers."""
        better = self.figures.verdict.better_than_baseline if self.evaluation.images else None
        point = at_threshold(self.predictions, self.sure.threshold)
        return words.can_i_rely_on_it(self.reliability, point, better, self.evaluation.rarely_found)

    @cached_property
    def study(self) -> Study:
        """What there is of the study."""
        return load_study(self.catalog.workspace, self.run.id, self.on)

    @cached_property
    def heat(self) -> Heat | None:
        """Heat maps of tested images; none where the study has not come to them."""
        try:
            return load_heat(self.study) if self.study.has("heat") else None
        except NotFound:
            return None


def load_result(
    catalog: Catalog, run: RunRecord, on: str = "test", report: Reporter = SILENT
) -> Result:
    """The result of a run's test, as it was kept.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    workspace = catalog.workspace
    return Result(
        catalog,
        run,
        load_evaluation(workspace, run.id, on),
        load_predictions(workspace, run.id, on),
        report,
    )
