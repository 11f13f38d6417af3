"""Identical questions are answered once, and nothing is left of those that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

from ladder_qa.datamodels import Turn
from ladder_qa.errors import QuestionError
from ladder_qa.web.answers import Answers

T = TypeVar("T")


class Counting:
    """An assistant that gives each call a number, once `go` is set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Any:
        self.asked.append(question)
        self.go.wait(10)
        if question == "bad":
            raise QuestionError("question", "bad")
        return f"{len(self.asked)}: {question} after {len(history)}"


async def in_thread(call: Callable[[], T]) -> T:
    return await asyncio.to_thread(call)


@pytest.fixture
def assistant() -> Any:
    made = Counting()
    made.go.set()
    return made


def test_the_same_question_is_answered_once_and_another_history_is_another_question(
    assistant: Any,
) -> None:
    async def ask() -> list[Any]:
        answers = Answers(in_thread)
        turn = Turn("user", "before")
        return [
            await answers.answer(assistant, question, history)
            for question, history in (("a", ()), ("b", ()), ("a", ()), ("a", (turn,)))
        ]

    expected: list[Any] = ["1: a after 0", "2: b after 0", "1: a after 0", "3: a after 1"]
    assert expected == asyncio.run(ask())


def test_questions_asked_at_one_time_share_one_call(assistant: Any) -> None:
    async def ask() -> list[Any]:
        answers = Answers(in_thread)
        assistant.go.clear()
        asking = [asyncio.ensure_future(answers.answer(assistant, "a")) for _ in range(20)]
        await asyncio.sleep(0.05)
        assistant.go.set()
        return await asyncio.gather(*asking)

    assert ["1: a after 0"] * 20 == asyncio.run(ask())


def test_the_one_that_was_asked_longest_ago_is_forgotten(assistant: Any) -> None:
    async def ask() -> None:
        answers = Answers(in_thread, most=2)
        for question in ("a", "b", "a", "c", "a", "b"):
            await answers.answer(assistant, question)

    asyncio.run(ask())
    assert ["a", "b", "c", "b"] == assistant.asked


def test_another_generation_answers_anew(assistant: Any) -> None:
    async def ask() -> Any:
        answers = Answers(in_thread)
        await answers.answer(assistant, "a")
        other: Any = Counting()
        other.go.set()
        await answers.answer(other, "a")
        return other.asked

    assert ["a"] == asyncio.run(ask())


def test_an_error_reaches_everybody_who_waits_and_is_not_remembered(assistant: Any) -> None:
    async def ask() -> list[type]:
        answers = Answers(in_thread)
        assistant.go.clear()
        asking = [asyncio.ensure_future(answers.answer(assistant, "bad")) for _ in range(3)]
        await asyncio.sleep(0.05)
        assistant.go.set()
        said = await asyncio.gather(*asking, return_exceptions=True)
        with pytest.raises(QuestionError):
            await answers.answer(assistant, "bad")
        return [type(one) for one in said]

    assert [QuestionError] * 3 == asyncio.run(ask())
    assert ["bad", "bad"] == assistant.asked


def test_who_goes_away_takes_the_answer_from_nobody_else(assistant: Any) -> None:
    async def ask() -> Any:
        answers = Answers(in_thread)
        assistant.go.clear()
        first, second = (asyncio.ensure_future(answers.answer(assistant, "a")) for _ in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.sleep(0.05)
        assistant.go.set()
        return await second

    assert asyncio.run(ask()) == "1: a after 0"


def test_a_call_for_which_nobody_waits_is_given_up_and_asked_anew_later(assistant: Any) -> None:
    given_up: list[str] = []

    async def waiting(call: Callable[[], T]) -> T:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            given_up.append("a")
            raise
        return call()

    async def ask() -> Any:
        answers = Answers(waiting)
        first = asyncio.ensure_future(answers.answer(assistant, "a"))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        return await answers.answer(assistant, "a")

    assert asyncio.run(ask()) == "1: a after 0"
    assert given_up == ["a"]
