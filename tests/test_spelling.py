"""Typing mistakes are mended towards the documents' words; words that exist are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladder_qa.spelling import Speller, distance

VOCABULARY = [
    "pitfall",
    "pitfalls",
    "director",
    "directors",
    "readiness",
    "self-assessment",
    "strategy",
    "manager",
    "managers",
    "managers",
    "form",
    "from",
    "experience",
    "Engineering",
    "cost",
    "cast",
    "don't",
]
KNOWN = frozenset({"weather", "mangers", "manger"})
SPELLER = Speller(VOCABULARY, KNOWN.__contains__)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", 0),
        ("same", "same", 0),
        ("ab", "ba", 1),  # a swap of neighbours is one edit
        ("form", "from", 1),
        ("abc", "abcd", 1),
        ("abc", "abx", 1),
        ("directer", "director", 1),
        ("kitten", "kittne", 1),
        ("stratgey", "strategy", 1),
        ("pitfals", "pitfalls", 1),
        ("", "ab", 2),
        ("abcd", "wxyz", 3),  # more than asked for
        ("a", "abcdef", 3),
    ],
)
def test_edits_are_counted_up_to_the_limit(first: str, second: str, expected: int) -> None:
    assert distance(first, second, 2) == expected
    assert distance(second, first, 2) == expected


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_a_distance_is_zero_for_equal_words_only_and_never_above_the_limit(
    first: str, second: str
) -> None:
    assert (distance(first, second, 2) == 0) == (first == second)
    assert distance(first, second, 2) == min(distance(first, second, 12), 3)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("pitfals", "pitfalls"),
        ("diretcor", "director"),
        ("readyness", "readiness"),
        ("engneering", "engineering"),
        ("stratgey, please", "strategy, please"),
        ("experiance?", "experience?"),
        ("the assesment of E2", "the assessment of E2"),
        ("self-assesment", "self-assessment"),
        ("Managr", "manager"),
    ],
)
def test_an_unknown_word_becomes_the_nearest_word_of_the_documents(text: str, mended: str) -> None:
    assert SPELLER.mend(text) == mended


@pytest.mark.parametrize(
    "text",
    [
        "director",
        "Directors",
        "weather",  # exists elsewhere
        "mangers",  # exists, although "managers" is near
        "xyzzy",  # near to nothing
        "frm",  # too short
        "DIRCTOR",  # capitals are codes and names
        "IC5 and E22",
        "cest",  # "cost" and "cast" are as near
        "form",
        "it's",
        "don't",
        "",
        "\U0001f642 — 12-24+ %",
    ],
)
def test_other_words_are_left_as_they_are(text: str) -> None:
    assert SPELLER.mend(text) == text


def test_a_short_word_is_mended_by_one_edit_only() -> None:
    assert Speller(["scope"], KNOWN.__contains__).mend("scppa") == "scppa"
    assert Speller(["scope"], KNOWN.__contains__).mend("scpe") == "scope"


def test_without_a_vocabulary_nothing_is_mended() -> None:
    assert Speller([], KNOWN.__contains__).mend("pitfals") == "pitfals"


@given(st.text())
def test_only_letters_are_ever_changed(text: str) -> None:
    mended = SPELLER.mend(text)

    def rest(of: str) -> list[str]:
        return [c for c in of if not c.isalpha() and c not in "'’"]

    assert rest(mended) == rest(text)
