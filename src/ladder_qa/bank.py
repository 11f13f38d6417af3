"""Probably-asked questions of a corpus: each with the statements that answer it, or with none.

A new question is set beside them: question matches question better than question matches
statement, and a near miss is best known by other near misses (PAQ and RePAQ, Lewis et al. 2021).
Not covered: writing a bank for another corpus; without one the product works, less well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ladder_qa.datamodels import Ladder, Passage
from ladder_qa.errors import CorpusError
from ladder_qa.names import LevelNames
from ladder_qa.ranking import best_rows, products

FOLDER = "questions"  # below the corpus folder
PART = 0.3  # share of the longer text that the shorter must be, to be taken for the same statement
NEIGHBOURS = 25  # nearest questions that are looked at
SHARPNESS = 12.0  # weight of a neighbour: exp(SHARPNESS × similarity)
FAR, NEAR = 0.35, 0.6  # similarities of the nearest question: below says nothing, above all
REMEMBERED = 64  # combinations of levels whose distances are kept, 0.1 MB each with this bank
OTHER_LEVELS = 0.15  # similarity taken off where a question is about other levels


@dataclass(frozen=True, slots=True)
class BankQuestion:
    """A question that people would ask; `passages` are the ids that answer, none if unanswered."""

    text: str
    passages: tuple[str, ...]
    levels: tuple[str, ...]  # that it names
    missing: str = ""  # what is asked and not stated, of an unanswered one


@dataclass(frozen=True, slots=True)
class Bank:
    """The questions that hold for the present documents, and the words of those set aside."""

    questions: tuple[BankQuestion, ...]
    set_aside: tuple[str, ...]  # answered ones whose quotes are no longer in the documents


EMPTY_BANK = Bank((), ())


@dataclass(frozen=True, slots=True)
class Vote:
    """What the nearest questions say of a statement.

    `similarity` is that of the nearest one it answers, `share` its part (0 to 1) in the weight of
    those that have an answer.
    """

    similarity: float
    share: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What the nearest questions say.

    `share` of their weight has an answer (0 to 1); `answered` is the same, drawn towards one half
    where none is near; `nearest` is the best similarity; `votes` are by passage id.
    """

    answered: float
    share: float
    nearest: float
    votes: dict[str, Vote]


def bank_fingerprint(corpus: Path) -> str:
    """SHA-256 over the names and bytes of the bank's files below `corpus`. Raises CorpusError."""
    digest = hashlib.sha256()
    for path in _files(corpus / FOLDER):
        data = _bytes(path)
        digest.update(f"{path.name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl")) if folder.is_dir() else []


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise CorpusError(f"{FOLDER}/{path.name}: cannot be read ({reason})") from error


def read_bank(corpus: Path, passages: Sequence[Passage], ladder: Ladder) -> Bank:
    """The bank below `corpus`; an empty one when there is none. Raises CorpusError on bad lines."""
    names = LevelNames(ladder.levels)
    by_document: dict[str, list[Passage]] = {}
    for passage in passages:
        by_document.setdefault(passage.document, []).append(passage)
    questions: list[BankQuestion] = []
    set_aside: list[str] = []
    for text, gold, missing in _lines(corpus / FOLDER):
        ids: dict[str, None] = {}
        levels = names.codes(text)
        for document, quote in gold:
            for passage in _carrying(by_document.get(document, []), quote, levels):
                ids[passage.id] = None
        if gold and not ids:
            set_aside.append(text)
            continue
        questions.append(BankQuestion(text, tuple(ids), levels, missing))
    return Bank(tuple(questions), tuple(set_aside))


def _lines(folder: Path) -> Iterable[tuple[str, list[tuple[str, str]], str]]:
    for path in _files(folder):
        try:
            lines = _bytes(path).decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise CorpusError(f"{FOLDER}/{path.name}: not UTF-8 text ({error.reason})") from error
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _entry(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise CorpusError(f"{FOLDER}/{path.name}, line {number}: {error!r}") from error


def _entry(line: dict[str, Any]) -> tuple[str, list[tuple[str, str]], str]:
    """Question, gold and what is missing of one line. Raises ValueError, KeyError or TypeError."""
    gold = [(str(g["doc"]), str(g["quote"])) for g in line.get("gold", ())]
    answered = {"answered": True, "not_answered": False}[line["kind"]]
    if answered is not bool(gold):
        raise ValueError("an answered question has gold, and no other has")
    return str(line["q"]), gold, str(line.get("missing") or "")


def _carrying(
    passages: Sequence[Passage], quote: str, levels: Collection[str]
) -> tuple[Passage, ...]:
    """Passages that are a quote; else those that hold it, or lie in it, and are much of it.

    Equal cells stand in several lines of a table: then those about the levels asked about.
    """
    same = [p for p in passages if quote in (p.quote, p.plain)]
    if not same:
        same = [
            p
            for p in passages
            if (quote in p.quote and len(quote) >= PART * len(p.quote))
            or (p.quote in quote and len(p.quote) >= PART * len(quote))
        ]
    meant = [p for p in same if set(p.levels) & set(levels)]
    return tuple(meant if len(same) > 1 and meant else same)


class BankSearch:
    """Finds the nearest questions of a bank; `vectors` has a unit row per question."""

    def __init__(self, bank: Bank, vectors: NDArray[np.float32] | None) -> None:
        self._bank = bank
        self._vectors = vectors
        self._answered = np.array([bool(q.passages) for q in bank.questions], dtype=bool)
        self._levels = [frozenset(question.levels) for question in bank.questions]
        self._distance = lru_cache(maxsize=REMEMBERED)(self._distance_from)

    def lacking(self, vector: NDArray[np.float32]) -> str:
        """What the nearest question that nothing answers asks for; empty where none is near.

        A question beside its nearest in this project's bank (3,500 of them): from NEAR on, nearly
        all ask for the same thing in other words.
        """
        if self._vectors is None or self._answered.all():
            return ""
        cosines = np.where(self._answered, -1.0, (self._vectors @ vector).round(6))
        best = int(cosines.argmax())
        return self._bank.questions[best].missing if cosines[best] >= NEAR else ""

    def _distance_from(self, wanted: frozenset[str]) -> NDArray[np.float64]:
        """What is taken from the similarity of questions about other levels, [questions]."""
        other = [bool(levels) and levels != wanted for levels in self._levels]
        return OTHER_LEVELS * np.array(other, dtype=np.float64)

    def ask(
        self, vectors: NDArray[np.float32], levels: Iterable[str], *, leave_out: int | None = None
    ) -> Asked | None:
        """What the nearest questions say of a question; None without a bank.

        `vectors` are the question and, of a long one, its sentences, a unit row each.
        """
        if self._vectors is None or not len(self._vectors):
            return None
        wanted = frozenset(levels)
        cosines = products(vectors, self._vectors).max(axis=0).astype(np.float64).round(6)
        if wanted:
            cosines -= self._distance(wanted)
        if leave_out is not None:
            cosines[leave_out] = -1.0
        near = best_rows(cosines, NEIGHBOURS)
        weights = np.exp(SHARPNESS * cosines[near])
        answered = float(weights[self._answered[near]].sum())
        similarities: dict[str, float] = {}
        parts: dict[str, float] = {}
        for position, weight in zip(near, weights, strict=True):
            for identity in self._bank.questions[int(position)].passages:
                similarities.setdefault(identity, float(cosines[position]))
                parts[identity] = parts.get(identity, 0.0) + float(weight) / answered
        # questions that are not near say nothing: the share goes to one half with the distance
        best = float(cosines[near[0]])
        share = answered / float(weights.sum())
        trust = min(1.0, max(0.0, (best - FAR) / (NEAR - FAR)))
        return Asked(
            answered=0.5 + trust * (share - 0.5),
            share=share,
            nearest=best,
            votes={one: Vote(similarities[one], parts[one]) for one in similarities},
        )
