"""Times a full cited answer of ours against the bare retrieval of a plain LlamaIndex peer.

Both work on the same corpus with the same embedding model, on an index that lies on disk, in turn
within one run, so that whatever else the machine does hits both. Warm: one process holds both and
asks each question of `eval/` of one, then of the other. Cold: a process from its start to its
printed answer.
Not covered: memory, serving over HTTP, ingestion, larger corpora.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from peer import Peer

from ladder_qa.assistant import Assistant
from ladder_qa.evaluation import load_cases
from ladder_qa.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
QUESTION = "what is the difference between E1 and E2?"
COLD_LIMIT_S = 300.0  # a process that takes longer hangs


def main() -> None:
    """Builds both indexes in a folder that goes away, times both, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=7, help="cold starts, and rounds of questions")
    runs = parser.parse_args().runs
    if runs < 1:
        parser.error("--runs: at least 1")
    with tempfile.TemporaryDirectory(prefix="ladder-qa-bench-") as name:
        ours, peers = Path(name) / "ours", Path(name) / "peer"
        environ = _environ(ours)
        ladder_qa = [sys.executable, "-m", "ladder_qa.cli"]
        _run([*ladder_qa, "ingest"], environ)
        Peer.build(ROOT / "corpus", peers)
        _header(runs)
        _cold(runs, [*ladder_qa, "ask", QUESTION], peers, environ)
        _warm(runs, Settings(corpus=ROOT / "corpus", data=ours), peers)


def _environ(data: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LADDER_QA_")}
    ours = {"LADDER_QA_CORPUS": str(ROOT / "corpus"), "LADDER_QA_DATA": str(data)}
    return kept | ours | {"HF_HUB_OFFLINE": "1"}


def _run(command: Sequence[str], environ: dict[str, str]) -> float:
    """Seconds of wall time. Raises CalledProcessError with what the command said."""
    started = time.perf_counter()
    subprocess.run(  # noqa: S603  (the commands are written here)
        command, check=True, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=COLD_LIMIT_S
    )
    return time.perf_counter() - started


def _cold(runs: int, ask: Sequence[str], peers: Path, environ: dict[str, str]) -> None:
    peer = [sys.executable, str(ROOT / "bench" / "peer.py"), str(peers), QUESTION]
    times = [(_run(ask, environ), _run(peer, environ)) for _ in range(runs)]
    ours, theirs = zip(*times, strict=True)
    _line("cold start to printed answer, s", ours, theirs, 50)


def _warm(runs: int, settings: Settings, peers: Path) -> None:
    questions = [case.question for case in load_cases(ROOT / "eval") if not case.history]
    assistant, peer = Assistant.open(settings), Peer.open(peers)
    ours: list[float] = []
    theirs: list[float] = []
    for index in range(runs + 1):
        for question in questions:
            first = _milliseconds(assistant.ask, question)
            second = _milliseconds(peer.ask, question)
            if index:  # the round before counts as warming up
                ours.append(first)
                theirs.append(second)
    _line("warm question, ms, median", ours, theirs, 50)
    _line("warm question, ms, 95th percentile", ours, theirs, 95)


def _milliseconds(ask: Callable[[str], object], question: str) -> float:
    started = time.perf_counter()
    ask(question)
    return (time.perf_counter() - started) * 1000


def _header(runs: int) -> None:
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ",
        end="",
    )
    print(f"{runs} runs each, in turn; range in brackets")
    print(f"{'':36}{'ladder-qa':>24}{'LlamaIndex + Chroma':>24}{'ratio':>8}")


def _line(name: str, ours: Sequence[float], theirs: Sequence[float], percentile: float) -> None:
    figures = [float(np.percentile(times, percentile)) for times in (ours, theirs)]
    cells = [
        f"{figure:.2f} ({min(times):.2f}–{max(times):.2f})"
        for figure, times in zip(figures, (ours, theirs), strict=True)
    ]
    print(f"{name:36}{cells[0]:>24}{cells[1]:>24}{figures[1] / figures[0]:>8.1f}", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
