"""Names in .zip files that don't say how they are written: macOS writes UTF-8 without saying so,
Windows the code page of its language.

Valid UTF-8 is UTF-8. Anything else is a guess, by the language of this computer and by which code
pages give words of letters; it is told, and a person can say the encoding instead.
"""

from __future__ import annotations

import locale
import unicodedata
from collections.abc import Iterable

# Code pages of archives, by the language of the computer that packs and, mostly, unpacks them.
_BY_LANGUAGE = {
    "ja": "cp932",
    "zh_TW": "big5",
    "zh_HK": "big5",
    "zh": "gb18030",
    "ko": "cp949",
    "ru": "cp866",
    "uk": "cp866",
    "pl": "cp852",
    "cs": "cp852",
    "hu": "cp852",
    "el": "cp737",
    "tr": "cp857",
}
_LATIN = ("cp1252", "cp850", "cp437")
_OTHERS = ("cp932", "gb18030", "cp949", "big5", "cp866", "cp1251")


def encoding_of(names: Iterable[bytes]) -> str:
    """How names are written.

    Args:
        names: those that aren't pure ASCII, as bytes; may be empty.

    Returns:
        A name of one of Python's encodings.
    """
    parts = sorted({part for name in names for part in name.split(b"/") if not part.isascii()})
    if all(_read(part, "utf-8") is not None for part in parts):
        return "utf-8"
    joined = b"".join(parts)
    foreign = sum(byte > 127 for byte in joined) > len(joined) / 2
    here = _of_this_computer()
    wanted = [*([here] if here else []), *(_OTHERS if foreign else _LATIN)]
    for encoding in wanted:
        if all(_reads_well(part, encoding) for part in parts):
            return encoding
    fitting = (each for each in wanted if all(_read(p, each) is not None for p in parts))
    return next(fitting, "cp437")


def _of_this_computer() -> str:
    language = (locale.getlocale()[0] or "").replace("-", "_")
    return _BY_LANGUAGE.get(language) or _BY_LANGUAGE.get(language.partition("_")[0], "")


def _read(part: bytes, encoding: str) -> str | None:
    try:
        return part.decode(encoding)
    except UnicodeDecodeError:
        return None


def _reads_well(part: bytes, encoding: str) -> bool:
    """Whether all that isn't ASCII is letters, and common ones where that can be told."""
    if (text := _read(part, encoding)) is None:
        return False
    letters = [char for char in text if not char.isascii()]
    if any(unicodedata.category(char)[0] not in "LMN" for char in letters):
        return False
    if encoding == "cp932":
        # Half-width katakana is what all single high bytes become, and nobody's choice of a name.
        return not any("\uff61" <= char <= "\uff9f" for char in letters)
    if encoding == "gb18030":
        # Characters of the standard of 1980: both bytes high, the first from B0 to F7.
        return all(
            len(char.encode("gb18030")) == 2 and char.encode("gb2312", "ignore") for char in letters
        )
    if encoding == "cp949":
        return all("\uac00" <= char <= "\ud7a3" for char in letters)
    return True


# What zipfile names by number: methods of packing that Python's own module can't undo.
_METHODS = {
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    10: "the old PKWARE Imploding",
    93: "Zstandard",
    95: "XZ",
    96: "JPEG",
    97: "WavPack",
    98: "PPMd",
    99: "AES encryption",
}


def method_name(number: int) -> str:
    """What a method of packing is called, by its number in the .zip format."""
    return _METHODS.get(number, f"method {number}")
