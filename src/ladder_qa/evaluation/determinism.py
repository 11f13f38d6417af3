"""Determinism: whether the same request gives the same bytes a second time.

Not covered: other processes and load beside it; the test suite holds those.
"""

from __future__ import annotations

import dataclasses

from ladder_qa.datamodels import as_json
from ladder_qa.evaluation.score import UNSCORED, Observed, Score


def score_determinism(observed: Observed) -> Score:
    """1 where both answers are the same JSON, else 0; unscored where it was asked once."""
    first, again = observed.answer, observed.again
    if again is None:
        return UNSCORED
    if as_json(first) == as_json(again):
        return Score(1.0)
    names = [field.name for field in dataclasses.fields(first)]
    differing = [n for n in names if as_json(getattr(first, n)) != as_json(getattr(again, n))]
    return Score(0.0, "", "the second answer differs in " + ", ".join(differing))
