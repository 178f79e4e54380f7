"""Numbers read as people say them, and nobody's name means anything where it is shown."""

from __future__ import annotations

import time

import pytest

from core import text


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 classes"), (1, "1 class"), (2062, "2,062 classes")]
)
def test_a_number_agrees_with_its_noun(count: int, said: str) -> None:
    assert text.plural(count, "class", "classes") == said
    assert text.images(count) == said.replace("classes", "images").replace("class", "image")


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        (0.973, 1, "97.3 %"),
        (0.973, 0, "97 %"),
        (1, 1, "100 %"),
        (0, 2, "0 %"),
        (0.9996, 1, "99.96 %"),
        (0.00001, 0, "0.001 %"),
        (0.000001, 0, "under 0.001 %"),
        (0.9999999, 1, "over 99.999 %"),
        (1.25, 0, "125 %"),
        (-0.04, 1, "-4.0 %"),
    ],
)
def test_only_none_is_0_percent_and_only_all_is_100(share: float, digits: int, said: str) -> None:
    assert text.percent(share, digits) == said


def test_sizes_and_times_are_in_the_unit_that_fits() -> None:
    assert [text.size(each) for each in (999, 640e3, 1.2e6, 2.5e9)] == [
        "999 bytes",
        "640 KB",
        "1.2 MB",
        "2.5 GB",
    ]
    times = ["8 s", "1 min", "2 min 5 s", "10 min", "1 h 10 min"]
    assert [text.duration(each) for each in (7.6, 60, 125, 600, 4200)] == times
    assert [text.ago(time.time() - each) for each in (1, 301, 7300)] == [
        "just now",
        "5 min ago",
        "2 h ago",
    ]


def test_names_are_listed_and_the_rest_counted() -> None:
    assert text.listed(["a"]) == "“a”"
    assert text.listed(["a", "b", "c"]) == "“a”, “b” and “c”"
    assert text.listed(list("abcdef")) == "“a”, “b”, “c” and 3 other classes"
    assert len(text.listed(["x" * 300, "b"])) < 60
    assert text.shorten("x" * 50, 11) == "xxxxx…xxxxx"


def test_a_name_is_only_a_name_in_markdown_html_and_a_spreadsheet() -> None:
    assert text.escape("**a** [b](c)") == r"\*\*a\*\* \[b\]\(c\)"
    assert text.escape_html('<b title="x">') == "&lt;b title=&quot;x&quot;&gt;"
    assert text.escape_html("caf\udce9") == "caf\\udce9"
    assert [text.cell(each) for each in ("=1+1", "＝1", "red", "\tx")] == [
        "'=1+1",
        "'＝1",
        "red",
        "'\tx",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shop-window", "`shop-window`"),
        ("a_b*c", "`a_b*c`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``x", "``` ``x ```"),
    ],
)
def test_a_name_as_code_has_nothing_escaped(name: str, said: str) -> None:
    assert text.code(name) == said


def test_a_share_is_as_fine_as_the_images_bear() -> None:
    assert [text.rate(0.7379, 187), text.rate(0.9731, 1000), text.rate(1.0, 12)] == [
        "74 %",
        "97.3 %",
        "100 %",
    ]
    assert text.rate(0.9996, 2500) == "99.96 %", "only all is all"


@pytest.mark.parametrize(
    ("value", "said"),
    [(8e-05, "0.00008"), (0.00123, "0.0012"), (0.5, "0.5"), (3.0, "3"), (1234.0, "1200")],
)
def test_a_number_is_written_as_people_do(value: float, said: str) -> None:
    assert text.plain_number(value) == said


def test_of_one_answer_no_more_nines_are_said_than_a_test_could_show() -> None:
    assert [text.certainty(share) for share in (0.4641, 0.99, 0.99003, 0.99997, 1.0, 0.004)] == [
        "46 %",
        "99 %",
        "over 99 %",
        "over 99 %",
        "over 99 %",
        "0.4 %",
    ]
