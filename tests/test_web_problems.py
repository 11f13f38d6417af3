"""Bad requests: each gets a problem document, and nothing of it is logged but its kind."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from ladder_qa.errors import QuestionError, StoreError
from ladder_qa.texts import MAX_QUESTION, MAX_TURN, MAX_TURNS
from ladder_qa.web import problems
from ladder_qa.web.app import create_app
from ladder_qa.web.limits import read_span
from ladder_qa.web.observe import make_logger
from serving_fakes import FakeAssistant, FakeIndex, fake_assistant, settings

JSON = {"content-type": "application/json"}
MEMBERS = {"type", "title", "status", "detail", "instance"}


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def assistant() -> FakeAssistant:
    return fake_assistant()


@pytest.fixture(scope="module")
def client(assistant: FakeAssistant, log: io.StringIO) -> Iterator[TestClient]:
    app = create_app(settings(), FakeIndex(assistant).backend(), log=make_logger("info", log))
    with TestClient(app) as opened:
        yield opened


def problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert set(found) == MEMBERS
    assert found["type"] == f"/problems/{kind}"
    assert found["status"] == status
    assert found["title"] == problems.KINDS[kind].title
    return found


DEEP = '{"question": "a", "x": ' + "[" * 30_000 + "]" * 30_000 + "}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"question": "a",}',
        b'{"question": NaN}',
        b'{"question": "a", "x": -Infinity}',
        b'{"question": "a", "question": "b"}',
        b'{"question": "a", "x": {"y": 1, "y": 2}}',
        b'{"question": "\xff"}',
        b'\xef\xbb\xbf{"question": "a"}',
        '{"question": "a"}'.encode("utf-16"),
        DEEP.encode(),
        b'{"question": "a", "x": ' + b"9" * 10_000 + b"}",
        b"{'question': 'a'}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_not_json_is_a_400(client: TestClient, body: bytes) -> None:
    problem(client.post("/api/v1/ask", content=body, headers=JSON), 400, "broken-json")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {"content-type": "application/jsonp"},
    ],
)
def test_another_content_type_is_a_415(client: TestClient, headers: dict[str, str]) -> None:
    response = client.post("/api/v1/ask", content=b'{"question": "a"}', headers=headers)
    problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind",
    ["application/json", "APPLICATION/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_in_utf_8_is_taken_in_every_spelling(client: TestClient, kind: str) -> None:
    response = client.post(
        "/api/v1/ask", content='{"question": "näher"}'.encode(), headers={"content-type": kind}
    )
    assert response.status_code == 200


def said(content: Any = "x", role: Any = "user") -> dict[str, Any]:
    return {"question": "a", "history": [{"role": role, "content": content}]}


def long_turns(count: int, size: int = 1) -> list[dict[str, str]]:
    return [{"role": "user", "content": "a" * size}] * count


@pytest.mark.parametrize(
    ("body", "field", "kind"),
    [
        ([], "body", "invalid-field"),
        ("text", "body", "invalid-field"),
        (None, "body", "invalid-field"),
        ({}, "question", "invalid-field"),
        ({"question": None}, "question", "invalid-field"),
        ({"question": 7}, "question", "invalid-field"),
        ({"question": True}, "question", "invalid-field"),
        ({"question": ["a"]}, "question", "invalid-field"),
        ({"question": ""}, "question", "question-empty"),
        ({"question": "  \n\t "}, "question", "question-empty"),
        ({"question": "\u200b\u200e\ufeff"}, "question", "question-empty"),
        ({"question": "a" * 2001}, "question", "question-too-long"),
        ({"question": "a\0b"}, "question", "invalid-field"),
        ({"question": "a", "history": None}, "history", "invalid-field"),
        ({"question": "a", "history": {}}, "history", "invalid-field"),
        ({"question": "a", "history": ["x"]}, "history.0", "invalid-field"),
        ({"question": "a", "history": [{}]}, "history.0.role", "invalid-field"),
        (said(role="system"), "history.0.role", "invalid-field"),
        (said(role=["user"]), "history.0.role", "invalid-field"),
        ({"question": "a", "history": [{"role": "user"}]}, "history.0.content", "invalid-field"),
        (said(1), "history.0.content", "invalid-field"),
        ({"question": "a", "history": long_turns(17)}, "history", "history-too-long"),
        (said("a" * 4001), "history.0.content", "history-too-long"),
        ({"question": "a", "keep": 1}, "keep", "invalid-field"),
        ({"question": "a", "keep": None}, "keep", "invalid-field"),
        ({"question": "a", "keep": "true"}, "keep", "invalid-field"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/ask/stream"])
def test_a_bad_field_is_a_422_that_names_it(
    client: TestClient, path: str, body: Any, field: str, kind: str
) -> None:
    response = client.post(path, content=json.dumps(body).encode(), headers=JSON)
    found = problem(response, 422, kind)
    assert found["detail"].startswith(f"{field}: ")
    assert found["instance"] == path


def test_the_limit_is_in_the_detail(client: TestClient) -> None:
    found = problem(
        client.post("/api/v1/ask", json={"question": "a" * 2001}), 422, "question-too-long"
    )
    assert "2000" in found["detail"]
    assert "2001" in found["detail"]


@pytest.mark.parametrize("text", ['"\\ud800"', '"a\\udfff b"'])
def test_a_lone_surrogate_is_a_422(client: TestClient, text: str) -> None:
    for body in (
        f'{{"question": {text}}}',
        f'{{"question": "a", "history": [{{"role": "user", "content": {text}}}]}}',
    ):
        response = client.post("/api/v1/ask", content=body.encode(), headers=JSON)
        assert "Unicode" in problem(response, 422, "invalid-field")["detail"]


def test_a_surrogate_pair_is_one_character(client: TestClient) -> None:
    body = b'{"question": "way \\ud83d\\ude00"}'
    response = client.post("/api/v1/ask", content=body, headers=JSON)
    assert response.json()["question"] == "way \U0001f600"


def test_two_thousand_characters_and_sixteen_turns_are_taken(client: TestClient) -> None:
    body = {"question": "ä" * 2000, "history": long_turns(14, 4000)}
    assert client.post("/api/v1/ask", json=body).status_code == 200
    body = {"question": "a", "history": long_turns(16, 10)}
    assert client.post("/api/v1/ask", json=body).status_code == 200


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", "q: is required"),
        ("k=3", "q: is required"),
        ("q=", "q: "),
        ("q=+%20", "q: "),
        ("q=%ff", "q: must be valid Unicode"),
        ("q=%ed%a0%80", "q: must be valid Unicode"),
        ("q=a%00", "q: must not contain"),
        ("q=a&k=0", "k: must be at least 1"),
        ("q=a&k=51", "k: must be at most 50"),
        ("q=a&k=x", "k: must be a whole number"),
        ("q=a&k=1.5", "k: must be a whole number"),
        ("q=a&k=" + "9" * 5000, "k: must be"),
        ("q=a&k=", "k: must be a whole number"),
        ("q=" + "a" * 2001, "q: has 2001 characters"),
    ],
)  # fmt: skip
def test_a_bad_query_is_a_422_that_names_the_field(
    client: TestClient, query: str, detail: str
) -> None:
    response = client.get(f"/api/v1/search?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].startswith(detail)


@pytest.mark.parametrize(
    "at",
    ["", "x", "5", "5-", "-5", "5-5", "7-5", "0-99999", "1-2-3", " 1-2", "١-٢", "1" * 5000 + "-2"],
)
def test_a_bad_place_in_a_document_is_a_422_that_names_the_limit(
    client: TestClient, at: str
) -> None:
    found = problem(client.get("/documents/overview", params={"at": at}), 422, "invalid-field")
    assert found["detail"].startswith("at: must be START-END with 0 <= START < END <= ")


def test_a_place_may_reach_to_the_documents_end() -> None:
    assert read_span("0-10", 10) == (0, 10)
    with pytest.raises(QuestionError):
        read_span("0-11", 10)


@pytest.mark.parametrize(
    "path",
    [
        *("/nope", "/api", "/api/v2/ask", "/api/v1/ask/", "/documents/nope", "/documents/%ff"),
        *("/documents/..%2f..%2fetc%2fpasswd", "/levels/Z9", "/static/../app.py", "/docs/"),
        *("/static/__init__.py", "/problems/nope", "/%00"),
    ],
)
def test_an_unknown_address_is_a_404(client: TestClient, path: str) -> None:
    problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/v1/ask", {"POST"}),
        ("DELETE", "/api/v1/ask", {"POST"}),
        ("POST", "/api/v1/search", {"GET", "HEAD"}),
        ("PUT", "/", {"GET", "HEAD"}),
        ("POST", "/documents/overview", {"GET", "HEAD"}),
        ("PATCH", "/readyz", {"GET", "HEAD"}),
        ("OPTIONS", "/api/v1/levels", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_a_405_with_allow(
    client: TestClient, method: str, path: str, allow: set[str]
) -> None:
    response = client.request(method, path)
    problem(response, 405, "method-not-allowed")
    assert set(response.headers["allow"].split(", ")) == allow


@pytest.mark.parametrize(
    ("character", "escaped"),
    [("a", False), ("ä", False), ("ä", True), ("\U00020000", False), ("\U00020000", True)],
)
def test_the_longest_question_and_history_fit_in_every_spelling(
    client: TestClient, character: str, *, escaped: bool
) -> None:
    turn = {"role": "assistant", "content": character * MAX_TURN}
    body = {"question": character * MAX_QUESTION, "history": [turn] * MAX_TURNS, "keep": False}
    content = json.dumps(body, indent=2, ensure_ascii=escaped).encode()
    response = client.post("/api/v1/ask", content=content, headers=JSON)
    assert response.status_code == 200, response.text


def test_a_body_may_be_as_long_as_the_limit_and_the_problem_names_it(client: TestClient) -> None:
    body = b'{"question": "way"}'.ljust(problems.BODY_LIMIT)
    assert client.post("/api/v1/ask", content=body, headers=JSON).status_code == 200
    told = problem(
        client.post("/api/v1/ask", content=body + b" ", headers=JSON), 413, "body-too-large"
    )
    assert f"{problems.BODY_LIMIT:,} bytes" in told["detail"]


class CountingBody:
    """A request body of 5 MB in chunks, which counts how much of it was read."""

    def __init__(self) -> None:
        self.read = 0

    async def receive(self) -> dict[str, Any]:
        self.read += 10_000
        more = self.read < 5_000_000
        return {"type": "http.request", "body": b" " * 10_000, "more_body": more}


@pytest.mark.parametrize("length", [None, b"5000000", b"9" * 4000, b"x", b"3"])
def test_a_large_body_is_a_413_and_is_not_read_whole(length: bytes | None) -> None:
    body, sent = CountingBody(), []
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    headers += [(b"content-length", length)] if length else []
    app = create_app(
        settings(), FakeIndex(fake_assistant()).backend(), log=make_logger("error", io.StringIO())
    )
    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/api/v1/ask",
        "raw_path": b"/api/v1/ask", "root_path": "", "scheme": "http", "query_string": b"",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip

    async def send(message: Any) -> None:
        sent.append(message)

    async def serve() -> None:
        async with app.router.lifespan_context(app):
            await app(scope, body.receive, send)

    asyncio.run(serve())
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["type"] == "/problems/body-too-large"
    assert body.read <= problems.BODY_LIMIT + 10_000
    if length == b"5000000":
        assert body.read == 0


def test_an_unexpected_error_shows_neither_trace_nor_path(
    client: TestClient, assistant: FakeAssistant, log: io.StringIO
) -> None:
    log.truncate(0)
    assistant.failure = RuntimeError("/home/somebody/secret.py failed on 'my question'")
    try:
        response = client.post("/api/v1/ask", json={"question": "my question"})
        problem(response, 500, "internal-error")
        assert "secret" not in response.text
        assert "Traceback" not in response.text
        assert '"kind": "RuntimeError"' in log.getvalue()
        assert "secret" not in log.getvalue()
        assert "my question" not in log.getvalue()
    finally:
        assistant.failure = None


def test_a_store_that_does_not_answer_is_a_503(
    client: TestClient, assistant: FakeAssistant
) -> None:
    assistant.failure = StoreError("http://store.example does not answer")
    try:
        response = client.post("/api/v1/ask", json={"question": "asked for the first time"})
        problem(response, 503, "not-ready")
        assert response.headers["retry-after"] == "5"
        assert "store.example" not in response.text
    finally:
        assistant.failure = None


def test_a_browser_gets_a_page_and_the_api_never_sends_one(client: TestClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml;q=0.9"}
    page = client.get("/nope", headers=browser)
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Not found</h1>" in page.text
    problem(client.get("/api/v1/nope", headers=browser), 404, "not-found")
    problem(client.get("/readyz/nope", headers=browser), 404, "not-found")


def test_every_kind_of_problem_has_its_page(client: TestClient) -> None:
    for kind, about in problems.KINDS.items():
        page = client.get(f"/problems/{kind}")
        assert page.status_code == 200
        assert about.title in page.text


def test_nothing_of_bad_requests_is_logged_but_their_kind(
    client: TestClient, log: io.StringIO
) -> None:
    log.truncate(0)
    client.post("/api/v1/ask", content=b'{"question": "sesame', headers=JSON)
    client.post("/api/v1/ask", json={"question": "sesame" * 2000})
    client.get("/sesame?sesame=sesame")
    client.get("/api/v1/search?q=%ff&sesame=1")
    client.request("SESAME", "/")
    assert "sesame" not in log.getvalue().lower()
    assert '"problem": "broken-json"' in log.getvalue()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
keys = st.sampled_from(["question", "history", "keep", "role", "content", "x"])
json_values: st.SearchStrategy[object] = st.deferred(
    lambda: (
        scalars | st.lists(json_values, max_size=3) | st.dictionaries(keys, json_values, max_size=4)
    )
)


@given(value=json_values)
@runs(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_json_comes_gets_an_answer_or_a_problem(client: TestClient, value: Any) -> None:
    response = client.post("/api/v1/ask", content=json.dumps(value).encode(), headers=JSON)
    assert response.status_code in (200, 400, 422)
    if response.status_code != 200:
        assert set(response.json()) == MEMBERS


@given(body=st.binary(max_size=200))
@runs(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_come_get_a_problem(client: TestClient, body: bytes) -> None:
    response = client.post("/api/v1/ask", content=body, headers=JSON)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"
