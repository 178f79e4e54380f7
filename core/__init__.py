"""Lightbox's engine: everything the pages and the command line do, without a browser.

Rooms, each importing only those after it:
``cli`` → ``jobs`` → ``evaluation``, ``inference`` → ``training`` → ``quality`` →
``datasets`` → ``catalog`` → ``workspace`` → ``settings``, ``progress``, ``errors``.
"""

__version__ = "0.1.0"
