"""What classes are called: one rule for every page and command that takes a name for one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from core.catalog.datasets import check_length, tidy
from core.datasets.layout.names import clean_label
from core.datasets.upload import as_folder
from core.errors import InvalidInput, NotFound
from core.text import shorten

# Characters: a folder of its name fits every file system.
MAX_CLASS_NAME = 80


def called(name: str) -> str:
    """What a class is called that somebody names so: like a folder, which it is in the end.

    Raises:
        InvalidInput: nothing can be called so.
    """
    check_length(name, MAX_CLASS_NAME)
    return as_folder(clean_label(tidy(name)))


def why_called(name: str) -> str:
    """A sentence where a class can't be called as somebody names it; "" where it is."""
    known = called(name)
    # What can't be seen isn't spoken of.
    if known == clean_label(name):
        return ""
    return f"A class is called as its folder is, so this one is “{known}”, not “{name}”."


def renamed(label: str, name: str) -> str:
    """What is said of a class that was given another name."""
    return f"“{shorten(label)}” is “{shorten(called(name))}” now. {why_called(name)}".strip()


def new_class(name: str, others: Iterable[str], remedy: str = "Choose another name.") -> str:
    """What a new class is called.

    Args:
        others: the classes beside it.

    Raises:
        InvalidInput: it can't be called so, or there is one of that name.
    """
    wanted = called(name)
    for each in others:
        # Two folders that differ in this alone are one on a Mac and on Windows.
        if each.casefold() == wanted.casefold():
            raise InvalidInput(f"There is already a class “{each}”.", remedy=remedy)
    return wanted


def meant_class(name: str, known: Collection[str], others: Iterable[str] | None = None) -> str:
    """The class that somebody names: one that is known, or a new one.

    Args:
        others: as of :func:`new_class`; those that are known, unless some go where it comes.

    Raises:
        InvalidInput: as there.
    """
    if name in known:
        return name
    if (wanted := called(name)) in known:
        return wanted
    remedy = "Write it like that, or choose another name."
    return new_class(name, known if others is None else others, remedy)


def no_class(label: str, present: Sequence[str]) -> NotFound:
    """There is no class of this name, and which there are."""
    return NotFound(
        f"There is no class “{label}” in this dataset now.",
        remedy=f"There are: {', '.join(present[:20])}.",
    )
