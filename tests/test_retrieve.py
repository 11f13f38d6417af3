"""What the search adds to meaning: words, level, guide, what was asked before, kinds of statement.

Vectors and scores of words are given; two small documents are really read.
Not covered: products of vectors and the order of equals (`test_ranking`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from ladder_qa.bank import Asked, Vote
from ladder_qa.datamodels import Hit, Intent, Passage, Query
from ladder_qa.index import Generation
from ladder_qa.retrieve import BANK_FLOOR, WEIGHT_BANK, WEIGHT_GUIDE, WEIGHT_LEVEL, Retriever
from serving_fakes import DOCUMENTS, FakeGeneration

PLAIN = Query("way", "way", Intent.OTHER, (), (), None, (), (), "en", carried=False)
EVEN = np.full((1, 2), np.sqrt(0.5), dtype=np.float32)


@dataclass(frozen=True)
class GivenGeneration(FakeGeneration):
    """A generation whose vectors are all alike, and whose words count as a test says."""

    words: dict[str, float] = field(default_factory=dict)
    apart: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """One vector for all but those that the test has named."""
        return np.concatenate([self.apart.get(passage.plain, EVEN) for passage in self.passages])

    def word_scores(self, _: object) -> list[float]:
        """The score of each statement that the test has named."""
        return [self.words.get(passage.plain, 0.0) for passage in self.passages]


def retriever_of(
    words: dict[str, float] | None = None, apart: dict[str, NDArray[np.float32]] | None = None
) -> Retriever:
    """The search over two small documents."""
    read = cast("GivenGeneration", GivenGeneration.of(DOCUMENTS))
    return Retriever(cast("Generation", replace(read, words=words or {}, apart=apart or {})))


def scored(
    query: Query, asked: Asked | None = None, words: dict[str, float] | None = None
) -> dict[str, Hit]:
    """The hits, by their words, best first."""
    found = retriever_of(words).find(query, EVEN, asked)
    return {hit.passage.plain: hit for hit in found.hits}


GUIDE, TRACK = "This takes 2-3 years at X1.", "A scout looks ahead."


def test_the_guide_of_the_move_that_is_asked_about_comes_first() -> None:
    without, of_move = scored(PLAIN), scored(replace(PLAIN, transition=("X1", "X2")))
    assert of_move[GUIDE].score - without[GUIDE].score == pytest.approx(WEIGHT_GUIDE)
    assert of_move[TRACK].score == without[TRACK].score


def test_a_move_without_a_guide_favours_nothing() -> None:
    assert scored(replace(PLAIN, transition=("X2", "X1"))) == scored(PLAIN)


def test_only_statements_of_the_levels_asked_about_or_of_none_are_hits() -> None:
    hits = scored(replace(PLAIN, levels=("X1",)))
    assert TRACK in hits
    assert "A guide brings people home. See the way up and nothing." not in hits
    assert {code for hit in hits.values() for code in hit.passage.levels} == {"X1"}
    assert len(hits) < len(scored(PLAIN))


def test_a_statement_of_one_of_two_levels_gains_half() -> None:
    plain = scored(PLAIN)[TRACK].score
    for levels in (("X1",), ("X1", "X2")):
        gained = scored(replace(PLAIN, levels=levels))[TRACK].score - plain
        assert gained == pytest.approx(WEIGHT_LEVEL / len(levels))


def passage_of(words: str) -> Passage:
    """The statement with these words."""
    return scored(PLAIN)[words].passage


@pytest.mark.parametrize(
    ("similarity", "part"), [(1.0, 1.0), ((1 + BANK_FLOOR) / 2, 0.5), (BANK_FLOOR, 0.0), (0.1, 0.0)]
)
def test_what_answers_a_near_question_gains_with_its_nearness(
    similarity: float, part: float
) -> None:
    votes = {passage_of(GUIDE).id: Vote(similarity, 1.0), "of another index": Vote(1.0, 1.0)}
    asked, plain = scored(PLAIN, Asked(1.0, 1.0, similarity, votes)), scored(PLAIN)
    assert asked[GUIDE].score - plain[GUIDE].score == pytest.approx(part * WEIGHT_BANK)
    assert asked[TRACK].score == plain[TRACK].score


def test_words_set_apart_what_meaning_does_not() -> None:
    hits = list(scored(PLAIN, words={TRACK: 3.0}))
    assert hits[0] == TRACK
    assert next(iter(scored(PLAIN))) != TRACK


def test_headings_and_introductions_come_after_statements() -> None:
    hits = list(scored(PLAIN))
    assert hits.index("X1: Scout") > hits.index(TRACK)
    assert hits.index("The track may not be right if you:") > hits.index(TRACK)
    assert hits.index("X1: Scout") < hits.index("The track may not be right if you:")


def test_a_sentence_of_a_long_question_counts_as_much_as_the_whole() -> None:
    """Half by the question, half by the sentence that is nearest."""
    one, other = np.eye(2, dtype=np.float32)[:1], np.eye(2, dtype=np.float32)[1:]
    retriever = retriever_of(apart={TRACK: one, GUIDE: other})
    rows = {passage.plain: row for row, passage in enumerate(retriever.passages)}
    whole = retriever.find(PLAIN, EVEN).cosines
    parts = retriever.find(PLAIN, np.concatenate([EVEN, one])).cosines
    assert parts[rows[TRACK]] == pytest.approx((whole[rows[TRACK]] + 1) / 2, abs=1e-5)
    # another sentence is no nearer to it than the whole
    assert parts[rows[GUIDE]] == pytest.approx(whole[rows[GUIDE]], abs=1e-5)
