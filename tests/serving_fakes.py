"""A small strict assistant over a real reading of a few documents, for the tests of the doors."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ladder_qa.assistant import Assistant
from ladder_qa.corpus import read_document
from ladder_qa.datamodels import (
    Answer,
    CheckedSentence,
    Citation,
    Claim,
    Conflict,
    FoundPassage,
    Ladder,
    Outcome,
    Passage,
    RefusedFile,
    Turn,
)
from ladder_qa.errors import IndexMissingError
from ladder_qa.feedback import Judgement, Noted
from ladder_qa.ladder import read_ladder
from ladder_qa.names import LevelNames
from ladder_qa.passages import read_passages
from ladder_qa.settings import Settings
from ladder_qa.verify import Evidence, Verifier, sentence_spans
from ladder_qa.web.serving import Backend

OVERVIEW = """# Track Overview

| Level | Title | Core Question |
|-------|-------|---------------|
| X1 | Scout | Do I find **the way**? |
| X2 | Guide | Do I lead *others* there? |

## X1: Scout

A scout looks ahead.

The track may not be right if you:

- Want `quiet` days
- Need a [map](https://maps.example/a?b=c) for _everything_

## X2: Guide

A guide brings people home. See [the way up](progression-x1-to-x2.md) and [nothing](gone.md).
"""

PROGRESSION = """# Progression Guide: X1 to X2

## The Core Shift

| X1 (Scout) | X2 (Guide) |
|---|---|
| Finds **a way** & goes | Brings <others> along |

## Typical Timeline

This takes 2-3 years at X1.
"""

DOCUMENTS = {"overview.md": OVERVIEW, "progression-x1-to-x2.md": PROGRESSION}


@dataclass(frozen=True)
class StoredDocument:
    path: str
    slug: str
    title: str
    text: str
    sha256: str


@dataclass(frozen=True)
class FakeGeneration:
    id: str
    corpus_sha256: str
    texts: Mapping[str, StoredDocument]
    passages: Sequence[Passage]
    ladder: Ladder
    refused: tuple[RefusedFile, ...] = ()
    encoder: str = "fake-encoder"

    @classmethod
    def of(cls, documents: Mapping[str, str], identity: str = "gen-1") -> FakeGeneration:
        read = [read_document(path, text.encode()) for path, text in sorted(documents.items())]
        ladder = read_ladder(read)
        texts = {d.path: StoredDocument(d.path, d.slug, d.title, d.text, d.sha256) for d in read}
        return cls(identity, "sha256:" + "ab" * 32, texts, read_passages(read, ladder), ladder)


@dataclass
class FakeAssistant:
    """Cites the passages whose words a question repeats; refuses when there are none."""

    generation: FakeGeneration
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)
    failure: Exception | None = None
    warmed: list[str] = field(default_factory=list)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        if self.failure is not None:
            raise self.failure
        self.asked.append((question, tuple(history)))
        hits = self._hits(question)[:3]
        citations = tuple(_citation(number, hit) for number, hit in enumerate(hits, start=1))
        claims = tuple(
            Claim(f"{c.quote} [{c.number}]", (c.number,), "quoted", c.levels) for c in citations
        )
        nearest = tuple(_citation(n, p) for n, p in enumerate(self.generation.passages[:2], 1))
        return Answer(
            id=f"ans_{self.generation.id}",
            question=question,
            outcome=Outcome.ANSWERED if claims else Outcome.NOT_IN_DOCUMENTS,
            answer="\n".join(f"- {claim.text}" for claim in claims)
            or "The documents do not say that.",
            claims=claims,
            citations=citations,
            missing=() if claims else ("what was asked",),
            conflicts=(Conflict("the way", (1,)),) if "differ" in question else (),
            nearest=() if claims else nearest,
            suggestions=() if claims else ("What does X1 do & why?",),
            mode="extractive",
            model=None,
            corpus=self.generation.corpus_sha256,
            notices=(),
        )

    def starters(self) -> tuple[str, ...]:
        return tuple(f"What does {level.code} do?" for level in self.generation.ladder.levels)

    def warming(self) -> Iterator[str]:
        for question in self.starters():
            self.warmed.append(question)
            yield question

    def search(self, question: str, k: int = 8) -> tuple[FoundPassage, ...]:
        if self.failure is not None:
            raise self.failure
        hits = self._hits(question) or list(self.generation.passages)
        return tuple(
            FoundPassage(
                p.document, p.title, p.section, p.quote, p.start, p.end, p.context, p.levels, p.url
            )
            for p in hits[:k]
        )

    def verify(
        self, text: str, passages: Sequence[str] | None = None
    ) -> tuple[CheckedSentence, ...]:
        """By the real rules, over all statements."""
        return tuple(self.checked(text, passages))

    def checked(
        self, text: str, passages: Sequence[str] | None = None
    ) -> Iterator[CheckedSentence]:
        """The same, one by one."""
        if self.failure is not None:
            raise self.failure
        statements = list(self.generation.passages)
        verifier = Verifier(LevelNames(self.generation.ladder.levels), statements)
        evidence = [Evidence.of(p) for p in statements] if passages is None else []
        evidence += [Evidence(passage) for passage in passages or ()]
        for start, end in sentence_spans(text):
            span = verifier.best(text[start:end], start, evidence)
            cited = [statements[i] for i in span.carried_by] if passages is None else []
            citations = tuple(_citation(number, p) for number, p in enumerate(cited, start=1))
            verdict = span.verdict
            yield CheckedSentence(
                text[start:end], start, end, verdict.supported, verdict.reason, citations
            )

    def lacking(self, question: str) -> str:
        return "pay of any level" if "paid" in question else ""

    def _hits(self, question: str) -> list[Passage]:
        asked = {word for word in _words(question) if len(word) > 3}
        return [p for p in self.generation.passages if asked & _words(p.plain)]


class WordEncoder:
    """Texts with the same words are near each other; nothing else is."""

    fingerprint = "words"
    dimensions = 4096

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for number, text in enumerate(texts):
            for word in _words(text):
                rows[number, zlib.crc32(word.encode()) % self.dimensions] = 1.0
        lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.maximum(lengths, 1.0)).astype(np.float32)

    def knows(self, word: str) -> bool:
        return True


def _words(text: str) -> set[str]:
    return {word.strip(".,?!:") for word in text.casefold().split()}


def _citation(number: int, p: Passage) -> Citation:
    return Citation(
        number, p.document, p.title, p.section, p.quote, p.start, p.end, p.context, p.levels, p.url
    )


class FakeStore:
    """Keeps in a list what a server wants kept; an error given to it is raised instead."""

    def __init__(self) -> None:
        self.kept: list[Noted | Judgement] = []
        self.error: Exception | None = None
        self.tried, self.closed, self.pruned = 0, 0, 0

    def write(self, items: list[Noted | Judgement]) -> None:
        self.tried += len(items)
        if self.error is not None:
            raise self.error
        self.kept += items

    def prune(self) -> None:
        self.pruned += 1

    def close(self) -> None:
        self.closed += 1


@dataclass
class FakeIndex:
    """What the pointer file names and what opening it gives; a test may change both."""

    assistant: FakeAssistant | None
    error: Exception | None = None
    is_stale: bool = False
    opened: int = 0
    looked_stale: int = 0
    pointer: str | None = None
    store: FakeStore = field(default_factory=FakeStore)

    def backend(self) -> Backend:
        return Backend(self._open, self._current, self._stale, lambda _: self.store)

    def _current(self, _settings: Settings) -> str | None:
        if self.pointer is not None:
            return self.pointer
        return self.assistant.generation.id if self.assistant else None

    def _open(self, _settings: Settings) -> Assistant:
        self.opened += 1
        if self.error is not None:
            raise self.error
        if self.assistant is None:
            raise IndexMissingError("no generation")
        return cast("Assistant", self.assistant)

    def _stale(self, _settings: Settings) -> bool:
        self.looked_stale += 1
        return self.is_stale


def settings(**values: Any) -> Settings:
    """Settings of a server that may be asked as `testserver`, as Starlette's test client does."""
    known = ("testserver",) if values.get("auth", "none") == "none" else ()
    return Settings(**{"data": Path("unused-data"), "allowed_hosts": known, **values})


def fake_assistant(
    documents: Mapping[str, str] = DOCUMENTS, identity: str = "gen-1"
) -> FakeAssistant:
    return FakeAssistant(FakeGeneration.of(documents, identity))


def in_process(code: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """A Python process that can import the package and the fakes."""
    tests = Path(__file__).parent
    path = os.pathsep.join([str(tests.parent / "src"), str(tests)])
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LADDER_QA_")}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**environ, "PYTHONPATH": path, **options.pop("env", {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )
