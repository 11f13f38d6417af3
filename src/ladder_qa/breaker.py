"""A circuit breaker: after several failures in a row a provider is left alone for a while.

It keeps people from waiting for time-outs of a provider that is down, and lets one request
through from time to time to find out whether it is back.
Not covered: which failures count, which `llm` decides; other processes, each of which learns by
itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# Five failures are no accident of one request; 20 s after the last one a request is tried again.
FAILURES = 5
WAIT_S = 20.0


class CircuitBreaker:
    """Closed (asks), open (does not), and on trial: one request is out, the others wait.

    May be shared by threads. `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        wait_s: float = WAIT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._wait_s = wait_s
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._trial_at = 0.0  # when a request may be tried again; only read while open
        self._trial: Admission | None = None

    def admitted(self) -> Admission | None:
        """Leave to send one request, which must end with one `record`; None while it is open."""
        with self._lock:
            if self._failures < self._limit:
                return Admission(self)
            if self._trial is not None or self._clock() < self._trial_at:
                return None
            self._trial = Admission(self)
            return self._trial

    def record(self, admission: Admission, *, worked: bool | None) -> None:
        """How an admitted request ended; None where that says nothing about the provider.

        While one is on trial, only its end counts: the others were sent before.
        """
        with self._lock:
            if self._trial not in (None, admission):
                return
            self._trial = None
            if worked:
                self._failures = 0
            elif worked is False:
                self._failures += 1
                self._trial_at = self._clock() + self._wait_s


class Admission:
    """Leave for one request."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker

    def record(self, *, worked: bool | None) -> None:
        """How the request ended; None where that says nothing about the provider."""
        self._breaker.record(self, worked=worked)
