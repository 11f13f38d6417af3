"""The two sides as programs: how each is built, asked once, held open for questions, and served.

Not covered: running them (`processes`) and measuring (`ingesting`, `asking`, `serving`, `growth`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from record import ROOT

from ladder_qa.cli import BLAS_THREADS
from ladder_qa.evaluation import load_cases
from ladder_qa.evaluation.fields import Part

BENCH = ROOT / "bench"
CORPUS = ROOT / "corpus"
BANK = "questions"  # the folder of the probably-asked questions in a corpus
COLD = "what is the difference between E1 and E2?"
WARM_UP = 20  # questions before time is taken: what is made at first use is made then


class System(Protocol):
    """One side over one corpus, its index in a folder."""

    @property
    def path(self) -> str:
        """Of the server's call that answers."""

    def build(self) -> Sequence[str]:
        """Brings the index up to date."""

    def ask(self, question: str) -> Sequence[str]:
        """Prints the answer to one question."""

    def hold(self) -> Sequence[str]:
        """Holds the index open for questions on standard input."""

    def serve(self, port: int) -> Sequence[str]:
        """Serves on a port of loopback."""

    def environ(self) -> dict[str, str]:
        """The environment of all of these."""


@dataclass(frozen=True)
class Ours:
    """`ladder-qa` as shipped: all settings but the two folders are left as they are."""

    corpus: Path
    data: Path
    path: str = "/api/v1/ask"

    def build(self) -> Sequence[str]:
        """Brings the index up to date."""
        return [*_ladder_qa(), "ingest"]

    def ask(self, question: str) -> Sequence[str]:
        """Prints the answer to one question."""
        return [*_ladder_qa(), "ask", question]

    def hold(self) -> Sequence[str]:
        """Holds the index open for questions on standard input."""
        return [*_script("answering.py"), "ours", str(self.corpus), str(self.data)]

    def serve(self, port: int) -> Sequence[str]:
        """Serves on a port of loopback."""
        return [*_ladder_qa(), "serve", "--port", str(port)]

    def environ(self) -> dict[str, str]:
        """The environment of all of these."""
        folders = {"LADDER_QA_CORPUS": str(self.corpus), "LADDER_QA_DATA": str(self.data)}
        # as the command line sets it, for the process that is held open without it
        return {BLAS_THREADS: "1"} | _environ() | folders


@dataclass(frozen=True)
class Peers:
    """The peer; `threads` are torch's for one embedding, `wide` the requests worked on at once."""

    corpus: Path
    folder: Path
    threads: int = 1
    wide: int | None = None  # None: FastAPI's own 40
    path: str = "/ask"

    def build(self) -> Sequence[str]:
        """Brings the index up to date."""
        return [*_script("peer.py"), "build", str(self.corpus), str(self.folder)]

    def ask(self, question: str) -> Sequence[str]:
        """Prints the answer to one question."""
        return [*_script("peer.py"), "ask", str(self.folder), question]

    def hold(self) -> Sequence[str]:
        """Holds the index open for questions on standard input."""
        return [*_script("answering.py"), "peer", str(self.folder), str(self.threads)]

    def serve(self, port: int) -> Sequence[str]:
        """Serves on a port of loopback."""
        wide = [] if self.wide is None else ["--wide", str(self.wide)]
        threads = ["--threads", str(self.threads)]
        return [*_script("peer_server.py"), str(self.folder), str(port), *threads, *wide]

    def environ(self) -> dict[str, str]:
        """The environment of all of these."""
        return _environ() | {"TQDM_DISABLE": "1"}  # no bars where nobody looks


def _script(name: str) -> list[str]:
    return [sys.executable, str(BENCH / name)]


def _ladder_qa() -> list[str]:
    """The program as it lies on the path of the environment that this runs in."""
    program = Path(sys.executable).with_name("ladder-qa")
    return [str(program)] if program.is_file() else [sys.executable, "-m", "ladder_qa.cli"]


def _environ() -> dict[str, str]:
    """This process's environment without settings of ours; nobody looks for a newer model."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LADDER_QA_")}
    paths = kept.get("PYTHONPATH", "").split(os.pathsep)
    whole = os.pathsep.join(str(Path(path).resolve()) for path in paths if path)
    return kept | {"PYTHONPATH": whole, "HF_HUB_OFFLINE": "1"}  # they run in another folder


def develop_questions() -> tuple[str, ...]:
    """The questions of `eval/` that stand alone, of the part that may be looked at."""
    cases = load_cases(ROOT / "eval")
    return tuple(
        dict.fromkeys(c.question for c in cases if c.part is Part.DEVELOP and not c.history)
    )


def warm_up_questions() -> tuple[str, ...]:
    """Other questions, from all over the probably-asked ones."""
    files = sorted((CORPUS / BANK).glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text("utf-8").splitlines() if line]
    measured = set(develop_questions())
    asked = [str(json.loads(line)["q"]) for line in lines[:: len(lines) // (2 * WARM_UP)]]
    return tuple(question for question in asked if question not in measured)[:WARM_UP]
