"""Amounts: what is read as one, and when two are the same."""

from __future__ import annotations

import pytest

from ladder_qa.quantities import measures, quantities_in, states


def amounts(text: str) -> list[tuple[float, float, bool, str]]:
    """The amounts of a text without the words around them."""
    return [(q.low, q.high, q.open_end, q.unit) for q in quantities_in(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3-5+ years", [(36, 60, True, "month")]),
        ("three to five or more years", [(36, 60, True, "month")]),
        ("12-24+ months", [(12, 24, True, "month")]),
        ("one to two years or more", [(12, 24, True, "month")]),
        ("at least 18 months", [(18, 18, True, "month")]),
        ("less than 2 years in the role", [(0, 24, False, "month")]),
        ("10-15% of managers", [(10, 15, False, "%")]),
        ("fifteen percent", [(15, 15, False, "%")]),
        ("teams of 8-15 engineers", [(8, 15, False, "")]),
        ("twenty-five people", [(25, 25, False, "")]),
        ("from one to three years at X1 to two to five years at X2",
         [(12, 36, False, "month"), (24, 60, False, "month")]),
        ("exactly one owner", [(1, 1, False, "")]),
        ("half a year to a year and a half", [(6, 18, False, "month")]),
        ("a year or more", [(12, 12, True, "month")]),
        ("three quarters of managers", [(75, 75, False, "%")]),
        ("one in five managers", [(20, 20, False, "%")]),
        ("over 1-3 years", [(12, 36, False, "month")]),
        ("at least five to eight years", [(60, 96, True, "month")]),
        ("no more than one or two people", [(1, 2, False, "")]),
        ("18 months to two years or longer", [(18, 24, True, "month")]),
        ("one day", []),
        ("more than one domain", []),
        ("more than one year", [(12, 12, True, "month")]),
        ("fewer than one in ten managers", [(0, 10, False, "%")]),
        ("at least a third of the time", [(33, 33, True, "%")]),
        ("10-15+ years, 5-8+ of them as X2", [(120, 180, True, "month"), (60, 96, True, "month")]),
        ("18 months, six of which as X2", [(18, 18, False, "month"), (6, 6, False, "month")]),
        ("3 teams, 2 of them new", [(3, 3, False, ""), (2, 2, False, "")]),
        ("1,000 engineers", [(1000, 1000, False, "")]),
    ],
)  # fmt: skip
def test_an_amount_is_read(text: str, expected: list[tuple[float, float, bool, str]]) -> None:
    assert amounts(text) == expected


@pytest.mark.parametrize(
    "text",
    ["At M3 you lead", "one of the best", "no one knows", "2. Second step", "step 3:", "Q1-Q4"],
)
def test_what_is_no_amount(text: str) -> None:
    found = [q for q in quantities_in(text) if q.text not in ("3", "4")]
    assert found == []


@pytest.mark.parametrize(
    ("said", "given", "same"),
    [
        ("3-5+ years", "three to five or more years", True),
        ("one to two years or more", "12-24+ months", True),
        ("3-5 years", "3-5+ years", False),
        ("2-4 years", "3-5 years", False),
        ("3-5 months", "3-5 years", False),
        ("25%", "25 engineers", False),
        ("eight people", "8 engineers", True),
        ("8 teams", "8 engineers in small teams", False),
        ("8 engineers", "8 senior engineers", True),
        ("at least 3 years", "3-5+ years", True),
        ("at least 3 years", "3-5 years", True),
        ("at least 5 years", "3-5+ years", False),
        ("at least 3 years", "3 years", False),
        ("up to 5 years", "3-5 years", True),
        ("up to 5 years", "3-5+ years", False),
        ("3-5 years, or more", "3-5+ years", True),
    ],
)
def test_two_amounts_are_the_same(said: str, given: str, *, same: bool) -> None:
    (wanted,) = quantities_in(said)
    words = frozenset(word.removesuffix("s") for word in given.split())
    assert states(quantities_in(given), wanted, words) is same


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("years of professional experience", {"career"}),
        ("years of experience in engineering management", {"management"}),
        ("It takes years at X2.", {"tenure"}),
        ("shown consistently over months", {"readiness"}),
        ("You plan months ahead.", {"horizon"}),
        ("years", set()),
    ],
)
def test_what_a_duration_measures(text: str, measured: set[str]) -> None:
    assert measures(text) == measured


def test_the_level_behind_a_number_is_part_of_what_it_counts() -> None:
    (wanted,) = quantities_in("2-4 X2 positions")
    given = quantities_in("2-4 X1 positions, 1-2 X2 positions")
    assert not states(given, wanted, frozenset())
    (wanted,) = quantities_in("1-2 X2 positions")
    assert states(given, wanted, frozenset())
