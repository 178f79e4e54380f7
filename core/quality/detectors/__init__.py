"""Detectors, one a file, each registered with its threshold and its sentence."""

from core.quality.detectors import (  # noqa: F401  (imported for their registration)
    blurry,
    empty,
    exact_duplicates,
    exposure,
    label_conflict,
    leakage,
    low_information,
    truncated,
    unreadable,
    wrong_extension,
)
from core.quality.detectors.registry import DETECTORS, Detector

__all__ = ["DETECTORS", "Detector"]
