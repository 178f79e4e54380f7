"""What other modules have found out about a run's test, gathered for whatever is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from core.delivery.take_away.material import Material
from core.errors import NotFound
from core.evaluation.figures import compute
from core.evaluation.study.basis import Heat, load_heat
from core.evaluation.study.phases import Study, load_study
from core.evaluation.trust import reliability as trust
from core.progress import Reporter


@dataclass(frozen=True)
class Findings:
    """Everything found out about a run's own test; worked out when first asked for.

    Attributes:
        report: told of the progress of what takes long.
    """

    material: Material
    report: Reporter

    @cached_property
    def figures(self) -> compute.Figures:
        """Verdict, scores with intervals, classes, the order of similar classes."""
        return compute.figures(self.material.catalog, self.material.run.id, report=self.report)

    @cached_property
    def reliability(self) -> trust.Reliability | None:
        """Calibration, coverage, slices, robustness; none without test images."""
        if not self.material.evaluation.images:
            return None
        return trust.reliability(self.material.catalog, self.material.run.id, report=self.report)

    @cached_property
    def study(self) -> Study:
        """What there is of the study."""
        return load_study(self.material.catalog.workspace, self.material.run.id)

    @cached_property
    def heat(self) -> Heat | None:
        """Heat maps of tested images; none where the study has not come to them."""
        try:
            return load_heat(self.study) if self.study.has("heat") else None
        except NotFound:
            return None
