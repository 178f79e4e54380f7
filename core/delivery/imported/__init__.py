"""Models that were trained elsewhere: looked into without running anything, wrapped, and kept as a
run like any other."""
