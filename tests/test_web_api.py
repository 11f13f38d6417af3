"""The calls for programs: asking, streaming, searching, levels, probes, metrics, headers, log."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ladder_qa.datamodels import Answer, Turn, as_json
from ladder_qa.errors import IndexDamagedError
from ladder_qa.web.app import create_app
from ladder_qa.web.observe import make_logger
from serving_fakes import (
    DOCUMENTS,
    FakeAssistant,
    FakeIndex,
    fake_assistant,
    settings,
)

LAST = 5.0  # seconds that a test waits for another thread


@pytest.fixture
def assistant() -> FakeAssistant:
    return fake_assistant()


@pytest.fixture
def index(assistant: FakeAssistant) -> FakeIndex:
    return FakeIndex(assistant)


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def app(index: FakeIndex, log: io.StringIO) -> FastAPI:
    return create_app(settings(), index.backend(), log=make_logger("info", log), interval_s=0.01)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as opened:
        yield opened


def until(condition: Any) -> None:
    end = time.monotonic() + LAST
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def stream_events(text: str) -> list[tuple[str, str, Any]]:
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def test_ask_writes_the_answer_as_the_other_doors_do(
    client: TestClient, assistant: FakeAssistant
) -> None:
    response = client.post("/api/v1/ask", json={"question": "who looks ahead?"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.content == as_json(assistant.ask("who looks ahead?")).encode()


def test_ask_passes_the_history_on(client: TestClient, assistant: FakeAssistant) -> None:
    turns = [{"role": "user", "content": "X1?"}, {"role": "assistant", "content": "A scout."}]
    body = {"question": "and pitfalls?", "history": turns, "keep": True, "colour": "ignored"}
    assert client.post("/api/v1/ask", json=body).status_code == 200
    assert assistant.asked == [
        ("and pitfalls?", (Turn("user", "X1?"), Turn("assistant", "A scout.")))
    ]


def test_the_stream_sends_citations_before_the_claims_that_use_them(client: TestClient) -> None:
    response = client.post("/api/v1/ask/stream", json={"question": "scout guide people"})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = stream_events(response.text)
    names = [name for _, name, _ in events]
    assert names[0] == "meta"
    assert names[-1] == "done"
    assert names.count("done") == 1
    assert [identity for identity, _, _ in events] == [str(n + 1) for n in range(len(events))]
    cited: set[int] = set()
    for _, name, data in events:
        if name == "citation":
            assert data["number"] not in cited
            cited.add(data["number"])
        elif name == "claim":
            assert set(data["citations"]) <= cited
    whole = client.post("/api/v1/ask", json={"question": "scout guide people"}).json()
    assert events[-1][2] == whole
    assert events[0][2] == {key: whole[key] for key in ("id", "mode", "model", "corpus")}


def test_a_stream_that_fails_ends_with_one_error_event(
    client: TestClient, assistant: FakeAssistant, log: io.StringIO
) -> None:
    assistant.failure = RuntimeError("the question was: secret")
    events = stream_events(client.post("/api/v1/ask/stream", json={"question": "secret"}).text)
    assert [name for _, name, _ in events] == ["error"]
    assert events[0][2]["type"] == "/problems/internal-error"
    assert "secret" not in json.dumps(events)
    assert "secret" not in log.getvalue()


def test_search_gives_raw_slices_with_their_offsets(client: TestClient) -> None:
    found = client.get("/api/v1/search", params={"q": "ahead", "k": "50"}).json()["passages"]
    assert found
    for passage in found:
        text = DOCUMENTS[passage["document"]]
        assert text[passage["start"] : passage["end"]] == passage["text"]


def test_search_gives_at_most_k(client: TestClient) -> None:
    assert len(client.get("/api/v1/search?q=zzz&k=3").json()["passages"]) == 3
    assert len(client.get("/api/v1/search?q=zzz").json()["passages"]) == 8


def test_a_text_is_checked_sentence_by_sentence_against_the_documents(client: TestClient) -> None:
    text = "A scout looks ahead.\n\n- The canteen opens at noon."
    answer = client.post("/api/v1/verify", json={"text": text})
    assert answer.status_code == 200
    good, bad = answer.json()["sentences"]
    assert set(good) == {"text", "start", "end", "supported", "reason", "citations"}
    for sentence in (good, bad):
        assert text[sentence["start"] : sentence["end"]] == sentence["text"]
    assert (good["supported"], good["reason"]) == (True, None)
    (citation,) = good["citations"]
    stored = DOCUMENTS[citation["document"]]
    assert stored[citation["start"] : citation["end"]] == citation["quote"]
    assert (bad["supported"], bad["reason"], bad["citations"]) == (False, "not_found", [])


def test_given_passages_are_all_that_a_text_is_checked_against(client: TestClient) -> None:
    body = {"text": "A scout looks ahead.", "passages": ["A cook looks after the stove."]}
    (sentence,) = client.post("/api/v1/verify", json=body).json()["sentences"]
    assert not sentence["supported"]
    body["passages"] = ["A scout always looks ahead."]
    (sentence,) = client.post("/api/v1/verify", json=body).json()["sentences"]
    assert sentence["supported"]
    assert sentence["citations"] == []
    assert not client.post("/api/v1/verify", json={**body, "passages": []}).json()["sentences"][0][
        "supported"
    ]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "text: is required"),
        ({"text": " \n"}, "text: is empty; between 1 and 20000 characters"),
        ({"text": "a" * 20_001}, "text: has 20001 characters; at most 20000 are allowed"),
        ({"text": 7}, "text: must be text"),
        ({"text": "a", "passages": "b"}, "passages: must be a list of texts, or null"),
        ({"text": "a", "passages": ["b"] * 51}, "passages: has 51 passages; at most 50"),
        ({"text": "a", "passages": ["b", "c" * 4001]}, "passages.1: has 4001 characters"),
        ({"text": "a", "passages": ["b", None]}, "passages.1: must be text"),
    ],
)
def test_a_bad_field_of_verify_is_named_with_its_limit(
    client: TestClient, body: dict[str, Any], detail: str
) -> None:
    answer = client.post("/api/v1/verify", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail in answer.json()["detail"]


def test_the_largest_text_and_passages_are_taken(client: TestClient) -> None:
    body = {"text": "a " * 10_000, "passages": ["\U0001f600" * 4000] * 50}
    assert client.post("/api/v1/verify", json=body).status_code == 200


def test_levels_have_the_contracts_shape(client: TestClient) -> None:
    found = client.get("/api/v1/levels").json()
    assert [level["code"] for level in found["levels"]] == ["X1", "X2"]
    assert set(found["levels"][0]) == {"code", "title", "track", "core_question", "url"}
    assert found["levels"][0]["url"] == "/levels/X1"
    (move,) = found["transitions"]
    assert set(move) == {"from", "to", "title", "document", "typical_time"}
    assert (move["from"], move["to"]) == ("X1", "X2")
    assert move["document"] == "progression-x1-to-x2.md"


def test_readyz_says_what_is_served(client: TestClient, assistant: FakeAssistant) -> None:
    found = client.get("/readyz").json()
    generation = assistant.generation
    assert found == {
        "status": "ready",
        "generation": "gen-1",
        "corpus": generation.corpus_sha256,
        "documents": 2,
        "passages": len(generation.passages),
        "model": "fake-encoder",
        "stale": False,
    }


def test_readyz_looks_at_the_corpus_once_in_a_while(client: TestClient, index: FakeIndex) -> None:
    index.is_stale = True
    for _ in range(20):
        assert client.get("/readyz").json()["stale"] is True
    assert index.looked_stale == 1


@pytest.mark.parametrize(
    "path", ["/readyz", "/api/v1/levels", "/api/v1/search?q=a", "/", "/documents"]
)
def test_without_an_index_the_server_says_when_to_come_back(path: str) -> None:
    with TestClient(create_app(settings(), FakeIndex(None).backend())) as client:
        response = client.get(path)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert response.json()["type"] == "/problems/not-ready"
        assert client.get("/livez").status_code == 200


def test_a_first_index_is_taken_up_while_running(app: FastAPI, index: FakeIndex) -> None:
    waiting, index.assistant = index.assistant, None
    with TestClient(app) as client:
        assert client.get("/readyz").status_code == 503
        index.assistant = waiting
        until(lambda: client.get("/readyz").status_code == 200)


def test_a_new_generation_is_taken_up_between_requests(
    client: TestClient, index: FakeIndex
) -> None:
    assert client.get("/readyz").json()["generation"] == "gen-1"
    index.assistant = fake_assistant(identity="gen-2")
    until(lambda: client.get("/readyz").json()["generation"] == "gen-2")
    assert 'generation_info{corpus="sha256:' in client.get("/metrics").text
    assert 'id="gen-2"' in client.get("/metrics").text
    assert index.opened == 2


class SlowAssistant(FakeAssistant):
    """Answers only when it is told to."""

    def __init__(self) -> None:
        super().__init__(fake_assistant().generation)
        self.entered, self.leave = threading.Event(), threading.Event()

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        self.entered.set()
        assert self.leave.wait(LAST)
        return super().ask(question, history)


def test_a_request_keeps_the_assistant_that_it_started_with() -> None:
    slow = SlowAssistant()
    index = FakeIndex(slow)
    answers: list[Any] = []
    with TestClient(create_app(settings(), index.backend(), interval_s=0.01)) as client:
        asking = threading.Thread(
            target=lambda: answers.append(client.post("/api/v1/ask", json={"question": "way"}))
        )
        asking.start()
        assert slow.entered.wait(LAST)
        index.assistant = fake_assistant(identity="gen-2")
        until(lambda: client.get("/readyz").json()["generation"] == "gen-2")
        slow.leave.set()
        asking.join(LAST)
    assert answers[0].json()["id"] == "ans_gen-1"


def test_a_generation_that_does_not_open_leaves_the_old_one_serving(
    client: TestClient, index: FakeIndex, log: io.StringIO
) -> None:
    index.error = IndexDamagedError("/secret/place is broken")
    index.pointer = "gen-2"
    until(lambda: "generation not opened" in log.getvalue())
    time.sleep(0.1)
    assert client.get("/readyz").json()["generation"] == "gen-1"
    assert index.opened == 2  # not tried again and again
    assert '"kind": "IndexDamagedError"' in log.getvalue()
    assert "/secret/place" not in log.getvalue()


def test_metrics_count_routes_and_outcomes_without_any_question(client: TestClient) -> None:
    client.post("/api/v1/ask", json={"question": "who looks ahead, sesame?"})
    client.post("/api/v1/ask", json={"question": "sesame"})
    client.get("/?q=sesame")
    client.get("/sesame")
    client.get("/documents/sesame")
    text = client.get("/metrics").text
    assert "sesame" not in text
    assert 'ladder_qa_requests_total{route="/api/v1/ask",status="200"} 2.0' in text
    assert 'ladder_qa_requests_total{route="(none)",status="404"} 1.0' in text
    assert 'ladder_qa_requests_total{route="/documents/{slug:path}",status="404"} 1.0' in text
    assert 'ladder_qa_answers_total{outcome="answered"} 1.0' in text
    assert 'ladder_qa_answers_total{outcome="not_in_documents"} 2.0' in text
    assert "ladder_qa_passages" in text
    assert 'ladder_qa_request_seconds_bucket{le="0.001",route="/api/v1/ask"}' in text


def test_the_log_has_one_json_line_a_request_and_no_question(
    client: TestClient, log: io.StringIO
) -> None:
    log.truncate(0)
    log.seek(0)
    client.post("/api/v1/ask", json={"question": "open sesame"})
    client.get("/api/v1/search?q=sesame")
    client.get("/?q=sesame")
    client.post("/api/v1/ask", json={"question": "sesame" * 1000})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["status"] for line in lines] == [200, 200, 200, 422]
    assert [line["route"] for line in lines] == [
        "/api/v1/ask",
        "/api/v1/search",
        "/",
        "/api/v1/ask",
    ]
    assert lines[3]["problem"] == "question-too-long"
    assert all(line["method"] in ("GET", "POST") and line["ms"] >= 0 for line in lines)
    assert "sesame" not in log.getvalue()


SECURE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/levels", "/nope", "/livez", "/static/ladder.css", "/openapi.json"]
)
def test_every_response_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert set(SECURE.items()) <= set(headers.items())
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy


def test_other_origins_are_allowed_nothing_by_default(client: TestClient) -> None:
    response = client.get("/api/v1/levels", headers={"origin": "https://elsewhere.example"})
    assert not [name for name in response.headers if name.startswith("access-control")]
    preflight = client.options(
        "/api/v1/ask",
        headers={
            "origin": "https://elsewhere.example",
            "access-control-request-method": "POST",
        },
    )
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.startswith("access-control")]


def test_allowed_origins_may_call_the_api_and_only_the_api() -> None:
    friend, stranger = "https://intranet.example", "https://elsewhere.example"
    own = settings(allowed_origins=(friend,))
    with TestClient(create_app(own, FakeIndex(fake_assistant()).backend())) as client:
        asked = {
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        }
        granted = client.options("/api/v1/ask", headers={"origin": friend, **asked})
        assert granted.status_code == 200
        assert granted.headers["access-control-allow-origin"] == friend
        refused = client.options("/api/v1/ask", headers={"origin": stranger, **asked})
        assert refused.status_code == 400
        assert refused.json()["type"] == "/problems/cross-origin-refused"
        assert "access-control-allow-origin" not in refused.headers
        answer = client.get("/api/v1/levels", headers={"origin": friend})
        assert answer.headers["access-control-allow-origin"] == friend
        assert "access-control-allow-credentials" not in answer.headers
        page = client.get("/", headers={"origin": friend})
        assert "access-control-allow-origin" not in page.headers


def test_head_is_get_without_its_body(client: TestClient) -> None:
    whole, bare = client.get("/api/v1/levels"), client.head("/api/v1/levels")
    assert bare.status_code == 200
    assert bare.content == b""
    assert bare.headers["content-length"] == whole.headers["content-length"]


def test_the_schema_describes_every_member_of_every_object(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert set(schema["paths"]) == {
        "/api/v1/ask",
        "/api/v1/ask/stream",
        "/api/v1/search",
        "/api/v1/verify",
        "/api/v1/levels",
        "/api/v1/feedback",
        "/livez",
        "/readyz",
        "/metrics",
    }
    for name, value in schema["components"]["schemas"].items():
        assert value.get("type") == "string" or value["properties"], name
        for member, member_schema in value.get("properties", {}).items():
            assert member_schema.get("description"), f"{name}.{member}"
    body = schema["paths"]["/api/v1/ask"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["question"]["maxLength"] == 2000
    for status in ("400", "413", "415", "422", "503"):
        response = schema["paths"]["/api/v1/ask"]["post"]["responses"][status]
        assert list(response["content"]) == ["application/problem+json"]


def test_the_schemas_answer_is_the_answer_that_is_sent(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    answer = client.post("/api/v1/ask", json={"question": "who looks ahead and differ?"}).json()
    assert set(schemas["Answer"]["properties"]) == set(answer)
    assert set(schemas["Citation"]["properties"]) == set(answer["citations"][0])
    assert set(schemas["Claim"]["properties"]) == set(answer["claims"][0])


def test_sixteen_clients_at_once_get_the_same_bytes(client: TestClient) -> None:
    got: list[bytes] = []
    body = {"question": "who looks ahead?"}

    def ask() -> None:
        got.append(client.post("/api/v1/ask", json=body).content)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LAST)
    assert len(got) == 16
    assert len(set(got)) == 1
