"""The order of a sentence's parts, and words that stand for one another."""

from __future__ import annotations

import pytest

from ladder_qa.names import LevelNames
from ladder_qa.relations import (
    adds_cause,
    adds_comparison,
    direction_turned,
    moves_in_time,
    orders,
    turned,
)
from ladder_qa.synonyms import are_contraries, are_synonyms
from ladder_qa.wording import are_derived, read, stem_of

NOBODY = LevelNames(())


@pytest.mark.parametrize(
    ("said", "given", "expected"),
    [
        ("Leaders mentor scouts.", "Leaders mentor scouts.", False),
        ("Scouts mentor leaders.", "Leaders mentor scouts.", True),
        ("Scouts are mentored by leaders.", "Leaders mentor scouts.", False),
        ("Leaders are mentored by scouts.", "Leaders mentor scouts.", True),
    ],
)
def test_the_sides_of_a_verb(said: str, given: str, *, expected: bool) -> None:
    (ours,), (theirs,) = orders(said, NOBODY, ()), orders(given, NOBODY, ())
    assert turned(ours, theirs) is expected


def test_a_direction_is_turned_only_where_no_passage_has_it_straight() -> None:
    assert direction_turned("from depth to breadth", "from breadth to depth")
    assert direction_turned("from depth to breadth", "from depth to breadth") is None
    both = "from breadth to depth; from depth to breadth"
    assert direction_turned("from depth to breadth", both) is None


def test_reasons_comparisons_and_times_are_not_made_up() -> None:
    assert adds_cause("It grows because it rains.", "It grows and it rains.")
    assert not adds_cause("It grows because it rains.", "It rains, so it grows.")
    assert adds_comparison("Skill matters more than age.", "Skill matters.")
    assert not adds_comparison("Skill matters more than age.", "Skill over age.")
    assert not adds_comparison("More than 5 years", "5+ years")
    assert moves_in_time("once it rains", "before it rains")
    assert not moves_in_time("before it rains", "before it rains")


def test_synonyms_contraries_and_derivations() -> None:
    assert are_synonyms(stem_of("big"), stem_of("large"))
    assert not are_synonyms(stem_of("big"), stem_of("small"))
    assert are_contraries(stem_of("increase"), stem_of("declines"))
    assert not are_contraries(stem_of("increase"), stem_of("grow"))
    assert are_derived(stem_of("lead"), stem_of("leader"))
    assert not are_derived(stem_of("part"), stem_of("partner"))


def test_words_know_whether_they_stand_denied() -> None:
    reading = read("You own outcomes, not tasks, and not just figures.", NOBODY)
    assert [(word.raw, word.sign) for word in reading.words] == [
        ("outcomes", 1), ("tasks", -1), ("figures", 0),
    ]  # fmt: skip
