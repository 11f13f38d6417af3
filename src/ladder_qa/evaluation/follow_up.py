"""Follow-ups: whether the question as understood stands alone.

Not covered: whether the answer is right; the other scores count follow-ups like any question.
"""

from __future__ import annotations

from ladder_qa.evaluation.score import UNSCORED, Observed, Score
from ladder_qa.evaluation.wording import fold, says


def score_follow_up(observed: Observed) -> Score:
    """The share of what has to be carried over that `question` says; 0 to 1."""
    wanted = observed.case.understood
    if not wanted:
        return UNSCORED
    text = fold(observed.answer.question)
    missed = [any_of for any_of in wanted if not any(says(text, wording) for wording in any_of)]
    return Score(
        (len(wanted) - len(missed)) / len(wanted),
        observed.answer.question,
        "; ".join("not carried over: " + " / ".join(map(repr, any_of)) for any_of in missed),
    )
