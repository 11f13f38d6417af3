"""Denials, hedges, obligation and quantifiers, from both sides of each."""

from __future__ import annotations

import pytest

from ladder_qa.polarity import (
    added,
    breaks,
    commands,
    denied,
    hedges,
    implies,
    is_certain,
    is_softened,
    is_unfit,
    negations,
    obliges,
    quantifiers,
    restricts,
)


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("It is not needed, but wanted.", [" needed"]),
        ("Outcomes rather than tasks", [" tasks"]),
        ("Not just tasks but outcomes.", []),
        ("It isn't only about scale.", []),
        ("No more than 3 people", []),
        ("They are not those who stay.", [" those who stay"]),
        ("You prefer tasks over outcomes.", [" outcomes"]),
        ("Go over the tasks.", []),
        ("A notable notion.", []),
    ],
)
def test_what_stands_behind_a_denial(text: str, behind: list[str]) -> None:
    assert [text[start:end] for start, end in denied(text)] == behind
    assert negations(text) == len(behind)


def test_what_is_only_added_to_is_not_denied() -> None:
    text = "You own outcomes, not just tasks."
    assert [text[start:end] for start, end in added(text)] == [" tasks"]


def test_clauses_end_at_breaks_and_not_inside_amounts_or_short_brackets() -> None:
    text = "Teams (8-15 people) of 1,000 grow; leaders stay, while scouts go."
    assert [text[start:end].strip() for start, end in breaks(text)] == [
        "Teams (8-15 people) of 1,000 grow", "leaders stay", "while scouts go",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("It typically takes a year.", {"usual"}),
        ("You may be ready.", {"possible"}),
        ("Roughly a year.", {"rough"}),
        ("It is primarily inside.", {"mainly"}),
        ("It takes a year.", set()),
        ("A canned roundtable in May's room.", {"possible"}),  # the month is read as the verb
    ],
)
def test_hedges_have_kinds(text: str, kinds: set[str]) -> None:
    assert hedges(text) == kinds


def test_softening_is_wider_than_hedging() -> None:
    assert is_softened("Most leave.")
    assert not hedges("Most leave.")
    assert not is_softened("They leave.")


def test_certainty_and_obligation() -> None:
    assert is_certain("It always comes.")
    assert not is_certain("It comes.")
    assert obliges("It requires time.")
    assert not obliges("It takes time.")
    assert commands("You must lead.")
    assert not commands("You need to lead.")


def test_a_word_that_says_it_does_not_fit() -> None:
    assert is_unfit("It is the wrong place.")
    assert is_unfit("You would be unhappy.")
    assert not is_unfit("Until then, a unit under one roof.")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The majority of leaders stay.", ["most"]),
        ("A few leaders stay, few others do.", ["some", "few"]),
        ("Not everyone stays.", ["not_all"]),
        ("Every leader and each scout", ["all", "all"]),
        ("The senior-most leader", []),
        ("Nobody stays.", ["none"]),
        ("No longer there", []),
    ],
)
def test_quantifiers_in_reading_order(text: str, kinds: list[str]) -> None:
    assert [found.kind for found in quantifiers(text)] == kinds


def test_what_holds_of_most_holds_of_many_and_not_the_reverse() -> None:
    assert implies("most", "many")
    assert not implies("many", "most")
    assert not implies("most", "all")
    assert not implies("most", "some")  # weaker in words, but another statement


def test_only_restricts_unless_it_counts_or_adds() -> None:
    assert restricts("Scouts only map rivers.")
    assert not restricts("There are only 2 scouts.")
    assert not restricts("It is not only maps.")
