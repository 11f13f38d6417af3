"""A small real HTTP server that answers like a language model's, byte for byte as a script says.

It runs on a loopback socket in a thread of its own, keeps every request, and notes when a client
went away. It is strict: a request beyond the script, or a reply nobody asked for, fails the test.
Not covered: understanding the request; the reply does not depend on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Wait:
    """Send nothing for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Hang:
    """Send nothing more until the client goes away."""


@dataclass(frozen=True)
class Reset:
    """Tear the connection down, as a server that is killed does."""


Step = bytes | Wait | Hang | Reset
Reply = Sequence[Step]


@dataclass
class Request:
    """A request as it came, and when its client went away (seconds, monotonic; None: stayed)."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    came_at: float
    gone_at: float | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ScriptedServer:
    """Serves `script`, one reply a request, in order; or what `reply` gives, without an end."""

    script: Sequence[Reply] = ()
    reply: Callable[[Request], Iterable[Step]] | None = None
    requests: list[Request] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    open_connections: int = 0
    port: int = 0

    def __enter__(self) -> Self:
        self._left = list(self.script)
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=256))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if kind is None:
            assert self.faults == []
            assert self._left == [], f"{len(self._left)} replies were never asked for"

    @property
    def url(self) -> str:
        """The server's root, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def v1(self) -> str:
        """The address that the OpenAI protocol wants."""
        return f"{self.url}/v1"

    def wait_until(self, done: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait for something that the server sees later than its client."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "the server did not see it"
            time.sleep(0.005)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        try:
            request = await _request(reader)
            if request is None:
                return
            self.requests.append(request)
            sending = asyncio.ensure_future(self._send(request, writer))
            gone = asyncio.ensure_future(_gone(reader))
            try:
                await asyncio.wait([sending, gone], return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    request.gone_at = time.monotonic()
            finally:
                sending.cancel()
                gone.cancel()
                await asyncio.gather(sending, gone, return_exceptions=True)
        finally:
            self.open_connections -= 1
            writer.close()

    async def _send(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if self.reply is not None:
            steps = self.reply(request)
        elif self._left:
            steps = self._left.pop(0)
        else:
            self.faults.append(f"a request beyond the script: {request.method} {request.path}")
            return
        for step in steps:
            match step:
                case bytes():
                    writer.write(step)
                    await writer.drain()
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                case Hang():
                    await asyncio.Event().wait()
                case Reset():
                    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {
            name.casefold(): value.strip() for name, _, value in (li.partition(":") for li in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Request(method, path, headers, body, time.monotonic())


async def _gone(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read(1)


def head(
    status: int = 200, content_type: str = "text/event-stream", headers: Mapping[str, str] = {}
) -> bytes:
    """The start of a reply whose body ends with the connection, which no length gives away."""
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {content_type}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def chunked(*parts: bytes, ended: bool) -> Reply:
    """A stream in HTTP's chunked coding, whose end can be told from a cut."""
    first = head().replace(b"Connection: close", b"Transfer-Encoding: chunked")
    framed = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts]
    return [first, *framed, b"0\r\n\r\n" if ended else b""]


def failing(status: int, body: object = None, **headers: str) -> Reply:
    """A reply that is no answer, in JSON as OpenAI has it; `_` in header names stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    said = body if body is not None else {"error": {"message": "scripted", "type": "scripted"}}
    return [head(status, "application/json", named), json.dumps(said).encode()]


def pieces(text: str) -> list[str]:
    """`text` in the parts that a model would send: words with the space before them."""
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def _sse(value: object, event: str = "") -> bytes:
    named = f"event: {event}\n" if event else ""
    return f"{named}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    """One event of the OpenAI protocol."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _sse({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})


def usage_chunk(prompt: int, answer: int) -> bytes:
    """OpenAI's count of tokens, which comes after the finish reason."""
    usage = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
    return _sse(
        {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": usage}
    )


def openai_body(
    text: str, finish: str | None = "stop", usage: tuple[int, int] | None = None
) -> list[bytes]:
    """The events of an answer in the OpenAI protocol, one a part."""
    body = [chunk({"role": "assistant", "content": ""})]
    body += [chunk({"content": piece}) for piece in pieces(text) if piece]
    if finish is not None:
        body.append(chunk({}, finish))
    if usage is not None:
        body.append(usage_chunk(*usage))
    return [*body, b"data: [DONE]\n\n"]


def openai_answer(
    text: str, finish: str | None = "stop", usage: tuple[int, int] | None = None
) -> Reply:
    """A whole reply in the OpenAI protocol."""
    return [head(), *openai_body(text, finish, usage)]


def anthropic_answer(text: str, stop: str | None = "end_turn") -> Reply:
    """A whole reply in Anthropic's protocol; 11 tokens of prompt, 5 of answer."""
    start: dict[str, Any] = {
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 11, "output_tokens": 1},
    }
    body = [
        _sse({"type": "message_start", "message": start}, "message_start"),
        _sse(
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": ""},
            },
            "content_block_start",
        ),
    ]
    body += [
        _sse(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": piece},
            },
            "content_block_delta",
        )
        for piece in pieces(text)
    ]
    body.append(_sse({"type": "content_block_stop", "index": 0}, "content_block_stop"))
    if stop is not None:
        delta = {"stop_reason": stop, "stop_sequence": None}
        body.append(
            _sse(
                {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}},
                "message_delta",
            )
        )
        body.append(_sse({"type": "message_stop"}, "message_stop"))
    return [head(), *body]


def anthropic_failure(kind: str) -> bytes:
    """An error in the middle of Anthropic's stream."""
    return _sse({"type": "error", "error": {"type": kind, "message": "scripted"}}, "error")


def ollama_answer(text: str, done: str | None = "stop") -> Reply:
    """A whole reply in Ollama's protocol; 11 tokens of prompt, 5 of answer."""
    body: list[dict[str, Any]] = [
        {"model": "m", "message": {"role": "assistant", "content": piece}, "done": False}
        for piece in pieces(text)
    ]
    if done is not None:
        last = {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True}
        body.append({**last, "done_reason": done, "prompt_eval_count": 11, "eval_count": 5})
    lines = [json.dumps(part).encode() + b"\n" for part in body]
    return [head(content_type="application/x-ndjson"), *lines]
