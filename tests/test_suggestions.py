"""Suggested questions and starters: sentences, each of which is answered when it is asked alone.

Not covered: how well; the evaluation shows that.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exported_model import settings_with_model
from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import Answer, Intent, Outcome, Query
from ladder_qa.evaluation.dataset import load_cases
from ladder_qa.ingest import ensure_index
from ladder_qa.lists import read_lists
from ladder_qa.suggest import STARTERS, Suggester
from served import assistant_for
from serving_fakes import FakeGeneration

FEW = 150  # questions of the evaluation set
SENTENCE = re.compile(r"(?:What|How) [^:]*[^:?]\?")
# A guide with one list of each kind whose heading says which list is meant.
GUIDE = """# Progression Guide: X1 to X2

## Common Pitfalls

- Looking back
- Going alone

## Communication

**Common mistakes:**

- Shouting
- Whispering

## Build a Track Record

- Keep a map
- Keep a list

## Typical Timeline

This takes 2-3 years at X1.
"""
OVERVIEW = """# Track

| Level | Title |
|---|---|
| X1 | Scout |
| X2 | Guide |
| X3 | Chief |

## X1: Scout

Looks ahead. See [the way up](progression-x1-to-x2.md).

## X2: Guide

Brings people home.

## X3: Chief

Stays at home.

| Transition | Typical time |
|---|---|
| X1 to X2 | 2-3 years |
| X2 to X3 | 5 years |
"""


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config, corpus_folder: Path) -> Assistant:
    return assistant_for(pytestconfig, corpus_folder)


def outcome(assistant: Assistant, question: str) -> Outcome:
    answer: Answer = assistant.ask(question)
    return answer.outcome


def other_ladder(request: pytest.FixtureRequest, folder: str) -> Assistant:
    corpus = request.getfixturevalue("shared") / "ladders" / folder
    if not corpus.is_dir():
        pytest.skip(f"SHARED holds no ladders/{folder}")
    return assistant_for(request.config, corpus)


@pytest.mark.parametrize(
    "most", [FEW, pytest.param(None, marks=[pytest.mark.slow, pytest.mark.long])]
)
def test_every_suggestion_is_answered_when_asked_alone(
    assistant: Assistant, root: Path, most: int | None
) -> None:
    cases = load_cases(root / "eval")
    chosen = cases if most is None else cases[:: len(cases) // most][:most]
    assert most in (None, len(chosen))
    shown = {
        suggestion
        for case in chosen
        for suggestion in assistant.ask(case.question, case.history).suggestions
    }
    assert len(shown) > 10
    assert [] == [suggestion for suggestion in shown if not SENTENCE.fullmatch(suggestion)]
    for suggestion in shown:
        assert Outcome.ANSWERED is outcome(assistant, suggestion), suggestion


def test_a_suggestion_is_not_the_question_itself(assistant: Assistant) -> None:
    for starter in assistant.starters():
        answer = assistant.ask(starter)
        assert answer.suggestions
        assert starter not in answer.suggestions


def test_there_are_four_starters_of_different_kinds_and_each_is_answered(
    assistant: Assistant,
) -> None:
    starters = assistant.starters()
    assert STARTERS == len(set(starters))
    assert STARTERS == len({starter.split()[1] for starter in starters})
    assert {Outcome.ANSWERED} == {outcome(assistant, starter) for starter in starters}


@pytest.mark.parametrize(
    "folder", ["engineeringladders", pytest.param("sourcegraph/content", marks=pytest.mark.slow)]
)
def test_other_ladders_have_four_starters_and_suggestions_that_are_answered(
    request: pytest.FixtureRequest, folder: str
) -> None:
    other = other_ladder(request, folder)
    starters = other.starters()
    assert STARTERS == len(set(starters))
    asked = [f"What does {level.code} do?" for level in other.generation.ladder.levels[:6]]
    suggested = {suggestion for q in asked for suggestion in other.ask(q).suggestions}
    assert suggested
    for question in (*starters, *suggested):
        assert SENTENCE.fullmatch(question)
        assert Outcome.ANSWERED is outcome(other, question), question


def test_documents_without_levels_have_starters_from_their_headings(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    text = (
        "# Working together\n\n## Code reviews\n\n- Read all of the change\n- Ask before you judge"
        "\n\n## Meetings\n\n- Meetings start on time\n- Meetings have an agenda\n"
    )
    (corpus / "a.md").write_text(text, encoding="utf-8")
    settings = settings_with_model(pytestconfig, tmp_path / "data", corpus=corpus)
    ensure_index(settings, lambda _: None)
    plain = Assistant.open(settings)
    starters = plain.starters()
    asked = ("What is said about “Code reviews”?", "What is said about “Meetings”?")
    assert asked == starters
    assert {Outcome.ANSWERED} == {outcome(plain, starter) for starter in starters}


class Asked:
    """Says that every question is answered but those that name X3, and keeps what it was asked."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    def __call__(self, question: str) -> bool:
        self.questions.append(question)
        return "X3" not in question


def suggester(asked: Asked) -> Suggester:
    generation = FakeGeneration.of({"overview.md": OVERVIEW, "progression-x1-to-x2.md": GUIDE})
    passages = generation.passages
    return Suggester(generation.ladder, read_lists(passages), passages, asked)


def query(*levels: str, topics: tuple[str, ...] = ()) -> Query:
    return Query("?", "?", Intent.OTHER, levels, (), None, topics, (), "en", carried=False)


def test_sections_are_suggested_by_their_headings_as_sentences() -> None:
    """Not "Communication", whose label alone tells of mistakes."""
    assert (
        "What are the common pitfalls from X1 to X2?",
        "How do I build a track record when moving from X1 to X2?",
        "How long does it take to get from X1 to X2?",
    ) == suggester(Asked()).after(query("X1"))


def test_the_kind_that_was_just_asked_for_is_not_suggested() -> None:
    had = suggester(Asked()).after(query("X1", topics=("pitfalls", "timeline")))
    assert (
        "How do I build a track record when moving from X1 to X2?",
        "What is the difference between X1 and X2?",
    ) == had


def test_once_warm_nobody_waits_for_a_suggestion() -> None:
    asked = Asked()
    warm = suggester(asked)
    steps = list(warm.warming())
    assert steps == asked.questions
    assert len(steps) == len(set(steps))
    warm.starters()
    for levels in (("X1",), ("X2",), ("X3",), ("X1", "X2"), ()):
        warm.after(query(*levels))
        warm.instead(query(*levels))
    assert steps == asked.questions
    assert [] == list(warm.warming())


def test_what_somebody_asked_meanwhile_is_not_asked_again() -> None:
    asked = Asked()
    warm = suggester(asked)
    steps = warm.warming()
    next(steps)
    warm.starters()
    for _ in steps:
        warm.after(query("X2"))
    assert len(asked.questions) == len(set(asked.questions))


def test_warming_changes_no_suggestion() -> None:
    cold, warm = suggester(Asked()), suggester(Asked())
    assert len(list(warm.warming())) > STARTERS
    assert cold.starters() == warm.starters()
    assert cold.after(query("X2")) == warm.after(query("X2"))
