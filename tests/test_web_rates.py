"""Rates: the limit, who is counted as whom, windows that pass, and a store that is away."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from fastapi.testclient import TestClient

from ladder_qa.counters import Counters
from ladder_qa.web.app import create_app
from ladder_qa.web.observe import make_logger
from ladder_qa.web.rates import Rates
from scripted_redis import ScriptedRedis
from serving_fakes import FakeIndex, fake_assistant, settings
from signing import BY_SECRET, signed
from test_web_listening import free_port, wait_for

ASK = {"question": "who looks ahead?"}
NOTHING_LISTENS = "redis://127.0.0.1:9"


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def app_with(log: io.StringIO | None = None, **values: Any) -> Any:
    own = settings(**{"rate_limit": "3/minute", **values})
    logger = make_logger("info", log or io.StringIO())
    return create_app(own, FakeIndex(fake_assistant()).backend(), log=logger)


def rates(clock: Clock, limit: str, log: io.StringIO | None = None, store: str = "memory") -> Rates:
    own = settings(rate_limit=limit, rate_store=store)
    return Rates(own, make_logger("info", log or io.StringIO()), clock)


def waits(counted: Rates, who: str, times: int) -> list[int]:
    async def all_of_them() -> list[int]:
        return [await counted.wait_s(who) for _ in range(times)]

    return asyncio.run(all_of_them())


def ask_times(client: TestClient, times: int, **headers: str) -> list[int]:
    return [client.post("/api/v1/ask", json=ASK, headers=headers).status_code for _ in range(times)]


def test_past_the_limit_a_request_is_told_when_to_come_back() -> None:
    with TestClient(app_with()) as client:
        assert ask_times(client, 3) == [200, 200, 200]
        refused = client.post("/api/v1/ask", json=ASK)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "/problems/too-many-requests"


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "/api/v1/ask", ASK),
        ("POST", "/api/v1/ask/stream", ASK),
        ("GET", "/api/v1/search?q=ahead", None),
        ("POST", "/api/v1/verify", {"text": "A scout looks ahead."}),
        ("POST", "/api/v1/feedback", {"answer_id": "ans_1", "verdict": "up"}),
        ("GET", "/?q=who+looks+ahead", None),
        ("GET", "/?x=1&q=who", None),
        ("HEAD", "/?q=who", None),
    ],
)
def test_every_call_that_costs_something_is_counted(
    method: str, address: str, body: dict[str, str] | None
) -> None:
    with TestClient(app_with(rate_limit="1/hour")) as client:
        assert client.request(method, address, json=body).status_code in (200, 204)
        assert client.request(method, address, json=body).status_code == 429
        assert client.post("/api/v1/ask", json=ASK).status_code == 429  # one count for all


@pytest.mark.parametrize("path", ["/", "/embed"])
def test_a_pages_form_is_counted(path: str) -> None:
    with TestClient(app_with(rate_limit="1/hour")) as client:
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert client.post(path, content=b"q=way", headers=form).status_code != 429
        assert client.post(path, content=b"q=way", headers=form).status_code == 429


def test_what_costs_nothing_is_not_counted() -> None:
    paths = ["/", "/?q=", "/?q=%20", "/documents", "/api/v1/levels", "/livez", "/static/ladder.css"]
    with TestClient(app_with(rate_limit="1/hour")) as client:
        for path in paths * 3:
            assert client.get(path).status_code == 200


def test_a_browser_that_asks_too_often_gets_a_page() -> None:
    with TestClient(app_with(rate_limit="1/hour")) as client:
        browser = {"accept": "text/html"}
        client.get("/?q=way", headers=browser)
        page = client.get("/?q=way", headers=browser)
        assert page.status_code == 429
        assert "<h1>Too many requests</h1>" in page.text


def test_another_person_is_not_affected() -> None:
    with TestClient(app_with(**BY_SECRET)) as client:
        ann, bob = (f"Bearer {signed(sub=name)}" for name in ("ann", "bob"))
        assert ask_times(client, 4, authorization=ann) == [200, 200, 200, 429]
        # another token of the same person is the same person
        again = f"Bearer {signed(sub='ann', jti='2')}"
        assert ask_times(client, 1, authorization=again) == [429]
        assert ask_times(client, 3, authorization=bob) == [200, 200, 200]


def test_who_is_refused_at_the_door_is_not_counted() -> None:
    with TestClient(app_with(**BY_SECRET)) as client:
        assert ask_times(client, 9) == [401] * 9
        right = f"Bearer {signed()}"
        assert ask_times(client, 1, authorization=right) == [200]


def test_without_sign_in_addresses_are_counted() -> None:
    app = app_with(auth="open")
    with TestClient(app, client=("192.0.2.1", 1)) as first:
        assert ask_times(first, 4) == [200, 200, 200, 429]
        assert ask_times(TestClient(app, client=("192.0.2.2", 1)), 1) == [200]
        assert ask_times(TestClient(app, client=("::ffff:192.0.2.1", 1)), 1) == [429]


def test_neighbours_in_one_ipv6_network_are_one() -> None:
    app = app_with(auth="open")
    with TestClient(app, client=("2001:db8::1", 1)) as first:
        assert ask_times(first, 3) == [200, 200, 200]
        assert ask_times(TestClient(app, client=("2001:db8::ffff:2", 1)), 1) == [429]
        assert ask_times(TestClient(app, client=("2001:db8:0:1::1", 1)), 1) == [200]


def test_a_forged_forwarded_address_counts_for_nothing() -> None:
    with TestClient(app_with(auth="open"), client=("192.0.2.1", 1)) as client:
        for number in range(3):
            forged = {"x-forwarded-for": f"198.51.100.{number}"}
            assert ask_times(client, 1, **forged) == [200]
        assert ask_times(client, 1, **{"x-forwarded-for": "198.51.100.9"}) == [429]


def test_behind_listed_proxies_the_last_unlisted_address_is_counted() -> None:
    app = app_with(auth="open", proxy_addresses=("10.0.0.0/8",))
    with TestClient(app, client=("10.0.0.1", 1)) as proxy:
        told = "198.51.100.7, 203.0.113.5, 10.0.0.2"
        assert ask_times(proxy, 3, **{"x-forwarded-for": told}) == [200] * 3
        # what stands before it is the client's own word
        other = "198.51.100.8, 203.0.113.5"
        assert ask_times(proxy, 1, **{"x-forwarded-for": other}) == [429]
        assert ask_times(proxy, 1, **{"x-forwarded-for": "203.0.113.6"}) == [200]
        assert ask_times(proxy, 1, **{"x-forwarded-for": "nonsense"}) == [200]


def test_a_window_passes() -> None:
    clock = Clock()
    counted = rates(clock, "2/minute")
    assert waits(counted, "ann", 3) == [0, 0, 60]
    clock.now += 59.5
    assert waits(counted, "ann", 1) == [1]
    clock.now += 0.5
    assert waits(counted, "ann", 3) == [0, 0, 60]


def test_of_several_rates_each_holds_and_what_one_refuses_the_longer_does_not_count() -> None:
    clock = Clock()
    counted = rates(clock, "4/hour;2/minute")
    assert waits(counted, "ann", 10) == [0, 0, *[60] * 8]
    clock.now += 60
    assert waits(counted, "ann", 3) == [0, 0, 60]
    clock.now += 60
    assert waits(counted, "ann", 1) == [3480]


def test_counters_are_bounded_and_forget_the_oldest() -> None:
    clock = Clock()
    counters = Counters(clock, most=100)
    for number in range(1000):
        counters.incr(f"who {number}", 60)
        counters.incr("who 0", 60)
    assert counters.get("who 999") == 1
    assert counters.reset() <= 100


def test_counters_whose_window_is_over_make_room_first() -> None:
    clock = Clock()
    counters = Counters(clock, most=10)
    counters.incr("long", 3600)
    for number in range(9):
        counters.incr(f"short {number}", 1)
    clock.now += 2
    counters.incr("new", 60)
    assert (counters.get("long"), counters.get("short 1"), counters.reset()) == (1, 0, 2)


@pytest.fixture(scope="module", params=["scripted", "real"])
def redis_port(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[int]:
    """A Redis on loopback: one of our own, and the real one where it is installed."""
    if request.param == "scripted":
        with ScriptedRedis() as server:
            yield server.port
        return
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("no redis-server or valkey-server on this machine")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    folder = tmp_path_factory.mktemp("redis")
    with subprocess.Popen([program, *options], cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()


def test_two_servers_with_one_redis_count_together(redis_port: int) -> None:
    store = f"redis://127.0.0.1:{redis_port}/1"
    first, second = (rates(Clock(), "3/hour", store=store) for _ in range(2))
    assert waits(first, "ann", 2) == [0, 0]
    assert waits(second, "ann", 1) == [0]
    assert 3590 <= waits(second, "ann", 1)[0] <= 3600
    assert waits(first, "bob", 1) == [0]


def test_redis_holds_no_name_and_no_address(redis_port: int) -> None:
    store = f"redis://127.0.0.1:{redis_port}/2"
    with TestClient(app_with(auth="open", rate_store=store), client=("192.0.2.77", 1)) as client:
        assert ask_times(client, 4) == [200, 200, 200, 429]
    with TestClient(app_with(**BY_SECRET, rate_store=store)) as client:
        right = f"Bearer {signed()}"
        assert ask_times(client, 4, authorization=right) == [200, 200, 200, 429]
    with redis.Redis.from_url(store) as reader:
        keys = [key.decode() for key in reader.scan_iter()]
    assert len(keys) == 2
    assert not [key for key in keys if "192.0.2" in key or "ann" in key]


def test_when_redis_is_away_people_go_on_asking_and_are_counted_here() -> None:
    log = io.StringIO()
    with TestClient(app_with(log, rate_store=NOTHING_LISTENS)) as client:
        log.truncate(0)
        log.seek(0)
        assert ask_times(client, 5) == [200, 200, 200, 429, 429]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    warnings = [line for line in lines if line["level"] == "warning"]
    assert [line["event"] for line in warnings] == ["rate store failed; counting here"]
    assert warnings[0]["kind"] == "ConnectionError"
    assert "127.0.0.1" not in log.getvalue()


class Silent:
    """Takes connections and never answers."""

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def test_a_redis_that_hangs_costs_one_request_a_moment_and_no_other() -> None:
    with Silent() as store:
        counted = rates(Clock(), "3/minute", store=store)
        began = time.monotonic()
        assert waits(counted, "ann", 1) == [0]
        assert time.monotonic() - began < 2.0
        began = time.monotonic()
        assert waits(counted, "ann", 5) == [0, 0, 60, 60, 60]
        assert time.monotonic() - began < 0.2
