"""The sections of the page Results, one a file; each draws itself from a View."""
