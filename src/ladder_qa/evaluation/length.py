"""Length: how many words a reader has to read.

Not covered: whether they are worth it; the other scorers say that.
"""

from __future__ import annotations

from ladder_qa.evaluation.score import Observed, Score
from ladder_qa.evaluation.wording import fold


def score_length(observed: Observed) -> Score:
    """Words of `answer`, without Markdown and citation marks."""
    words = sum(any(map(str.isalnum, word)) for word in fold(observed.answer.answer).split())
    return Score(float(words), f"{words} words")
