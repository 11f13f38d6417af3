"""Questions in German, French and Spanish are told apart and put into English to search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladder_qa.languages import into_english, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What does a Director do?", "en"),
        ("How long does it take to get there?", "en"),
        ("pitfalls", "en"),
        ("E1 vs E2", "en"),
        ("Was it hard to become CTO?", "en"),
        ("How do you say 'Wie geht es dir' in German?", "en"),
        ("", "en"),
        ("Was macht ein Director?", "de"),
        ("Wie lange dauert der Aufstieg?", "de"),
        ("Welche Fehler soll ich vermeiden?", "de"),
        ("Worin unterscheiden sich M1 und M2, und wer führt?", "de"),
        ("Que fait un Director ?", "fr"),
        ("Quels sont les pièges à éviter ?", "fr"),
        ("Combien de temps faut-il pour passer de M2 à M3 ?", "fr"),
        ("¿Qué hace un Director?", "es"),
        ("¿Cuánto tiempo se tarda en pasar de E1 a E2?", "es"),
        ("Cuáles son los errores que debo evitar", "es"),
    ],
)
def test_a_language_is_told_by_its_small_words(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Wie lange dauert der Schritt von M2 zu M3?", "de", ["how long", "M2 to M3"]),
        ("Was ist der Unterschied zwischen M1 und M2?", "de", ["difference", "M1 and M2"]),
        ("Welche Fehler soll ich vermeiden?", "de", ["which", "mistake", "avoid"]),
        ("Combien de temps faut-il pour M3 ?", "fr", ["how long", "M3"]),
        ("Quelle est la différence entre M1 et M2 ?", "fr", ["difference", "between", "M1 and M2"]),
        ("Quels sont les pièges ?", "fr", ["pitfalls"]),
        ("¿Qué hace un Director?", "es", ["what does", "director"]),
        ("¿Cuánto tiempo lleva?", "es", ["how long"]),
        ("Cuál es la diferencia entre E1 y E2", "es", ["difference", "between", "E1 and E2"]),
    ],
)
def test_the_words_of_careers_are_put_into_english(
    text: str, language: str, words: list[str]
) -> None:
    english = into_english(text, language)
    assert [word for word in words if word not in english] == []


def test_words_that_are_not_listed_stay() -> None:
    assert into_english("Zebra xyz12", "de") == "Zebra xyz12"


def test_english_is_not_touched() -> None:
    assert into_english("Die  the  die", "en") == "Die  the  die"


def test_codes_and_titles_survive() -> None:
    english = into_english("Wie wird man vom Director (E1) zum CTO?", "de")
    assert "Director (E1)" in english
    assert "CTO" in english


@given(st.text(), st.sampled_from(["en", "de", "fr", "es"]))
def test_any_text_has_a_language_and_can_be_put_over(text: str, language: str) -> None:
    assert language_of(text) in {"en", "de", "fr", "es"}
    assert isinstance(into_english(text, language), str)
