"""The tokens that may be spent in a day, counted in one small file of the data folder.

Tokens are reserved before a request and corrected after it, under a lock between processes, so
that requests at the same time never overshoot together. What is unknown counts as spent: a
reservation whose process was killed, and, until the next day, a file that cannot be understood.
Not covered: estimating tokens, which `llm` does; prices. Days are those of UTC.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ladder_qa.errors import LanguageModelError

_FILE = "llm-tokens.json"
_LOCK = "llm-tokens.lock"
_LOCK_WAIT_S = 5.0  # a holder needs milliseconds: it writes one line


@dataclass(frozen=True, slots=True)
class Reservation:
    """Tokens taken out of one day's budget before a request is sent."""

    day: date
    tokens: int


@dataclass(frozen=True, slots=True)
class _Count:
    day: date
    spent: int
    damaged: bool = False  # what was spent on this day is not known


class TokenBudget:
    """`limit` tokens a day for all processes that share the folder `data`.

    May be shared by threads; its methods wait for the disk. `today` is for tests.
    """

    def __init__(
        self, data: Path, limit: int, today: Callable[[], date] = lambda: datetime.now(UTC).date()
    ) -> None:
        self._data = data
        self._limit = limit
        self._today = today
        self._threads = threading.Lock()

    def spent(self) -> int:
        """Tokens of today that are spent or reserved; the limit where the file is damaged."""
        count = self._read()
        return self._limit if count.damaged else count.spent

    def reserve(self, tokens: int) -> Reservation:
        """Take `tokens` out of today's budget.

        Raises LanguageModelError of the kind `budget` when fewer are left or the file cannot be
        read, written or locked.
        """
        try:
            with self._locked():
                count = self._read()
                if count.damaged:
                    self._write(count)  # dated, so that tomorrow starts at zero
                    raise LanguageModelError(
                        "budget",
                        f"{self._path} is damaged, so that today's tokens count as spent until "
                        "midnight UTC. Whoever deletes it starts today at zero.",
                    )
                if count.spent + tokens > self._limit:
                    raise LanguageModelError(
                        "budget",
                        f"Of {self._limit} tokens for today (LADDER_QA_LLM_DAILY_TOKENS), "
                        f"{max(0, self._limit - count.spent)} are left and {tokens} may be needed. "
                        "The next day starts at midnight UTC.",
                    )
                self._write(_Count(count.day, count.spent + tokens))
                return Reservation(count.day, tokens)
        except OSError as error:
            raise LanguageModelError(
                "budget", f"Today's tokens cannot be counted in {self._path}: {error.strerror}."
            ) from None
        except Timeout:
            raise LanguageModelError(
                "budget", f"Another process holds {self._data / _LOCK} for too long."
            ) from None

    def settle(self, reservation: Reservation, spent: int) -> None:
        """Replace a reservation by what was really spent; of a past day it changes nothing."""
        # Where this cannot be written, the reservation stays counted: never too little.
        with contextlib.suppress(OSError, Timeout), self._locked():
            count = self._read()
            if count.day == reservation.day and not count.damaged:
                corrected = count.spent + spent - reservation.tokens
                self._write(_Count(count.day, max(0, corrected)))

    @property
    def _path(self) -> Path:
        return self._data / _FILE

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(
            self._data / _LOCK, timeout=_LOCK_WAIT_S, poll_interval=0.005, thread_local=False
        )
        # A file's lock is not given out in turn, so that threads wait for each other first.
        with self._threads, lock:
            yield

    def _read(self) -> _Count:
        """Today's count. A file of a later day is kept to: a clock set back gives nothing free."""
        today = self._today()
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return _Count(today, 0)
        count = _parsed(raw)
        if count is None:
            return _Count(today, 0, damaged=True)
        return count if count.day >= today else _Count(today, 0)

    def _write(self, count: _Count) -> None:
        text = json.dumps(
            {"day": count.day.isoformat(), "spent": count.spent, "damaged": count.damaged}
        )
        beside = self._path.with_suffix(".tmp")  # one writer at a time holds the lock
        with beside.open("w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def _parsed(raw: bytes) -> _Count | None:
    """What the file says, or None where it says nothing that we wrote."""
    try:
        values = json.loads(raw)
        day, spent, damaged = values["day"], values["spent"], values["damaged"]
        if type(spent) is not int or spent < 0 or type(damaged) is not bool:
            return None
        return _Count(date.fromisoformat(day), spent, damaged=damaged)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
