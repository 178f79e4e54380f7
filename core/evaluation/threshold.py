"""How sure a model should be before its answer counts: what to begin with."""

from __future__ import annotations

from core.errors import LightboxError
from core.evaluation.predictions import load_predictions
from core.evaluation.trust.coverage import suggest
from core.workspace import Workspace

# Below it another answer may be as likely.
LEAST = 0.5
_WANTED = (0.99, 0.98, 0.95, 0.9)


def default_threshold(workspace: Workspace, run_id: str) -> float:
    """The lowest confidence, 0.5 to 1, from which on 99 % of the answers about validation images
    are
    right; of 98, 95 or 90 % where no confidence reaches that, and 0.5 where none of these is."""
    try:
        validation = load_predictions(workspace, run_id, split="validation")
    except LightboxError:
        return LEAST
    known = (validation.confidence, validation.correct)
    for wanted in _WANTED:
        chosen = suggest(wanted, known, known).chosen
        if chosen is not None:
            return max(LEAST, chosen.threshold)
    return LEAST
