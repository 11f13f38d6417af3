"""Does beforehand what later answers would wait for, in the moments in which nobody asks anything.

One step at a time, in a thread of its own, so that no request waits for a place; a step is one
question long. Not covered: what the steps are (`suggest`); they change no answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    import structlog

    from ladder_qa.assistant import Assistant

QUIET_S = 0.05  # without work before a step: longer than between two requests of one page


class Warming:
    """Warms one assistant, the one that is served. `quiet_s` tells how long nothing has worked."""

    def __init__(
        self, quiet_s: Callable[[], float], log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self._quiet_s = quiet_s
        self._log = log
        self._limiter = anyio.CapacityLimiter(1)
        self._assistant: Assistant | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, assistant: Assistant) -> None:
        """Warms `assistant` from now on, and the one before no more."""
        self._assistant = assistant
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        """Ends with the step that is being done."""
        self._assistant = None
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        """Until the assistant that it began with, and each that followed meanwhile, is warm."""
        warm: Assistant | None = None
        while self._assistant is not None and self._assistant is not warm:
            warm = self._assistant
            try:
                await self._warm(warm)
            except Exception as error:  # noqa: BLE001  (whatever it is, questions are answered)
                self._log.error("warming failed", kind=type(error).__name__)

    async def _warm(self, assistant: Assistant) -> None:
        steps = assistant.warming()
        done: str | None = ""
        while done is not None and self._assistant is assistant:
            if self._quiet_s() < QUIET_S:
                await asyncio.sleep(QUIET_S)
                continue
            done = await anyio.to_thread.run_sync(lambda: next(steps, None), limiter=self._limiter)
