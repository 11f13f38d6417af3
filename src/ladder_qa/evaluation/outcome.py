"""Outcomes: whether an answer's outcome is right, and precision and recall of refusing.

The mean of `score_refusal_precision` over a set is the precision of its refusals, the mean of
`score_refusal_recall` their recall, because each leaves unscored what is not in its denominator.
Not covered: why a question was refused; `missing` is read by `key_facts`.
"""

from __future__ import annotations

from ladder_qa.evaluation.score import REFUSALS, UNSCORED, Observed, Score


def _judged(observed: Observed, *, right: bool) -> Score:
    expected = " or ".join(observed.case.outcomes)
    outcome = observed.answer.outcome
    if right:
        return Score(1.0, outcome)
    return Score(0.0, outcome, f"outcome {outcome}, expected {expected}")


def score_outcome(observed: Observed) -> Score:
    """1 where the outcome is one of the acceptable ones, else 0."""
    return _judged(observed, right=observed.answer.outcome in observed.case.outcomes)


def score_refusal_precision(observed: Observed) -> Score:
    """For refusals only: 1 where some refusal was acceptable."""
    if observed.answer.outcome not in REFUSALS:
        return UNSCORED
    return _judged(observed, right=bool(REFUSALS & set(observed.case.outcomes)))


def score_refusal_recall(observed: Observed) -> Score:
    """For questions that must be refused only: 1 where this was refused, with whatever reason."""
    if not set(observed.case.outcomes) <= REFUSALS:
        return UNSCORED
    return _judged(observed, right=observed.answer.outcome in REFUSALS)
