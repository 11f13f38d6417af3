"""What a request passes before any route sees it: the server's name, signing in, the rates.

It stands in front of the routing, so that a new route is closed until it is named as public.
Not covered: how somebody signs in (`auth`), how requests are counted (`rates`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ladder_qa.web.auth import is_public, opaque_ids, sign_in
from ladder_qa.web.hosts import Hosts
from ladder_qa.web.peers import Peers
from ladder_qa.web.problems import KINDS, Problem, respond

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ladder_qa.settings import Settings
    from ladder_qa.web.rates import Rates

# What costs time for each request, or is stored.
_COUNTED = frozenset(
    f"/api/v1/{call}" for call in ("ask", "ask/stream", "search", "verify", "feedback")
)
_FORMS = frozenset(("/", "/embed"))  # pages whose form asks a question


class Entrance:
    """Lets a request through, or answers it.

    421 when it names a host that is not this server, 401 without a principal, 429 when too early.
    """

    def __init__(self, app: ASGIApp, settings: Settings, rates: Rates | None) -> None:
        self._app = app
        self._hosts = Hosts(settings)
        self._peers = Peers(settings.proxy_addresses)
        self._sign_in = sign_in(settings, self._peers)
        self._opaque = opaque_ids(settings)
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] == "http":
            try:
                await self._check(scope)
            except Problem as problem:
                await respond(problem, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _check(self, scope: Scope) -> None:
        who = ""
        if not is_public(scope["path"]):
            self._hosts.check(scope)
            if self._sign_in is not None:
                who = self._sign_in(scope)
        if self._rates is not None and _is_counted(scope):
            wait = await self._rates.wait_s(
                who or self._opaque("address", self._peers.client(scope))
            )
            if wait:
                words = f"{KINDS['too-many-requests'].meaning} That is in {wait} s."
                raise Problem("too-many-requests", words, {"Retry-After": str(wait)})


def _is_counted(scope: Scope) -> bool:
    if scope["path"] in _COUNTED:
        return True
    if scope["path"] not in _FORMS:
        return False
    if scope["method"] == "POST":
        return True
    pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
    return any(name == "q" and value.strip() for name, value in pairs)
