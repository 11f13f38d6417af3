"""A Redis on loopback that knows the few commands with which requests are counted, and no other.

Not covered: Lua; the one script that counts is done here as its text says.
"""

from __future__ import annotations

import hashlib
import socketserver
import threading
import time
from typing import Any, Self

from limits.storage import RedisStorage

Reply = int | str | bytes | None | list[Any] | dict[str, Any] | Exception
Counts = dict[bytes, tuple[int, float]]  # a count and when it ends

_COUNT = hashlib.sha1(RedisStorage.SCRIPT_INCR_EXPIRE).hexdigest()


class ScriptedRedis:
    """A context manager; `port` is where it listens."""

    def __init__(self) -> None:
        self.databases: dict[int, Counts] = {}
        self._scripts: set[str] = set()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.serve(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def serve(self, client: socketserver.StreamRequestHandler) -> None:
        """Answers one connection until it ends."""
        data: Counts = self.databases.setdefault(0, {})
        while line := client.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int(client.rfile.readline()[1:])
                words.append(client.rfile.read(length + 2)[:-2])
            name = words[0].upper()
            if name == b"SELECT":
                data = self.databases.setdefault(int(words[1]), {})
            client.wfile.write(_encoded(self._reply(name, words[1:], data)))

    def _reply(self, name: bytes, words: list[bytes], data: Counts) -> Reply:
        match name, words:
            case b"EVALSHA", [sha, b"1", key, seconds, amount] if sha.decode() in self._scripts:
                assert sha.decode() == _COUNT, "the script that counts, and no other"
                reply: Reply = self._count(data, key, int(seconds), int(amount))
            case b"EVALSHA", _:
                reply = LookupError("NOSCRIPT No matching script.")
            case b"SCRIPT", [_, script]:
                reply = hashlib.sha1(script).hexdigest()
                self._scripts.add(reply)
            case b"GET", [key]:
                reply = str(data[key][0]) if key in data else None
            case b"TTL", [key]:
                reply = round(data[key][1] - time.time()) if key in data else -2
            case b"SCAN", _:
                reply = [b"0", list(data)]
            case b"PING", _:
                reply = "PONG"
            case b"HELLO", _:
                reply = {"proto": 3, "version": "7.0.0"}
            case (b"SELECT" | b"CLIENT", _):
                reply = "OK"
            case _:
                reply = LookupError(f"ERR unknown command {name!r}")
        return reply

    @staticmethod
    def _count(data: Counts, key: bytes, seconds: int, amount: int) -> int:
        count, ends = data.get(key, (0, 0.0))
        now = time.time()
        data[key] = (amount, now + seconds) if ends <= now else (count + amount, ends)
        return data[key][0]


def _encoded(value: Reply) -> bytes:
    """RESP3, the protocol of Redis 6 and later."""
    match value:
        case None:
            text = b"_"
        case Exception():
            text = f"-{value}".encode()
        case int():
            text = b":%d" % value
        case str():
            text = f"+{value}".encode()
        case bytes():
            text = b"$%d\r\n%s" % (len(value), value)
        case dict():
            parts = [part for pair in value.items() for part in pair]
            return b"%%%d\r\n" % len(value) + b"".join(map(_encoded, parts))
        case _:
            return b"*%d\r\n" % len(value) + b"".join(map(_encoded, value))
    return text + b"\r\n"
