"""Citation precision: the share of an answer's citations that stand on some gold.

Not covered: whether an extra citation is useful nevertheless; gold names the needed places only.
"""

from __future__ import annotations

from ladder_qa.evaluation.dataset import CaseKind
from ladder_qa.evaluation.score import UNSCORED, Observed, Score
from ladder_qa.evaluation.spans import Place, on_gold, places


def score_precision(observed: Observed) -> Score:
    """0 to 1; unscored where the question is not answerable or the answer cites nothing."""
    case, citations = observed.case, observed.answer.citations
    if case.kind is not CaseKind.ANSWERABLE or not case.gold or not citations:
        return UNSCORED
    gold = [place for quote in case.gold for place in places(quote, observed.texts)]
    beside = [c for c in citations if not on_gold(Place(c.document, c.start, c.end), gold)]
    right = len(citations) - len(beside)
    return Score(
        right / len(citations),
        f"{right} of {len(citations)} citations on gold",
        "; ".join(f"beside the gold: {c.document}: {c.quote!r}" for c in beside),
    )
