"""False premises: whether a question that takes something false for granted is set right.

Where a document corrects it, the correction has to come first; where none does, the question is
to be refused rather than answered along.
Not covered: questions whose premise is true.
"""

from __future__ import annotations

from ladder_qa.evaluation.dataset import CaseKind
from ladder_qa.evaluation.score import REFUSALS, UNSCORED, Observed, Score
from ladder_qa.evaluation.spans import Place, on_gold, places


def score_premise(observed: Observed) -> Score:
    """1 where the first claim cites the first gold fact, or the uncorrected is refused; else 0."""
    case, answer = observed.case, observed.answer
    if case.kind is not CaseKind.FALSE_PREMISE:
        return UNSCORED
    if not case.gold:
        if answer.outcome in REFUSALS:
            return Score(1.0, answer.outcome)
        return Score(0.0, answer.outcome, "answered along with a premise that no document states")
    if not answer.claims:
        return Score(0.0, answer.outcome, "a premise that a document corrects is not corrected")
    correction = [place for quote in case.facts[0] for place in places(quote, observed.texts)]
    first = [c for c in answer.citations if c.number in answer.claims[0].citations]
    if any(on_gold(Place(c.document, c.start, c.end), correction) for c in first):
        return Score(1.0, answer.claims[0].text)
    return Score(0.0, answer.claims[0].text, "the first line is not the correction")
