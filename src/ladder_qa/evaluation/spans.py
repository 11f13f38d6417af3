"""Where gold quotes stand in the stored texts, and whether a shown span carries one.

Not covered: which of several equal places of a quote is meant; each place counts, so a quote
that is to mean one place must be long enough to occur once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ladder_qa.evaluation.dataset import GoldQuote


@dataclass(frozen=True, slots=True)
class Place:
    """A slice of a document, in code points, end exclusive."""

    document: str
    start: int
    end: int


def places(gold: GoldQuote, texts: Mapping[str, str]) -> tuple[Place, ...]:
    """All places where the quote stands in its document; empty where it does not.

    Gold that is named by its offsets has that place alone.
    """
    text = texts.get(gold.document, "")
    if gold.start is not None and gold.end is not None:
        return (Place(gold.document, gold.start, gold.end),) if gold.end <= len(text) else ()
    found: list[Place] = []
    start = text.find(gold.quote)
    while start >= 0:
        found.append(Place(gold.document, start, start + len(gold.quote)))
        start = text.find(gold.quote, start + 1)
    return tuple(found)


def covered(place: Place, shown: Iterable[Place]) -> bool:
    """Whether the spans shown, taken together, hold at least half of the place's characters."""
    marked: set[int] = set()
    for span in shown:
        if span.document == place.document:
            marked.update(range(max(place.start, span.start), min(place.end, span.end)))
    return 2 * len(marked) >= place.end - place.start


def on_gold(span: Place, gold: Iterable[Place]) -> bool:
    """Whether the span and some gold place share at least half of the shorter one's characters."""
    return any(
        2 * (min(span.end, place.end) - max(span.start, place.start))
        >= min(span.end - span.start, place.end - place.start)
        for place in gold
        if place.document == span.document
    )


def facts_covered(
    facts: Iterable[tuple[GoldQuote, ...]], shown: Iterable[Place], texts: Mapping[str, str]
) -> tuple[tuple[GoldQuote, ...], ...]:
    """Those of the facts that have at least one place covered by what is shown."""
    spans = tuple(shown)
    return tuple(
        fact
        for fact in facts
        if any(covered(place, spans) for gold in fact for place in places(gold, texts))
    )
