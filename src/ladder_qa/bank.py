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
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ladder_qa.datamodels import Ladder, Passage
from ladder_qa.errors import CorpusError
from ladder_qa.names import LevelNames

FOLDER = "questions"  # below the corpus folder
PART = 0.3  # share of the longer text that the shorter must be, to be taken for the same statement
NEIGHBOURS = 25  # nearest questions that are looked at
SHARPNESS = 12.0  # weight of a neighbour: exp(SHARPNESS × similarity)
FAR, NEAR = 0.35, 0.6  # similarities of the nearest question: below says nothing, above all
DIRECT = 0.8  # similarity from which two questions mean nearly the same
DIRECT_MARGIN = 0.03  # similarity below the best one at which a further question still counts
OTHER_LEVELS = 0.15  # similarity taken off where a question is about other levels


@dataclass(frozen=True, slots=True)
class BankQuestion:
    """A question that people would ask; `passages` are the ids that answer, none if unanswered."""

    text: str
    passages: tuple[str, ...]
    levels: tuple[str, ...]  # that it names


@dataclass(frozen=True, slots=True)
class Bank:
    """The questions that hold for the present documents, and how many were set aside."""

    questions: tuple[BankQuestion, ...]
    set_aside: int  # answered ones whose quote is no longer in the documents


EMPTY_BANK = Bank((), 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the nearest questions say: share answered (0 to 1), best similarity, and statements.

    `statements` maps a passage id to the similarity of the nearest question it answers; `direct`
    holds those that answer questions of nearly the same meaning as the one asked.
    """

    answered: float
    nearest: float
    statements: dict[str, float]
    direct: tuple[str, ...]


def bank_fingerprint(corpus: Path) -> str:
    """SHA-256 over the names and bytes of the bank's files below `corpus`."""
    digest = hashlib.sha256()
    for path in _files(corpus / FOLDER):
        data = path.read_bytes()
        digest.update(f"{path.name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl")) if folder.is_dir() else []


def read_bank(corpus: Path, passages: Sequence[Passage], ladder: Ladder) -> Bank:
    """The bank below `corpus`; an empty one when there is none. Raises CorpusError on bad lines."""
    names = LevelNames(ladder.levels)
    by_document: dict[str, list[Passage]] = {}
    for passage in passages:
        by_document.setdefault(passage.document, []).append(passage)
    questions: list[BankQuestion] = []
    set_aside = 0
    for text, gold in _lines(corpus / FOLDER):
        ids: dict[str, None] = {}
        levels = names.codes(text)
        for document, quote in gold:
            for passage in _carrying(by_document.get(document, []), quote, levels):
                ids[passage.id] = None
        if gold and not ids:
            set_aside += 1
            continue
        questions.append(BankQuestion(text, tuple(ids), levels))
    return Bank(tuple(questions), set_aside)


def _lines(folder: Path) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    for path in _files(folder):
        try:
            lines = path.read_bytes().decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise CorpusError(f"{FOLDER}/{path.name}: not UTF-8 text ({error.reason})") from error
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _entry(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise CorpusError(f"{FOLDER}/{path.name}, line {number}: {error!r}") from error


def _entry(line: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Question and gold of one line. Raises ValueError, KeyError or TypeError."""
    gold = [(str(g["doc"]), str(g["quote"])) for g in line.get("gold", ())]
    answered = {"answered": True, "not_answered": False}[line["kind"]]
    if answered is not bool(gold):
        raise ValueError("an answered question has gold, and no other has")
    return str(line["q"]), gold


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

    def ask(
        self, vectors: NDArray[np.float32], levels: Iterable[str], *, leave_out: int | None = None
    ) -> Asked | None:
        """What the nearest questions say of a question; None without a bank.

        `vectors` are the question and, of a long one, its sentences, a unit row each.
        """
        if self._vectors is None or not len(self._vectors):
            return None
        wanted = frozenset(levels)
        cosines = np.asarray(self._vectors @ vectors.T, dtype=np.float64).max(axis=1).round(6)
        other = np.array([bool(found) and found != wanted for found in self._levels], dtype=bool)
        if wanted:
            cosines = cosines - OTHER_LEVELS * other
        if leave_out is not None:
            cosines[leave_out] = -1.0
        near = np.argsort(-cosines, kind="stable")[:NEIGHBOURS]
        weights = np.exp(SHARPNESS * cosines[near])
        statements: dict[str, float] = {}
        for position in near:
            for identity in self._bank.questions[int(position)].passages:
                statements.setdefault(identity, float(cosines[position]))
        direct: dict[str, None] = {}
        best = float(cosines[near[0]])
        for position in near:
            passages = self._bank.questions[int(position)].passages
            if cosines[position] >= max(DIRECT, best - DIRECT_MARGIN) and passages:
                direct.update(dict.fromkeys(passages))
        # questions that are not near say nothing: the share goes to one half with the distance
        share = float((weights * self._answered[near]).sum() / weights.sum())
        trust = min(1.0, max(0.0, (best - FAR) / (NEAR - FAR)))
        return Asked(
            answered=0.5 + trust * (share - 0.5),
            nearest=float(cosines[near[0]]),
            statements=statements,
            direct=tuple(direct),
        )
