"""By which names a server may be asked: a page that rebinds its own name to loopback gets nothing.

The same in a browser is in `test_widget_elsewhere`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from serving_fakes import DOCUMENTS
from signing import BY_SECRET, signed
from test_web_auth import BY_PROXY, CALLS, PROXY, Call, app_for, send

NAME = "ladder.example.com"
FOREIGN = "evil.example:8000"
GOOD = (
    *("localhost", "localhost:8000", "LocalHost:80", "localhost.", "ladder.localhost:8000"),
    *("127.0.0.1", "127.0.0.1:8000", "127.255.0.9:1", "[::1]", "[::1]:8000"),
    *(NAME, f"{NAME}:443", "Ladder.Example.COM", f"{NAME}."),
)
BAD = (
    *("evil.example", FOREIGN, "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost"),
    *("192.0.2.1", "192.0.2.1:8000", "0.0.0.0", "[::]", "[2001:db8::1]:8000", "::1", "2130706433"),
    *(f"{NAME}.evil.example", f"x{NAME}", "example.com", f"{NAME}@evil.example", "testserver"),
    *("", ":8000", ".", "localhost:80:80", "localhost:port", "localhost/", "localhost evil"),
    *("localhost,evil.example", "http://localhost", "localhost\x00", "[::1", "[localhost]"),
)


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def client(log: io.StringIO) -> Iterator[TestClient]:
    with TestClient(app_for({"allowed_hosts": (NAME,)}, log)) as opened:
        yield opened


def refused(response: Any, call: Call) -> None:
    """A refusal that holds nothing of the documents, and does not repeat the foreign name."""
    assert response.status_code == 421, call
    if call[0] != "HEAD":
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == "/problems/unknown-host"
    told = response.text + str(response.headers)
    for text in (*DOCUMENTS, "Scout", "looks ahead", "evil"):
        assert text not in told, call


@pytest.mark.parametrize("host", GOOD)
def test_a_server_on_loopback_is_asked_by_its_own_names(client: TestClient, host: str) -> None:
    assert send(client, ("POST", "/api/v1/ask"), {"host": host}).status_code == 200
    assert send(client, ("GET", "/documents"), {"host": host}).status_code == 200


@pytest.mark.parametrize("host", BAD)
def test_no_other_name_is_answered(client: TestClient, host: str) -> None:
    for call in (("POST", "/api/v1/ask"), ("GET", "/documents")):
        refused(send(client, call, {"host": host}), call)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_no_call_answers_a_foreign_name(client: TestClient, call: Call) -> None:
    refused(send(client, call, {"host": FOREIGN}), call)
    refused(send(client, call, {"host": FOREIGN, "x-forwarded-host": "localhost"}), call)


def test_two_names_or_none_are_no_name(client: TestClient) -> None:
    call = ("GET", "/documents")
    refused(client.request(*call, headers=[("host", "localhost"), ("host", FOREIGN)]), call)
    refused(client.request(*call, headers=[("host", "localhost"), ("Host", "localhost")]), call)


def test_probes_and_files_that_hold_nothing_of_the_documents_answer_any_name(
    client: TestClient,
) -> None:
    for path in ("/livez", "/readyz", "/widget.js", "/static/ladder.css", "/problems/unknown-host"):
        assert client.get(path, headers={"host": FOREIGN}).status_code == 200


def test_a_person_gets_a_page_that_says_what_to_do(client: TestClient) -> None:
    response = client.get("/", headers={"host": FOREIGN, "accept": "text/html"})
    assert response.status_code == 421
    assert "LADDER_QA_ALLOWED_HOSTS" in response.text
    assert "evil" not in response.text


def test_the_log_names_the_kind_and_not_the_name(client: TestClient, log: io.StringIO) -> None:
    client.get("/", headers={"host": "rebound.example"})
    assert '"problem": "unknown-host"' in log.getvalue()
    assert "rebound" not in log.getvalue()


@pytest.mark.parametrize(
    ("values", "headers"),
    [
        ({"auth": "open"}, {}),
        (BY_SECRET, {"authorization": f"Bearer {signed()}"}),
        (BY_PROXY, {"x-user": "ann"}),
    ],
    ids=["open", "token", "proxy"],
)
def test_servers_of_other_kinds_check_names_where_some_are_listed(
    values: dict[str, Any], headers: dict[str, str]
) -> None:
    call = ("GET", "/documents")
    for listed, host, status in (
        ((), "any.example", 200),
        ((NAME,), NAME, 200),
        ((NAME,), "localhost", 200),
        ((NAME,), "any.example", 421),
    ):
        app = app_for({**values, "allowed_hosts": listed})
        with TestClient(app, client=(PROXY, 1)) as client:
            assert send(client, call, {**headers, "host": host}).status_code == status


def test_the_schema_says_where_a_foreign_name_is_refused() -> None:
    calls = app_for({}).openapi()["paths"]
    assert "421" in calls["/api/v1/ask"]["post"]["responses"]
    assert "421" not in calls["/livez"]["get"]["responses"]
    assert "421" not in app_for(BY_SECRET).openapi()["paths"]["/api/v1/ask"]["post"]["responses"]
