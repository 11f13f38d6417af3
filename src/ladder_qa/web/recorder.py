"""Keeps what may be kept of answers and judgements, in a thread of its own, behind a bounded line.

A request only puts into the line; when the line is full or the database fails, something is lost,
the metrics count it and the log says so once in a while. No answer waits for it or fails by it.
Not covered: what may be kept (`feedback`).
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ladder_qa.feedback import Judgement, Noted, Vocabulary, noted

if TYPE_CHECKING:
    import structlog

    from ladder_qa.assistant import Assistant
    from ladder_qa.datamodels import Answer, Ladder
    from ladder_qa.web.observe import Metrics

WAITING = 1000  # items in the line; about 20 s of the fastest asking measured here
AT_ONCE = 100  # items in one transaction
WARN_EVERY_S = 60.0
PRUNE_EVERY_S = 3600.0
CLOSE_WAIT_S = 3.0  # for the line to empty when the server ends


class Store(Protocol):
    """Where things are kept: `feedback.FeedbackStore`."""

    def write(self, items: list[Noted | Judgement]) -> None:
        """Keeps all of them."""

    def prune(self) -> None:
        """Drops what is too old, or too much."""

    def close(self) -> None:
        """Gives back what it holds."""


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer that was given; the thread takes out of it what may be kept."""

    answer: Answer
    assistant: Assistant
    keep: bool


class Recorder:
    """The line and its thread. `open_store` is called in the thread, again after a failure."""

    def __init__(
        self,
        open_store: Callable[[], Store],
        log: structlog.typing.FilteringBoundLogger,
        metrics: Metrics,
    ) -> None:
        self._open_store = open_store
        self._log = log
        self._metrics = metrics
        self._line: queue.Queue[_Given | Judgement | None] = queue.Queue(WAITING)
        self._store: Store | None = None
        self._words: tuple[Ladder, Vocabulary] | None = None
        self._warned_at = -math.inf
        self._pruned_at = -math.inf  # before the first writing
        self._thread = threading.Thread(target=self._run, name="feedback", daemon=True)
        self._thread.start()

    def answered(self, answer: Answer, assistant: Assistant, *, keep: bool) -> None:
        """Takes note of an answer; `keep` is the consent to keeping the question's text."""
        self._put(_Given(answer, assistant, keep))

    def judged(self, judgement: Judgement) -> None:
        """Takes note of what a person said of an answer."""
        self._put(judgement)

    def close(self) -> None:
        """Writes what is in the line, for CLOSE_WAIT_S at most. Waits: not for an event loop."""
        end = time.monotonic() + CLOSE_WAIT_S
        try:
            self._line.put(None, timeout=CLOSE_WAIT_S)
        except queue.Full:
            return  # the thread hangs; it ends with the process
        self._thread.join(max(0.0, end - time.monotonic()))

    def _put(self, item: _Given | Judgement) -> None:
        try:
            self._line.put_nowait(item)
        except queue.Full:
            self._lost(1, "LineFull")

    def _run(self) -> None:
        ended = False
        while not ended:
            batch, ended = self._next()
            try:
                self._keep(batch)
            except Exception as error:  # noqa: BLE001  (whatever it is, the thread goes on)
                self._lost(len(batch), type(error).__name__)
                self._let_go()
        self._let_go()

    def _next(self) -> tuple[list[_Given | Judgement], bool]:
        """What is in the line, and whether that is the end of it; waits for the first."""
        batch: list[_Given | Judgement] = []
        try:
            item = self._line.get(timeout=PRUNE_EVERY_S)
            while item is not None:
                batch.append(item)
                if len(batch) == AT_ONCE:
                    return batch, False
                item = self._line.get_nowait()
        except queue.Empty:
            return batch, False
        return batch, True

    def _keep(self, batch: list[_Given | Judgement]) -> None:
        if not batch and time.monotonic() - self._pruned_at < PRUNE_EVERY_S:
            return
        items = [self._noted(item) if isinstance(item, _Given) else item for item in batch]
        if self._store is None:
            self._store = self._open_store()
        if items:
            self._store.write(items)
        if time.monotonic() - self._pruned_at >= PRUNE_EVERY_S:
            self._store.prune()
            self._pruned_at = time.monotonic()

    def _noted(self, given: _Given) -> Noted:
        ladder = given.assistant.generation.ladder
        if self._words is None or self._words[0] is not ladder:
            self._words = (ladder, Vocabulary(ladder))
        return noted(given.answer, self._words[1], given.assistant.lacking, keep=given.keep)

    def _let_go(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with contextlib.suppress(Exception):  # of a database that failed already
                store.close()

    def _lost(self, count: int, kind: str) -> None:
        self._metrics.unkept.inc(count)
        now = time.monotonic()
        if now - self._warned_at >= WARN_EVERY_S:
            self._warned_at = now
            self._log.warning("feedback not kept", kind=kind)
