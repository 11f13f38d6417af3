"""Retrieval: how much of the gold a reader of the first words found would have seen.

Budgets of words make passages of any size comparable, other systems' chunks included.
Not covered: follow-ups; search takes no history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ladder_qa.datamodels import FoundPassage
from ladder_qa.evaluation.score import UNSCORED, Observed, Score
from ladder_qa.evaluation.spans import Place, facts_covered, on_gold, places


def within_budget(found: Iterable[FoundPassage], budget: int) -> Iterator[Place]:
    """The passages that fit into `budget` words, best first, up to the first that does not.

    Their contexts are shown with them and counted, once where passages share one.
    """
    words = 0
    shown: set[Place] = set()
    for passage in found:
        place = Place(passage.document, passage.start, passage.end)
        spans = [(place, passage.text)] + [
            (Place(passage.document, span.start, span.end), span.text) for span in passage.context
        ]
        words += sum(len(text.split()) for where, text in spans if where not in shown)
        if words > budget:
            return
        shown.update(where for where, _ in spans)
        yield place


def score_fact_recall(budget: int) -> Callable[[Observed], Score]:
    """A scorer: the share of gold facts covered by what fits into `budget` words."""

    def score(observed: Observed) -> Score:
        facts = observed.case.facts
        if not facts or observed.case.history:
            return UNSCORED
        shown = within_budget(observed.found, budget)
        found = facts_covered(facts, shown, observed.texts)
        return Score(len(found) / len(facts), f"{len(found)} of {len(facts)} facts found")

    return score


def score_reciprocal_rank(observed: Observed) -> Score:
    """1 / the rank of the first passage on gold, 0 where none of those found is."""
    case = observed.case
    if not case.gold or case.history:
        return UNSCORED
    gold = [place for quote in case.gold for place in places(quote, observed.texts)]
    for rank, passage in enumerate(observed.found, start=1):
        if on_gold(Place(passage.document, passage.start, passage.end), gold):
            return Score(1 / rank, f"rank {rank}")
    return Score(0.0, "not found")
