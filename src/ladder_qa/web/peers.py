"""Who is at the other end of a connection: a proxy of the settings, or a client by its address.

What a request says about its origin counts only when a listed proxy says it.
Not covered: who the person is (`auth`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEIGHBOURS = 64  # bits of an IPv6 address that its network gives; the rest a client chooses


class Peers:
    """The proxies of the settings, and what they vouch for."""

    def __init__(self, proxies: Sequence[str]) -> None:
        self._proxies = tuple(ipaddress.ip_network(proxy) for proxy in proxies)

    def is_proxy(self, scope: Scope) -> bool:
        """Whether the connection comes from a listed proxy."""
        peer = _peer(scope)
        return peer is not None and self._listed(peer)

    def client(self, scope: Scope) -> str:
        """The client's address, of IPv6 its network; empty where there is none.

        Behind listed proxies it is the last address of `X-Forwarded-For` that none of them has:
        what stands before it is the client's own word.
        """
        address = _peer(scope)
        if address is None:
            return ""
        hops = [
            hop
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
            for hop in value.decode("latin-1").split(",")
        ]
        while hops and self._listed(address):
            before = _address(hops.pop().strip())
            if before is None:
                break
            address = before
        if address.version == 6:
            return str(ipaddress.ip_network((address, _NEIGHBOURS), strict=False))
        return str(address)

    def _listed(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return _address(client[0]) if client else None


def _address(text: str) -> Address | None:
    """An address; an IPv4 one also where it is written as IPv6 (`::ffff:192.0.2.1`)."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
