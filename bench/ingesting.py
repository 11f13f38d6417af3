"""Building the index from the shell: the first time, with nothing to do, with one sentence changed.

Ours has two things that the peer has not: the model is exported once, and the probably-asked
questions of the corpus are encoded with it. So a first ingestion is measured with both, with the
model exported before, and without the questions too.
Not covered: larger corpora (`growth`).
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from processes import Ran, run
from record import OURS, PEER, Figure
from systems import BANK, CORPUS, Ours, Peers, System

INGEST_S = 3600.0  # a process that takes longer hangs
MODELS = "models"  # the folder of exported models in our data folder


def built(system: System) -> Ran:
    """Runs one ingestion."""
    return run(system.build(), system.environ(), INGEST_S)


def change_one_sentence(corpus: Path) -> str:
    """Adds a word to the first list item of the last document; the changed line.

    Raises ValueError where the last document has no list.
    """
    document = max(corpus.glob("*.md"))
    lines = document.read_text("utf-8").split("\n")
    for number, line in enumerate(lines):
        if line.startswith("- "):
            lines[number] = f"{line} today"
            document.write_text("\n".join(lines), "utf-8")
            return lines[number]
    raise ValueError(f"{document} has no list item to change")


def ingested(model: Path, runs: int, say: Callable[[str], None]) -> dict[str, Figure]:
    """Seconds and peak memory of every kind of ingestion; `model` is a data folder of ours."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def measure(kind: str, side: str, system: System) -> None:
        say(f"ingestion {kind}, {side}, run {number + 1} of {runs}")
        ran = built(system)
        found[f"{kind}_s"][side].append(ran.seconds)
        found[f"{kind}_processor_s"][side].append(ran.processor_s)
        found[f"{kind}_peak_mb"][side].append(ran.peak_mb)

    for number in range(runs):
        with tempfile.TemporaryDirectory(prefix="ladder-qa-bench-") as name:
            place = Path(name)
            corpus = place / "corpus"
            shutil.copytree(CORPUS, corpus)
            shutil.copytree(model / MODELS, place / "ours" / MODELS)
            sides: dict[str, System] = {
                OURS: Ours(corpus, place / "ours"),
                PEER: Peers(corpus, place / "peer"),
            }
            for kind in ("first", "unchanged", "changed"):
                if kind == "changed":
                    change_one_sentence(corpus)
                for side in _turned(list(sides), number):
                    measure(kind, side, sides[side])
            measure("first_with_export", OURS, Ours(corpus, place / "bare"))
            shutil.rmtree(corpus / BANK)
            shutil.copytree(model / MODELS, place / "small" / MODELS)
            measure("first_without_bank", OURS, Ours(corpus, place / "small"))
    return {
        name: Figure("MB" if name.endswith("_mb") else "s", dict(by_side))
        for name, by_side in found.items()
    }


def _turned(names: Sequence[str], number: int) -> list[str]:
    turn = number % len(names)
    return [*names[turn:], *names[:turn]]
