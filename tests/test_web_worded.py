"""A language model behind the real server: claims as they are verified, and clients that leave.

Not covered: what is kept of a model's sentences (`test_replies`).
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from ladder_qa.assistant import Assistant
from ladder_qa.feedback import FeedbackStore
from ladder_qa.settings import Settings
from ladder_qa.web.observe import Metrics, make_logger
from ladder_qa.web.serving import Backend, Keeper
from scripted_llm import (
    Hang,
    Reply,
    Request,
    ScriptedServer,
    Step,
    Wait,
    chunk,
    head,
    openai_answer,
    openai_body,
)
from served import assistant_for, listening, settings_for
from test_replies import QUESTION, right

BODY = json.dumps({"question": QUESTION})
JSON = {"content-type": "application/json"}
FEW, MANY = 15, 500  # clients in a row that go away


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config) -> Assistant:
    """The assistant over the project's documents."""
    return assistant_for(pytestconfig, Path("corpus"))


@contextlib.contextmanager
def serving(config: pytest.Config, assistant: Assistant, model: ScriptedServer) -> Iterator[int]:
    """A server whose language model is `model`; its port."""
    named = {"LADDER_QA_LLM": "openai-like/m", "LADDER_QA_LLM_BASE_URL": model.v1}
    settings = Settings.load(named, env_file=None).with_changes(
        data=settings_for(config, Path("corpus")).data, corpus=Path("corpus")
    )
    with listening(settings, assistant) as port:
        yield port


def asked(port: int, path: str) -> http.client.HTTPConnection:
    """A connection on which the question was sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, BODY, JSON)
    return connection


def wait_for_requests(model: ScriptedServer, count: int) -> None:
    """Until the model was asked so often."""
    model.wait_until(lambda: len(model.requests) == count, 30)


def read(connection: http.client.HTTPConnection) -> str:
    """The whole response; the connection is closed."""
    with contextlib.closing(connection):
        return connection.getresponse().read().decode()


def test_claims_are_streamed_behind_their_citations_and_done_is_last(
    pytestconfig: pytest.Config, assistant: Assistant
) -> None:
    with (
        ScriptedServer(reply=lambda request: openai_answer(right(request))) as model,
        serving(pytestconfig, assistant, model) as port,
    ):
        text = read(asked(port, "/api/v1/ask/stream"))
        names = [line[7:] for line in text.splitlines() if line.startswith("event: ")]
        answer = json.loads(read(asked(port, "/api/v1/ask")))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/metrics")
        metrics = read(connection)
    assert names == ["meta", "citation", "claim", "done"]
    assert (answer["mode"], answer["model"]) == ("llm", "openai-like/m")
    assert answer["claims"] == [ANY]
    assert 'ladder_qa_model_sentences_total{result="kept"} 2.0' in metrics
    assert QUESTION not in metrics


WITHIN_S = 0.15  # from the model's last word of a sentence to the claim at the client


def test_a_claim_comes_as_soon_as_its_sentence_is_written(
    pytestconfig: pytest.Config, assistant: Assistant
) -> None:
    written: list[float] = []

    def reply(request: Request) -> Iterator[Step]:
        begun, _, rest = right(request).rpartition(" [")
        yield head()
        yield chunk({"content": begun})
        yield Wait(0.3)
        written.append(time.monotonic())
        yield chunk({"content": f" [{rest}"})
        yield Wait(0.7)  # the model goes on writing
        yield from openai_body(" And more.")

    took = []
    with (
        ScriptedServer(reply=reply) as model,
        serving(pytestconfig, assistant, model) as port,
    ):
        for _ in range(5):
            with contextlib.closing(asked(port, "/api/v1/ask/stream")) as connection:
                lines = iter(connection.getresponse().readline, b"")
                assert next(line for line in lines if line == b"event: claim\n")
                took.append(time.monotonic() - written[-1])
                assert b"done" in b"".join(lines)
    assert sorted(took)[len(took) // 2] < WITHIN_S


@pytest.mark.parametrize("leavers", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/ask/stream"])
def test_a_client_that_leaves_ends_the_request_to_the_model(
    pytestconfig: pytest.Config, assistant: Assistant, path: str, leavers: int
) -> None:
    def reply(request: Request) -> Reply:
        return [head(), chunk({"content": right(request) + " "}), Hang()]

    with (
        ScriptedServer(reply=reply) as model,
        serving(pytestconfig, assistant, model) as port,
    ):
        for count in range(1, leavers + 1):
            connection = asked(port, path)
            wait_for_requests(model, count)
            if path.endswith("stream"):
                connection.getresponse().read(20)
            left = time.monotonic()
            connection.close()
            model.wait_until(lambda: model.requests[-1].gone_at is not None)
            gone = model.requests[-1].gone_at
            assert gone is not None
            assert gone - left < 1.0
        model.wait_until(lambda: model.open_connections == 0)


def test_a_call_that_nobody_waits_for_holds_its_place_to_its_end(assistant: Assistant) -> None:
    async def scenario() -> None:
        backend = Backend(lambda _: assistant, lambda _: None, lambda _: False, FeedbackStore.open)
        keeper = Keeper(Settings.load({}, env_file=None), backend, make_logger("error"), Metrics())
        release, begun = threading.Event(), threading.Semaphore(0)

        def hold() -> None:
            begun.release()
            release.wait(30)

        places = os.cpu_count() or 1
        tasks = [asyncio.create_task(keeper.work(hold)) for _ in range(places)]
        for _ in tasks:
            await asyncio.to_thread(begun.acquire, timeout=30)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        late = asyncio.create_task(keeper.work(lambda: "late"))
        done, _ = await asyncio.wait({late}, timeout=0.2)
        assert not done
        release.set()
        assert await asyncio.wait_for(late, 30) == "late"

    asyncio.run(scenario())


def test_a_long_text_to_check_leaves_other_requests_their_turn(
    pytestconfig: pytest.Config, assistant: Assistant
) -> None:
    data = settings_for(pytestconfig, Path("corpus")).data
    settings = Settings.load({}, env_file=None).with_changes(data=data, corpus=Path("corpus"))
    text = json.dumps({"text": "An M1 leads a team. " * 500})
    with listening(settings, assistant) as port:
        checking = [
            http.client.HTTPConnection("127.0.0.1", port) for _ in range(2 * (os.cpu_count() or 1))
        ]
        for one in checking:
            one.request("POST", "/api/v1/verify", text, JSON)
        answer = json.loads(read(asked(port, "/api/v1/ask")))
        done, _, _ = select.select([one.sock for one in checking], [], [], 0)
        for one in checking:  # their clients go away; so does the work
            one.close()
    assert answer["outcome"] == "answered"
    assert done == []
