"""How often somebody may ask: counts by principal or address, in memory or in Redis.

Windows are fixed: one starts at its first request. When Redis fails, each process counts by itself
until it answers again, so that nobody is locked out and nobody is let off.
Not covered: who somebody is (`auth`, `peers`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from limits import RateLimitItem, parse_many
from limits.strategies import FixedWindowRateLimiter

from ladder_qa.counters import STORE_TIMEOUT_S, Counters, redis_counters
from ladder_qa.values import MEMORY

if TYPE_CHECKING:
    import structlog

    from ladder_qa.settings import Settings

AWAY_S = 5.0  # after a failure Redis is left alone for so long
WARN_EVERY_S = 60.0
_AT_ONCE = 16  # threads that wait for Redis; questions have threads of their own


class Rates:
    """The rates of the settings; used from one event loop."""

    def __init__(
        self,
        settings: Settings,
        log: structlog.typing.FilteringBoundLogger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        limits = parse_many(settings.rate_limit) if settings.rate_limit else []
        # The shortest first: what it refuses is not counted in the longer ones.
        self._limits = sorted(limits, key=lambda limit: limit.get_expiry())
        self._clock = clock
        self._log = log
        self._own = FixedWindowRateLimiter(Counters(clock))
        self._shared: FixedWindowRateLimiter | None = None
        if settings.rate_store != MEMORY:
            self._shared = FixedWindowRateLimiter(redis_counters(settings.rate_store))
        self._threads = anyio.CapacityLimiter(_AT_ONCE)
        self._away_until = 0.0
        self._warned_at = -math.inf

    async def wait_s(self, who: str) -> int:
        """Counts one request of `who`; the seconds to wait, 0 when it may go on."""
        if not self._limits:
            return 0
        shared = self._shared
        if shared is None or time.monotonic() < self._away_until:
            return _wait_s(self._own, self._limits, who, self._clock)
        try:
            with anyio.fail_after(2 * STORE_TIMEOUT_S):  # also over a name that is looked up
                return await anyio.to_thread.run_sync(
                    lambda: _wait_s(shared, self._limits, who, time.time),
                    abandon_on_cancel=True,
                    limiter=self._threads,
                )
        except Exception as error:  # noqa: BLE001  (whatever it is, people go on asking)
            self._failed(error)
            return _wait_s(self._own, self._limits, who, self._clock)

    def _failed(self, error: Exception) -> None:
        now = time.monotonic()
        self._away_until = now + AWAY_S
        if now - self._warned_at >= WARN_EVERY_S:
            self._warned_at = now
            self._log.warning("rate store failed; counting here", kind=type(error).__name__)


def _wait_s(
    limiter: FixedWindowRateLimiter,
    limits: Sequence[RateLimitItem],
    who: str,
    clock: Callable[[], float],
) -> int:
    for limit in limits:
        if not limiter.hit(limit, who):
            ends = limiter.get_window_stats(limit, who).reset_time
            return max(1, math.ceil(ends - clock()))
    return 0
