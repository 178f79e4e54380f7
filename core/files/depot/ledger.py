"""Which manifest is whose, for all computers at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol


class Claim(NamedTuple):
    """Who may publish: whoever has this job still."""

    job_id: str
    claims: int


class Ledger(Protocol):
    """Which manifest is whose, for all computers at once: in the database."""

    def find(self, unit: str) -> str | None:
        """Name of a folder's manifest; ``None`` if it was never published."""

    def move(
        self, unit: str, was: str | None, now: str, size: tuple[int, int], claim: Claim | None
    ) -> bool:
        """Make another manifest a folder's; false, and nothing happens, unless it is ``was`` still
        and the claim holds.

        Args:
            size: files, and bytes of them all.

        Raises:
            Cancelled: the claim holds no longer.
        """

    def forget(self, unit: str) -> None:
        """A folder isn't there any more."""

    def busy(self) -> Collection[str]:
        """Names that running jobs say."""

    def whose(self, claim: Claim) -> tuple[bool, Collection[str]]:
        """Whether a job was claimed by nobody else since, and the names that it says; none where
        there is no such job."""

    def all(self) -> dict[str, tuple[str, int]]:
        """Each folder's manifest and bytes."""

    def place(self) -> tuple[str, str] | None:
        """Mark and name of the store that they lie in; ``None`` before there was one."""

    def settle_in(self, mark: str, shown: str) -> None:
        """Say which store they lie in, once."""
