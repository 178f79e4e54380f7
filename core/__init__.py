"""Lightbox's engine: everything the pages and the command line do, without a browser.

Which rooms it has, and which of them may import which, ARCHITECTURE.md says.
"""

__version__ = "0.1.0"
