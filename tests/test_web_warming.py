"""What a server does beforehand: in quiet moments only, for the served index only, to no harm.

Not covered: what is asked beforehand (`test_suggestions`).
"""

from __future__ import annotations

import asyncio
import io
import math
import os
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

from fastapi.testclient import TestClient

from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import Answer, Turn
from ladder_qa.web.app import create_app
from ladder_qa.web.observe import make_logger
from ladder_qa.web.warming import QUIET_S, Warming
from serving_fakes import FakeAssistant, FakeIndex, fake_assistant, settings

LAST = 5.0  # seconds that a test waits for another thread
STEPS = 5


class StepwiseAssistant(FakeAssistant):
    """Its steps go on, and its questions are answered, when the test says so."""

    def __init__(self, identity: str = "gen-1") -> None:
        super().__init__(fake_assistant(identity=identity).generation)
        self.begun = threading.Semaphore(0)
        self.step, self.asking, self.leave = (threading.Event() for _ in range(3))
        self.step.set()
        self.leave.set()

    def warming(self) -> Iterator[str]:
        for number in range(STEPS):
            self.warmed.append(f"step {number}")
            self.begun.release()
            assert self.step.wait(LAST)
            yield self.warmed[-1]

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        self.asking.set()
        assert self.leave.wait(LAST)
        return super().ask(question, history)


def client_for(index: FakeIndex, log: io.StringIO | None = None) -> TestClient:
    logger = make_logger("info", log or io.StringIO())
    return TestClient(create_app(settings(), index.backend(), log=logger, interval_s=0.01))


def until(condition: Any) -> None:
    end = time.monotonic() + LAST
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def ask(client: TestClient) -> int:
    return client.post("/api/v1/ask", json={"question": "who looks ahead?"}).status_code


def test_an_index_is_warmed_without_any_request() -> None:
    assistant = StepwiseAssistant()
    with client_for(FakeIndex(assistant)):
        until(lambda: len(assistant.warmed) == STEPS)


def test_neither_readiness_nor_questions_wait_for_a_step() -> None:
    """As many questions at once as the server answers at once, while a step takes forever."""
    assistant = StepwiseAssistant()
    assistant.step.clear()
    with client_for(FakeIndex(assistant)) as client:
        assert assistant.begun.acquire(timeout=LAST)
        assert client.get("/readyz").status_code == 200
        got: list[int] = []
        asking = [
            threading.Thread(target=lambda: got.append(ask(client)))
            for _ in range(os.cpu_count() or 1)
        ]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(LAST)
        assert got == [200] * len(asking)
        assert assistant.warmed == ["step 0"]
        assistant.step.set()


def test_no_step_begins_while_a_question_is_answered() -> None:
    assistant = StepwiseAssistant()
    assistant.step.clear()
    assistant.leave.clear()
    with client_for(FakeIndex(assistant)) as client:
        assert assistant.begun.acquire(timeout=LAST)
        asking = threading.Thread(target=ask, args=(client,))
        asking.start()
        assert assistant.asking.wait(LAST)
        assistant.step.set()
        time.sleep(4 * QUIET_S)
        assert assistant.warmed == ["step 0"]
        assistant.leave.set()
        asking.join(LAST)
        until(lambda: len(assistant.warmed) == STEPS)


def test_a_new_index_is_warmed_in_place_of_the_old_one() -> None:
    old, new = StepwiseAssistant(), StepwiseAssistant("gen-2")
    old.step.clear()
    index = FakeIndex(old)
    with client_for(index) as client:
        assert old.begun.acquire(timeout=LAST)
        index.assistant = new
        until(lambda: client.get("/readyz").json()["generation"] == "gen-2")
        old.step.set()
        until(lambda: len(new.warmed) == STEPS)
        assert old.warmed == ["step 0"]


def test_it_ends_with_the_step_that_is_being_done() -> None:
    assistant = StepwiseAssistant()
    assistant.step.clear()

    async def ended() -> None:
        warming = Warming(lambda: math.inf, make_logger("critical", io.StringIO()))
        warming.begin(cast("Assistant", assistant))
        assert await asyncio.to_thread(assistant.begun.acquire, timeout=LAST)
        ending = asyncio.create_task(warming.end())
        await asyncio.sleep(0)
        assert not ending.done()
        assistant.step.set()
        await ending

    asyncio.run(ended())
    assert assistant.warmed == ["step 0"]


def test_a_step_that_fails_is_logged_and_questions_are_answered() -> None:
    class Failing(FakeAssistant):
        def warming(self) -> Iterator[str]:
            raise RuntimeError("what the documents hold")

    log = io.StringIO()
    with client_for(FakeIndex(Failing(fake_assistant().generation)), log) as client:
        until(lambda: '"event": "warming failed"' in log.getvalue())
        assert ask(client) == 200
    assert '"kind": "RuntimeError"' in log.getvalue()
    assert "what the documents hold" not in log.getvalue()
