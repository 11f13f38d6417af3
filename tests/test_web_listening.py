"""Listening: loopback only unless told otherwise; a real server, a real socket, a large body."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

import pytest

from ladder_qa.errors import LadderError
from ladder_qa.web.listening import listen, named
from serving_fakes import in_process, settings


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_without_a_check_the_server_listens_on_loopback(host: str) -> None:
    with listen(settings(), host, 0) as opened:
        assert opened.getsockname()[1] > 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_without_a_check_it_listens_nowhere_else(host: str) -> None:
    with pytest.raises(LadderError, match="loopback"), listen(settings(), host, 0):
        pass


def test_told_to_be_open_it_listens_everywhere() -> None:
    with listen(settings(auth="open"), "0.0.0.0", 0) as opened:
        assert opened.getsockname()[0] == "0.0.0.0"


def test_a_taken_port_is_said_so() -> None:
    with listen(settings(), "127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        taken = listen(settings(), "127.0.0.1", port)
        with pytest.raises(LadderError, match=f"127.0.0.1 port {port}"), taken:
            pass


@pytest.mark.parametrize("host", ["", "x" * 300])
def test_what_is_no_address_is_said_so(host: str) -> None:
    with pytest.raises(LadderError, match="no address"), listen(settings(), host, 0):
        pass


@pytest.mark.parametrize(
    ("auth", "host", "names"),
    [
        ("none", "Mybox", ("mybox",)),
        ("none", "127.0.0.1", ("127.0.0.1",)),
        ("none", "::1", ()),
        ("open", "mybox", ()),  # who is asked by any name goes on being so
    ],
)
def test_on_loopback_the_server_is_asked_by_the_name_that_it_listens_on(
    auth: str, host: str, names: tuple[str, ...]
) -> None:
    assert names == named(settings(auth=auth, allowed_hosts=()), host).allowed_hosts


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVING = (
    "import sys\nfrom ladder_qa.web.listening import listen, run\n"
    "from serving_fakes import FakeIndex, fake_assistant, settings\n"
    "backend = FakeIndex(fake_assistant()).backend()\n"
    "with listen(settings(), '127.0.0.1', int(sys.argv[1])) as opened:\n"
    "    run(settings(), opened, None, backend)"
)


def test_a_real_server_refuses_a_large_body_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    process = in_process(SERVING, str(port), cwd=tmp_path)
    try:
        wait_for(port)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(
                b"POST /api/v1/ask HTTP/1.1\r\nhost: localhost\r\n"
                b"content-type: application/json\r\n"
                b"transfer-encoding: chunked\r\n\r\n"
            )
            chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
            try:
                for _ in range(80):
                    client.sendall(chunk)
            except OSError:
                pass  # the server has closed the connection: it does not read on
            answer = b""
            try:
                while data := client.recv(65536):
                    answer += data
            except OSError:
                pass
        assert answer == b"" or b" 413 " in answer.split(b"\r\n")[0]
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(
                b"POST /api/v1/ask HTTP/1.1\r\nhost: localhost\r\n"
                b"content-type: application/json\r\n"
                b"content-length: 5000000\r\nconnection: close\r\n\r\n"
            )
            assert b" 413 " in client.recv(65536).split(b"\r\n")[0]
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"HEAD / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            head = b""
            while data := client.recv(65536):
                head += data
        assert head.endswith(b"\r\n\r\n")
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    lines = [json.loads(line) for line in err.decode().splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines if line["event"] == "request"] == [413, 413, 200]
    assert [line for line in lines if line["event"] == "server"] == []


def wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")
