"""Holds the assistant that is served now, and takes up a new index generation by itself.

A request keeps the assistant that it started with; the swap is one assignment.
Not covered: building an index; that is `ladder_qa.ingest`, in another process.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import anyio.to_thread

from ladder_qa.errors import IndexMissingError, LadderError
from ladder_qa.web.answers import Answers
from ladder_qa.web.problems import not_ready, why_not_ready
from ladder_qa.web.warming import Warming

if TYPE_CHECKING:
    from collections.abc import Callable

    import structlog

    from ladder_qa.assistant import Assistant
    from ladder_qa.settings import Settings
    from ladder_qa.web.observe import Metrics
    from ladder_qa.web.recorder import Store

T = TypeVar("T")

STALE_FOR_S = 5.0  # how long one look at the corpus folder counts
RETRY_FAILED_S = 30.0  # a generation that did not open is tried again after this time


@dataclass(frozen=True, slots=True)
class Backend:
    """The functions of the rooms above that a server calls; tests give their own."""

    open_assistant: Callable[[Settings], Assistant]
    current_id: Callable[[Settings], str | None]
    stale: Callable[[Settings], bool]
    open_store: Callable[[Settings], Store]

    @classmethod
    def of_this_package(cls) -> Backend:
        """The real ones; imported here because they take most of a second."""
        from ladder_qa.assistant import Assistant  # noqa: PLC0415
        from ladder_qa.feedback import FeedbackStore  # noqa: PLC0415
        from ladder_qa.index import current_generation_id  # noqa: PLC0415
        from ladder_qa.ingest import stale  # noqa: PLC0415

        return cls(Assistant.open, current_generation_id, stale, FeedbackStore.open)


class Keeper:
    """The served assistant, the thread pool it works in, and the watch over the pointer file."""

    def __init__(
        self,
        settings: Settings,
        backend: Backend,
        log: structlog.typing.FilteringBoundLogger,
        metrics: Metrics,
        interval_s: float = 1.0,
    ) -> None:
        self._settings = settings
        self._backend = backend
        self._log = log
        self._metrics = metrics
        self._interval_s = interval_s
        self._limiter = anyio.CapacityLimiter(max(1, os.cpu_count() or 1))
        self.answers = Answers(self.work)
        self._assistant: Assistant | None = None
        self._failed: tuple[str | None, float] | None = None
        self._why: str | None = None  # no index is open, in words for people
        self._stale: tuple[str, float, bool] | None = None
        self._stale_lock = asyncio.Lock()
        self._worked_at = -math.inf  # when the last call ended
        self._warming = Warming(self._quiet_s, log)

    def assistant(self) -> Assistant:
        """The assistant for one request. Raises Problem (503) until an index is open."""
        if self._assistant is None:
            raise not_ready(detail=self._why)
        return self._assistant

    async def work(self, call: Callable[[], T]) -> T:
        """`call()` in a thread, off the event loop; as many at once as there are cores.

        A call that has begun holds its place to its end, also when nobody waits for it any more.
        """
        begun = False

        def run() -> T:
            nonlocal begun
            begun = True
            try:
                return call()
            finally:
                self._worked_at = time.monotonic()

        task = asyncio.ensure_future(anyio.to_thread.run_sync(run, limiter=self._limiter))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if begun:
                task.add_done_callback(_ended)
            else:
                task.cancel()
            raise

    def _quiet_s(self) -> float:
        """Seconds since the last call ended; 0 while one works."""
        if self._limiter.borrowed_tokens:
            return 0.0
        return time.monotonic() - self._worked_at

    async def close(self) -> None:
        """Ends what is done beside requests."""
        await self._warming.end()

    async def watch(self) -> None:
        """Looks for a new generation, once an interval, until it is cancelled."""
        while True:
            await asyncio.sleep(self._interval_s)
            await self.refresh()

    async def refresh(self) -> None:
        """Opens the current generation if it is not the served one; a failure keeps the old."""
        wanted: str | None = None
        try:
            wanted = await anyio.to_thread.run_sync(self._backend.current_id, self._settings)
            served = self._assistant.generation.id if self._assistant else None
            if wanted is None or wanted == served or self._failed_lately(wanted):
                return
            opened = await anyio.to_thread.run_sync(self._backend.open_assistant, self._settings)
        except IndexMissingError:
            return  # removed while we looked; the old one goes on
        except Exception as error:  # noqa: BLE001  (whatever it is, the old one goes on)
            self._why = why_not_ready(error)
            if self._failed_lately(wanted):  # the pointer itself: it is read at every look
                return
            self._failed = (wanted, time.monotonic())
            self._log.error("generation not opened", kind=type(error).__name__)
        else:
            self._take(opened)

    async def stale(self) -> bool:
        """Whether the corpus was edited after the served generation was built.

        The folder is read at most once in STALE_FOR_S seconds.
        """
        served = self.assistant().generation.id
        async with self._stale_lock:
            known = self._stale
            if known and known[0] == served and time.monotonic() - known[1] < STALE_FOR_S:
                return known[2]
            try:
                value = await anyio.to_thread.run_sync(self._backend.stale, self._settings)
            except LadderError:
                value = True  # the folder is gone, or holds nothing that can be read
            self._stale = (served, time.monotonic(), value)
            return value

    def _failed_lately(self, wanted: str | None) -> bool:
        if self._failed is None or self._failed[0] != wanted:
            return False
        return time.monotonic() - self._failed[1] < RETRY_FAILED_S

    def _take(self, opened: Assistant) -> None:
        generation = opened.generation
        self._assistant = opened
        self._failed = None
        self._metrics.passages.set(len(generation.passages))
        self._metrics.generation.info({"id": generation.id, "corpus": generation.corpus_sha256})
        self._log.info(
            "generation opened",
            generation=generation.id,
            documents=len(generation.texts),
            passages=len(generation.passages),
        )
        self._warming.begin(opened)


def _ended(task: asyncio.Future[Any]) -> None:
    """Takes note of how a call ended that nobody waits for, so that the loop does not complain."""
    if not task.cancelled():
        task.exception()
