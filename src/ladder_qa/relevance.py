"""How probable it is that each found statement answers the question: what is shown, and whether.

A logistic score over a few named features; its weights are in `calibration.json`.
Not covered: the form of an answer (`selection`), and what structure alone decides (`outcome`).
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ladder_qa.bank import Asked
from ladder_qa.datamodels import Intent, Ladder, Passage, PassageKind, Query
from ladder_qa.retrieve import Found, Retriever

RATED = 40  # best hits that are rated
FAR = 1.0  # distance of a statement that answers none of the nearest probably-asked questions


@dataclass(frozen=True, slots=True)
class Rated:
    """A found statement by its position in the corpus, and how probably it answers, 0 to 1."""

    position: int
    probability: float


class Relevance:
    """Rates the statements of one generation; built once."""

    def __init__(self, retriever: Retriever, ladder: Ladder) -> None:
        self._retriever = retriever
        self._ladder = ladder
        self._sections: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for passage in retriever.passages:
            self._sections.setdefault((passage.document, passage.section), []).append(passage.id)

    def rate(self, query: Query, found: Found, asked: Asked | None) -> tuple[Rated, ...]:
        """The best hits that state something, the most probable first; equal ones as found."""
        positions = self.positions(found)
        rows = self.features(query, found, asked)
        weights = weights_of("relevance", with_bank=asked is not None)
        rated = [
            Rated(position, probability(weights, row))
            for position, row in zip(positions, rows, strict=True)
        ]
        return tuple(sorted(rated, key=lambda one: -one.probability))

    def positions(self, found: Found) -> list[int]:
        """The statements that `rate` looks at and `features` has a row for, as found."""
        stating = (
            self._retriever.positions[hit.passage.id] for hit in found.hits if states(hit.passage)
        )
        return list(itertools.islice(stating, RATED))

    def features(self, query: Query, found: Found, asked: Asked | None) -> list[dict[str, float]]:
        """The named features of each candidate; similarities are cosines."""
        positions = self.positions(found)
        if not positions:
            return []
        spread = found.spread or 1.0
        top = float(found.scores[positions[0]])
        move = self._ladder.transition(*query.transition) if query.transition else None
        words = frozenset(query.words)
        kinds = self._retriever.topic_strength(query.topics[0]) if query.topics else None
        held = self._retriever.words_held(words, positions).tolist()
        rows = []
        for position, words_held in zip(positions, held, strict=True):
            passage = self._retriever.passages[position]
            vote = asked.votes.get(passage.id) if asked else None
            section = self._sections[passage.document, passage.section]
            rows.append(
                {
                    # how far its meaning stands out from that of all statements
                    "meaning": (float(found.cosines[position]) - found.mean) / spread,
                    "similarity": float(found.cosines[position]),
                    "behind": float(found.scores[position]) - top,
                    "words": words_held / max(1, len(words)),
                    "kind": float(kinds[position]) if kinds is not None else 0.0,
                    "general": float(not passage.levels),
                    "guide": float(move is not None and move.document == passage.document),
                    "sentence": float(passage.kind is PassageKind.SENTENCE),
                    "definition": float(query.intent is Intent.DEFINITION),
                    # what the nearest probably-asked questions say of it
                    "votes": vote.share if vote else 0.0,
                    "farther": asked.nearest - vote.similarity if asked and vote else FAR,
                    "section": max(
                        (asked.votes[one].share for one in section if one in asked.votes),
                        default=0.0,
                    )
                    if asked
                    else 0.0,
                    "answered": asked.share if asked else 0.0,
                    "nearest": asked.nearest if asked else 0.0,
                }
            )
        return rows


def states(passage: Passage) -> bool:
    """Whether a statement says something by itself, unlike a title or an introduction."""
    return passage.kind is not PassageKind.HEADING and not passage.plain.endswith(":")


@lru_cache(maxsize=1)
def calibration() -> dict[str, dict[str, dict[str, float]]]:
    """The fitted weights by what they decide, then by `with_bank` or `without_bank`."""
    text = (files("ladder_qa") / "calibration.json").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, dict[str, float]]] = json.loads(text)
    return loaded


def weights_of(what: str, *, with_bank: bool) -> Mapping[str, float]:
    """The weights of one decision."""
    return calibration()[what]["with_bank" if with_bank else "without_bank"]


def score(weights: Mapping[str, float], values: Mapping[str, float]) -> float:
    """The logistic score: above 0 means more probable than not."""
    total = weights["intercept"]
    for name, weight in weights.items():
        if name != "intercept":
            total += weight * values[name]
    return total


def probability(weights: Mapping[str, float], values: Mapping[str, float]) -> float:
    """The logistic function of `score`, rounded: last bits differ between processors."""
    value = max(-30.0, min(30.0, score(weights, values)))
    return round(1 / (1 + math.exp(-value)), 6)
