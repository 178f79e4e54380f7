"""Names that every file system takes, whatever people call their classes and files."""

from __future__ import annotations

import unicodedata

import pytest

from core.quality.safe_names import MAX_BYTES, Names, safe_name


@pytest.mark.parametrize(
    "name", ["cat", "émoji 🐈‍⬛", "v1.5", "a b.JPG", "-1", "=x.png", " led", "日本"]
)
def test_a_name_that_is_good_everywhere_stays_as_it_is(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("", "unnamed"),
        (" ", "unnamed"),
        (".", "unnamed"),
        ("..", "unnamed"),
        ("/", "_"),
        ("../../etc", "_.._.._etc"),
        ("a/b\\c", "a_b_c"),
        ("<script>", "_script_"),
        ('what?*|":.png', "what_____.png"),
        ("new\nline\x00", "new_line_"),
        ("dots...", "dots"),
        (".hidden.png", "_.hidden.png"),
        ("Thumbs.db", "_Thumbs.db"),
        ("__MACOSX", "___MACOSX"),
        ("aux", "_aux"),
        ("COM1.png", "_COM1.png"),
        ("nul .jpg", "_nul .jpg"),
        ("console", "console"),
        ("caf\udce9", "caf_udce9"),
    ],
)
def test_what_some_system_refuses_is_changed_as_little_as_can_be(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert safe_name(safe) == safe


@pytest.mark.parametrize("letter", ["x", "é", "字", "🐈"])
def test_a_long_name_is_cut_between_letters_and_keeps_its_suffix(letter: str) -> None:
    name = safe_name(letter * 200 + ".jpeg")
    assert len(name.encode()) <= MAX_BYTES
    assert name == letter * name.count(letter) + ".jpeg"
    assert len(safe_name(letter * 300).encode()) in range(MAX_BYTES - 3, MAX_BYTES + 1)


def test_names_that_some_system_takes_for_one_are_numbered() -> None:
    names = Names(["labels.csv"])
    composed, apart = "é.png", unicodedata.normalize("NFD", "é.png")
    assert names.take("a.jpg") == "a.jpg"
    assert names.take("A.JPG") == "A (2).JPG"
    assert names.take("a.jpg") == "a (3).jpg"
    assert names.take("a (4).jpg") == "a (4).jpg"
    assert names.take("a.jpg") == "a (5).jpg"
    assert names.take("Labels.csv") == "Labels.csv (2)"
    assert names.take("v1.5") == "v1.5"
    assert names.take("V1.5") == "V1.5 (2)"
    assert (names.take(composed), names.take(apart)) == (composed, apart[:-4] + " (2).png")


def test_many_of_one_long_name_all_fit() -> None:
    names = Names()
    given = [names.take("🐈" * 100 + ".png") for _ in range(1200)]
    assert len({name.casefold() for name in given}) == 1200
    assert max(len(name.encode()) for name in given) <= 255
