"""The repository of datasets: names, origins, states and where their images lie."""

from __future__ import annotations

import os
import re
import time
import unicodedata
import uuid
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.catalog.audit import keep_decisions, note
from core.catalog.models import ChangeRow, DatasetRow
from core.catalog.records import DatasetRecord
from core.catalog.repository import Repository, as_record
from core.catalog.visibility import hidden, own
from core.errors import Conflict, InvalidInput, NotFound
from core.text import images, meant, quoted
from core.who import acting, require

MAX_NAME = 100


class Datasets(Repository):
    """Datasets by id or by name."""

    def add(
        self, name: str, origin: str, root: str, dataset_id: str | None = None
    ) -> DatasetRecord:
        """A new dataset in state ``importing``.

        Raises:
            InvalidInput: the name is empty or too long.
            Conflict: the name is taken.
        """
        who = require("labeller")
        name = clean_name(name)
        row = DatasetRow(
            id=dataset_id or new_id(name),
            name=name,
            origin=origin,
            root=root,
            created_at=time.time(),
            state="importing",
        )
        try:
            with self._sessions.begin() as session:
                session.add(row)
                own(session, "dataset", row.id, who)
        except IntegrityError as error:
            raise Conflict(
                f"There is already a dataset named “{name}”.",
                remedy="Choose another name, or open the one that is there.",
            ) from error
        return _record(row)

    def get(self, dataset_id: str) -> DatasetRecord:
        """The dataset with this id.

        Raises:
            NotFound: there is none, or it is in the bin.
        """
        with self._sessions() as session:
            row = session.get(DatasetRow, dataset_id)
            if dataset_id in hidden(session, "dataset"):
                row = None
        if row is None or row.deleted_at is not None:
            raise NotFound("That dataset is not here any more.", remedy="Choose another one.")
        return _record(row)

    def find(self, name_or_id: str) -> DatasetRecord:
        """The dataset with this name or id, exactly as written.

        Raises:
            NotFound: there is none, and the sentence names those that there are; or it is in the
                bin.
        """
        here = self.all()
        found = next((each for each in here if name_or_id in (each.name, each.id)), None)
        if found is not None:
            return found
        if any(name_or_id in (each.name, each.id) for each in self.all(deleted=True)):
            raise NotFound(
                f"The dataset “{name_or_id}” was removed and is in the bin.",
                remedy="Bring it back first, under Data or with: dataset restore NAME",
            )
        if os.sep in name_or_id:
            if os.path.exists(os.path.expanduser(name_or_id)):  # noqa: PTH110, PTH111
                raise NotFound(
                    f"“{name_or_id}” is there, and no dataset is called so.",
                    remedy="Name its dataset, or add it first with: dataset add PATH",
                )
            raise NotFound(
                f"There is no folder or archive “{name_or_id}”.", remedy="Check how it is written."
            )
        # A guest has been told of no name but that of their link.
        names = sorted(each.name for each in here) if acting().may("viewer") else []
        known = ", ".join(map(quoted, names[:10]))
        raise NotFound(
            f"There is no dataset named “{name_or_id}”.",
            remedy=f"{meant(name_or_id, names)} There are: {known}.".strip()
            if known
            else "Add one first with: dataset add PATH"
            if not here
            else "",
        )

    def in_bin(self, name_or_id: str) -> DatasetRecord:
        """The dataset in the bin with this id, or the one of this name that was put there last.

        Raises:
            NotFound: there is none.
        """
        binned = self.all(deleted=True)
        found = next((each for each in binned if name_or_id in (each.name, each.id)), None)
        if found is not None:
            return found
        known = ", ".join(f"“{each.name}”" for each in binned[:10])
        raise NotFound(
            f"There is no dataset named “{name_or_id}” in the bin.",
            remedy=f"There are: {known}." if known else "The bin is empty.",
        )

    def all(self, *, deleted: bool = False) -> list[DatasetRecord]:
        """All datasets, newest first; or those in the bin, the one removed last first."""
        if deleted:
            binned = DatasetRow.deleted_at
            query = select(DatasetRow).where(binned.is_not(None)).order_by(binned.desc())
        else:
            query = select(DatasetRow).where(DatasetRow.deleted_at.is_(None))
            query = query.order_by(DatasetRow.created_at.desc())
        with self._sessions() as session:
            rows = session.scalars(query).all()
            out = hidden(session, "dataset")
        return [_record(row) for row in rows if row.id not in out]

    def free_name(self, wanted: str) -> str:
        """``wanted``, or the first of ``wanted 2``, ``wanted 3``, … that is not taken."""
        base = clean_name(wanted or "dataset")
        taken = set(self._every(select(DatasetRow.name)))
        name, number = base, 2
        while name in taken:
            name = f"{base[: MAX_NAME - 5]} {number}"
            number += 1
        return name

    def set(self, dataset_id: str, **values: Any) -> None:
        """Set columns of a dataset (``state``, ``problem``, ``images``, ``classes``,
        ``job_id`` …)."""
        self._do(update(DatasetRow).where(DatasetRow.id == dataset_id).values(**values))

    def rename(self, dataset_id: str, name: str) -> DatasetRecord:
        """Give a dataset another name.

        Raises:
            InvalidInput, Conflict: as for :meth:`add`.
        """
        require("labeller")
        name = clean_name(name)
        try:
            self.set(dataset_id, name=name)
        except IntegrityError as error:
            raise Conflict(
                f"There is already a dataset named “{name}”.", remedy="Choose another name."
            ) from error
        return self.get(dataset_id)

    def remove(self, dataset_id: str) -> None:
        """Put a dataset into the bin; its name is free from then on. Files are the caller's
        business.

        Raises:
            NotFound: there is no such dataset.
        """
        require("labeller")
        record = self.get(dataset_id)
        with self._sessions.begin() as session:
            row = session.get(DatasetRow, dataset_id, with_for_update=True)
            if row is None or row.deleted_at is not None:
                raise NotFound("That dataset is not here any more.")
            row.called, row.name, row.deleted_at = row.name, row.id, time.time()
            if record.images:  # a blank project that nobody used is no news
                note(session, "removed a dataset", record.name, images(record.images))

    def restore(self, dataset_id: str) -> DatasetRecord:
        """Take a dataset out of the bin; it gets a free name if its own is taken.

        Raises:
            NotFound: it isn't in the bin (any more).
        """
        require("labeller")
        record = self.in_bin(dataset_id)
        name = self.free_name(record.name)
        try:
            with self._sessions.begin() as session:
                row = session.get(DatasetRow, record.id, with_for_update=True)
                if row is None or row.deleted_at is None:
                    raise NotFound("That dataset is not in the bin any more.")
                row.name, row.called, row.deleted_at = name, "", None
                note(session, "brought a dataset back", record.name, images(record.images))
        except IntegrityError:  # somebody took the name just now
            return self.restore(dataset_id)
        return self.get(record.id)

    def forget(self, dataset_id: str) -> bool:
        """End a dataset in the bin; what was decided about it stays in the log of all that was
        done. Files are the caller's business. False if it isn't in the bin (any more)."""
        require("labeller")
        with self._sessions.begin() as session:
            row = session.get(DatasetRow, dataset_id, with_for_update=True)
            if row is None or row.deleted_at is None:
                return False
            if row.images:
                name = row.called or row.name
                keep_decisions(session, dataset_id, name)
                note(session, "removed a dataset for good", name, images(row.images))
            session.query(ChangeRow).filter_by(dataset_id=dataset_id).delete()
            session.delete(row)
        return True


def tidy(name: str) -> str:
    """``name`` without control characters and needless space, in Unicode's composed form."""
    text = unicodedata.normalize("NFC", name)
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return re.sub(r"\s+", " ", text).strip()


def clean_name(name: str) -> str:
    """``name``, tidied.

    Raises:
        InvalidInput: nothing is left, or it is longer than ``MAX_NAME`` characters.
    """
    text = tidy(name)
    if not text:
        raise InvalidInput("A name is needed.", remedy="Type a few letters.")
    check_length(text, MAX_NAME)
    return text


def check_length(name: str, most: int) -> None:
    """Refuse a name of more than ``most`` characters.

    Raises:
        InvalidInput: it is longer.
    """
    if len(name) > most:
        raise InvalidInput(
            f"That name is {len(name)} characters long.", remedy=f"Use at most {most} characters."
        )


def new_id(name: str) -> str:
    """A new id that is safe as a folder name on every platform and starts like ``name``."""
    ascii_text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:32].strip("-")
    return f"{slug or 'item'}-{uuid.uuid4().hex[:8]}"


def _record(row: DatasetRow) -> DatasetRecord:
    return as_record(DatasetRecord, row, name=row.called or row.name)
