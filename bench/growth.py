"""How ingestion, answers and memory grow with the corpus, from 150 to 100,000 passages.

The corpora are made by `ladders.py`; they and the encoded vectors of the large ones are kept in a
cache folder, because encoding 100,000 passages takes long. Answers of all sizes are taken in turn
within each round. The peer, whose chunks are larger and fewer, stands beside.
Not covered: serving; probably-asked questions, which a ladder of this size would have too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import record
from asking import figures_of, in_turn
from compare import say, spread_over
from ingesting import MODELS, built
from ladders import make, questions_for
from processes import FOLDER, held
from record import OURS, PEER, Figure, Section
from report import growth_table
from systems import BENCH, Ours, Peers, System, develop_questions, warm_up_questions

SIZES = (150, 1_500, 15_000)
SMALL = 2_000  # passages up to which every ingestion encodes anew
STEPS_S = 4 * 3600.0  # for one ingestion; more is a hang
CACHE = record.ROOT / ".bench"


def main() -> None:
    """Measures, writes a section and prints it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--passages", default=",".join(map(str, SIZES)), help="sizes, by comma")
    parser.add_argument("--section", default="growth", help="name in the results")
    parser.add_argument("--runs", type=int, default=7, help="rounds of questions")
    parser.add_argument("--ingests", type=int, help="ingestions of each size; default by its size")
    parser.add_argument("--questions", type=int, default=60, help="of a round")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for corpora and vectors")
    parser.add_argument("--results", type=Path, default=record.RESULTS, help="file to write to")
    given = parser.parse_args()
    sizes = [int(size) for size in given.passages.split(",")]
    if given.runs < 1 or min(sizes) < 1:
        parser.error("--runs, --passages: at least 1")
    with tempfile.TemporaryDirectory(prefix="ladder-qa-bench-") as name:
        growth = Growth(Path(name), given.cache.resolve(), given.questions)
        made = record.conditions()
        for size in sizes:
            growth.ingest(size, given.ingests or ingests_of(size))
        for number in range(given.runs):
            say(f"answers, round {number + 1} of {given.runs}")
            for size in sizes:
                growth.ask(size, number)
        for size in sizes:
            growth.search(size)
        record.write(given.section, Section(made, growth.figures(), growth.settings), given.results)
    print(growth_table(record.read(given.results)))


def ingests_of(passages: int) -> int:
    """How often a corpus is ingested: less often where it takes long."""
    return 7 if passages <= SMALL else 3 if passages <= 20_000 else 1


@dataclass(frozen=True, slots=True)
class Corpus:
    """One size: where it lies, both sides over it, and its questions."""

    folder: Path
    systems: dict[str, System]
    questions: tuple[str, ...]


class Growth:
    """Corpora of several sizes, in a folder that goes away, over a cache that stays."""

    def __init__(self, place: Path, cache: Path, questions: int) -> None:
        self._place = place
        self._cache = cache
        self._asked = spread_over(develop_questions(), questions)
        self._warm_up = warm_up_questions()
        self._corpora: dict[int, Corpus] = {}
        self._runs: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.settings: dict[str, object] = {"questions": len(self._asked), "peer_threads": 1}

    def ingest(self, size: int, runs: int) -> None:
        """Makes the corpus, and both indexes `runs` times."""
        folder = self._cache / f"corpus-{size}"
        shutil.rmtree(folder, ignore_errors=True)
        copies = make(folder, size)
        questions = questions_for(self._asked, copies)
        for number in range(runs):
            place = self._place / str(size) / str(number)
            ours, peer = Ours(folder, place / "ours"), Peers(folder, place / "peer")
            shutil.copytree(self._model(), ours.data / MODELS)
            say(f"{size} passages: ingestion {number + 1} of {runs}, ours")
            self._keep_ours(size, self._steps(ours, size))
            say(f"{size} passages: ingestion {number + 1} of {runs}, peer")
            ran = built(peer)
            self._keep(f"ingest_s_{size}", PEER, ran.seconds)
            self._keep(f"ingest_peak_mb_{size}", PEER, ran.peak_mb)
            if number < runs - 1:
                shutil.rmtree(place)
            else:
                self._corpora[size] = Corpus(folder, {OURS: ours, PEER: peer}, questions)

    def _model(self) -> Path:
        """A folder with the exported model, made once."""
        bare = Ours(self._place / "one", self._place / "bare")
        if not bare.data.is_dir():
            make(bare.corpus, 20)
            built(bare)
        return bare.data / MODELS

    def _steps(self, ours: Ours, size: int) -> dict[str, float | str]:
        cache = [str(self._cache / "vectors")] if size > SMALL else []
        return dict(self._script("ingest_steps.py", ours, *cache))

    def _script(self, name: str, ours: Ours, *more: str, given: str = "") -> dict[str, float | str]:
        done = subprocess.run(  # noqa: S603  (a script of this project)
            [sys.executable, str(BENCH / name), str(ours.corpus), str(ours.data), *more],
            input=given,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=ours.environ(),
            cwd=FOLDER,
            timeout=STEPS_S,
        )
        figures: dict[str, float | str] = json.loads(done.stdout)
        return figures

    def _keep_ours(self, size: int, steps: dict[str, float | str]) -> None:
        parts = [float(steps[f"{step}_s"]) for step in ("read", "encode", "store")]
        self._keep(f"ingest_s_{size}", OURS, sum(parts))
        for name, seconds in zip(("read", "encode", "store"), parts, strict=True):
            self._keep(f"ingest_{name}_s_{size}", OURS, seconds)
        self._keep(f"ingest_peak_mb_{size}", OURS, float(steps["peak_mb"]))
        self.settings[str(size)] = {key: steps[key] for key in ("passages", "levels", "encoded")}

    def _keep(self, name: str, side: str, value: float) -> None:
        self._runs[name][side].append(value)

    def ask(self, size: int, first: int) -> None:
        """One round of questions, each side in a process of its own."""
        corpus = self._corpora[size]
        with contextlib.ExitStack() as stack:
            sides = {
                name: stack.enter_context(held(system.hold(), system.environ()))
                for name, system in corpus.systems.items()
            }
            in_turn(sides, self._warm_up)
            for name, took in in_turn(sides, corpus.questions, first).items():
                for figure, value in figures_of(took).items():
                    self._keep(f"warm_{figure}_{size}", name, value)
                self._keep(f"peak_mb_{size}", name, sides[name].peak_mb())

    def search(self, size: int) -> None:
        """Recall of the search as shipped and of Chroma's graph."""
        corpus = self._corpora[size]
        ours = corpus.systems[OURS]
        assert isinstance(ours, Ours)
        found = self._script("recall.py", ours, given=json.dumps(corpus.questions))
        for way in ("shipped", "graph"):
            figures = found[way]
            assert isinstance(figures, dict)
            self._keep(f"recall_{size}", way, figures["recall"])
            self._keep(f"search_p50_ms_{size}", way, figures["p50_ms"])

    def figures(self) -> dict[str, Figure]:
        """All that was measured."""
        return {name: Figure(_unit(name), dict(by_side)) for name, by_side in self._runs.items()}


def _unit(name: str) -> str:
    for unit in ("ms", "mb", "s"):
        if f"_{unit}_" in name:
            return {"mb": "MB"}.get(unit, unit)
    return ""


if __name__ == "__main__":
    main()
