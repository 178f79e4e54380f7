"""The sections of the page Predict, one a file; each draws itself for a run."""
