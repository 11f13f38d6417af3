"""The door for verdicts, and keeping beside the serving: never slower, never failing by it."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ladder_qa.errors import FeedbackError
from ladder_qa.feedback import FeedbackStore, Judgement, Noted, open_existing
from ladder_qa.web.app import create_app
from ladder_qa.web.observe import Metrics, make_logger
from ladder_qa.web.recorder import WAITING, Recorder
from ladder_qa.web.serving import Backend
from serving_fakes import FakeIndex, FakeStore, fake_assistant, settings
from test_web_api import until

PATH = "/api/v1/feedback"
RIGHT = {"answer_id": "ans_1", "verdict": "down"}


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex(fake_assistant())


@pytest.fixture
def client(index: FakeIndex, log: io.StringIO) -> Iterator[TestClient]:
    app = create_app(settings(), index.backend(), log=make_logger("info", log))
    with TestClient(app) as opened:
        yield opened


@pytest.mark.parametrize(
    ("extra", "kept"),
    [
        ({}, Judgement("ans_1", "down")),
        (
            {"reason": "incomplete", "comment": "no figure", "question": "how long?"},
            Judgement("ans_1", "down", "incomplete", "no figure", "how long?"),
        ),
        ({"reason": None, "comment": None, "question": None}, Judgement("ans_1", "down")),
        ({"comment": "ä" * 2000, "colour": "x"}, Judgement("ans_1", "down", None, "ä" * 2000)),
    ],
)
def test_a_verdict_is_kept(
    client: TestClient, index: FakeIndex, extra: dict[str, Any], kept: Judgement
) -> None:
    response = client.post(PATH, json={**RIGHT, **extra})
    assert response.status_code == 204
    assert response.content == b""
    until(lambda: index.store.kept == [kept])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({"verdict": "up"}, "answer_id"),
        ({"answer_id": "ans_1"}, "verdict"),
        ({**RIGHT, "answer_id": ""}, "answer_id"),
        ({**RIGHT, "answer_id": "a" * 101}, "answer_id"),
        ({**RIGHT, "answer_id": 7}, "answer_id"),
        ({**RIGHT, "verdict": "maybe"}, "verdict"),
        ({**RIGHT, "verdict": ["up"]}, "verdict"),
        ({**RIGHT, "verdict": None}, "verdict"),
        ({**RIGHT, "reason": "a" * 201}, "reason"),
        ({**RIGHT, "reason": 1}, "reason"),
        ({**RIGHT, "comment": "a" * 2001}, "comment"),
        ({**RIGHT, "comment": "a\0b"}, "comment"),
        ({**RIGHT, "question": "a" * 2001}, "question"),
        ({**RIGHT, "question": ""}, "question"),
        ({**RIGHT, "question": True}, "question"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_bad_field_is_a_422_that_names_it(
    client: TestClient, index: FakeIndex, body: Any, field: str
) -> None:
    response = client.post(
        PATH, content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["detail"].startswith(f"{field}: ")
    assert index.store.kept == []


def answers_of(store: FakeStore) -> list[Noted]:
    return [item for item in store.kept if isinstance(item, Noted)]


def test_the_question_is_kept_only_with_consent(client: TestClient, index: FakeIndex) -> None:
    asked = "what is Bob paid as a scout?"
    for path in ("/api/v1/ask", "/api/v1/ask/stream"):
        for keep in ({}, {"keep": False}, {"keep": True}):
            client.post(path, json={"question": asked, **keep})
    client.get("/", params={"q": asked})
    until(lambda: len(index.store.kept) == 7)
    kept = [noted.question for noted in answers_of(index.store)]
    assert kept == [None, None, asked, None, None, asked, None]
    silent = [noted for noted in answers_of(index.store) if noted.question is None]
    assert all("Bob" not in repr(noted) for noted in silent)


def test_searching_and_checking_keep_nothing(client: TestClient, index: FakeIndex) -> None:
    client.get("/api/v1/search?q=scout")
    client.post("/api/v1/verify", json={"text": "A scout looks ahead."})
    client.post(PATH, json=RIGHT)
    until(lambda: len(index.store.kept) == 1)


def test_a_store_that_fails_fails_nothing_and_is_said_once(
    client: TestClient, index: FakeIndex, log: io.StringIO
) -> None:
    index.store.error = FeedbackError("the disk at /secret is full of 'sesame'")
    for number in range(20):
        body = {"question": f"sesame {number}"}
        assert client.post("/api/v1/ask", json=body).status_code == 200
        assert client.post(PATH, json={**RIGHT, "comment": "sesame"}).status_code == 204
    until(lambda: index.store.tried == 40)
    until(lambda: "ladder_qa_feedback_lost_total 40.0" in client.get("/metrics").text)
    assert log.getvalue().count("feedback not kept") == 1
    assert '"kind": "FeedbackError"' in log.getvalue()
    assert "sesame" not in log.getvalue()
    index.store.error = None
    client.post(PATH, json=RIGHT)
    until(lambda: len(index.store.kept) == 1)  # it is opened again


def test_the_servers_end_waits_until_all_is_kept(index: FakeIndex) -> None:
    with TestClient(create_app(settings(), index.backend())) as client:
        for _ in range(50):
            client.post(PATH, json=RIGHT)
    assert len(index.store.kept) == 50
    assert (index.store.pruned, index.store.closed) == (1, 1)


class SlowStore(FakeStore):
    """Writes only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.leave = threading.Event(), threading.Event()

    def write(self, items: list[Noted | Judgement]) -> None:
        self.entered.set()
        assert self.leave.wait(10)
        super().write(items)


def recorder(open_store: Callable[[], FakeStore], metrics: Metrics | None = None) -> Recorder:
    return Recorder(open_store, make_logger("critical", io.StringIO()), metrics or Metrics())


def test_a_store_that_hangs_delays_nobody_and_the_line_is_bounded() -> None:
    store, metrics = SlowStore(), Metrics()
    keeping = recorder(lambda: store, metrics)
    keeping.judged(Judgement("ans_1", "up"))
    assert store.entered.wait(5)
    began = time.monotonic()
    for _ in range(WAITING + 50):
        keeping.judged(Judgement("ans_1", "up"))
    assert time.monotonic() - began < 0.5
    assert "ladder_qa_feedback_lost_total 50.0" in metrics.as_text().decode()
    store.leave.set()
    keeping.close()
    assert len(store.kept) == WAITING + 1


def test_a_store_that_cannot_be_opened_is_tried_again() -> None:
    store, opened = FakeStore(), 0

    def open_store() -> FakeStore:
        nonlocal opened
        opened += 1
        if opened == 1:
            raise FeedbackError("not yet")
        return store

    keeping = recorder(open_store)
    keeping.judged(Judgement("ans_1", "up"))
    until(lambda: opened == 1)
    keeping.judged(Judgement("ans_2", "up"))
    keeping.close()
    assert store.kept == [Judgement("ans_2", "up")]


def test_a_server_where_nobody_asks_opens_no_store() -> None:
    def open_store() -> FakeStore:
        raise AssertionError("nothing is to be kept")

    recorder(open_store).close()


def test_the_real_store_keeps_what_a_real_server_is_told(tmp_path: Path, index: FakeIndex) -> None:
    own = settings(data=tmp_path)
    fake = index.backend()
    backend = Backend(fake.open_assistant, fake.current_id, fake.stale, FeedbackStore.open)
    with TestClient(create_app(own, backend)) as client:
        question = {"question": "who is paid?"}
        answers = [client.post("/api/v1/ask", json=question).json() for _ in range(3)]
        client.post(PATH, json={"answer_id": answers[0]["id"], "verdict": "down"})
    store = open_existing(own)
    assert store is not None
    (asked,), (judged,) = store.answers(), store.judgements()
    store.close()
    assert (asked.times, asked.noted.missing) == (3, ("pay of any level",))
    assert judged.judgement.answer_id == asked.noted.answer_id
