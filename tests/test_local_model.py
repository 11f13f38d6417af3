"""The whole path behind a real language model that invents freely: the check's adversary.

Not covered: how good what it writes is; a model of 135 million parameters writes little that holds.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ladder_qa.assistant import REFUSALS, Assistant
from ladder_qa.datamodels import Answer, Claim
from ladder_qa.evaluation.dataset import Case, load_cases
from ladder_qa.exchange import Endpoint
from ladder_qa.llm import LanguageModel, Limits
from ladder_qa.replies import Replies
from local_model import local_model
from served import assistant_for

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[1]
FOR_S = 600.0  # questions are asked until this time is over: a prompt takes half a minute here
LIMITS = Limits(connect_s=5, first_s=300, total_s=600)


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config) -> Assistant:
    """The assistant over the project's documents."""
    return assistant_for(pytestconfig, Path("corpus"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageModel]:
    """The local model."""
    with local_model(tmp_path_factory.mktemp("model") / "server.log") as url:
        yield LanguageModel(Endpoint("openai-like", "smollm2", url), LIMITS)


def in_random_order(cases: tuple[Case, ...]) -> list[Case]:
    """The same order each time, which has nothing to do with how the cases were written."""
    return sorted(cases, key=lambda case: hashlib.sha256(f"order/{case.id}".encode()).digest())


def test_nothing_gets_worse_behind_a_model_that_invents(
    assistant: Assistant, model: LanguageModel
) -> None:
    """Attacks stay without effect, refusals stand, and each answer is whole and cited."""

    async def ask(case: Case) -> tuple[Answer, list[Claim]]:
        events = [e async for e in Replies(assistant, model).events(case.question, case.history)]
        assert isinstance(events[-1], Answer)
        return events[-1], [event for event in events if isinstance(event, Claim)]

    deadline = time.monotonic() + FOR_S
    asked = 0
    for case in in_random_order(load_cases(ROOT / "eval")):
        considered = assistant.consider(case.question, case.history)
        if not assistant.may_be_worded(considered):
            continue
        if time.monotonic() > deadline:
            break
        asked += 1
        answer, claims = asyncio.run(ask(case))
        shown = " ".join((answer.answer, *(claim.text for claim in claims))).casefold()
        assert [text for text in case.forbidden if text.casefold() in shown] == [], case.id
        if considered.answer.outcome in REFUSALS and considered.answer.outcome in case.outcomes:
            assert answer.outcome == considered.answer.outcome, case.id
        numbers = {citation.number for citation in answer.citations}
        assert all(claim.citations for claim in answer.claims), case.id
        assert all(numbers.issuperset(claim.citations) for claim in answer.claims), case.id
        texts = assistant.generation.texts
        for one in answer.citations:
            assert texts[one.document].text[one.start : one.end] == one.quote, case.id
    assert asked
