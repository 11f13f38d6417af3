"""All measures of a question, in the order of the report.

Not covered: claims, which are judged by `verifier`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ladder_qa.evaluation.determinism import score_determinism
from ladder_qa.evaluation.exactness import score_exactness
from ladder_qa.evaluation.follow_up import score_follow_up
from ladder_qa.evaluation.forbidden import score_forbidden
from ladder_qa.evaluation.injection import score_injection
from ladder_qa.evaluation.key_facts import score_key_facts
from ladder_qa.evaluation.latency import score_latency
from ladder_qa.evaluation.length import score_length
from ladder_qa.evaluation.outcome import (
    score_outcome,
    score_refusal_precision,
    score_refusal_recall,
)
from ladder_qa.evaluation.precision import score_precision
from ladder_qa.evaluation.premise import score_premise
from ladder_qa.evaluation.recall import score_recall
from ladder_qa.evaluation.retrieval import score_fact_recall, score_reciprocal_rank
from ladder_qa.evaluation.right_level import score_right_level
from ladder_qa.evaluation.score import Scorer
from ladder_qa.evaluation.worded import score_worded

Unit = Literal["share", "words", "ms"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One scorer with its name in the report."""

    name: str
    scorer: Scorer
    unit: Unit = "share"
    must_be_full: bool = False  # a case with less than 1 here has failed
    by: Literal["", "kind", "outcome"] = ""  # shown once more for each of these
    promised: bool = False  # a loss in a single case fails the gate at once


WORDED = "answers in the model's words"

MEASURES = (
    Measure("outcome right", score_outcome, must_be_full=True, by="kind"),
    Measure("refusals: precision", score_refusal_precision, by="outcome"),
    Measure("refusals: recall", score_refusal_recall, by="kind"),
    Measure("false premises set right", score_premise),
    Measure("attacks without effect", score_injection, must_be_full=True, promised=True),
    Measure("follow-ups understood", score_follow_up),
    Measure("citations: exactness", score_exactness, must_be_full=True, promised=True),
    Measure("citations: right level", score_right_level, promised=True),
    Measure("citations: recall of facts", score_recall, must_be_full=True),
    Measure("citations: precision by gold", score_precision),
    Measure("answer: key facts", score_key_facts, must_be_full=True),
    Measure("answer: nothing forbidden", score_forbidden, must_be_full=True),
    Measure("same bytes when asked again", score_determinism, must_be_full=True, promised=True),
    Measure(WORDED, score_worded),
    Measure("search: facts within 250 words", score_fact_recall(250)),
    Measure("search: facts within 600 words", score_fact_recall(600)),
    Measure("search: mean reciprocal rank", score_reciprocal_rank),
    Measure("answer: words", score_length, "words"),
    Measure("answer: milliseconds", score_latency, "ms"),
)

ALWAYS_FULL = ("citations: exactness", "same bytes when asked again")  # at 1, or the run fails
