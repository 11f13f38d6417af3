"""Exactness: whether everything quoted is the stored text at its offsets, byte for byte.

This is a promise, not a goal: a value below 1 fails the evaluation.
Not covered: whether the words quoted answer the question.
"""

from __future__ import annotations

from collections.abc import Iterator

from ladder_qa.evaluation.score import UNSCORED, Observed, Score
from ladder_qa.evaluation.spans import Place


def score_exactness(observed: Observed) -> Score:
    """The share of exact quotes among citations, nearest, found passages and all contexts."""
    quotes = list(_quotes(observed))
    if not quotes:
        return UNSCORED
    wrong = [
        (place, quote)
        for place, quote in quotes
        if observed.texts.get(place.document, "")[place.start : place.end] != quote
    ]
    return Score(
        (len(quotes) - len(wrong)) / len(quotes),
        f"{len(quotes)} quotes",
        "; ".join(f"not at {p.document} {p.start}-{p.end}: {quote!r}" for p, quote in wrong),
    )


def _quotes(observed: Observed) -> Iterator[tuple[Place, str]]:
    for citation in (*observed.answer.citations, *observed.answer.nearest):
        yield Place(citation.document, citation.start, citation.end), citation.quote
        for span in citation.context:
            yield Place(citation.document, span.start, span.end), span.text
    for passage in observed.found:
        yield Place(passage.document, passage.start, passage.end), passage.text
        for span in passage.context:
            yield Place(passage.document, span.start, span.end), span.text
