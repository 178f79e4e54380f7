"""What belongs together: patient, camera, day, video, as a table's column, a folder or a part of
the file names says.

Images of one patient are alike in ways that have nothing to do with their class. So they must not
be torn apart by a split, and ten of them tell less than ten of ten patients. What looks so is
offered; a person says whether it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from core.datasets.content import split_path
from core.datasets.layout.lookup import stem_of
from core.datasets.layout.names import says_nothing
from core.datasets.layout.values import FoundFile, Way
from core.errors import InvalidInput

_WORDS = (
    "patient|person|subject|subj|participant|individual|donor|animal|mouse|case|pat|pt|"
    "camera|cam|device|scanner|sensor|site|hospital|clinic|station|location|loc|place|trap|"
    "video|vid|clip|movie|film|sequence|seq|scene|session|sess|visit|study|series|burst|"
    "day|date|night|week|slide|specimen|plot|plant|tree|flight|track|lesion|identity|"
    "user|writer|speaker|rider|driver|run|batch|lot|fold|cv"
)
_WORD = re.compile(rf"(?:{_WORDS})s?", re.IGNORECASE)
_DATE = r"(?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])(?!\d)"
# A date; a telling word with the number after it; a run of letters with a number after it; letters;
# digits.
_PART = re.compile(rf"{_DATE}|(?:{_WORDS})[-_ .]?\d+|[^\W\d_]+\d+|[^\W\d_]+|\d+", re.IGNORECASE)
_IS_DATE = re.compile(_DATE)
_TELLING = re.compile(rf"(?:{_WORDS})[-_ .]?\d+", re.IGNORECASE)
# So many of the images must have a value.
_MOST = 0.9
# A part that nothing but its coming again speaks for must come again so often, on average.
_AGAIN = 1.5
_OFFERED = 4
_STRETCHES, _STRETCH = 8, 500


def names_a_group(column: str) -> bool:
    """Whether a column of this name says who or when, and never what is on a picture."""
    words = column.lower().replace("_", " ").replace("-", " ").split()
    sure = {"patient", "subject", "participant", "person", "camera", "video", "session", "date"}
    return bool(sure & set(words)) or (len(words) == 2 and words[1] in ("id", "no", "number"))


def _stem(path: str) -> str:
    return stem_of(split_path(path)[0].rpartition("/")[2])


def parts_of(path: str) -> list[str]:
    """The parts of a file's name: ``patient01``, ``2024-05-01``, ``cam2``, ``003``."""
    return _PART.findall(_stem(path))


def _before_last(path: str) -> str:
    stem = _stem(path)
    if ".rf." in stem:  # as Roboflow calls the varied copies of a picture, with a mark after it
        return stem.partition(".rf.")[0]
    match = re.match(r"^(.*\w)[\W_]+[^\W\d_]*\(?\d+\)?[^\d]*$", stem)
    match = match or re.match(r"^(.*\d)[^\W\d_]+\d+$", stem)
    return match[1] if match else ""


def _reader(key: str, depth: int) -> Callable[[str], str] | None:
    """What reads a path's value by a key; none for keys that are no part of a path."""
    kind, _, number = key.partition(":")
    if kind not in ("folder", "name") or (number and not number.isdigit()) or number == "0":
        return None
    if kind == "name" and not number:
        return _before_last
    at = int(number) - 1 if number else -1

    def part(path: str) -> str:
        is_folder = kind == "folder"
        parts = split_path(path)[0].split("/")[depth:-1] if is_folder else parts_of(path)
        return parts[at] if parts and at < len(parts) else ""

    return part


def values_by(
    key: str, files: Sequence[FoundFile], columns: Mapping[str, Mapping[str, str]], depth: int
) -> dict[str, str]:
    """What each file belongs to, by path; files of which nothing is known are missing.

    Args:
        columns: of tables beside the images: name → path → value.
        depth: folders that only wrap, not counted.

    Raises:
        InvalidInput: there is no such column, or no file has such a part.
    """
    if key in columns:
        known = columns[key]
        values = {file.path: known.get(split_path(file.path)[0]) for file in files}
        found = {path: value for path, value in values.items() if value}
    else:
        read = _reader(key, depth)
        if read is None:
            named = ", ".join(f"“{name}”" for name in columns)
            there = f" There are {named}." if named else " There is no table that names images."
            raise InvalidInput(
                f"Nothing here is called “{key}”, to say what belongs together.{there}",
                remedy="Name a column, or say folder, folder:2, name or name:2 (the second part "
                "of the file names).",
            )
        found = {f.path: value for f in files if (value := read(f.path))}
    if not found:
        raise InvalidInput(
            f"No image has a value for “{key}”, so it can't say what belongs together.",
            remedy="Choose something else, or nothing.",
        )
    return found


def looks_together(
    files: Sequence[FoundFile], columns: Mapping[str, Mapping[str, str]], depth: int
) -> tuple[Way, ...]:
    """What may say which images belong together, the likeliest first; nothing in most folders."""
    if len(files) < 4:
        return ()
    everything, files = files, _some(files)
    found: list[tuple[int, Way]] = [
        (0, way)
        for name in columns
        if _WORD.search(name.replace("_", " ")) and (way := _judged(name, files, columns, depth))
    ]
    deepest = max(f.path.count("/") for f in files) - depth
    for number in range(1, deepest + 1):
        key = f"folder:{number}"
        way = _judged(key, files, columns, depth)
        # Folders that hold classes or splits are no patients; without a number or a telling word
        # they are kinds of a class.
        if way and not says_nothing(way.example[0]) and re.search(r"\d", way.example[0]):
            found.append((0 if tells(way.example[0]) else 2, way))
    longest = min(max(len(parts_of(f.path)) for f in files[:200]), 6)
    for number in range(1, longest + 1):
        way = _judged(f"name:{number}", files, columns, depth)
        if way and tells(way.example[0]):
            found.append((1, way))
    way = _judged("name", files, columns, depth)
    if way and not any(strength < 2 for strength, _ in found):
        found.append((3, way))
    seen: set[tuple[int, int]] = set()
    ways = []
    for _, likely in sorted(found, key=lambda each: each[0]):
        way = way_of(likely.key, values_by(likely.key, everything, columns, depth))
        if (way.groups, way.largest) not in seen:
            seen.add((way.groups, way.largest))
            ways.append(way)
    return tuple(ways[:_OFFERED])


def _some(files: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """All of few files; of many some stretches, in which those that belong together are."""
    if len(files) <= _STRETCHES * _STRETCH:
        return files
    starts = range(0, len(files) - _STRETCH, (len(files) - _STRETCH) // (_STRETCHES - 1))
    return [file for start in starts for file in files[start : start + _STRETCH]]


def way_of(key: str, values: Mapping[str, str]) -> Way:
    """What a choice comes to."""
    counts = Counter(values.values())
    ((top, largest),) = counts.most_common(1)
    first = next(path for path, value in values.items() if value == top)
    return Way(key, _title(key, top), len(counts), largest, (top, first))


def _judged(
    key: str, files: Sequence[FoundFile], columns: Mapping[str, Mapping[str, str]], depth: int
) -> Way | None:
    try:
        values = values_by(key, files, columns, depth)
    except InvalidInput:
        return None
    if len(values) < _MOST * len(files):
        return None
    way = way_of(key, values)
    if way.groups < 2 or way.groups >= len(values) or len(values) < _AGAIN * way.groups:
        return None
    by_class: dict[str, set[str]] = {}
    for file in files:
        if file.path in values:
            by_class.setdefault(file.label, set()).add(values[file.path])
    # What comes once in each class is a number of its images.
    if len(values) < _AGAIN * sum(map(len, by_class.values())):
        return None
    # What is the class by another name, or of which a class has one only, divides nothing.
    several = sum(len(inside) > 1 for inside in by_class.values())
    return way if several * 2 > len(by_class) else None


def tells(value: str) -> bool:
    """Whether a name says who, where or when: ``patient 3``, ``cam2``, ``2024-05-01``."""
    return bool(_TELLING.fullmatch(value) or _IS_DATE.fullmatch(value))


def _title(key: str, value: str) -> str:
    kind, _, number = key.partition(":")
    what = "the day" if _IS_DATE.fullmatch(value) else "what stands"
    if kind == "folder":
        return f"the folder of level {number}" if number else "the folder that an image lies in"
    if kind == "name" and number:
        return f"{what} as part {number} of the file names"
    if kind == "name":
        return "what stands before the last number of the file names"
    return f"the column “{key}”"
