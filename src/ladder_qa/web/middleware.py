"""What happens around every request: security headers, log line, metrics, the last net for errors.

Plain ASGI, so that streams pass through untouched.
Not covered: who may ask, and how often (`entrance`).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware

from ladder_qa.web.problems import Problem, from_error, not_ready, respond

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import structlog
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ladder_qa.web.observe import Metrics

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_PROBES = frozenset(("/livez", "/readyz", "/metrics"))  # logged at debug level only
_UNMATCHED = "(none)"


EMBEDDED = "/embed"  # the one page that is made for other pages' frames
# What the widget needs: its own file, and calls of this server; it makes no HTML out of text.
_WIDGET_POLICY = (
    "script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; "
    "trusted-types 'none'; "
)


def security_headers(path: str, frame_ancestors: Sequence[str]) -> dict[str, str]:
    """The headers of every response. `frame_ancestors` lists who may show `/embed` in a frame.

    Without any it is this server itself; no other page may be shown in a frame at all.
    """
    embedded = path == EMBEDDED
    ancestors = (" ".join(frame_ancestors) or "'self'") if embedded else "'none'"
    scripts = _WIDGET_POLICY if embedded else ""
    headers = {
        "Content-Security-Policy": f"default-src 'none'; {scripts}style-src 'self'; "
        f"img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Cache-Control": "no-store",
    }
    if not embedded:
        headers["X-Frame-Options"] = "DENY"  # for browsers that do not know frame-ancestors
    return headers


class Around:
    """The outermost layer of our own: nothing that a route raises gets past it.

    While `leaving()` is true, each response closes its connection.
    """

    def __init__(
        self,
        app: ASGIApp,
        frame_ancestors: Sequence[str],
        log: structlog.typing.FilteringBoundLogger,
        metrics: Metrics,
        leaving: Callable[[], bool],
    ) -> None:
        self._app = app
        self._leaving = leaving
        self._headers = security_headers("", frame_ancestors)
        self._embedded = security_headers(EMBEDDED, frame_ancestors)
        self._log = log
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; HEAD is GET without its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = self._embedded if scope["path"] == EMBEDDED else self._headers
        exchange = _Exchange(send, headers, self._leaving, head=scope["method"] == "HEAD")
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        # A copy, because the HTTP server looks at its own for the method that was asked.
        scope = {**scope, "method": "GET"} if exchange.head else scope
        try:
            await self._app(scope, receive, exchange.send)
        except Exception as error:  # noqa: BLE001  (the last net: the log gets the kind)
            self._log.error("unexpected error", kind=type(error).__name__)
            self._log.debug("unexpected error", detail=repr(error))
            if not exchange.status:
                response = respond(from_error(error), scope)
                await response(scope, receive, exchange.send)
        except asyncio.CancelledError:  # the server ends, and this took longer than it waits
            if not exchange.status:
                response = respond(not_ready("draining"), scope)
                await response(scope, receive, exchange.send)
            raise
        finally:
            self._note(scope, method, exchange.status, time.perf_counter() - began)

    def _note(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", _UNMATCHED)
        self._metrics.requests.labels(route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        write = self._log.debug if route in _PROBES else self._log.info
        problem = scope.get("state", {}).get("problem")
        extra = {"problem": problem} if problem else {}
        ms = round(seconds * 1000, 1)
        write("request", method=method, route=route, status=status, ms=ms, **extra)


class _Exchange:
    """One response on its way out."""

    def __init__(
        self, send: Send, headers: dict[str, str], leaving: Callable[[], bool], *, head: bool
    ) -> None:
        self.status = 0
        self.head = head
        self._send = send
        self._headers = headers
        self._leaving = leaving

    async def send(self, message: Message) -> None:
        """Adds the headers that the response does not set itself; drops the body for HEAD."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            if self._leaving():  # the next request has to go to another server
                headers["Connection"] = "close"
        elif self.head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


class ApiCors(CORSMiddleware):
    """Cross-origin calls of the API, for the origins of the settings; a refusal is a problem."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a preflight; leaves everything outside the API alone."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asks = scope["method"] == "OPTIONS" and "access-control-request-method" in headers
        if asks and "origin" in headers:
            response: Response = self.preflight_response(request_headers=headers)
            if response.status_code != 200:
                response = respond(Problem("cross-origin-refused"), scope)
            await response(scope, receive, send)
            return
        await super().__call__(scope, receive, send)
