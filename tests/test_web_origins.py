"""Other pages: which origins may call the API, which may show `/embed`, and every header of safety.

The routes come from the app's own list, so that a new one is in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ladder_qa.web.app import create_app
from serving_fakes import FakeIndex, fake_assistant, settings
from signing import BY_SECRET, signed
from test_web_auth import BODIES, CALLS, Call, send

FRIEND, STRANGER = "https://intranet.example", "https://elsewhere.example"
ALLOWED = {"allowed_origins": (FRIEND,)}
API = [call for call in CALLS if call[1].startswith("/api/")]
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def client_for(**values: Any) -> TestClient:
    return TestClient(create_app(settings(**values), FakeIndex(fake_assistant()).backend()))


@pytest.fixture(scope="module")
def open_client() -> Iterator[TestClient]:
    with client_for(**ALLOWED) as client:
        yield client


@pytest.fixture(scope="module")
def token_client() -> Iterator[TestClient]:
    with client_for(**ALLOWED, **BY_SECRET) as client:
        yield client


def preflight(client: TestClient, call: Call, origin: str, headers: str) -> Any:
    asked = {
        "origin": origin,
        "access-control-request-method": call[0],
        "access-control-request-headers": headers,
    }
    return client.options(call[1], headers=asked)


def access_headers(response: Any) -> list[str]:
    return [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("call", [c for c in API if c[0] in ("GET", "POST")], ids=" ".join)
def test_an_allowed_origin_may_call_with_a_token_and_another_may_not(
    token_client: TestClient, call: Call
) -> None:
    wanted = "authorization, content-type"
    granted = preflight(token_client, call, FRIEND, wanted)
    assert granted.status_code == 200
    assert granted.headers["access-control-allow-origin"] == FRIEND
    allowed = granted.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed
    refused = preflight(token_client, call, STRANGER, wanted)
    assert refused.status_code == 400
    assert refused.json()["type"] == "/problems/cross-origin-refused"
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    ("origin", "readable"),
    [
        (FRIEND, True),
        (STRANGER, False),
        ("http://intranet.example", False),
        ("https://intranet.example.evil.example", False),
        ("https://intranet.example:444", False),
        ("null", False),
    ],
)
@pytest.mark.parametrize("call", API, ids=" ".join)
def test_only_an_allowed_origin_may_read_what_the_api_sends(
    open_client: TestClient, call: Call, origin: str, *, readable: bool
) -> None:
    response = send(open_client, call, {"origin": origin})
    assert response.headers.get("access-control-allow-origin") == (FRIEND if readable else None)
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"]


def test_no_page_is_readable_for_another_origin(open_client: TestClient) -> None:
    for call in CALLS:
        if call not in API:
            assert not access_headers(send(open_client, call, {"origin": FRIEND})), call


def test_without_allowed_origins_nothing_is_readable_and_no_preflight_is_granted() -> None:
    with client_for() as client:
        for call in CALLS:
            assert not access_headers(send(client, call, {"origin": FRIEND})), call
            assert not access_headers(preflight(client, call, FRIEND, "content-type")), call


def test_an_allowed_origin_can_read_that_it_must_sign_in(token_client: TestClient) -> None:
    response = send(token_client, ("POST", "/api/v1/ask"), {"origin": FRIEND})
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == FRIEND
    assert "WWW-Authenticate" in response.headers["access-control-expose-headers"]


def test_an_allowed_origin_can_read_when_to_come_back() -> None:
    with client_for(**ALLOWED, **BY_SECRET, rate_limit="1/hour") as client:
        headers = {"origin": FRIEND, "authorization": f"Bearer {signed()}"}
        answers = [
            client.post("/api/v1/ask", json=BODIES["/api/v1/ask"], headers=headers)
            for _ in range(2)
        ]
    assert [response.status_code for response in answers] == [200, 429]
    assert answers[1].headers["access-control-allow-origin"] == FRIEND
    assert "Retry-After" in answers[1].headers["access-control-expose-headers"]
    assert int(answers[1].headers["retry-after"]) > 0


ERRORS: list[Call] = [
    ("GET", "/nothing-there"),
    ("POST", "/api/v1/nothing-there"),
    ("DELETE", "/api/v1/ask"),
    ("GET", "/api/v1/search"),
    ("GET", "/documents/overview?at=x"),
    ("TRACE", "/"),
]


@pytest.mark.parametrize("call", [*CALLS, *ERRORS], ids=" ".join)
def test_every_response_has_the_security_headers(
    open_client: TestClient, token_client: TestClient, call: Call
) -> None:
    for client in (open_client, token_client):
        response = send(client, call)
        headers = response.headers
        assert set(SAFE.items()) <= set(headers.items())
        assert headers["permissions-policy"]
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        if call[1] != "/embed":
            assert "frame-ancestors 'none'" in policy
            assert headers["x-frame-options"] == "DENY"


def test_a_request_that_fails_unexpectedly_has_them_too() -> None:
    failing = fake_assistant()
    failing.failure = RuntimeError("no")
    with TestClient(create_app(settings(**ALLOWED), FakeIndex(failing).backend())) as client:
        response = send(client, ("POST", "/api/v1/ask"), {"origin": FRIEND})
    assert response.status_code == 500
    assert set(SAFE.items()) <= set(response.headers.items())


@pytest.mark.parametrize(
    ("listed", "ancestors"),
    [
        ((), "'self'"),
        (("https://intranet.example", "https://*.wiki.example"),
         "https://intranet.example https://*.wiki.example"),
    ],
)  # fmt: skip
def test_only_the_embedded_page_may_be_shown_in_listed_frames(
    listed: tuple[str, ...], ancestors: str
) -> None:
    with client_for(frame_ancestors=listed) as client:
        embedded, page = client.get("/embed").headers, client.get("/").headers
    assert embedded["content-security-policy"].endswith(f"frame-ancestors {ancestors}")
    assert "x-frame-options" not in embedded
    for directive in ("script-src 'self';", "connect-src 'self';", "trusted-types 'none';"):
        assert directive in embedded["content-security-policy"]
    assert page["content-security-policy"].endswith("frame-ancestors 'none'")
