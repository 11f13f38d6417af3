"""Where requests are counted: in this process, bounded, or in a Redis that several share.

Not covered: who is counted, and what follows from a count (`web.rates`).
"""

from __future__ import annotations

from collections.abc import Callable

from limits.storage import RedisStorage, Storage

MOST_COUNTERS = 20_000  # about 5 MB; who has more addresses than that is not stopped by counting
STORE_TIMEOUT_S = 0.5  # a Redis on the same network answers in about 1 ms


def redis_counters(url: str) -> RedisStorage:
    """Counters in Redis, which is not contacted before the first count. Asked once, no retries."""
    from redis.backoff import NoBackoff  # noqa: PLC0415  (an extra of its own)
    from redis.connection import ConnectionPool  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    pool = ConnectionPool.from_url(
        url,
        socket_timeout=STORE_TIMEOUT_S,
        socket_connect_timeout=STORE_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisStorage(url, connection_pool=pool, key_prefix="ladder_qa")


class Counters(Storage):
    """Counters in memory, bounded. Those of `limits` start a thread at almost every request.

    Not covered: use by several threads.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float], most: int = MOST_COUNTERS) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self._counts: dict[str, tuple[int, float]] = {}  # in the order of their first request

    @property
    def base_exceptions(self) -> type[Exception]:
        """The errors of the storage: it has none of its own."""
        return LookupError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """One more, in a window of `expiry` seconds; the count."""
        now = self._clock()
        count, ends = self._counts.get(key, (0, 0.0))
        if ends <= now:
            self._counts.pop(key, None)
            self._make_room(now)
            count, ends = 0, now + expiry
        self._counts[key] = (count + amount, ends)
        return count + amount

    def get(self, key: str) -> int:
        """The count; 0 when its window is over."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """When its window ends, in seconds since 1970."""
        return self._counts.get(key, (0, self._clock()))[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forgets everything; how many counters there were."""
        count = len(self._counts)
        self._counts.clear()
        return count

    def clear(self, key: str) -> None:
        """Forgets one counter."""
        self._counts.pop(key, None)

    def _make_room(self, now: float) -> None:
        """Forgets what is over, and the oldest half when that is not enough: seldom, so cheap."""
        if len(self._counts) < self._most:
            return
        self._counts = {key: value for key, value in self._counts.items() if value[1] > now}
        if len(self._counts) >= self._most:
            self._counts = dict(list(self._counts.items())[self._most // 2 :])
