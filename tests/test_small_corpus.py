"""One short file, as people first try the product with: what it states is found, the rest refused.

Not covered: figures over whole ladders (`eval/ladders`).
"""

from __future__ import annotations

import pytest

from exported_model import settings_with_model
from ladder_qa.assistant import REFUSALS, Assistant
from ladder_qa.datamodels import Outcome
from ladder_qa.ingest import ensure_index

TEXT = """# Growth at Pinecone Labs

## L1: Data Analyst

- Answers questions from the sales team with ready-made reports.
- Checks every number with a second source before it is sent.
- Typically stays 1-2 years.

## L2: Senior Data Analyst

- Builds new reports and explains them to department heads.
- Mentors one analyst.
- Promotion is decided by the head of data twice a year, in May and November.
"""


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """The assistant over the one file."""
    folder = tmp_path_factory.mktemp("small")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "ladder.md").write_text(TEXT, encoding="utf-8")
    settings = settings_with_model(pytestconfig, folder / "data", corpus=corpus)
    ensure_index(settings, lambda _: None)
    return Assistant.open(settings)


@pytest.mark.parametrize(
    ("question", "stated"),
    [
        ("How long does a data analyst typically stay?", "1-2 years"),
        ("When are promotions decided?", "May and November"),
        ("who checks numbers", "second source"),
        ("Does a senior analyst mentor anybody?", "Mentors one analyst"),
        ("What is the difference between L1 and L2?", "new reports"),
    ],
)
def test_what_the_file_states_is_answered(assistant: Assistant, question: str, stated: str) -> None:
    answer = assistant.ask(question)
    assert answer.outcome is Outcome.ANSWERED
    assert stated in answer.answer


@pytest.mark.parametrize(
    ("question", "outcomes"),
    [
        ("How do I bake bread?", REFUSALS),
        ("What is the salary of an L2?", REFUSALS),
        ("How many numbers?", REFUSALS),  # the word is there, the amount is not
        ("What does an L3 do?", {Outcome.LEVEL_NOT_COVERED}),
        ("What does a staff analyst do?", {Outcome.LEVEL_NOT_COVERED}),
    ],
)
def test_what_it_does_not_state_is_refused(
    assistant: Assistant, question: str, outcomes: set[Outcome]
) -> None:
    assert assistant.ask(question).outcome in outcomes
