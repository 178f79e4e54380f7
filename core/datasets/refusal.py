"""Which members of an archive are taken, and why others are not: each is judged by itself."""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath

from core.datasets.formats import (
    HEAD_BYTES,
    TABLES,
    begins_like_image,
    has_image_name,
    may_be_image,
    why_not,
)
from core.datasets.formats import suffix_of as suffix_of_file
from core.datasets.layout import is_litter, is_text
from core.datasets.members import Damaged, Member, damage

SUFFIXES_ARCHIVE = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_NESTED = (".gz", ".bz2", ".xz", ".7z", ".rar")
# Windows forbids some names, and most file systems names above 255 bytes.
_MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = 2048


def is_archive_name(name: str) -> bool:
    """Whether a file of this name is one that :func:`unpack` takes."""
    return bool(suffix_of(name))


def suffix_of(name: str) -> str:
    """The suffix of an archive's name, ``.tar.gz`` for example, or ""."""
    found = [suffix for suffix in SUFFIXES_ARCHIVE if name.lower().endswith(suffix)]
    return max(found, key=len, default="")


def refusal(member: Member) -> str | None:
    """Why a member is left out; "" for what isn't worth a line, ``None`` to keep it."""
    path = PurePosixPath(member.name)
    if not member.is_file:
        return ""
    if path.is_absolute() or _has_drive(member.name):
        return "Its path is absolute, which could write outside Lightbox's folder."
    if ".." in path.parts:
        return "Its path leads out of the archive's folder."
    if member.is_link:
        return "It is a link or a device, not a file."
    if any(is_litter(part) for part in path.parts):
        return ""
    if not is_text(member.name):
        return "Its name is not valid text (UTF-8)."
    if member.locked:
        return "It is protected by a password."
    if member.method:
        return f"It is packed with {member.method}, which can't be unpacked here."
    if is_archive_name(path.name):
        return None
    if path.name.lower().endswith(_NESTED):
        return "It is an archive inside the archive; unpack it and add it by itself."
    if not (
        has_image_name(path.name) or suffix_of_file(path.name) in TABLES or is_image_inside(member)
    ):
        return why_not(path.name)
    return None


def can_be_called(name: str) -> bool:
    """Whether a file can have this path below a folder."""
    return (
        "\0" not in name
        and len(name.encode()) <= _MAX_PATH_BYTES
        and all(len(part.encode()) <= _MAX_NAME_BYTES for part in PurePosixPath(name).parts)
    )


def _has_drive(name: str) -> bool:
    """Whether a name begins with a drive: ``C:/``, and on Windows ``a:b``, too."""
    return bool(re.match(r"[A-Za-z]:/" if os.name != "nt" else r"[^/]*:", name))


def is_image_inside(member: Member) -> bool:
    """Whether a member without a picture's name begins like one."""
    if not member.is_file or member.is_link or member.locked or member.method or not member.size:
        return False
    if not may_be_image(PurePosixPath(member.name).name):
        return False
    try:
        with damage(), member.open() as source:
            return begins_like_image(source.read(HEAD_BYTES))
    except Damaged:
        return False
