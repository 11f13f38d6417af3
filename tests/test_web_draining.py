"""A server that gets SIGTERM answers whoever asked, takes nobody new, and ends with status 0.

Real processes on loopback, ended by a real signal. Not covered: what a proxy makes of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn

from conftest import ROOT
from exported_model import settings_with_model
from ladder_qa.web import draining
from scripted_llm import Reply, Request, ScriptedServer, Wait, head, openai_body
from served import settings_for
from serving_fakes import in_process
from test_replies import QUESTION, right
from test_web_listening import free_port, wait_for

# A server whose answers take as long as it is told, in seconds.
SERVING = """
import sys, time
from ladder_qa.web.listening import listen, run
from serving_fakes import FakeAssistant, FakeIndex, fake_assistant, settings

class Slow(FakeAssistant):
    def ask(self, question, history=()):
        time.sleep(float(sys.argv[2]))
        return super().ask(question, history)

    def checked(self, text, passages=None):
        for sentence in super().checked(text, passages):
            time.sleep(float(sys.argv[2]))
            yield sentence

own = settings(log_level="error")
with listen(own, "127.0.0.1", int(sys.argv[1])) as opened:
    run(own, opened, None, FakeIndex(Slow(fake_assistant().generation)).backend())
"""
BODY = json.dumps({"question": "Who looks ahead?"})
JSON = {"content-type": "application/json"}
ENDS_WITHIN_S = 30  # seven seconds on a machine that has nothing else to do
ASK, STREAM = "/api/v1/ask", "/api/v1/ask/stream"


@contextlib.contextmanager
def serving(answer_s: float, port: int = 0) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server's process and its port; killed at the end if it is still there."""
    port = port or free_port()
    process = in_process(SERVING, str(port), str(answer_s), cwd=ROOT)
    try:
        wait_for(port)
        ready(port)
        yield process, port
    finally:
        process.kill()
        process.communicate()


def ready(port: int) -> None:
    """Waits until the server is ready; while it builds an index it lets a connection wait."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    with contextlib.closing(connection):
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 200


Connect = Callable[[int], http.client.HTTPConnection]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes connections to a port, which are closed after the test."""
    with contextlib.ExitStack() as held:

        def to(port: int) -> http.client.HTTPConnection:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            return held.enter_context(contextlib.closing(connection))

        yield to


def used(connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
    """The same, open and used once."""
    connection.request("GET", "/livez")
    assert connection.getresponse().read() == b'{"status":"live"}'
    return connection


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """Exit status, and what was said on standard error."""
    _, said = process.communicate(timeout=ENDS_WITHIN_S)
    return process.returncode, said


def test_a_server_without_work_ends_at_once_with_status_0() -> None:
    with serving(0) as (process, _):
        process.terminate()
        assert ended(process) == (0, b"")


def test_answers_in_flight_are_finished_whole_and_streams_too(connect: Connect) -> None:
    with serving(0.5) as (process, port):
        asking = [connect(port) for _ in range(6)]
        for number, connection in enumerate(asking):
            connection.request("POST", STREAM if number % 2 else ASK, BODY, JSON)
        time.sleep(0.2)  # they are there, and none has an answer
        process.terminate()
        responses = [connection.getresponse() for connection in asking]
        texts = [response.read().decode() for response in responses]
        assert [response.status for response in responses] == [200] * 6
        assert {json.loads(text)["outcome"] for text in texts[::2]} == {"answered"}
        assert [text.count("event: done\n") for text in texts[1::2]] == [1] * 3
        assert ended(process) == (0, b"")


def test_on_open_connections_it_says_that_it_leaves_and_answers_all_the_same(
    connect: Connect,
) -> None:
    with serving(1.0) as (process, port):
        busy, looks, asks = (used(connect(port)) for _ in range(3))
        looks.request("GET", "/readyz")
        before = looks.getresponse()
        assert (before.status, before.headers["connection"]) == (200, None)
        before.read()
        busy.request("POST", ASK, BODY, JSON)
        time.sleep(0.2)
        process.terminate()
        refused_by(port)
        looks.request("GET", "/readyz")
        after = looks.getresponse()
        problem = json.loads(after.read())
        assert (after.status, problem["type"]) == (503, "/problems/draining")
        assert int(after.headers["retry-after"]) > 0
        asks.request("POST", ASK, BODY, JSON)
        for connection in (busy, asks):
            response = connection.getresponse()
            assert json.loads(response.read())["outcome"] == "answered"
            assert (response.status, response.headers["connection"]) == (200, "close")
        assert ended(process) == (0, b"")


def refused_by(port: int) -> None:
    """Waits until nothing listens there; a signal takes the server up to 0.1 s."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    pytest.fail("it goes on taking connections")


def test_who_stood_at_the_door_is_answered(connect: Connect) -> None:
    """The kernel has accepted the connections, the server not yet."""
    with serving(0) as (process, port):
        process.send_signal(signal.SIGSTOP)
        asking = [connect(port) for _ in range(20)]
        for connection in asking:
            connection.request("POST", ASK, BODY, JSON)
        time.sleep(0.2)
        process.terminate()
        process.send_signal(signal.SIGCONT)
        assert [connection.getresponse().status for connection in asking] == [200] * 20
        assert ended(process) == (0, b"")


def test_idle_connections_do_not_hold_it_up_for_long(connect: Connect) -> None:
    with serving(0) as (process, port):
        used(connect(port))
        connect(port).connect()  # and says nothing
        process.terminate()
        assert ended(process) == (0, b"")


@pytest.mark.slow
def test_what_takes_too_long_is_left_with_the_word_to_ask_again(connect: Connect) -> None:
    body = json.dumps({"text": "A scout looks ahead. " * 100, "passages": None})
    with serving(1.0) as (process, port):
        asking = connect(port)
        asking.request("POST", "/api/v1/verify", body, JSON)
        time.sleep(0.5)
        process.terminate()
        status, _ = ended(process)
        assert status == 0
        response = asking.getresponse()
        assert (response.status, response.headers["retry-after"]) == (503, "5")
        assert json.loads(response.read())["type"] == "/problems/draining"


def test_an_answer_that_a_language_model_is_writing_is_finished(
    pytestconfig: pytest.Config, connect: Connect
) -> None:
    def reply(request: Request) -> Reply:
        first, *rest = openai_body(f"{right(request)} {right(request)}")
        return [head(), first, *rest[:-6], Wait(1.5), *rest[-6:]]

    built = settings_for(pytestconfig, ROOT / "corpus")
    with ScriptedServer(reply=reply) as model:
        named = {"LLM": "openai-like/m", "LLM_BASE_URL": model.v1, "DATA": built.data.resolve()}
        with started(ROOT / "corpus", **named) as (process, port):
            connection = connect(port)
            connection.request("POST", STREAM, json.dumps({"question": QUESTION}), JSON)
            response = connection.getresponse()
            begun = response.read1(4000)
            while b"event: claim\n" not in begun:
                begun += response.read1(4000)
            process.terminate()
            whole = (begun + response.read()).decode()
            assert "event: done\n" not in begun.decode()
            assert (whole.count("event: claim\n"), whole.count("event: done\n")) == (1, 1)
            status, said = ended(process)
            assert status == 0
            assert b'"event": "ended"' in said


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux filters what comes to a door")
def test_nobody_comes_between_the_last_look_and_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    looks = draining._waiting

    def look(listener: socket.socket) -> Iterator[socket.socket]:
        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.3)
        for connection in looks(listener):
            waited.append(connection.fileno())
            connection.close()
        yield from ()

    monkeypatch.setattr(draining, "_waiting", look)
    server = draining.DrainingServer(uvicorn.Config("none"), lambda: None, 1.0)
    server.servers = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()):
            asyncio.run(server._stop_listening([listener]))
        assert len(waited) == 1


@contextlib.contextmanager
def started(corpus: Path, **named: object) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`ladder-qa serve` with these settings, ready, and its port."""
    port = free_port()
    with command(corpus, port, **named) as process:
        wait_for(port)
        ready(port)
        yield process, port


@contextlib.contextmanager
def command(corpus: Path, port: int, **named: object) -> Iterator[subprocess.Popen[bytes]]:
    """`ladder-qa serve` with these settings, as soon as it has begun."""
    process = in_process(
        "from ladder_qa.cli import main; main()",
        *("serve", "--port", str(port)),
        env={"LADDER_QA_CORPUS": str(corpus), **{f"LADDER_QA_{k}": str(named[k]) for k in named}},
        start_new_session=True,  # so that what it starts can be told from others
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_sigterm_while_the_index_is_built_ends_both_processes(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    own = settings_with_model(pytestconfig, tmp_path / "data")
    with command(ROOT / "corpus", free_port(), DATA=own.data.resolve()) as process:
        assert process.stderr is not None
        assert b"There is no index" in process.stderr.readline()  # said by the one that builds
        process.terminate()
        assert ended(process)[0] == 143
        assert left_of(process, within_s=5) == 0


def left_of(process: subprocess.Popen[bytes], within_s: float) -> int:
    """1 where processes that it started are still there after this time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return 0
        time.sleep(0.05)
    return 1


@dataclass
class RoundRobin:
    """A client of several servers: the next question goes to the next one.

    Where nothing listens it asks the one after, for nothing was sent; a kept connection that the
    server has closed it opens anew, as all clients do. Any other failure counts.
    """

    ports: Sequence[int]
    keeps: bool  # its connections
    answers: list[bytes] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    passed_over: int = 0

    def run(self, stop: threading.Event) -> None:
        """Asks until it is told to stop."""
        kept: dict[int, http.client.HTTPConnection] = {}
        for port in itertools.cycle(self.ports):
            if stop.is_set():
                break
            new = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection = kept.setdefault(port, new) if self.keeps else new
            try:
                self._ask(connection)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                return
            if not self.keeps:
                connection.close()
        for connection in kept.values():
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # it was idle for too long, and the server said so
        if connection.sock is None:
            try:
                connection.connect()
            except ConnectionRefusedError:
                self.passed_over += 1
                return
        connection.request("POST", ASK, BODY, JSON)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise http.client.HTTPException(str(response.status))
        self.answers.append(body)


def restarted_in_turn(rounds: int, clients: int, start: Callable[[int], Running]) -> None:
    """Two servers under clients that ask without a pause, each ended and started in its turn."""
    stop = threading.Event()
    running = [start(free_port()) for _ in range(2)]
    ports = [one.port for one in running]
    asking = [RoundRobin(ports, keeps=number % 2 == 0) for number in range(clients)]
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in asking]
    try:
        for thread in threads:
            thread.start()
        for number in range(2 * rounds):
            time.sleep(0.5)
            running[number % 2].end()
            running[number % 2] = start(ports[number % 2])
        time.sleep(0.5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for one in running:
            one.end()
    assert [failure for one in asking for failure in one.failures] == []
    assert len({answer for one in asking for answer in one.answers}) == 1
    assert all(len(one.answers) > 20 for one in asking)
    assert any(one.passed_over for one in asking)


class Running:
    """A started server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._held = contextlib.ExitStack()
        self._process, _ = self._held.enter_context(serving(0.02, port))

    def end(self) -> None:
        """By SIGTERM, to its end."""
        self._process.send_signal(signal.SIGTERM)
        assert ended(self._process) == (0, b"")
        self._held.close()


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_servers_restarted_in_turn_refuse_no_request(rounds: int) -> None:
    restarted_in_turn(rounds, 8, Running)
