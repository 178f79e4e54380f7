"""Mirror images, and copies that lie on their side or stand on their head."""

import pandas as pd

from core.quality.copies import DEFAULT_THRESHOLD, LOWEST, SAME
from core.quality.detectors.registry import detector
from core.quality.facts import TURNED


@detector(
    key="turned_copies",
    title="Mirrored or turned copies",
    sentence="These show the same picture mirrored or turned. Training turns pictures by "
    "itself, so copies add nothing, and a mirrored copy in the test makes it too easy.",
    suggestion="Keep one of each group, unless left and right matter for your classes.",
    harm=0.3,
    threshold=DEFAULT_THRESHOLD,
    lowest=LOWEST,
    adjustable=True,
    group=lambda table, least, alike: alike.groups(least, (SAME, *TURNED))[table.index],
    distinct=True,
)
def score(table: pd.DataFrame) -> pd.Series:
    """How alike the most similar mirrored or turned picture is, as a correlation."""
    return table["turned_score"]
