"""The HTTP server, which SIGTERM ends without a refused request: it drains.

From then on it takes no new connections, says at `/readyz` that it leaves, answers whoever still
asks on an open connection and closes that one, and ends after the last answer or at a limit.
Not covered: SIGINT, at which idle connections are closed at once; clients that find the port closed
and have to ask another server.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import math
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

# For connections without a request: those on which one is on its way get it answered, and uvicorn
# itself closes any that was idle for so long.
IDLE_S = 5.0
_LOOK_S = 0.05
_ATTACH_FILTER = 26  # SO_ATTACH_FILTER, which Python has no name for
_RETURN = 0x06  # BPF_RET | BPF_K: pass as many bytes of a packet as its operand says


class DrainingServer(uvicorn.Server):
    """Serves until a signal ends it.

    `leave` is called in the signal's handler, so that it may set a flag and do nothing else.
    `limit_s` is the time from SIGTERM until answers that are not finished are cut off.
    """

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None], limit_s: float) -> None:
        super().__init__(config)
        self._leave = leave
        self._limit_s = limit_s
        self._leaving = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM is not raised once more after the end, so that the exit status is 0."""
        if sig == signal.SIGTERM:
            self._leaving = self.should_exit = True
            self._leave()
        else:
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the server; after SIGTERM, when everybody has an answer."""
        if self._leaving:
            loop = asyncio.get_running_loop()
            end = loop.time() + self._limit_s
            await self._stop_listening(sockets or [])
            await self._last_requests(min(end, loop.time() + IDLE_S))
            self.config.timeout_graceful_shutdown = max(1, math.ceil(end - loop.time()))
        await super().shutdown(sockets)

    async def _last_requests(self, end: float) -> None:
        """Waits until every connection is closed, or to `end` of the loop's time."""
        loop = asyncio.get_running_loop()
        # uvicorn's set of connections tells nobody when it is empty
        while (  # noqa: ASYNC110
            self.server_state.connections and loop.time() < end and not self.force_exit
        ):
            await asyncio.sleep(_LOOK_S)

    async def _stop_listening(self, sockets: list[socket.socket]) -> None:
        """Closes the door behind those who stand in it.

        The kernel accepts connections before the program does, and resets what waits there when
        the listening socket is closed: a request that was sent would be lost.
        """
        kept = [listener.dup() for listener in sockets]  # open after the loop's own are closed
        for listener in kept:
            _let_nobody_in(listener)
        for server in self.servers:
            server.close()
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        for listener in kept:
            with listener:
                waiting = list(_waiting(listener))
            for connection in waiting:
                with contextlib.suppress(OSError):  # gone already
                    await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _let_nobody_in(listener: socket.socket) -> None:
    """Has the kernel overlook whoever knocks, so that nobody comes between a last look and the end.

    Clients knock again after a second, find the port closed and ask another server. Linux alone
    can do this, by a packet filter that passes nothing; elsewhere that moment stays.
    """
    nothing = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN, 0, 0, 0))
    program = struct.pack("HP", 1, ctypes.addressof(nothing))
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)


def _waiting(listener: socket.socket) -> Iterator[socket.socket]:
    """The connections that the kernel has accepted and the program has not."""
    listener.settimeout(0)
    with contextlib.suppress(OSError):  # none is left, or no more files may be opened
        while True:
            connection, _ = listener.accept()
            connection.settimeout(0)
            yield connection
