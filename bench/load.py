"""A client that asks a server many questions from several connections at once.

`python bench/load.py URL CLIENTS` reads the questions, a JSON list, from standard input, asks each
of them once, and prints the seconds from the first to the last, the milliseconds of each answer,
and how many were no answer. Each client keeps one connection and asks again as soon as it has an
answer. A process of its own, so that its work is not the server's.
Not covered: requests at given moments; the next one always waits for an answer.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

ANSWER_S = 120.0  # longest wait for one answer


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: seconds in all, milliseconds of each answer, and the failures."""

    seconds: float
    milliseconds: tuple[float, ...]
    failed: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.milliseconds) / self.seconds


class _Client(threading.Thread):
    """One connection that asks what is left."""

    def __init__(self, url: str, left: list[str], start: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.milliseconds: list[float] = []
        self.failed = 0
        self._url = urlsplit(url)
        self._left = left
        self._start = start

    def run(self) -> None:
        connection = http.client.HTTPConnection(
            self._url.hostname or "", self._url.port, timeout=ANSWER_S
        )
        self._start.wait()
        while True:
            try:
                question = self._left.pop()  # atomic: no two clients get the same
            except IndexError:
                break
            started = time.perf_counter()
            if self._asked(connection, question):
                self.milliseconds.append((time.perf_counter() - started) * 1000)
            else:
                self.failed += 1
        connection.close()

    def _asked(self, connection: http.client.HTTPConnection, question: str) -> bool:
        body = json.dumps({"question": question})
        try:
            connection.request("POST", self._url.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()  # the next request opens it again
            return False
        return answer.status == http.HTTPStatus.OK


def load(url: str, clients: int, questions: Sequence[str]) -> Load:
    """Asks every question once, by `clients` at once."""
    left = list(reversed(questions))
    start = threading.Barrier(clients + 1)
    threads = [_Client(url, left, start) for _ in range(clients)]
    for thread in threads:
        thread.start()
    start.wait(ANSWER_S)
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    milliseconds = tuple(value for thread in threads for value in thread.milliseconds)
    return Load(seconds, milliseconds, sum(thread.failed for thread in threads))


def main() -> None:
    """Reads, asks, prints."""
    url, clients = sys.argv[1:]
    print(json.dumps(asdict(load(url, int(clients), json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
