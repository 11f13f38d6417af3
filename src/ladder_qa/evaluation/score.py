"""What a scorer sees of one asked question, and what it gives back.

A score keeps its value, what it looked at and why, so that a figure can be traced to its cases.
Not covered: any judgement; each scorer has a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ladder_qa.datamodels import Answer, FoundPassage, Outcome
from ladder_qa.evaluation.dataset import Case
from ladder_qa.evaluation.labels import LevelLabels

REFUSALS = frozenset({Outcome.NOT_IN_DOCUMENTS, Outcome.LEVEL_NOT_COVERED, Outcome.OUT_OF_SCOPE})


@dataclass(frozen=True, slots=True)
class Observed:
    """One case as it went: asked twice, searched once."""

    case: Case
    answer: Answer
    again: Answer | None  # to the same request; None where the same bytes are not promised
    found: tuple[FoundPassage, ...]  # best first; empty for a follow-up: search has no history
    seconds: float  # wall time of the first asking
    texts: Mapping[str, str]  # the generation's stored text of each document, by path
    labels: LevelLabels = field(default_factory=dict)  # whom statements are about


@dataclass(frozen=True, slots=True)
class Score:
    """One judgement. `value` None: the question has no say here; it is left out of every mean."""

    value: float | None
    answer: str = ""  # what was looked at
    explanation: str = ""  # what was missing or wrong; empty where nothing was


UNSCORED = Score(None)

Scorer = Callable[[Observed], Score]
