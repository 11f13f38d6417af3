"""Levels named by their place beside another, and the near wordings that name none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ladder_qa.corpus import read_corpus
from ladder_qa.ladder import read_ladder
from ladder_qa.names import LevelNames
from ladder_qa.relative import RelativeNames


@pytest.fixture(scope="module")
def relative() -> RelativeNames:
    """Relative names over the ladder of the owner's documents."""
    ladder = read_ladder(read_corpus(Path(__file__).parent.parent / "corpus").documents)
    return RelativeNames(ladder, LevelNames(ladder.levels))


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("What does the rung below Director do?", "What does M3 do?"),
        ("What is expected one step up from E2?", "What is expected at E3?"),
        ("the level right above an M3", "E1"),
        ("Who sits on the level that is just under M2?", "Who sits on M1?"),
        ("Is E1 one level above M3?", "Is E1 one level above M3?"),  # named anyway
        ("What is the step above E3?", "What is the step above E3?"),  # there is none
        ("What is below the surface of E1?", "What is below the surface of E1?"),
        ("How many people work under an M3?", "How many people work under an M3?"),
        ("Does M2 report to E1?", "Does M2 report to E1?"),
        ("How long at the next level before M3?", "How long at the next level before M3?"),
    ],
)
def test_a_place_beside_a_named_level_is_that_level(
    relative: RelativeNames, text: str, resolved: str
) -> None:
    assert relative.resolve(text) == resolved


@pytest.mark.parametrize(
    ("text", "levels", "resolved"),
    [
        ("and one step up from there?", ("M3",), "and at E1?"),
        ("And the level below?", ("E1",), "And M3?"),
        ("and one step up?", ("M1", "M2"), "and M2 to M3?"),
        ("and one step up?", ("E2", "E3"), "and one step up?"),  # nothing is above
        ("and what comes up there?", ("M3",), "and what comes up there?"),
        ("and one step up?", (), "and one step up?"),
    ],
)
def test_a_place_beside_the_level_of_an_earlier_question(
    relative: RelativeNames, text: str, levels: tuple[str, ...], resolved: str
) -> None:
    assert relative.resolve_from(text, levels) == resolved
