"""The evaluation: asks a set of questions and says, in figures with intervals, how it went.

A user can run it on documents of their own: a set is JSONL, described in `eval/README.md`.
Not covered: judging by a language model; every score here comes from gold quotes, key facts and
the stored texts, so that the same answers give the same figures.
"""

from ladder_qa.evaluation.dataset import Case, load_cases
from ladder_qa.evaluation.fields import DatasetError
from ladder_qa.evaluation.report import EvaluationReport
from ladder_qa.evaluation.run import run_evaluation

__all__ = ["Case", "DatasetError", "EvaluationReport", "load_cases", "run_evaluation"]
