"""In whose words an answer is: a language model's, or the documents' own.

Not covered: whether what the model wrote holds; the check did that before anything was shown.
"""

from __future__ import annotations

from ladder_qa.evaluation.score import UNSCORED, Observed, Score


def score_worded(observed: Observed) -> Score:
    """1 where a language model worded the answer, else 0; unscored for refusals, or without one."""
    if observed.again is not None or not observed.answer.citations:
        return UNSCORED
    return Score(float(observed.answer.mode == "llm"), observed.answer.mode)
