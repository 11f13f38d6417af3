"""Kinds of section are recognised in headings and labels, and in questions that ask for them."""

from __future__ import annotations

import pytest

from ladder_qa.topics import (
    TOPICS,
    is_listed,
    topics_of_headings,
    topics_of_question,
    without_cues,
)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Which traps are there?", "pitfalls"),
        ("Which mistakes should I avoid?", "pitfalls"),
        ("What should I not do?", "pitfalls"),
        ("Which questions should I ask myself?", "questions"),
        ("Which evidence should I gather?", "evidence"),
        ("Am I ready?", "readiness"),
        ("How long does it take?", "timeline"),
        ("How much experience do people have?", "experience"),
        ("What is expected of me?", "success"),
        ("What changes between the two?", "shift"),
        ("How can I develop this?", "development"),
        ("What does that look like in practice?", "signs"),
        ("Is this right for me?", "fit"),
        ("Can I stay at my level?", "plateau"),
        ("Which skills are needed?", "capabilities"),
        ("What percentage is that?", "distribution"),
        ("Can I go back to the individual contributor track?", "tracks"),
        ("Where can I find further reading?", "resources"),
        ("How big is the scope?", "scope"),
        ("Welche Fallstricke gibt es?", "pitfalls"),
        ("Quels sont les pièges ?", "pitfalls"),
        ("¿Qué errores debo evitar?", "pitfalls"),
        ("Wie lange dauert das?", "timeline"),
        ("Combien de temps faut-il ?", "timeline"),
        ("¿Cuánto tiempo lleva?", "timeline"),
    ],
)
def test_a_question_shows_what_kind_of_section_it_asks_for(question: str, topic: str) -> None:
    assert topic in topics_of_question(question)


@pytest.mark.parametrize("question", ["What colour is the sky?", "E1", "", "Who wrote this?"])
def test_other_questions_ask_for_no_kind(question: str) -> None:
    assert topics_of_question(question) == ()


def test_the_longest_cue_comes_first() -> None:
    found = topics_of_question("Which questions should I ask about the scope?")
    assert found[0] == "questions"
    assert "scope" in found


@pytest.mark.parametrize(
    ("headings", "topic"),
    [
        (["Guide", "Common Pitfalls"], "pitfalls"),
        (["Mistakes of new leads"], "pitfalls"),
        (["Self-Assessment Questions"], "questions"),
        (["Questions to reflect on"], "questions"),
        (["Build a track record"], "evidence"),
        (["How to demonstrate readiness"], "readiness"),
        (["Typical timeline"], "timeline"),
        (["Typical experience"], "experience"),
        (["What success looks like"], "success"),
        (["Responsibilities"], "success"),
        (["The core shift"], "shift"),
        (["How to develop this:"], "development"),
        (["What this looks like:"], "signs"),
        (["Is this track right for you?"], "fit"),
        (["Key capabilities"], "capabilities"),
        (["Transitions between tracks"], "tracks"),
        (["Related resources"], "resources"),
    ],
)
def test_headings_of_any_ladder_show_their_kind(headings: list[str], topic: str) -> None:
    assert topic in topics_of_headings(headings)


def test_headings_of_no_kind_show_none() -> None:
    assert topics_of_headings(["Nursing", "Overview"]) == frozenset()
    assert topics_of_headings([]) == frozenset()


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_kind_is_named_once_and_says_whether_it_is_a_list(topic: object) -> None:
    name = topic.name  # type: ignore[attr-defined]
    assert [other.name for other in TOPICS].count(name) == 1
    assert is_listed(name) == topic.listed  # type: ignore[attr-defined]


def test_lists_are_asked_for_by_kinds_that_are_lists() -> None:
    assert is_listed("pitfalls")
    assert is_listed("questions")
    assert not is_listed("timeline")


@pytest.mark.parametrize(
    ("text", "names", "left"),
    [
        ("the difference of two", ["shift"], ["the", "of", "two"]),
        ("which capabilities matter", ["capabilities"], ["which", "matter"]),
        ("Fallstricke für mich", ["pitfalls"], ["für", "mich"]),
        ("a pitfall and a skill", ["pitfalls", "capabilities"], ["a", "and", "a"]),
        ("nothing of it", ["pitfalls"], ["nothing", "of", "it"]),
        ("all stay", [], ["all", "stay"]),
    ],
)
def test_cues_are_taken_out_as_whole_words(text: str, names: list[str], left: list[str]) -> None:
    assert without_cues(text, names).split() == left
