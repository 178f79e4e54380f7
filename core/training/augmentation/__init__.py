"""Variations of training images, so that a network learns what doesn't change what they show.

:mod:`catalogue` lists the kinds, :mod:`options` says what may be done, :mod:`draw` draws how much
of it for each image, :mod:`vary` does it. NumPy and Pillow only, so that a page previews exactly
what training does.
"""
