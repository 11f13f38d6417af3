"""The evaluation's run: load, check, ask, score, sum up.

Every question is asked twice and searched once, one after another, so that latency is that of a
machine that does nothing else.
Not covered: building an index; the caller opens the assistant.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ladder_qa.datamodels import Answer, FoundPassage, Turn
from ladder_qa.evaluation.dataset import Case, CaseKind, DatasetError, Part, load_cases
from ladder_qa.evaluation.determinism import score_determinism
from ladder_qa.evaluation.exactness import score_exactness
from ladder_qa.evaluation.forbidden import score_forbidden
from ladder_qa.evaluation.key_facts import score_key_facts
from ladder_qa.evaluation.latency import score_latency
from ladder_qa.evaluation.length import score_length
from ladder_qa.evaluation.outcome import (
    score_outcome,
    score_refusal_precision,
    score_refusal_recall,
)
from ladder_qa.evaluation.precision import score_precision
from ladder_qa.evaluation.recall import score_recall
from ladder_qa.evaluation.report import EvaluationReport, Failure, Figure, Unit
from ladder_qa.evaluation.retrieval import score_fact_recall, score_reciprocal_rank
from ladder_qa.evaluation.score import Observed, Score, Scorer
from ladder_qa.evaluation.spans import places
from ladder_qa.settings import Settings

FOUND = 50  # passages searched for: the most that the contract lets a client ask for


class StoredText(Protocol):
    """A document's text as a generation stores it."""

    @property
    def text(self) -> str:
        """The exact text that all offsets count in."""


class Generation(Protocol):
    """The index generation that answers."""

    @property
    def texts(self) -> Mapping[str, StoredText]:
        """The stored texts by path."""


class Assistant(Protocol):
    """What is evaluated: anything that answers and searches over stored texts."""

    @property
    def generation(self) -> Generation:
        """The generation that it answers from."""

    def ask(self, question: str, history: Sequence[Turn], /) -> Answer:
        """The answer to a question after earlier turns."""

    def search(self, question: str, k: int, /) -> tuple[FoundPassage, ...]:
        """At most `k` passages, best first."""


@dataclass(frozen=True, slots=True)
class _Measure:
    name: str
    scorer: Scorer
    unit: Unit = "share"
    must_be_full: bool = False  # a case with less than 1 here has failed


_MEASURES = (
    _Measure("outcome right", score_outcome, must_be_full=True),
    _Measure("refusals: precision", score_refusal_precision),
    _Measure("refusals: recall", score_refusal_recall),
    _Measure("citations: exactness", score_exactness, must_be_full=True),
    _Measure("citations: recall of facts", score_recall, must_be_full=True),
    _Measure("citations: precision by gold", score_precision),
    _Measure("answer: key facts", score_key_facts, must_be_full=True),
    _Measure("answer: nothing forbidden", score_forbidden, must_be_full=True),
    _Measure("same bytes when asked again", score_determinism, must_be_full=True),
    _Measure("search: facts within 250 words", score_fact_recall(250)),
    _Measure("search: facts within 600 words", score_fact_recall(600)),
    _Measure("search: mean reciprocal rank", score_reciprocal_rank),
    _Measure("answer: words", score_length, "words"),
    _Measure("answer: milliseconds", score_latency, "ms"),
)
_GATE = "citations: exactness"


@dataclass(frozen=True, slots=True)
class _Scored:
    case: Case
    answer: Answer
    scores: Mapping[str, Score]  # by the measure's name

    @property
    def wrong(self) -> tuple[str, ...]:
        """What was missing or wrong, for each measure that had to be full and is not."""
        scores = (self.scores[measure.name] for measure in _MEASURES if measure.must_be_full)
        return tuple(s.explanation for s in scores if s.value is not None and s.value < 1)


def run_evaluation(
    settings: Settings, dataset: Path, assistant: Assistant, *, show_scored: bool = False
) -> EvaluationReport:
    """Ask every case of `dataset`, a JSONL file or a folder of them, and score the answers.

    The failing cases of the scored part are in the report only with `show_scored`.
    Raises DatasetError: the set cannot be read, or a gold quote is not in its document; and
    whatever `assistant` raises.
    """
    cases = load_cases(dataset)
    texts = {path: stored.text for path, stored in assistant.generation.texts.items()}
    _check_gold(cases, texts)
    assistant.search(cases[0].question, 1)  # what is loaded at the first question is not latency
    promised = settings.llm == "none"  # the same bytes are promised without a language model only
    scored = [_score(_observe(case, assistant, texts, promised=promised)) for case in cases]
    failed = [one for one in scored if one.wrong]
    figures = tuple(_figures(scored))
    return EvaluationReport(
        dataset=dataset.name,
        corpus=scored[0].answer.corpus,
        llm=settings.llm,
        questions=len(cases),
        figures=figures,
        failures=tuple(
            _failure(one) for one in failed if show_scored or one.case.part is Part.DEVELOP
        ),
        failed={part: sum(one.case.part is part for one in failed) for part in Part},
        gate_failed=any(f.name == _GATE and f.mean < 1 for f in figures),
    )


def _check_gold(cases: Sequence[Case], texts: Mapping[str, str]) -> None:
    for case in cases:
        for gold in case.gold:
            if gold.document not in texts:
                raise DatasetError(f"{case.id}: gold: no document {gold.document!r} in the index")
            if not places(gold, texts):
                raise DatasetError(f"{case.id}: gold: {gold.document} does not hold {gold.quote!r}")


def _observe(
    case: Case, assistant: Assistant, texts: Mapping[str, str], *, promised: bool
) -> Observed:
    started = time.perf_counter()
    answer = assistant.ask(case.question, case.history)
    seconds = time.perf_counter() - started
    return Observed(
        case=case,
        answer=answer,
        again=assistant.ask(case.question, case.history) if promised else None,
        found=() if case.history else assistant.search(case.question, FOUND),
        seconds=seconds,
        texts=texts,
    )


def _score(observed: Observed) -> _Scored:
    scores = {measure.name: measure.scorer(observed) for measure in _MEASURES}
    return _Scored(observed.case, observed.answer, scores)


def _figures(scored: Sequence[_Scored]) -> Iterator[Figure]:
    for measure in _MEASURES:
        yield from _figure(measure.name, measure, scored)
        if measure.scorer is score_outcome:
            for kind in CaseKind:
                of_kind = [one for one in scored if one.case.kind is kind]
                yield from _figure(f"  {kind}", measure, of_kind)


def _figure(name: str, measure: _Measure, scored: Sequence[_Scored]) -> Iterator[Figure]:
    """One figure for each part that has a scored value; unscored ones are left out, never zero."""
    for part in Part:
        values = [
            value
            for one in scored
            if one.case.part is part and (value := one.scores[measure.name].value) is not None
        ]
        if values:
            yield Figure.from_values(name, measure.unit, part, values)


def _failure(one: _Scored) -> Failure:
    return Failure(
        id=one.case.id,
        part=one.case.part,
        kind=one.case.kind,
        style=one.case.style,
        question=one.case.question,
        outcome=one.answer.outcome,
        wrong=one.wrong,
    )
