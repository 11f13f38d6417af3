"""Suggested questions and starters: each is answered when it is asked alone.

Not covered: how well; the evaluation shows that.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from exported_model import settings_with_model
from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import Answer, Outcome
from ladder_qa.evaluation.dataset import load_cases
from ladder_qa.ingest import ensure_index
from ladder_qa.suggest import STARTERS
from served import assistant_for

FEW = 150  # questions of the evaluation set


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
