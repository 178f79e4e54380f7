"""The repository of datasets: names, origins, states and where their images lie."""

from __future__ import annotations

import os
import re
import time
import unicodedata
import uuid
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from core.catalog.audit import Entry, keep_decisions, write
from core.catalog.models import ChangeRow, DatasetRow
from core.catalog.records import DatasetRecord
from core.catalog.visibility import hidden, own
from core.errors import Conflict, InvalidInput, NotFound
from core.text import images, meant
from core.who import author, require

MAX_NAME = 100


class Datasets:
    """Datasets by id or by name."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

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
            version=0,
            state="importing",
            images=0,
            classes=0,
            problem="",
            job_id=None,
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
            NotFound: there is none.
        """
        with self._sessions() as session:
            row = session.get(DatasetRow, dataset_id)
            if dataset_id in hidden(session, "dataset"):
                row = None
        if row is None:
            raise NotFound("That dataset is not here any more.", remedy="Choose another one.")
        return _record(row)

    def find(self, name_or_id: str) -> DatasetRecord:
        """The dataset with this name or id, exactly as written.

        Raises:
            NotFound: there is none; the sentence names those that there are.
        """
        with self._sessions() as session:
            row = session.scalar(
                select(DatasetRow).where(
                    (DatasetRow.name == name_or_id) | (DatasetRow.id == name_or_id)
                )
            )
            out = hidden(session, "dataset")
            if row is not None and row.id not in out:
                return _record(row)
            others = session.scalars(select(DatasetRow).order_by(DatasetRow.name)).all()
            names = [each.name for each in others if each.id not in out]
        if os.sep in name_or_id:
            raise NotFound(
                f"There is no folder or archive “{name_or_id}”.", remedy="Check how it is written."
            )
        known = ", ".join(f"“{name}”" for name in names[:10])
        raise NotFound(
            f"There is no dataset named “{name_or_id}”.",
            remedy=f"{meant(name_or_id, names)} There are: {known}.".strip()
            if known
            else "Add one first with: dataset add PATH",
        )

    def all(self) -> list[DatasetRecord]:
        """All datasets, newest first."""
        with self._sessions() as session:
            rows = session.scalars(select(DatasetRow).order_by(DatasetRow.created_at.desc())).all()
            out = hidden(session, "dataset")
        return [_record(row) for row in rows if row.id not in out]

    def free_name(self, wanted: str) -> str:
        """``wanted``, or the first of ``wanted 2``, ``wanted 3``, … that is not taken."""
        base = clean_name(wanted or "dataset")
        with self._sessions() as session:
            taken = set(session.scalars(select(DatasetRow.name)).all())
        name, number = base, 2
        while name in taken:
            name = f"{base[: MAX_NAME - 5]} {number}"
            number += 1
        return name

    def set(self, dataset_id: str, **values: Any) -> None:
        """Set columns of a dataset (``state``, ``problem``, ``images``, ``classes``,
        ``job_id`` …)."""
        with self._sessions.begin() as session:
            session.execute(update(DatasetRow).where(DatasetRow.id == dataset_id).values(**values))

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
        """Forget a dataset; what was decided about it stays in the log of all that was done. Files
        are the caller's business."""
        require("labeller")
        record = self.get(dataset_id)
        with self._sessions.begin() as session:
            if record.images:  # a blank project that nobody used is no news
                keep_decisions(session, dataset_id, record.name)
                did, detail = "removed a dataset", images(record.images)
                write(session, Entry(time.time(), author(), did, record.name, detail))
            session.query(ChangeRow).filter_by(dataset_id=dataset_id).delete()
            session.query(DatasetRow).filter_by(id=dataset_id).delete()

    def count(self) -> int:
        """How many datasets there are."""
        with self._sessions() as session:
            return session.scalar(select(func.count()).select_from(DatasetRow)) or 0


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
    if len(text) > MAX_NAME:
        raise InvalidInput(
            f"That name is {len(text)} characters long.",
            remedy=f"Use at most {MAX_NAME} characters.",
        )
    return text


def new_id(name: str) -> str:
    """A new id that is safe as a folder name on every platform and starts like ``name``."""
    ascii_text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:32].strip("-")
    return f"{slug or 'item'}-{uuid.uuid4().hex[:8]}"


def _record(row: DatasetRow) -> DatasetRecord:
    return DatasetRecord(
        **{name: getattr(row, name) for name in DatasetRecord.__dataclass_fields__}
    )
