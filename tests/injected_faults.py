"""Command lines that are killed, or whose disk fails, at a chosen moment; and what must hold then.

A workshop is a process that has loaded everything and forks a child for each command line: a child
is a real process, with real files and real locks, and starts in no time. Between it and the C
library stands `data/disk_faults.c`, which counts its file operations.
Not covered: power failures, after which a disk may lack what was never synchronized.
"""

from __future__ import annotations

import ctypes
import dataclasses
import hashlib
import importlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import pytest

from ladder_qa.assistant import Assistant
from ladder_qa.chroma import check_collection
from ladder_qa.datamodels import as_json
from ladder_qa.encode import OnnxEncoder
from ladder_qa.index import open_generation
from ladder_qa.ingest import ingest
from ladder_qa.settings import Settings
from ladder_qa.store import CHROMA, current_manifest, folder_of, read_content
from serving_fakes import DOCUMENTS

SHIM = Path(__file__).parent / "data" / "disk_faults.c"
OPEN, WRITE, SYNC, RENAME, MKDIR, REMOVE = 1, 2, 4, 8, 16, 32  # kinds of operation, as there
EVERYTHING = OPEN | WRITE | SYNC | RENAME | MKDIR | REMOVE
GROWING = OPEN | WRITE | SYNC | RENAME | MKDIR  # what a full disk refuses
_ACTIONS = {"count": 0, "kill": 1, "tear": 2, "fail once": 3, "fail from here": 4}

QUESTIONS = ("What does X1 do?", "What is the difference between X1 and X2?", "What is X2 paid?")
BANK = [
    {
        "q": "What does a scout do?",
        "kind": "answered",
        "gold": [{"doc": "overview.md", "quote": "A scout asks for help early."}],
    },
    {"q": "What is a guide paid?", "kind": "not_answered", "missing": "pay"},
]
State = Literal["old", "new"]
LEFT = "cccccccccccc-00000000"  # a generation of which only a part was written


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at operation `at` (from 1) of the `kinds` below the data folder."""

    action: Literal["count", "kill", "tear", "fail once", "fail from here"]
    at: int = 0
    kinds: int = EVERYTHING
    error: int = 0  # errno of an operation that fails
    only: str = ""  # what counts: paths with this in them; with ! before it, all others

    def at_operation(self, at: int) -> Fault:
        """The same at another operation."""
        return dataclasses.replace(self, at=at)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command line ended: an exit status, or None where it was killed."""

    status: int | None
    seconds: float
    out: str
    err: str
    operations: tuple[tuple[int, str], ...]  # kind and path below the data folder, in turn


class Workshop:
    """Runs command lines of `ladder-qa` in children of a process that has loaded everything.

    `ingest` is `python -m ladder_qa.ingest` here.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        shim = _compiled(self._folder)
        path = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "src"), *sys.path]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("LADDER_QA_")}
        environ |= {"PYTHONPATH": os.pathsep.join(path), "OPENBLAS_NUM_THREADS": "1"}
        environ |= {"LD_PRELOAD": str(shim), "ANONYMIZED_TELEMETRY": "False"}
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(shim)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            cwd=self._folder,
            text=True,
        )
        assert self._line() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        with self._process as process:
            process.kill()  # its own end would take seconds, for all that it has loaded

    def run(
        self,
        settings: Settings,
        *arguments: str,
        fault: Fault | None = None,
        kill_after_s: float | None = None,
        **environ: str,
    ) -> Ended:
        """One command line with the corpus and the data folder of `settings`."""
        assert self._process is not None
        assert self._process.stdin is not None
        asked = {
            "arguments": arguments,
            "environ": {
                "LADDER_QA_CORPUS": str(settings.corpus),
                "LADDER_QA_DATA": str(settings.data),
                "LADDER_QA_CHROMA_URL": settings.chroma_url,
                **environ,
            },
            "fault": None if fault is None else dataclasses.asdict(fault),
            "kill_after_s": kill_after_s,
        }
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._line())
        return Ended(**{**said, "operations": tuple(map(tuple, said["operations"]))})

    def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")


def _compiled(folder: Path) -> Path:
    """The library that stands before the C library; skips where it cannot be made."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("faults of a disk are put in by a small C library: Linux and a C compiler")
    shim = folder / "disk_faults.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(SHIM), "-ldl"]
    subprocess.run(command, check=True)
    return shim


class Ground:
    """A data folder, and two states of one corpus of which its index may be.

    `models` holds the exported model that `encoder` has open.
    """

    def __init__(
        self,
        folder: Path,
        encoder: OnnxEncoder,
        models: Path,
        documents: Mapping[str, str] = DOCUMENTS,
    ) -> None:
        self.encoder = encoder
        self._documents = documents
        self._models = models
        self.answers: dict[State, tuple[str, ...]] = {}
        self._corpora: dict[str, State] = {}
        self._trees: dict[str, str] = {}
        self._folder = folder
        for state in ("old", "new"):
            self._write(self.settings(state).corpus, state)
            apart = Settings(data=self._data("apart-" + state), corpus=self.settings(state).corpus)
            ingest(apart)
            generation = open_generation(apart, encoder.fingerprint)
            self._corpora[generation.corpus_sha256] = state
            self.answers[state] = self._asked(Assistant(generation, encoder))
        assert self.answers["old"] != self.answers["new"]
        self.data = self._data("data")
        self.reset()
        assert self.served() == "old"

    def apart(self, state: State) -> Path:
        """A data folder with an index of the state named, to be read only."""
        return self._folder / f"apart-{state}"

    def settings(self, state: State, **values: Any) -> Settings:
        """Settings whose corpus is in the state named."""
        data = self._folder / "data"
        return Settings(**{"data": data, "corpus": self._folder / state, **values})

    def reset(self) -> None:
        """The data folder with an index of the old corpus, and with what a killed build left."""
        shutil.rmtree(self.data)
        shutil.copytree(self._folder / "apart-old", self.data, symlinks=True)
        left = self.data / "generations" / LEFT
        (left / "bm25").mkdir(parents=True)
        (left / "documents.json").write_text("{", encoding="utf-8")
        (left / "bm25" / "rows.npy").write_bytes(b"")
        (self.data / "CURRENT.new").write_text(LEFT[:7], encoding="utf-8")

    def served(self, **values: Any) -> State:
        """Which state is served, after looking at all of it: files, records, answers.

        A generation that was whole before must be the same bytes ever after.
        """
        settings = self.settings("old", **values)
        generation = open_generation(settings, self.encoder.fingerprint)
        folder = folder_of(self.data, generation.id)
        tree = tree_digest(folder)
        if generation.id not in self._trees:
            check_records(settings)
            self._trees[generation.id] = tree
        assert self._trees[generation.id] == tree, "a generation that was whole was changed"
        state = self._corpora[generation.corpus_sha256]
        assert self._asked(Assistant(generation, self.encoder)) == self.answers[state]
        return state

    def left_over(self) -> list[str]:
        """What lies in the data folder and should not: temporary files, unfinished generations."""
        known = {"CURRENT", "generations", "ingest.lock", "models", "corpus-folder"}
        found = sorted(path.name for path in self.data.iterdir() if path.name not in known)
        generations = list((self.data / "generations").iterdir())
        assert len(generations) <= 2, "the served one, and the one before"
        return found + self.unfinished()

    def unfinished(self) -> list[str]:
        """The generations that were not built to their end, or not deleted to theirs."""
        folders = (self.data / "generations").iterdir()
        return sorted(path.name for path in folders if path.name not in self._trees)

    def _asked(self, assistant: Assistant) -> tuple[str, ...]:
        return tuple(as_json(assistant.ask(question)) for question in QUESTIONS)

    def _data(self, name: str) -> Path:
        data = self._folder / name
        data.mkdir()
        (data / "models").symlink_to(self._models)
        return data

    def _write(self, corpus: Path, state: State) -> None:
        (corpus / "questions").mkdir(parents=True)
        scout = "A scout looks ahead." if state == "old" else "A scout looks far ahead, for days."
        for name, text in self._documents.items():
            changed = text.replace("A scout looks ahead.", f"{scout} A scout asks for help early.")
            (corpus / name).write_text(changed, encoding="utf-8")
        lines = "\n".join(map(json.dumps, BANK))
        (corpus / "questions" / "asked.jsonl").write_text(lines, encoding="utf-8")


def tree_digest(folder: Path) -> str:
    """One digest of the names and bytes of all files below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def check_records(settings: Settings) -> None:
    """Every record of the served generation's collection is the file's.

    A copy is read, for Chroma writes into files that it only reads. Raises IndexDamagedError or
    StoreError.
    """
    manifest = current_manifest(settings.data)
    assert manifest is not None
    folder = folder_of(settings.data, manifest.id)
    with tempfile.TemporaryDirectory() as copy:
        if not settings.chroma_url:
            shutil.copytree(folder / CHROMA, Path(copy) / CHROMA)
        check_collection(settings, Path(copy), manifest, read_content(folder))


def disk_use(folder: Path) -> int:
    """Bytes of all files below a folder, links not followed."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


# What follows runs in the workshop's own process.

_HEAVY = (
    "bm25s",
    "chromadb",
    "ladder_qa.assistant",
    "ladder_qa.cli",
    "ladder_qa.doctor",
    "ladder_qa.ingest",
    "ladder_qa.passages",
    "ladder_qa.terminal",
    "ladder_qa.web.pages.text",
    "ladder_qa.web.shapes",
    "llama_index.vector_stores.chroma",
)


@dataclass
class _Child:
    """One command line in a child: its files, and its pid once it is forked."""

    asked: Mapping[str, Any]
    folder: Path
    pid: int = field(default=0, init=False)

    def work(self, shim: str) -> int:
        """In the child: the command line, with its faults. Returns the exit status."""
        from ladder_qa import cli, ingest

        os.environ |= self.asked["environ"]
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(self.folder / name, os.O_WRONLY | os.O_CREAT), number)
        fault = self.asked["fault"]
        if fault is not None:
            ctypes.CDLL(shim).disk_faults_arm(
                os.environ["LADDER_QA_DATA"].encode(),
                ctypes.c_uint(fault["kinds"]),
                ctypes.c_long(fault["at"]),
                ctypes.c_int(_ACTIONS[fault["action"]]),
                ctypes.c_int(fault["error"]),
                fault["only"].encode(),
                str(self.folder / "operations").encode(),
            )
        arguments = self.asked["arguments"]
        try:
            if arguments == ["ingest"]:  # by the command line it runs in one more process
                return ingest.main()
            cli.main(arguments)
        except SystemExit as end:
            return int(end.code or 0)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()

    def wait(self) -> tuple[int | None, float]:
        """In the workshop: its exit status, None if it was killed; and its seconds."""
        started, limit = time.monotonic(), self.asked["kill_after_s"]
        watched = os.pidfd_open(self.pid)
        if not select.select([watched], [], [], limit)[0]:
            os.kill(self.pid, signal.SIGKILL)
        os.close(watched)
        _, state = os.waitpid(self.pid, 0)
        seconds = time.monotonic() - started
        return os.WEXITSTATUS(state) if os.WIFEXITED(state) else None, seconds

    def said(self, name: str) -> str:
        file = self.folder / name
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def operations(self) -> Iterator[tuple[int, str]]:
        for line in self.said("operations").splitlines():
            kind, _, path = line.partition(" ")
            yield int(kind), path


def _serve(shim: str) -> None:
    """Answers each line of standard input, a command line, with a line on how it ended."""
    for name in _HEAVY:
        importlib.import_module(name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            child = _Child(json.loads(line), Path(folder))
            child.pid = os.fork()
            if not child.pid:
                code = 70
                try:
                    code = child.work(shim)
                finally:
                    os._exit(code)
            status, seconds = child.wait()
            ended = Ended(
                status, seconds, child.said("out"), child.said("err"), tuple(child.operations())
            )
            sys.stdout.write(json.dumps(dataclasses.asdict(ended)) + "\n")
            sys.stdout.flush()


def medium(values: Sequence[float]) -> float:
    """The median."""
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    _serve(sys.argv[1])
