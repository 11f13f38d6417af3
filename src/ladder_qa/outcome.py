"""Query + Hits → answered, partial, or which refusal, with what is missing in words.

Structure decides first: a level that no document describes, a guide that is missing. What is left
is a judgement with a cost on both sides; it is a logistic score over a few named features.
Not covered: the wording of what is stated (`compose`).
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ladder_qa.bank import Asked
from ladder_qa.datamodels import Intent, Ladder, MissingDocument, Outcome, Passage, Query
from ladder_qa.figures import relation_of, relations_asked, says_figure
from ladder_qa.lists import StatementList
from ladder_qa.relevance import Rated, score, weights_of
from ladder_qa.retrieve import Found
from ladder_qa.topics import OF_EVERY_LEVEL, is_plain, topics_of_headings
from ladder_qa.words import token_set

GUIDE_TOPICS = frozenset(
    ("pitfalls", "questions", "evidence", "development", "signs", "capabilities")
)
"""Kinds of section that a guide to a move holds; its overview documents hold the others."""

CARRIED_WORDS = 3
"""Content words from which a statement that holds all of them is taken to answer: true of 0.91 of
54 probably-asked questions of which it holds."""

COMPARED, ONE_IN = 5, 100
"""Statements among which the best one stands out or does not: one in a hundred and one, at most 5.
In a few paragraphs the fifth best is about something else."""

MOST_ABSENT = 0.67  # share of words foreign to the documents that a list asked for may have
KNOWN_LEVEL = 1.5  # log odds from which a question that names a level is about something else
CLEARLY = 1.0  # log odds from which probably-asked questions outweigh structure
CERTAIN_FIGURES = frozenset(("timeline", "experience", "scope", "distribution"))
"""Kinds of section that, asked for by name and there for the level, leave no doubt."""

_MOVES_BETWEEN = re.compile(
    r"\b(?:back|return\w*|switch\w*|mov\w+|chang\w+|go(?:ing)?|becom\w+|into|from|to|enter\w*|start\w*"
    r"|promot\w*|come|came|path|transition\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and what is missing: in words, for a person.

    `sure` are the log odds of an answer where it was a judgement; None where structure decided.
    """

    outcome: Outcome
    missing: tuple[str, ...] = ()
    sure: float | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """What the judgement rests on; each 0 to 1 unless said otherwise."""

    similarity: float  # best cosine of the question with an allowed statement
    covered: float  # share of the question's content words (by rarity) in the best statements
    carried: float  # the same for the one statement that covers most of them
    absent: float  # share of its content words that no document uses
    topical: float  # 1 when a kind of section is asked for and found about these levels
    level: float  # 1 when it names a described level
    words: float  # number of content words, at most 12, divided by 12
    asked: float  # share of answered ones among the nearest probably-asked questions; 0.5: none
    nearest: float  # cosine with the nearest probably-asked question; 0: none
    telling: float  # log odds of the most probable statement, divided by 10
    gap: float  # how much better the best cosine is than the last one compared, of allowed ones
    figure: float  # 1 when it asks for an amount


class Judge:
    """Decides outcomes for one generation; built once."""

    def __init__(
        self, ladder: Ladder, passages: tuple[Passage, ...], lists: tuple[StatementList, ...]
    ) -> None:
        self._ladder = ladder
        self._passages = passages
        kinds = {
            (topics_of_headings((*p.section[-1:], *(s.text for s in p.context))), p.levels)
            for p in passages
        }
        # by kind of section: the levels that a list of that kind, or any statement in it, is about
        self._listed = _levels_by_kind((lst.topics, lst.levels) for lst in lists)
        self._stated = _levels_by_kind(kinds)
        self._counts = Counter(word for passage in passages for word in token_set(passage.text))
        self._arrows = tuple(passage.plain for passage in passages if "→" in passage.plain)

    def decide(
        self, query: Query, found: Found, asked: Asked | None, rated: Sequence[Rated]
    ) -> Decision:
        """The outcome of a query."""
        features = self.features(query, found, asked, rated)
        decided = self.by_structure(query, found, features)
        values = dataclasses.asdict(features)
        sure = score(weights_of("answered", with_bank=asked is not None), values)
        if decided is not None and (asked is None or not self._outweighed(query, decided, sure)):
            return decided
        if sure >= 0 or (asked is None and _says_all(query, features)):
            return Decision(Outcome.ANSWERED, self._also_missing(query), sure)
        known = bool(query.levels or query.unknown)
        away = score(weights_of("elsewhere", with_bank=asked is not None), values)
        outside = away > (KNOWN_LEVEL if known else 0)
        refusal = Outcome.OUT_OF_SCOPE if outside else Outcome.NOT_IN_DOCUMENTS
        return Decision(refusal, (query.text,), sure)

    @staticmethod
    def _outweighed(query: Query, decided: Decision, sure: float) -> bool:
        """Whether probably-asked questions speak against what structure says.

        `sure` are the log odds of an answer. Codes of undescribed levels are left to structure:
        a question about one is nearly one about a described level.
        """
        if decided.outcome is Outcome.ANSWERED:
            return sure < -CLEARLY
        if decided.outcome is Outcome.LEVEL_NOT_COVERED:
            return sure > CLEARLY and not any(re.search(r"\d", name) for name in query.unknown)
        return decided.outcome is Outcome.NOT_IN_DOCUMENTS and sure > 0

    def by_structure(self, query: Query, found: Found, features: Features) -> Decision | None:
        """What needs no judgement: levels, guides, and kinds of section that are there or not."""
        decided = self._by_level(query)
        if decided is not None:
            return decided
        # nothing is asked beyond levels, a move and a kind of section, all of which are known
        bare = query.levels and not query.words and found.hits and self._held(query)
        carried = features.carried == 1.0 and len(query.words) >= CARRIED_WORDS
        if bare or carried or self._structured(query, found, features):
            return Decision(Outcome.ANSWERED, self._also_missing(query))
        return None

    def _by_level(self, query: Query) -> Decision | None:
        """What levels and moves alone decide: unknown ones, and a guide that is missing."""
        decided = self._unknown(query) if query.unknown else None
        guide = self._missing_guide(query) if decided is None else None
        return decided if guide is None else Decision(Outcome.NOT_IN_DOCUMENTS, (guide.name,))

    def _unknown(self, query: Query) -> Decision | None:
        """For a question that names levels no document describes."""
        missing = tuple(query.unknown)
        if query.levels and query.intent is Intent.COMPARISON:
            return Decision(Outcome.PARTIAL, missing)
        mentioned = [code for code in query.unknown if code in self._ladder.mentioned]
        if mentioned and _MOVES_BETWEEN.search(query.search) and self._moves(mentioned):
            return None
        if query.levels and not _MOVES_BETWEEN.search(query.search):
            return Decision(Outcome.PARTIAL, missing)
        return Decision(Outcome.LEVEL_NOT_COVERED, missing)

    def _moves(self, codes: list[str]) -> bool:
        """Whether a document states a move that one of these undescribed levels takes part in."""
        return any(
            any(re.search(rf"\b{code}\b", statement) for code in codes)
            for statement in self._arrows
        )

    def missing_guide(self, query: Query) -> MissingDocument | None:
        """The guide to the move asked about, if others refer to it and it is not here.

        For one level alone that is the guide to the move into it.
        """
        for missing in self._ladder.missing:
            if query.transition and missing.levels == query.transition:
                return missing
            alone = not query.transition and len(query.levels) == 1 and missing.levels
            if alone and missing.levels[1] == query.levels[0]:
                return missing
        return None

    def _missing_guide(self, query: Query) -> MissingDocument | None:
        """The missing guide, when only it could hold what is asked for."""
        guide = self.missing_guide(query)
        wanted = [topic for topic in query.topics[:1] if topic in GUIDE_TOPICS]
        if guide is None or not wanted:
            return None
        if query.intent is Intent.YES_NO:
            return None  # asks for one statement, which an overview may hold
        held = guide.levels[1] in self._listed.get(wanted[0], ())
        return None if held else guide

    def _also_missing(self, query: Query) -> tuple[str, ...]:
        guide = self.missing_guide(query)
        return (guide.name,) if guide is not None and query.intent is Intent.TRANSITION else ()

    def _held(self, query: Query) -> bool:
        """Whether some section about the levels asked about is of the kind asked for, if any is."""
        if query.intent is Intent.FIGURE:
            return False  # whether the figure is stated is looked at in the statements
        if not query.topics or query.topics[0] in OF_EVERY_LEVEL:
            return True
        return not self._stated.get(query.topics[0], frozenset()).isdisjoint(query.levels)

    def _structured(self, query: Query, found: Found, features: Features) -> bool:
        """Whether structure alone shows that the documents answer: a list or figure so named."""
        if not query.levels or not query.topics:
            return False
        target = query.transition[1] if query.transition else query.levels[-1]
        if query.intent is Intent.LIST and is_plain(query.topics[0]):
            if features.absent > MOST_ABSENT:
                return False
            return target in self._listed.get(query.topics[0], ())
        if query.intent is Intent.FIGURE and query.topics[0] in CERTAIN_FIGURES:
            if features.absent > 0:
                return False
            asked = relations_asked(query)[:1]
            return any(
                target in hit.passage.levels
                and says_figure(hit.passage)
                and relation_of(hit.passage) in asked
                for hit in found.hits[:30]
            )
        return False

    def features(
        self, query: Query, found: Found, asked: Asked | None, rated: Sequence[Rated]
    ) -> Features:
        """The named features of a query and what was found for it."""
        best = [hit.passage for hit in found.hits[:5]]
        evidence = frozenset[str]().union(*(token_set(passage.text) for passage in best))
        weights = {word: self._rarity(word) for word in query.words}
        total = sum(weights.values())
        covered = sum(w for word, w in weights.items() if word in evidence)
        absent = sum(w for word, w in weights.items() if word not in self._counts)
        # summed in the question's order: the order of a set would differ between processes
        owned = [token_set(passage.plain) for passage in best]
        carried = max(
            (sum(w for word, w in weights.items() if word in own) for own in owned), default=0.0
        )
        compared = min(COMPARED, 1 + len(self._passages) // ONE_IN)
        nearest = _largest(found.cosines[np.isfinite(found.scores)], compared)
        listed = self._listed.get(query.topics[0]) if query.topics else None
        topical = listed is not None and (not query.levels or not listed.isdisjoint(query.levels))
        return Features(
            similarity=float(nearest[0]) if best else 0.0,
            covered=covered / total if total else 1.0,
            carried=carried / total if total else 1.0,
            absent=absent / total if total else 0.0,
            topical=float(topical),
            level=float(bool(query.levels)),
            words=min(len(query.words), 12) / 12,
            asked=asked.answered if asked else 0.5,
            nearest=asked.nearest if asked else 0.0,
            telling=log_odds(rated[0].probability if rated else 0.0) / 10,
            gap=float(nearest[0] - nearest[-1]) if best else 0.0,
            figure=float(query.intent is Intent.FIGURE),
        )

    def _rarity(self, word: str) -> float:
        return math.log(1 + len(self._passages) / (1 + self._counts.get(word, 0)))


def _says_all(query: Query, features: Features) -> bool:
    """Whether one statement has all of a short question's words, of which it asks no amount.

    Over the ladders of `eval/ladders` that answers eleven of twelve such questions.
    """
    return features.carried == 1.0 and bool(query.words) and query.intent is not Intent.FIGURE


def _largest(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The largest of some values, at most so many, the largest first."""
    smaller = max(0, len(values) - count)
    largest = np.partition(values, smaller)[smaller:] if smaller else values
    return np.sort(largest)[::-1]


def _levels_by_kind(
    sections: Iterable[tuple[Collection[str], Collection[str]]],
) -> dict[str, frozenset[str]]:
    """For each kind of section the levels of all that are of it; from (kinds, levels) of each."""
    found: dict[str, set[str]] = {}
    for kinds, levels in sections:
        for kind in kinds:
            found.setdefault(kind, set()).update(levels)
    return {kind: frozenset(levels) for kind, levels in found.items()}


def log_odds(probability: float) -> float:
    """The logarithm of p / (1 - p), kept within ±14."""
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(inside / (1 - inside))
