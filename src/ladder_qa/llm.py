"""Asks a language model for text and hands it on piece by piece, or says why there is none.

An answer ends normally only where the provider said that it is complete; time limits, the one
retry, the circuit breaker and the day's budget are kept here and nowhere else.
Not covered: prompts, and whether what the model says is true; every word of it is unverified.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ladder_qa import providers
from ladder_qa.breaker import CircuitBreaker
from ladder_qa.budget import TokenBudget
from ladder_qa.errors import LanguageModelError, LanguageModelFault
from ladder_qa.exchange import Endpoint, Exchange, Message, as_error
from ladder_qa.settings import Settings
from ladder_qa.standing import Standing

__all__ = ["LanguageModel", "Limits", "Message"]

_FIRST_S = 10.0  # the least time for the first word; a third of the total where that is more
_GRACE_S = 1.0  # after the answer's end, for the tokens' count to come
_BYTES_PER_TOKEN = 16  # more than any tokenizer's longest usual token; beyond, no limit was kept
_SOME_BYTES = 1024  # for an answer of one token, which some servers make longer

_COMPLETE = frozenset({"stop", "end_turn", "stop_sequence"})
_LENGTH = frozenset({"length", "max_tokens", "model_context_window_exceeded"})
_FILTERED = frozenset({"content_filter", "refusal"})

# These say that the provider is not well; the others, that it works and what it says.
_BREAKING: frozenset[LanguageModelFault] = frozenset(
    {"refused", "rate_limited", "server_error", "timeout_first", "timeout_total", "cut"}
)
_WORKING: frozenset[LanguageModelFault] = frozenset(
    {"unauthorized", "unknown_model", "empty", "length", "filtered", "bad_request"}
)
# Before an answer's head came, only these leave open whether tokens are being made and paid for.
_UNKNOWN_COST: frozenset[LanguageModelFault] = frozenset({"timeout_first", "timeout_total", "cut"})

_T = TypeVar("_T")
_Queue = asyncio.Queue["str | LanguageModelError | None"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to connect, to the first word of one request, and for the whole answer."""

    connect_s: float
    first_s: float
    total_s: float

    @classmethod
    def of(cls, total_s: float) -> Limits:
        """A slow model of one's own may take its time for the first word when given it in all."""
        return cls(providers.CONNECT_S, max(_FIRST_S, total_s / 3), total_s)


@dataclass(slots=True)
class _Answer:
    """One answer: how it is asked for, and what came of it so far."""

    exchange: Exchange
    deadline: float  # on the event loop's clock
    queue: _Queue = field(default_factory=asyncio.Queue)
    text_bytes: int = 0
    blank: bool = True
    finish: str = ""
    usage: int | None = None


class LanguageModel:
    """One model of one provider. Holds no connection, so any event loop may use it, or several.

    `standing` is what those who check its sentences have made of them.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        limits: Limits,
        budget: TokenBudget | None = None,
        breaker: CircuitBreaker | None = None,
        standing: Standing | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._budget = budget
        self._breaker = breaker or CircuitBreaker()
        self.standing = standing or Standing()
        self._tls: ssl.SSLContext | None = None
        self._reading: set[asyncio.Task[None]] = set()

    @classmethod
    def from_settings(cls, settings: Settings) -> LanguageModel | None:
        """The model that the settings name, or None. Contacts and imports nothing."""
        provider, _, model = settings.llm.partition("/")
        if provider == "none":
            return None
        key = settings.llm_api_key.get_secret_value()
        tokens = settings.llm_daily_tokens
        return cls(
            Endpoint(provider, model, settings.llm_base_url, key),
            Limits.of(settings.llm_timeout_s),
            TokenBudget(settings.data, tokens) if tokens else None,
            standing=Standing(settings.llm, settings.data),
        )

    @property
    def name(self) -> str:
        """`provider/model`, as the setting LLM has it."""
        return self._endpoint.name

    async def stream(
        self, messages: Sequence[Message], max_tokens: int = 700
    ) -> AsyncGenerator[str, None]:
        """Pieces of the answer as they arrive; a normal end means that it is complete.

        Raises LanguageModelError, also after some pieces. Closing the generator, or cancelling
        the task that reads it, closes the connection to the provider.
        """
        async with contextlib.aclosing(self._ask(messages, max_tokens)) as pieces:
            async for piece in pieces:
                yield piece

    async def check(self) -> None:
        """Ask for one token. Raises LanguageModelError with what the provider says, if anything."""
        asked = [Message("user", "Say yes.")]
        try:
            async with contextlib.aclosing(self._ask(asked, 1, quote_provider=True)) as pieces:
                async for _ in pieces:
                    pass
        except LanguageModelError as error:
            if error.kind not in ("length", "empty"):  # one token is hardly an answer
                raise

    async def aclose(self) -> None:
        """End the answers that this event loop is still reading; the model can be used again."""
        here = asyncio.get_running_loop()
        reading = [task for task in self._reading if task.get_loop() is here]
        for task in reading:
            task.cancel()
        if reading:
            await asyncio.wait(reading)

    async def _ask(
        self, messages: Sequence[Message], max_tokens: int, *, quote_provider: bool = False
    ) -> AsyncGenerator[str, None]:
        """`stream`, with the breaker before and the budget around it."""
        if self._tls is None:
            await _in_thread(self._load)
        assert self._tls is not None
        connect_s = self._limits.connect_s
        exchange = Exchange(
            self._endpoint, messages, max_tokens, connect_s, self._tls, quote_provider
        )
        answer = _Answer(exchange, asyncio.get_running_loop().time() + self._limits.total_s)
        admission = self._breaker.admitted()
        if admission is None:
            raise LanguageModelError(
                "open_circuit",
                f"{self.name} failed several times in a row; it is asked again in some seconds.",
            )
        worked: bool | None = None
        try:
            async with (
                self._paid(answer),
                contextlib.aclosing(self._tries(answer)) as pieces,
            ):
                async for piece in pieces:
                    yield piece
            worked = True
        except LanguageModelError as error:
            worked = _verdict(error.kind)
            raise
        finally:
            admission.record(worked=worked)

    def _load(self) -> None:
        providers.load(self._endpoint.provider)
        self._tls = providers.tls_context()

    @contextlib.asynccontextmanager
    async def _paid(self, answer: _Answer) -> AsyncIterator[None]:
        """Tokens are reserved before and corrected after, where it is known what was spent."""
        if self._budget is None:
            yield
            return
        messages = answer.exchange.messages
        prompt = providers.estimated_tokens(*(message.content for message in messages))
        reserved = await _in_thread(self._budget.reserve, prompt + answer.exchange.max_tokens)
        spent: int | None = None
        try:
            yield
        except LanguageModelError as error:
            if not answer.exchange.accepted and error.kind not in _UNKNOWN_COST:
                spent = 0
            raise
        finally:
            if answer.finish:
                estimate = prompt - (-answer.text_bytes // 3)
                spent = estimate if answer.usage is None else answer.usage
            if spent is not None:
                await _in_thread(self._budget.settle, reserved, spent)

    async def _tries(self, answer: _Answer) -> AsyncGenerator[str, None]:
        """At most two requests, the second only where the first brought no word."""
        try:
            async with contextlib.aclosing(self._read(answer)) as pieces:
                async for piece in pieces:
                    yield piece
        except LanguageModelError as error:
            wait = error.retry_after_s
            late = asyncio.get_running_loop().time() + (wait or 0) >= answer.deadline
            if wait is None or answer.text_bytes or late:
                raise
        else:
            return
        await asyncio.sleep(wait)
        async with contextlib.aclosing(self._read(answer)) as pieces:
            async for piece in pieces:
                yield piece

    async def _read(self, answer: _Answer) -> AsyncGenerator[str, None]:
        """The pieces of one request, which a task of its own reads.

        Cancelling that task ends llama-index's generators from the inside out, in one task; to
        close the outermost would leave the connection open. The queue needs no bound: the answer
        has one, and the task ends at the deadline whether anybody takes the pieces or not.
        """
        task = asyncio.create_task(self._fill(answer))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        try:
            while (item := await answer.queue.get()) is not None:
                if isinstance(item, LanguageModelError):
                    raise item
                yield item
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _fill(self, answer: _Answer) -> None:
        """Put the pieces of one request into the queue, and last how it ended."""
        now = asyncio.get_running_loop().time
        first = min(now() + self._limits.first_s, answer.deadline)
        failure: LanguageModelError | None = LanguageModelError(
            "cut", f"{self.name} was stopped while answering."
        )
        try:
            async with (
                asyncio.timeout_at(first) as limit,
                contextlib.aclosing(providers.events(answer.exchange)) as events,
            ):
                async for event in events:
                    _take(answer, event)
                    if answer.finish:
                        limit.reschedule(min(answer.deadline, now() + _GRACE_S))
                    elif event.text:
                        limit.reschedule(answer.deadline)
            failure = self._ending(answer)
        except TimeoutError:
            failure = self._ending(answer) if answer.finish else self._late(answer)
        except Exception as error:  # noqa: BLE001  (nothing of the packages below leaves this room)
            if answer.finish and not isinstance(error, LanguageModelError):
                failure = self._ending(answer)  # what comes after the end changes nothing
            else:
                failure = as_error(answer.exchange, error)
        finally:
            if failure is not None:
                # The packages' exceptions hold requests and responses.
                failure.__cause__ = failure.__context__ = None
            answer.queue.put_nowait(failure)

    def _late(self, answer: _Answer) -> LanguageModelError:
        if answer.text_bytes:
            return LanguageModelError(
                "timeout_total",
                f"{self.name} did not end its answer within {self._limits.total_s:g} s "
                "(LADDER_QA_LLM_TIMEOUT_S).",
            )
        first = min(self._limits.first_s, self._limits.total_s)
        return LanguageModelError(
            "timeout_first",
            f"{self.name} sent no word within {first:g} s: a third of LADDER_QA_LLM_TIMEOUT_S, "
            f"or {_FIRST_S:g} s where that is more.",
        )

    def _ending(self, answer: _Answer) -> LanguageModelError | None:
        """What a stream that was read to its end means; None for a complete answer."""
        name, finish = self.name, answer.finish
        if finish in _LENGTH:
            return LanguageModelError("length", f"{name} reached the end of the tokens allowed.")
        if finish in _FILTERED:
            return LanguageModelError("filtered", f"{name} declined to answer.")
        if finish and finish not in _COMPLETE:
            return LanguageModelError("bad_output", f"{name} ended its answer in an unknown way.")
        if finish:
            return LanguageModelError("empty", f"{name} sent no text.") if answer.blank else None
        if answer.exchange.plain and not answer.text_bytes:
            return LanguageModelError("bad_output", f"{name} did not answer with a stream.")
        return LanguageModelError("cut", f"{name} stopped before the end of its answer.")


def _take(answer: _Answer, event: providers.Event) -> None:
    """Add an event, or raise LanguageModelError: it is no text, or more than can be allowed."""
    answer.finish = event.finish or answer.finish
    answer.usage = answer.usage if event.usage is None else event.usage
    if not event.text:
        return
    name, exchange = answer.exchange.endpoint.name, answer.exchange
    # Half of a character, escaped in JSON, or what a client put in the place of broken UTF-8.
    if any(
        char == "\N{REPLACEMENT CHARACTER}" or "\ud800" <= char <= "\udfff" for char in event.text
    ):
        raise LanguageModelError("bad_output", f"{name} sent broken characters.")
    answer.text_bytes += len(event.text.encode())
    answer.blank = answer.blank and not event.text.strip()
    if answer.text_bytes > exchange.max_tokens * _BYTES_PER_TOKEN + _SOME_BYTES:
        raise LanguageModelError("length", f"{name} goes on beyond the tokens allowed.")
    answer.queue.put_nowait(event.text)


def _verdict(kind: LanguageModelFault) -> bool | None:
    """For the breaker: whether the provider works, or None where this says nothing about it."""
    if kind in _BREAKING:
        return False
    return True if kind in _WORKING else None


async def _in_thread(work: Callable[..., _T], *arguments: Any) -> _T:
    """Run what waits for the disk beside the event loop; once begun it is never cut off."""
    return await asyncio.shield(asyncio.to_thread(work, *arguments))
