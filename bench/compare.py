"""Times our full, cited answers against the bare retrieval of a plain LlamaIndex peer.

Both work on the same corpus with the same embedding model, on an index that lies on the disk, in
turn within one run, so that whatever else the machine does hits both. The figures go to
`bench/results.json`, section by section; `report.py` makes README's table and the plots of them.
Not covered: larger corpora (`growth.py`), the quality of answers (`quality.py`).
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
import tempfile
from pathlib import Path

import record
from asking import cold, torch_threads, warm
from ingesting import built, ingested
from record import NARROW, OURS, PEER, Figure, Section
from report import table
from serving import served
from systems import CORPUS, Ours, Peers, System, develop_questions, warm_up_questions

SECTIONS = ("cold", "warm", "served", "ingest")


def main() -> None:
    """Measures the chosen sections, and writes and prints each as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=7, help="of each figure")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, by comma")
    parser.add_argument("--questions", type=int, help="as many only, spread over all of them")
    parser.add_argument("--results", type=Path, default=record.RESULTS, help="file to write to")
    parser.add_argument("--data", type=Path, help="a data folder of ours to begin with; copied")
    given = parser.parse_args()
    wanted = given.only.split(",")
    if given.runs < 1 or not set(wanted) <= set(SECTIONS):
        parser.error(f"--runs: at least 1; --only: of {', '.join(SECTIONS)}")
    questions = spread_over(develop_questions(), given.questions)
    with tempfile.TemporaryDirectory(prefix="ladder-qa-bench-") as name:
        bench = Bench(Path(name), questions, given.runs)
        bench.prepare(given.data)
        for section in (one for one in SECTIONS if one in wanted):
            record.write(section, bench.measure(section), given.results)
    print(table(record.read(given.results)))


def spread_over(questions: tuple[str, ...], count: int | None) -> tuple[str, ...]:
    """`count` questions in equal distances; None: all."""
    if count is None or count >= len(questions):
        return questions
    return tuple(questions[number * len(questions) // count] for number in range(count))


def say(text: str) -> None:
    """Progress, for who waits."""
    print(text, file=sys.stderr, flush=True)


def _silent(text: str) -> None:
    """No progress."""


class Bench:
    """Both sides over the project's corpus, in a folder that goes away."""

    def __init__(self, place: Path, questions: tuple[str, ...], runs: int) -> None:
        self._ours = Ours(CORPUS, place / "ours")
        self._place = place
        self._questions = questions
        self._warm_up = warm_up_questions()
        self._runs = runs
        self._cores = os.cpu_count() or 1
        self._choices = sorted({1, self._cores})  # of torch's threads
        self._threads = 1
        self._settings: dict[str, object] = {"questions": len(questions)}

    def _peer(self, threads: int, wide: int | None = None) -> Peers:
        return Peers(CORPUS, self._place / "peer", threads, wide)

    def prepare(self, data: Path | None) -> None:
        """Builds both indexes, and finds the number of torch's threads that suits the peer best."""
        if data is not None:
            shutil.copytree(data, self._ours.data)
        say("building both indexes")
        built(self._ours)
        built(self._peer(1))
        choices: dict[int, System] = {n: self._peer(n) for n in self._choices}
        medians = torch_threads(choices, self._questions, self._warm_up, say)
        self._threads = min(medians, key=lambda threads: medians[threads])
        self._settings |= {
            "peer_threads": self._threads,
            "peer_p50_ms_by_threads": {str(key): round(ms, 2) for key, ms in medians.items()},
        }

    def measure(self, section: str) -> Section:
        """The figures of one section, with the conditions that it was measured under."""
        made = record.conditions()
        both: dict[str, System] = {OURS: self._ours, PEER: self._peer(self._threads)}
        settings = self._settings
        match section:
            case "cold":
                figures = cold(both, self._runs, say)
            case "warm":
                figures = warm(both, self._questions, self._warm_up, self._runs, say)
            case "served":
                figures, settings = self._served()
            case _:
                figures = ingested(self._ours.data, self._runs, say)
        return Section(made, figures, settings)

    def _served(self) -> tuple[dict[str, Figure], dict[str, object]]:
        """With the peer as one would write it, and with as many requests at once as cores.

        Both with the number of torch's threads that gives the most answers a second to 8 clients.
        """
        rates: dict[tuple[int, int | None], float] = {}
        for threads, wide in itertools.product(self._choices, (None, self._cores)):
            system: dict[str, System] = {PEER: self._peer(threads, wide)}
            say(f"the peer served, {threads} threads of torch, {wide or 'any number of'} at once")
            figures = served(system, self._questions, self._warm_up, 1, _silent, clients=(8,))
            rates[threads, wide] = figures["rate_at_8"].runs[PEER][0]
        plain, narrow = (
            max(self._choices, key=lambda threads: rates[threads, wide])
            for wide in (None, self._cores)
        )
        systems: dict[str, System] = {
            OURS: self._ours,
            PEER: self._peer(plain),
            NARROW: self._peer(narrow, self._cores),
        }
        settings = self._settings | {
            "peer_threads": plain,
            "narrow_threads": narrow,
            "peer_rates_by_threads_and_width": {
                f"{threads}, {wide or 40}": round(rate, 1)
                for (threads, wide), rate in rates.items()
            },
        }
        return served(systems, self._questions, self._warm_up, self._runs, say), settings


if __name__ == "__main__":
    main()
