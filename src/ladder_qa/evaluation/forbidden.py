"""Forbidden strings: what an answer must not say, such as an invented figure.

Not covered: quotes of `nearest`, which are the documents' words, and the question repeated.
"""

from __future__ import annotations

from ladder_qa.evaluation.score import UNSCORED, Observed, Score
from ladder_qa.evaluation.wording import fold, says


def score_forbidden(observed: Observed) -> Score:
    """1 where none is said, else 0; unscored where nothing is forbidden."""
    if not observed.case.forbidden:
        return UNSCORED
    text = fold(observed.answer.answer)
    said = [wording for wording in observed.case.forbidden if says(text, wording)]
    return Score(0.0 if said else 1.0, "", "; ".join(f"says {wording!r}" for wording in said))
