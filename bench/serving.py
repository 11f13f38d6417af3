"""Answers over HTTP: requests a second and their times, for one client and for many at once.

Every measurement has a server of its own that was just started and answered some other questions;
each question is asked once, so answers are computed. The same questions are then asked of our
server once more, which shows what it gains where people ask alike.
Not covered: several servers; the network.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from load import Load
from processes import free_port, server
from record import OURS, Figure
from spread import percentile
from systems import BENCH, System

CLIENTS = (1, 8, 32)
LOAD_S = 600.0  # a load that takes longer hangs


def served(
    systems: Mapping[str, System],
    questions: Sequence[str],
    warm_up: Sequence[str],
    runs: int,
    say: Callable[[str], None],
    *,
    clients: Sequence[int] = CLIENTS,
) -> dict[str, Figure]:
    """Requests a second, 50th and 95th percentile, peak memory, failures: run by run."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    names = list(systems)
    for number in range(runs):
        shuffled = list(questions)
        random.Random(number).shuffle(shuffled)  # noqa: S311  (the same in every repetition)
        for at_once in clients:
            say(f"served to {at_once}, run {number + 1} of {runs}")
            turn = number % len(names)
            for name in (*names[turn:], *names[:turn]):
                again = name == OURS
                for key, value in _one(
                    systems[name], at_once, shuffled, warm_up, again=again
                ).items():
                    found[f"{key}_at_{at_once}"][name].append(value)
    return {name: Figure(_unit(name), dict(by_side)) for name, by_side in found.items()}


def _one(
    system: System, clients: int, questions: Sequence[str], warm_up: Sequence[str], *, again: bool
) -> dict[str, float]:
    port = free_port()
    with server(system.serve(port), system.environ(), port) as opened:
        url = f"http://127.0.0.1:{port}{system.path}"
        asked(url, clients, warm_up)
        load = asked(url, clients, questions)
        if load.failed:
            raise RuntimeError(f"{load.failed} of {len(questions)} requests to {url} failed")
        figures = {
            "rate": load.rate,
            "p50_ms": percentile(load.milliseconds, 50),
            "p95_ms": percentile(load.milliseconds, 95),
            "server_peak_mb": opened.peak_mb(),
        }
        if again:
            figures["rate_again"] = asked(url, clients, questions).rate
    return figures


def asked(url: str, clients: int, questions: Sequence[str]) -> Load:
    """A load by a client in a process of its own."""
    done = subprocess.run(  # noqa: S603  (a script of this project)
        [sys.executable, str(BENCH / "load.py"), url, str(clients)],
        input=json.dumps(list(questions)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=LOAD_S,
    )
    figures = json.loads(done.stdout)
    return Load(figures["seconds"], tuple(figures["milliseconds"]), figures["failed"])


def _unit(name: str) -> str:
    if name.startswith("rate"):
        return "1/s"
    return "MB" if "_mb_" in name else "ms"
