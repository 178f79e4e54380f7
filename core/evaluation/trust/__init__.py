"""How far one can rely on a model: calibration, coverage, robustness, slices."""
