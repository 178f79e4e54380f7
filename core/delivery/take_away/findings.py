"""What is known of a run, and what was found out about its own test, for whatever is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from core.delivery.take_away.material import Material
from core.evaluation.document.result import Result
from core.progress import Reporter


@dataclass(frozen=True)
class Findings:
    """Everything about a run and its own test; worked out when first asked for.

    Attributes:
        report: told of the progress of what takes long.
    """

    material: Material
    report: Reporter

    @cached_property
    def result(self) -> Result:
        """Of the run's own test images."""
        it = self.material
        return Result(it.catalog, it.run, it.evaluation, it.predictions, self.report)
