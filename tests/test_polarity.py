"""Negation, hedges, obligation and quantifiers, from both sides of each."""

from __future__ import annotations

import pytest

from ladder_qa.polarity import (
    denies_softly,
    is_hedged,
    negations,
    obliges,
    quantifiers,
    softens,
    widened,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It is not needed.", 1),
        ("It isn't needed and never was.", 2),
        ("Not just tasks but outcomes.", 0),
        ("It isn't only about scale.", 0),
        ("Nothing else matters.", 1),
        ("A notable notion.", 0),
    ],
)
def test_denials_are_counted(text: str, count: int) -> None:
    assert negations(text) == count


@pytest.mark.parametrize("text", ["outcomes rather than tasks", "it lacks depth", "unclear roles"])
def test_a_soft_denial(text: str) -> None:
    assert denies_softly(text)
    assert negations(text) == 0


@pytest.mark.parametrize(
    ("text", "hedged"),
    [
        ("It typically takes a year.", True),
        ("You may be ready.", True),
        ("Roughly a year.", True),
        ("As a rule, a year.", True),
        ("It takes a year.", False),
        ("A canned roundtable.", False),
    ],
)
def test_hedges(text: str, *, hedged: bool) -> None:
    assert is_hedged(text) is hedged


def test_obligation() -> None:
    assert obliges("You must lead.")
    assert obliges("It requires leading.")
    assert not obliges("You lead.")


def test_quantifiers_are_classes() -> None:
    assert quantifiers("The majority of leaders, and nobody else") == {"most", "none"}
    assert quantifiers("Leaders") == frozenset()


@pytest.mark.parametrize(
    ("said", "given", "wider"),
    [
        ("All managers stay.", "Managers stay.", "all"),
        ("Most managers stay.", "Many managers stay.", "most"),
        ("Many managers stay.", "Some managers stay.", "many"),
        ("Managers stay.", "Many managers stay.", "many"),
        ("Many managers stay.", "Many managers stay.", None),
        ("Managers often stay.", "Many managers stay.", None),
        ("Several managers stay.", "Managers stay.", None),
    ],
)
def test_a_sentence_goes_beyond_another(said: str, given: str, wider: str | None) -> None:
    assert widened(said, given) == wider


def test_softening_is_a_hedge_or_a_quantifier_of_ones_own() -> None:
    assert softens("It often does.", "It typically does.")
    assert softens("Many do.", "They typically do.")
    assert not softens("A few do.", "Possibly a few do.")
