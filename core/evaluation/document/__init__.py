"""What there is to say of a result, described once: sections of parts that everything draws.

Pages, report, model card and command line each have one renderer of the parts in ``parts``; the
words, tables and captions are written by the sections in ``results``, one file each.
"""
