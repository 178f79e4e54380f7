"""The tables. Change one, then add a migration under ``migrations/versions``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.catalog.columns import DOCUMENT, LARGE


class Base(DeclarativeBase):
    """Base of all tables."""


class DatasetRow(Base):
    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    origin: Mapped[str] = mapped_column(String(16))
    root: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)
    version: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(16))
    images: Mapped[int] = mapped_column(Integer, default=0)
    classes: Mapped[int] = mapped_column(Integer, default=0)
    problem: Mapped[str] = mapped_column(Text, default="")
    job_id: Mapped[str | None] = mapped_column(String(64), default=None)
    deleted_at: Mapped[float | None] = mapped_column(Float, default=None)
    # Its name while it is in the bin, when ``name`` is its id: what it was called is free.
    called: Mapped[str] = mapped_column(String(255), default="", server_default="")


class ChangeRow(Base):
    __tablename__ = "changes"

    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    author: Mapped[str] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(32))
    why: Mapped[str] = mapped_column(Text, default="")
    payload: Mapped[dict[str, Any]] = mapped_column(DOCUMENT)


class JobRow(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        Index("jobs_waiting", "state", "lane", "rank"),
        Index("jobs_of_whole", "whole"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    lane: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    spec: Mapped[dict[str, Any]] = mapped_column(DOCUMENT)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[float] = mapped_column(Float)
    started_at: Mapped[float | None] = mapped_column(Float, default=None)
    ended_at: Mapped[float | None] = mapped_column(Float, default=None)
    heartbeat_at: Mapped[float | None] = mapped_column(Float, default=None)
    pid: Mapped[int | None] = mapped_column(Integer, default=None)
    host: Mapped[str] = mapped_column(String(255), default="")
    phase: Mapped[str] = mapped_column(String(64), default="")
    done: Mapped[int] = mapped_column(LARGE, default=0)
    total: Mapped[int | None] = mapped_column(LARGE, default=None)
    note: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str] = mapped_column(Text, default="")
    error_id: Mapped[str] = mapped_column(String(64), default="")
    rank: Mapped[float] = mapped_column(Float)
    wishes: Mapped[dict[str, Any]] = mapped_column(DOCUMENT)
    by: Mapped[str] = mapped_column(String(255), default="", server_default="")
    claims: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    lost: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    machine: Mapped[str] = mapped_column(String(64), default="", server_default="")
    whole: Mapped[str] = mapped_column(String(64), default="", server_default="")
    needs_memory: Mapped[int] = mapped_column(LARGE, default=0, server_default="0")
    needs_gpu: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    home: Mapped[str] = mapped_column(String(64), default="", server_default="")


class FolderRow(Base):
    """A folder that lies in a store (:mod:`core.files.depot`); the one without a name is the
    store."""

    __tablename__ = "folders"

    unit: Mapped[str] = mapped_column(String(160), primary_key=True)
    manifest: Mapped[str] = mapped_column(String(255))
    files: Mapped[int] = mapped_column(Integer, default=0)
    bytes: Mapped[int] = mapped_column(LARGE, default=0)


class MachineRow(Base):
    __tablename__ = "machines"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    lanes: Mapped[str] = mapped_column(String(64))
    cores: Mapped[int] = mapped_column(Integer)
    memory: Mapped[int] = mapped_column(LARGE)
    gpu: Mapped[str] = mapped_column(String(255), default="", server_default="")
    since: Mapped[float] = mapped_column(Float)
    seen_at: Mapped[float] = mapped_column(Float)


class EventRow(Base):
    __tablename__ = "events"
    __table_args__ = (
        Index("events_of_job", "job_id", "seq"),
        Index("events_of_kind", "job_id", "kind", "seq"),
    )

    seq: Mapped[int] = mapped_column(LARGE, primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    at: Mapped[float] = mapped_column(Float)
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]] = mapped_column(DOCUMENT)


class RunRow(Base):
    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    dataset_id: Mapped[str] = mapped_column(String(64), index=True)
    dataset_version: Mapped[int] = mapped_column(Integer)
    spec: Mapped[dict[str, Any]] = mapped_column(DOCUMENT)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[float] = mapped_column(Float)
    summary: Mapped[dict[str, Any]] = mapped_column(DOCUMENT)
    starred: Mapped[bool] = mapped_column(Boolean, default=False)
    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    tags: Mapped[list[str]] = mapped_column(DOCUMENT, default=list)
    notes: Mapped[str] = mapped_column(Text, default="")
    deleted_at: Mapped[float | None] = mapped_column(Float, default=None)


class PersonRow(Base):
    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    password: Mapped[str] = mapped_column(String(255), default="")
    made_at: Mapped[float] = mapped_column(Float)
    by: Mapped[str] = mapped_column(String(255), default="")
    disabled_at: Mapped[float | None] = mapped_column(Float, default=None)


class SessionRow(Base):
    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str | None] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True, default=None
    )
    made_at: Mapped[float] = mapped_column(Float)
    seen_at: Mapped[float] = mapped_column(Float)
    ends_at: Mapped[float] = mapped_column(Float)
    agent: Mapped[str] = mapped_column(String(255), default="")


class InvitationRow(Base):
    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[str | None] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), default=None
    )
    made_at: Mapped[float] = mapped_column(Float)
    ends_at: Mapped[float] = mapped_column(Float)
    by: Mapped[str] = mapped_column(String(255), default="")


class AuditRow(Base):
    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(LARGE, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Float, index=True)
    who: Mapped[str] = mapped_column(String(255))
    what: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255), default="")
    detail: Mapped[str] = mapped_column(Text, default="")


class VisibilityRow(Base):
    """Who may see a dataset or a run; one without a row is the team's."""

    __tablename__ = "visibility"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    level: Mapped[str] = mapped_column(String(16))
