"""Query → Hits: every statement scored by meaning, words, levels and what was asked before.

A statement about other levels than those asked about is never a hit; one about nobody in
particular may be.
Not covered: whether the hits answer the question (`outcome`), and what is shown (`selection`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from ladder_qa.bank import Asked
from ladder_qa.datamodels import Hit, Passage, PassageKind, Query
from ladder_qa.index import Generation, tokens
from ladder_qa.lists import StatementList, read_lists
from ladder_qa.ranking import best_rows, products
from ladder_qa.topics import TOPICS, topics_of_headings

Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Weights in units of one standard deviation of the similarity over all statements; fitted by
# hand on the development part, figures in docs/experiments.md.
# Words: for what no model knows, such as names; of 80 statements, each asked for by a word that it
# alone has, 47 are among the first eight without BM25, 70 at 0.2, all at 0.6.
WEIGHT_WORDS = 0.6
WEIGHT_LEVEL = 0.3
WEIGHT_GUIDE = 0.2
WEIGHT_BANK = 2.0  # for a statement that answers a probably-asked question of the same words
BANK_FLOOR = 0.45  # similarity below which a probably-asked question says nothing
PRIOR_HEADING = -0.8
PRIOR_INTRODUCTION = -1.0
SORTED = 512  # hits that are sorted at once
OUTER_HEADING = 0.5  # a kind shown by an outer heading counts for less than by the nearest one
EQUAL = 1e-9  # a standard deviation up to here is one of rounding
_NONE = np.zeros(0, dtype=np.int64)


class Hits(Sequence[Hit]):
    """Hits, best first, each made when it is looked at; equal scores in reading order.

    Of many, only the first are sorted before more are wanted.
    """

    def __init__(self, passages: Sequence[Passage], scores: Scores) -> None:
        self._passages = passages
        self._scores = scores
        self._count = int(np.count_nonzero(scores > -np.inf))
        self._order = best_rows(scores, min(SORTED, self._count))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, at: int | slice) -> Hit | tuple[Hit, ...]:
        numbers = range(self._count)[at]
        if isinstance(numbers, int):
            return self._hit(numbers)
        return tuple(self._hit(number) for number in numbers)

    def __iter__(self) -> Iterator[Hit]:
        return (self._hit(number) for number in range(self._count))

    def _hit(self, number: int) -> Hit:
        if number >= len(self._order):
            self._order = best_rows(self._scores, self._count)
        row = self._order[number]
        return Hit(self._passages[row], float(self._scores[row]))


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a query: `scores[i]` is the score of passage `i`, -inf if not allowed.

    `cosines` are the bare similarities, shape [passages]; `mean` and `spread` (one standard
    deviation) are theirs.
    """

    hits: Hits
    scores: Scores
    cosines: Scores
    mean: float = 0.0
    spread: float = 0.0


class Retriever:
    """Searches one generation; built once, then read-only and safe to share between threads."""

    def __init__(self, generation: Generation) -> None:
        self.passages: tuple[Passage, ...] = generation.passages
        self.lists: tuple[StatementList, ...] = read_lists(self.passages)
        self._generation = generation
        self.positions = {passage.id: i for i, passage in enumerate(self.passages)}
        codes = [level.code for level in generation.ladder.levels]
        self._about = {
            code: np.array([code in p.levels for p in self.passages], dtype=bool) for code in codes
        }
        self._general: Mask = np.array([not p.levels for p in self.passages], dtype=bool)
        self._topics = self._topic_strengths()
        self._prior: Scores = np.array([_prior(p) for p in self.passages], dtype=np.float64)
        documents: dict[str, list[int]] = {}
        for position, passage in enumerate(self.passages):
            documents.setdefault(passage.document, []).append(position)
        self._rows = {name: np.array(rows) for name, rows in documents.items()}

    def _topic_strengths(self) -> dict[str, Scores]:
        strengths = {topic.name: np.zeros(len(self.passages)) for topic in TOPICS}
        cache: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = {}
        for position, passage in enumerate(self.passages):
            governing = tuple(
                span.text for span in passage.context if span.text not in passage.section
            )
            key = (*passage.section, "\x1f", *governing)
            if key not in cache:
                inner = topics_of_headings((*passage.section[-1:], *governing))
                cache[key] = inner, topics_of_headings(passage.section[1:-1])
            inner, outer = cache[key]
            for name in outer:
                strengths[name][position] = OUTER_HEADING
            for name in inner:
                strengths[name][position] = 1.0
        return strengths

    def allowed(self, query: Query) -> Mask:
        """Statements that may answer: about a level that is asked about, or about none."""
        if not query.levels:
            return np.ones(len(self.passages), dtype=bool)
        allowed = self._general.copy()
        for code in query.levels:
            allowed |= self._about[code]
        return allowed

    def about(self, codes: Iterable[str]) -> Iterator[Passage]:
        """The statements about any of some levels, in reading order."""
        wanted = np.logical_or.reduce([self._about[code] for code in codes])
        return (self.passages[position] for position in np.flatnonzero(wanted))

    def find(self, query: Query, vectors: NDArray[np.float32], asked: Asked | None = None) -> Found:
        """All allowed statements, best first; equal scores in reading order.

        `vectors` are the encoded question and, of a long one, its sentences: shape
        [1 + sentences, dimensions], rows of unit length.
        """
        count = len(self.passages)
        if not count:
            empty = np.zeros(0)
            return Found(Hits((), empty), empty, empty)
        each = products(vectors, self._generation.vectors)
        # in place from here on: a corpus may have 100,000 statements
        cosines: Scores = each[0].astype(np.float64)
        if len(each) > 1:
            cosines += each.max(axis=0)
            cosines /= 2
        cosines.round(6, out=cosines)  # the last bits of a product differ between processors
        # every question word counts, also those that name a level or a kind of section
        words = np.asarray(self._generation.word_scores(tokens(query.search)), dtype=np.float64)
        meaning, mean, spread = _standard(cosines)
        scores, _, _ = _standard(words)
        scores *= WEIGHT_WORDS
        scores += meaning
        scores += self._prior
        for code in query.levels:
            scores += self._about[code] * (WEIGHT_LEVEL / len(query.levels))
        scores[self._of_guide(query)] += WEIGHT_GUIDE
        for position, bonus in self._bank_bonus(asked):
            scores[position] += bonus
        if query.levels:
            scores[~self.allowed(query)] = -np.inf
        return Found(Hits(self.passages, scores), scores, cosines, mean, spread)

    def _of_guide(self, query: Query) -> NDArray[np.int64]:
        """The statements of the guide to the move that is asked about."""
        move = query.transition and self._generation.ladder.transition(*query.transition)
        return self._rows.get(move.document or "", _NONE) if move else _NONE

    def _bank_bonus(self, asked: Asked | None) -> Iterator[tuple[int, float]]:
        """Of statements that answer probably-asked questions near this one, what they gain."""
        for identity, vote in (asked.votes if asked else {}).items():
            position = self.positions.get(identity)
            if position is not None and vote.similarity > BANK_FLOOR:
                yield position, WEIGHT_BANK * (vote.similarity - BANK_FLOOR) / (1 - BANK_FLOOR)

    def words_held(self, words: Iterable[str], positions: Sequence[int]) -> NDArray[np.int64]:
        """How many of some different words each of some statements holds."""
        return self._generation.words_held(words, positions)

    def topic_strength(self, name: str) -> Scores:
        """How clearly each statement stands in a section of this kind: 0, 0.5 or 1."""
        return self._topics[name]


def _prior(passage: Passage) -> float:
    if passage.kind is PassageKind.HEADING:
        return PRIOR_HEADING
    return PRIOR_INTRODUCTION if passage.plain.endswith(":") else 0.0


def _standard(values: Scores) -> tuple[Scores, float, float]:
    """The values in standard deviations from their mean; the mean; one standard deviation."""
    mean = float(values.mean())
    apart = values - mean
    spread = math.sqrt(float(apart @ apart) / len(values))
    if spread > EQUAL:
        apart /= spread
    else:
        apart[:] = 0.0
    return apart, mean, spread
