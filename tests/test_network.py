"""The watch over the network in `conftest`: without it, promise 7 would not be tested."""

from __future__ import annotations

import socket

import pytest

import conftest


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "", None, b"127.0.0.9"])
def test_this_machine_may_be_contacted(host: object) -> None:
    assert conftest._is_local(host)


@pytest.mark.parametrize("host", ["example.com", "192.0.2.1", "2001:db8::1", b"example.com"])
def test_another_machine_may_not(host: object) -> None:
    assert not conftest._is_local(host)


def test_a_look_up_of_another_machine_is_refused_and_noted() -> None:
    with pytest.raises(PermissionError, match=r"reached for 'host\.invalid'"):
        socket.getaddrinfo("host.invalid", 443)
    assert conftest._contacted == ["host.invalid"]
    conftest._contacted.clear()


def test_a_connection_to_another_machine_is_refused_and_noted() -> None:
    # 192.0.2.0/24 is set aside for documentation (RFC 5737): nothing answers there.
    with socket.socket() as client, pytest.raises(PermissionError, match=r"'192\.0\.2\.1'"):
        client.connect(("192.0.2.1", 9))
    assert conftest._contacted == ["192.0.2.1"]
    conftest._contacted.clear()
