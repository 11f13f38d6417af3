"""Signing in: each route × each credential that must not get in, and those that must.

The table comes from the app's own schema and list of routes, so that a new route is in it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.routing import Route

from ladder_qa.web.app import create_app
from ladder_qa.web.auth import is_public
from ladder_qa.web.observe import make_logger
from serving_fakes import DOCUMENTS, FakeIndex, fake_assistant, settings
from signing import (
    BAD_CLAIMS,
    BY_PUBLIC_KEY,
    BY_SECRET,
    OTHER_PAIR,
    OTHER_SECRET,
    PAIR,
    PUBLIC,
    SECRET,
    forged,
    signed,
)

PROXY = "10.0.0.5"
BY_PROXY = {"auth": "proxy", "proxy_addresses": (PROXY, "10.1.0.0/16"), "proxy_header": "X-User"}
BODIES = {
    "/api/v1/ask": {"question": "who looks ahead?"},
    "/api/v1/ask/stream": {"question": "who looks ahead?"},
    "/api/v1/verify": {"text": "A scout looks ahead."},
    "/api/v1/feedback": {"answer_id": "ans_1", "verdict": "up"},
}
FILLED = {
    "slug:path": "overview",
    "code": "X1",
    "a": "X1",
    "b": "X2",
    "kind": "not-found",
    "name": "ladder.css",
}
PUBLIC_ROUTES = {"/livez", "/readyz", "/static/{name}", "/problems/{kind}"}

Call = tuple[str, str]  # method and address


def app_for(values: dict[str, Any], log: io.StringIO | None = None) -> Any:
    logger = make_logger("debug", log or io.StringIO())
    return create_app(settings(**values), FakeIndex(fake_assistant()).backend(), log=logger)


def filled(path: str) -> str:
    """A template's address: every part has a value here, or the test fails."""
    return re.sub(r"\{([^}]+)\}", lambda part: FILLED[part[1]], path)


def calls_of(app: Any) -> list[Call]:
    """Every method and address of the schema and of the routes, with and without a question."""
    schema = [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]
    routes = [
        (method, route.path)
        for route in app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
    ]
    found = {(m, p) for m, p in (*schema, *routes) if p not in PUBLIC_ROUTES and m != "HEAD"}
    addresses = {(m, filled(p)) for m, p in found if not p.startswith("/widget")}
    extra = {
        ("GET", "/?q=who+looks+ahead"),
        ("GET", "/api/v1/search?q=ahead"),
        ("GET", "/nothing-there"),
        ("HEAD", "/documents/overview"),
        ("DELETE", "/api/v1/ask"),
        ("OPTIONS", "/api/v1/levels"),
    }
    return sorted(addresses | extra)


CALLS = calls_of(app_for({}))


def send(client: TestClient, call: Call, headers: dict[str, str] | None = None) -> Any:
    method, address = call
    body = BODIES.get(address)
    return client.request(method, address, json=body, headers=headers or {})


def no_leak(response: Any, call: Call, log: io.StringIO) -> None:
    """A refusal that says nothing of the documents, of the token or of why it is not good."""
    assert response.status_code == 401, call
    assert response.headers["www-authenticate"]
    assert response.headers["cache-control"] == "no-store"
    if call[0] == "HEAD":
        assert response.content == b""
        return
    found = response.json()
    assert (found["type"], found["status"]) == ("/problems/sign-in-needed", 401)
    told = response.text + str(response.headers) + log.getvalue()
    for text in (*DOCUMENTS, "Scout", "looks ahead", "people home", "ann@example.com", "eyJ"):
        assert text not in told, call


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


BAD_HEADERS = {
    "none": {},
    "an empty one": {"Authorization": ""},
    "no token": {"Authorization": "Bearer"},
    "no scheme": {"Authorization": signed()},
    "another scheme": {"Authorization": f"Basic {signed()}"},
    "no token at all": bearer("let-me-in"),
    "half a token": bearer(signed().rpartition(".")[0]),
    "two tokens": bearer(f"{signed()} {signed()}"),
    "a very long token": bearer("a" * 9000),
    "what a proxy would say": {"X-User": "ann", "X-Forwarded-User": "ann"},
}


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def clients(log: io.StringIO) -> Iterator[dict[str, TestClient]]:
    """A server of each kind of sign-in."""
    kinds: dict[str, dict[str, Any]] = {
        "secret": BY_SECRET,
        "public key": BY_PUBLIC_KEY,
        "proxy": BY_PROXY,
    }
    with ExitStack() as opened:
        yield {
            kind: opened.enter_context(TestClient(app_for(values, log)))
            for kind, values in kinds.items()
        }


def bad_tokens(kind: str) -> dict[str, str]:
    """Tokens that must not get in where tokens are checked by a secret, or by a public key."""
    by_secret = kind == "secret"
    key, algorithm = (SECRET, "HS256") if by_secret else (PAIR, "RS256")
    other = OTHER_SECRET if by_secret else OTHER_PAIR
    found = {name: signed(key, algorithm, **bad) for name, bad in BAD_CLAIMS.items()}
    right = signed(key, algorithm)
    head, body, signature = right.split(".")
    _, others_body, _ = signed(key, algorithm, sub="bob@example.com").split(".")
    return found | {
        "of another key": signed(other, algorithm),
        "with another's claims": f"{head}.{others_body}.{signature}",
        "with its signature cut": f"{head}.{body}.",
        "unsigned": forged({"alg": "none", "typ": "JWT"}),
        "unsigned, spelt otherwise": forged({"alg": "NoNe"}),
        "unsigned, with the old signature": f"{forged({'alg': 'none'})}{signature}",
        "the public key as a secret": forged({"alg": "HS256"}, PUBLIC.encode()),
        "the public key as a secret, stripped": forged({"alg": "HS256"}, PUBLIC.strip().encode()),
        "an empty secret": forged({"alg": "HS256"}, b"\0"),
        "its own key within": forged({"alg": "HS256", "jwk": {"kty": "oct"}}, b"mine"),
        "the other kind": signed(PAIR, "RS256") if by_secret else signed(SECRET),
        "a critical extension": forged({"alg": "HS256", "crit": ["exp"]}, SECRET.encode()),
    }


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
@pytest.mark.parametrize("kind", ["secret", "public key"])
def test_no_call_answers_without_a_right_token(
    clients: dict[str, TestClient], log: io.StringIO, kind: str, call: Call
) -> None:
    client = clients[kind]
    for headers in BAD_HEADERS.values():
        no_leak(send(client, call, headers), call, log)
    for token in bad_tokens(kind).values():
        response = send(client, call, bearer(token))
        no_leak(response, call, log)
        assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_no_call_answers_without_the_proxys_word(
    clients: dict[str, TestClient], log: io.StringIO, call: Call
) -> None:
    app = clients["proxy"].app
    listed = TestClient(app, client=(PROXY, 1))
    unlisted = TestClient(app, client=("10.2.0.1", 1))
    forwarded = {"X-User": "ann", "X-Forwarded-For": PROXY, "Forwarded": f"for={PROXY}"}
    no_leak(send(unlisted, call, {"X-User": "ann"}), call, log)
    no_leak(send(unlisted, call, forwarded), call, log)
    no_leak(send(unlisted, call, bearer(signed())), call, log)
    no_leak(send(listed, call), call, log)
    no_leak(send(listed, call, {"X-User": " "}), call, log)
    no_leak(send(listed, call, {"X_User": "ann"}), call, log)
    no_leak(send(listed, call, {"X-User": "a" * 600}), call, log)
    twice = listed.request(call[0], call[1], headers=[("X-User", "ann"), ("x-user", "root")])
    no_leak(twice, call, log)


def statuses(client: TestClient, headers: dict[str, str]) -> dict[Call, int]:
    return {call: send(client, call, headers).status_code for call in CALLS}


def expected() -> dict[Call, int]:
    """What the same calls give where nobody is asked who they are."""
    with TestClient(app_for({})) as client:
        return statuses(client, {})


def test_everybody_who_is_signed_in_gets_what_an_open_server_gives(
    clients: dict[str, TestClient],
) -> None:
    open_server = expected()
    assert 401 not in open_server.values()
    assert statuses(clients["secret"], bearer(signed())) == open_server
    assert statuses(clients["public key"], bearer(signed(PAIR, "RS256"))) == open_server
    assert statuses(clients["public key"], bearer(signed(PAIR, "PS512"))) == open_server
    listed = TestClient(clients["proxy"].app, client=("10.1.2.3", 1))
    assert statuses(listed, {"X-User": "ann"}) == open_server


def test_two_people_get_the_same_bytes_and_nothing_of_each_other(
    clients: dict[str, TestClient],
) -> None:
    client = clients["secret"]
    ann, bob = bearer(signed()), bearer(signed(sub="bob@example.com"))
    client.post("/api/v1/feedback", json={**BODIES["/api/v1/feedback"], "comment": "x9x9"},
                headers=ann)  # fmt: skip
    for call in CALLS:
        if call[1] == "/metrics":
            continue
        assert send(client, call, ann).content == send(client, call, bob).content, call
    told = client.get("/metrics", headers=bob).text
    assert "ann@" not in told
    assert "x9x9" not in told


@pytest.mark.parametrize("kind", ["secret", "public key", "proxy"])
def test_probes_files_and_kinds_of_problems_are_public(
    clients: dict[str, TestClient], kind: str
) -> None:
    client = clients[kind]
    for path in ("/livez", "/readyz", "/static/ladder.css", "/problems/sign-in-needed"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("/widget.js", True),
        ("/widget-0123abcd.js", False),
        ("/widget/a/b.js", False),
        ("/demo", False),
        ("/widget/0123abcd.js", True),
        ("/widget.js/..", False),
        ("/widget/../documents", False),
        ("/static/../documents", False),
        ("/static/a/b", False),
        ("/livez/", False),
        ("/livez\n", False),
        ("//livez", False),
        ("/embed", False),
        ("/metrics", False),
        ("/openapi.json", False),
        ("/", False),
    ],
)
def test_only_named_addresses_are_public(path: str, *, public: bool) -> None:
    assert is_public(path) is public


def test_a_token_is_good_for_half_a_minute_after_its_end(clients: dict[str, TestClient]) -> None:
    import time

    now = int(time.time())
    late, too_late = signed(exp=now - 15), signed(exp=now - 45)
    client = clients["secret"]
    assert client.get("/api/v1/levels", headers=bearer(late)).status_code == 200
    refused = client.get("/api/v1/levels", headers=bearer(too_late))
    assert refused.json()["detail"] == "The token has expired."


def test_a_token_for_several_programs_is_good_for_this_one(clients: dict[str, TestClient]) -> None:
    token = signed(aud=["payroll", "ladder"])
    assert clients["secret"].get("/api/v1/levels", headers=bearer(token)).status_code == 200


def test_without_an_audience_in_the_settings_tokens_for_one_are_refused() -> None:
    values = {**BY_SECRET, "jwt_audience": "", "jwt_issuer": ""}
    with TestClient(app_for(values)) as client:
        for token, status in ((signed(aud=None, iss=None), 200), (signed(), 401)):
            response = client.get("/api/v1/levels", headers=bearer(token))
            assert response.status_code == status


def test_a_browser_without_a_token_gets_a_page_that_says_what_to_do(
    clients: dict[str, TestClient],
) -> None:
    response = clients["secret"].get("/", headers={"accept": "text/html"})
    assert response.status_code == 401
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "a browser does not send with a page" in response.text
    assert "Scout" not in response.text
    call = clients["secret"].get("/api/v1/levels", headers={"accept": "text/html"})
    assert call.headers["content-type"] == "application/problem+json"


def test_the_schema_says_how_to_sign_in_and_where_nobody_has_to() -> None:
    schema = app_for(BY_SECRET).openapi()
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert schema["paths"]["/api/v1/ask"]["post"]["security"] == [{"token": []}]
    assert "security" not in schema["paths"]["/livez"]["get"]
    assert app_for(BY_PROXY).openapi()["components"]["securitySchemes"]["proxy"]["in"] == "header"
    assert "securitySchemes" not in app_for({}).openapi()["components"]
