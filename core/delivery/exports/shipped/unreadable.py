"""What is raised of a picture that can't be read."""

from __future__ import annotations


class UnreadableImage(ValueError):
    """A picture that can't be read, with what is wrong and what to do as a sentence each."""

    def __init__(self, kind: str, title: str, *, file: object = None, remedy: str = "") -> None:
        self.kind = kind
        where = f" ({file})" if file else ""
        super().__init__(f"{title.removesuffix('.')}{where}. {remedy}".strip())
