"""Names of files and folders: which are a system's, which are text, which mean a split."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from core.datasets.layout.values import Split

# What operating systems, network drives and programs leave behind.
_LITTER = {
    # Windows
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "albumartsmall.jpg", "config.msi", "recycled"),
    *("$recycle.bin", "recycler", "system volume information"),
    *("$winreagent", "$sysreset", "$windows.~bt", "$extend"),
    # macOS
    *("__macosx", "icon\r", "network trash folder", "temporary items", "ipod photo cache"),
    # Synology's, QNAP's and others' drives
    *("@eadir", "@tmp", "#recycle", "#snapshot", "@sharebin", "@upload_cache"),
    *("@recycle", "@__thumb", "@recently-snapshot", "@transcode", "~snapshot"),
    # Linux, Android, and programs
    *("lost+found", "lost.dir", "_gsdata_", "__cache__"),
    *("__pycache__", "site-packages", "node_modules"),
}
# Where Windows puts what it saved of a damaged disk.
_FOUND = re.compile(r"found\.\d{3}", re.IGNORECASE)
_NEVER_PICTURES = {
    *("__macosx", ".git", ".svn", ".hg", ".idea", ".vscode", ".venv", ".fseventsd", ".ds_store"),
    *(".spotlight-v100", ".documentrevisions-v100", ".appledouble"),
}
# Letters of other scripts that look like Latin ones.
_LOOKS_LATIN = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u03bf\u03b1\u03bd\u03c1\u0131",
    "aeopcyxijsdhoavpi",
)
_SPLIT_WORDS: dict[str, Split] = {
    **dict.fromkeys(["train", "training", "trn"], "train"),
    # Both at once, as Pascal VOC has them: what isn't for testing.
    **dict.fromkeys(["trainval", "valtrain"], "train"),
    **dict.fromkeys(
        ["val", "valid", "validation", "validate", "dev", "eval", "evaluation"], "validation"
    ),
    **dict.fromkeys(["test", "testing", "tst", "holdout"], "test"),
    # As others than English write them, without their accents.
    **dict.fromkeys(["entrainement", "apprentissage", "entrenamiento", "treino"], "train"),
    **dict.fromkeys(["treinamento", "addestramento"], "train"),
    **dict.fromkeys(["validierung", "validacion", "validacao"], "validation"),
    **dict.fromkeys(["prufung", "prueba", "pruebas", "teste"], "test"),
}
# Folders of pictures that nobody has labelled, as competitions have them.
_UNLABELLED = {"pred", "prediction", "predictions", "predict", "unlabeled", "unlabelled", "submit"}
_AROUND = frozenset(
    ["images", "image", "imgs", "img", "photos", "pictures", "jpegs", "jpeg", "jpg", "png", "data"]
)
_SET = re.compile(r"(set|data|images|imgs|dir|folder)$")


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is the operating system's, not the person's."""
    return (
        name.startswith((".", "~$"))
        or name.lower() in _LITTER
        or _FOUND.fullmatch(name) is not None
    )


def is_told_litter(name: str) -> bool:
    """Whether leaving a folder out deserves a line: somebody may have put pictures there."""
    return name.lower() not in _NEVER_PICTURES


def is_text(name: str) -> bool:
    """Whether a name is valid Unicode; others can be on a disk, but not in a table or a page."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=4096)
def split_of(name: str) -> Split:
    """The split that a folder of this name looks like: ``Training``, ``seg_test``, ``val2``,
    ``testset``; "" for none."""
    words = _words(re.sub(r"(?i)hold[-_ ]out", "holdout", name))
    found = {_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS}
    if found == {"train", "validation"}:
        return "train"
    return found.pop() if len(found) == 1 else ""


def split_in(parts: Iterable[str]) -> Split:
    """The split that the first of these looks like that looks like any; "" for none."""
    return next((split for part in parts if (split := split_of(part))), "")


def nearest_first(names: Iterable[str]) -> list[str]:
    """Files in the order of how deep they lie, and of their names."""
    return sorted(names, key=lambda each: (each.count("/"), each))


def is_unlabelled(name: str) -> bool:
    """Whether a folder of this name holds pictures without labels, by all that is usual."""
    return any(word in _UNLABELLED for word in _words(name))


def only_wraps(name: str) -> bool:
    """Whether a folder's name says no more than that pictures are in it: ``images``, ``photos``."""
    words = _words(name)
    return bool(words) and all(word in _AROUND for word in words)


def says_nothing(name: str) -> bool:
    """Whether a folder's name is no class: ``images``, ``train``, ``pred``."""
    return only_wraps(name) or bool(split_of(name)) or is_unlabelled(name)


def _words(name: str) -> list[str]:
    if not name.isascii():
        name = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name))
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words = re.findall(r"[a-z]+", spaced.lower())
    return [word if word in _SPLIT_WORDS else _SET.sub("", word) or word for word in words]


def clean_label(name: str) -> str:
    """A class as its folder or cell names it: one way of Unicode, no blanks and no marks that can't
    be seen (of direction, of width zero) at its ends."""
    text = unicodedata.normalize("NFC", name)
    start, end = 0, len(text)
    while start < end and _is_nothing(text[start]):
        start += 1
    while end > start and _is_nothing(text[end - 1]):
        end -= 1
    return text[start:end] or name


def _is_nothing(mark: str) -> bool:
    return mark.isspace() or unicodedata.category(mark) == "Cf"


def look_of(label: str) -> str:
    """What classes share that look alike: capitals, marks that can't be seen, kinds of dashes,
    quotes and blanks, letters of other scripts and zeros before a number don't count."""
    text = unicodedata.normalize("NFKC", label).casefold().replace("\u0307", "")
    if any("a" <= mark <= "z" for mark in text):
        text = text.translate(_LOOKS_LATIN)
    text = "".join(
        "" if unicodedata.category(mark) in ("Cf", "Cc") or "\ufe00" <= mark <= "\ufe0f" else mark
        for mark in text.replace("\n", " ").replace("\t", " ")
    )
    text = re.sub(r"['`\u2018\u2019\u02bc\u00b4]", "'", text)
    if re.fullmatch(r"[-\u2010-\u2015\u2212][\d.]+", text):
        return text  # less than nothing is another number
    text = re.sub(r"[\s_\u2010-\u2015\u2212-]+", " ", text).strip(" .") or text
    return text.lstrip("0") or "0" if text.isdigit() else text
