"""Warm answers: each question of a round is asked of every side in turn, each in its own process.

A process lives for one round and no question comes twice in it, so answers are computed, whatever
a program keeps of earlier ones; our side is then asked the same questions once more, which shows
what it gains where people ask alike.
Not covered: several at once (`serving`).
"""

from __future__ import annotations

import contextlib
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from processes import Held, Ran, Took, held, run
from record import OURS, Figure
from spread import percentile
from systems import COLD, System

COLD_S = 300.0  # a process that takes longer hangs


def in_turn(
    sides: Mapping[str, Held], questions: Sequence[str], first: int = 0
) -> dict[str, list[Took]]:
    """What each answer took, by side; who is asked first changes with each question."""
    times: dict[str, list[Took]] = {name: [] for name in sides}
    names = list(sides)
    for number, question in enumerate(questions):
        turn = (number + first) % len(names)
        for name in (*names[turn:], *names[:turn]):
            times[name].append(sides[name].ask(question))
    return times


def figures_of(took: Sequence[Took]) -> dict[str, float]:
    """Of one round: percentiles by the clock, and processor time of an answer."""
    times = [one.ms for one in took]
    return {
        "p50_ms": percentile(times, 50),
        "p95_ms": percentile(times, 95),
        "processor_ms": statistics.fmean(one.processor_ms for one in took),
    }


def warm(
    systems: Mapping[str, System],
    questions: Sequence[str],
    warm_up: Sequence[str],
    runs: int,
    say: Callable[[str], None],
) -> dict[str, Figure]:
    """Percentiles of an answer over all questions, and the peak memory after them, run by run."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(runs):
        say(f"warm answers, run {number + 1} of {runs}")
        with contextlib.ExitStack() as stack:
            sides = {
                name: stack.enter_context(held(system.hold(), system.environ()))
                for name, system in systems.items()
            }
            in_turn(sides, warm_up)
            for name, took in in_turn(sides, questions, number).items():
                for figure, value in figures_of(took).items():
                    found[f"warm_{figure}"][name].append(value)
                found["peak_mb"][name].append(sides[name].peak_mb())
            again = in_turn({OURS: sides[OURS]}, questions)[OURS]
            for figure, value in figures_of(again).items():
                found[f"again_{figure}"][OURS].append(value)
    return {
        name: Figure("MB" if name.endswith("_mb") else "ms", dict(by_side))
        for name, by_side in found.items()
    }


def cold(systems: Mapping[str, System], runs: int, say: Callable[[str], None]) -> dict[str, Figure]:
    """From the shell's call to its end, with one question, after one call that is not counted."""
    ran: dict[str, list[Ran]] = {name: [] for name in systems}
    for number in range(runs + 1):
        say(f"cold answers, run {number} of {runs}")
        for name, system in systems.items():
            ran[name].append(run(system.ask(COLD), system.environ(), COLD_S))
    counted = {name: done[1:] for name, done in ran.items()}
    return {
        "cold_s": Figure("s", {n: [one.seconds for one in c] for n, c in counted.items()}),
        "cold_processor_s": Figure(
            "s", {n: [one.processor_s for one in c] for n, c in counted.items()}
        ),
        "cold_peak_mb": Figure("MB", {n: [one.peak_mb for one in c] for n, c in counted.items()}),
    }


def torch_threads(
    choices: Mapping[int, System],
    questions: Sequence[str],
    warm_up: Sequence[str],
    say: Callable[[str], None],
) -> dict[int, float]:
    """The median milliseconds of the peer's answers for each number of torch's threads."""
    medians = {}
    for threads, system in choices.items():
        say(f"the peer with {threads} threads of torch")
        with held(system.hold(), system.environ()) as side:
            in_turn({"": side}, warm_up)
            medians[threads] = figures_of(in_turn({"": side}, questions)[""])["p50_ms"]
    return medians
