"""The evaluation's run: load, check, ask, score, sum up.

Every question is asked twice and searched once, one after another, so that latency is that of a
machine that does nothing else.
Not covered: building an index; the caller opens the assistant.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ladder_qa.datamodels import Answer, FoundPassage, Turn
from ladder_qa.evaluation.claims import ClaimCase
from ladder_qa.evaluation.dataset import Case, Dataset, load_dataset
from ladder_qa.evaluation.fields import DatasetError
from ladder_qa.evaluation.figures import case_figures, claim_figures
from ladder_qa.evaluation.gate import judge_run
from ladder_qa.evaluation.measures import MEASURES
from ladder_qa.evaluation.paired import compare_runs
from ladder_qa.evaluation.record import CaseRecord, ClaimRecord, GoldPlace, read_saved
from ladder_qa.evaluation.report import EvaluationReport
from ladder_qa.evaluation.score import Observed
from ladder_qa.evaluation.spans import Place, facts_covered, places

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

    @property
    def corpus_sha256(self) -> str:
        """What the corpus is known by."""


class Judgement(Protocol):
    """What a check says of a sentence."""

    @property
    def supported(self) -> bool:
        """Whether every part of it is carried."""

    @property
    def reason(self) -> str | None:
        """The kind of what is not carried; None where it is supported."""

    @property
    def explanation(self) -> str:
        """What is not carried, in words."""


class Assistant(Protocol):
    """What is evaluated: anything that answers and searches over stored texts."""

    @property
    def generation(self) -> Generation:
        """The generation that it answers from."""

    def ask(self, question: str, history: Sequence[Turn], /) -> Answer:
        """The answer to a question after earlier turns."""

    def search(self, question: str, k: int, /) -> tuple[FoundPassage, ...]:
        """At most `k` passages, best first."""

    def judge(self, sentence: str, cited: Sequence[tuple[str, int, int]], /) -> Judgement:
        """Whether the slices (document, start, end), with their contexts, carry a sentence."""


def run_evaluation(
    llm: str,
    dataset: Path,
    assistant: Assistant,
    *,
    baseline: Path | None = None,
    show_scored: bool = False,
) -> EvaluationReport:
    """Ask every case of `dataset`, a JSONL file or a folder of them, and score the answers.

    `llm` is the language model's setting. `baseline` is a saved run that the gate compares with;
    one of another language model is left out. What belongs to the scored part is in the report
    only with `show_scored`. Raises DatasetError: the set or the baseline cannot be read, or gold
    is not in its document; and whatever `assistant` raises.
    """
    saved = None if baseline is None else read_saved(baseline)
    texts = {path: stored.text for path, stored in assistant.generation.texts.items()}
    data = _resolved(load_dataset(dataset), texts)
    if data.cases:  # what is loaded at the first question is not latency
        assistant.search(data.cases[0].question, 1)
    promised = llm == "none"  # the same bytes are promised without a language model only
    cases = tuple(
        _record(_observe(case, assistant, data, texts, promised=promised)) for case in data.cases
    )
    claims = tuple(_judged(claim, assistant, texts) for claim in data.claims)
    corpus = assistant.generation.corpus_sha256
    comparison = None
    if baseline is not None and saved is not None and saved.llm == llm:
        comparison = compare_runs(baseline.name, corpus, cases, claims, saved)
    return EvaluationReport(
        dataset=dataset.name,
        corpus=corpus,
        llm=llm,
        figures=(*case_figures(cases), *claim_figures(claims)),
        cases=cases,
        claims=claims,
        comparison=comparison,
        gate=judge_run(cases, claims, comparison),
        show_scored=show_scored,
        texts=texts,
    )


def _resolved(data: Dataset, texts: Mapping[str, str]) -> Dataset:
    """The set with gold that was named by offsets in words. Raises DatasetError: not there."""
    for claim in data.claims:
        for cited in claim.passages:
            if cited.quote not in texts.get(cited.document, ""):
                raise DatasetError(
                    f"{claim.id}: passages: {cited.document} does not hold {cited.quote!r}"
                )
    cases: list[Case] = []
    for case in data.cases:
        for gold in case.gold:
            if gold.document not in texts:
                raise DatasetError(f"{case.id}: gold: no document {gold.document!r} in the index")
            if not places(gold, texts):
                what = repr(gold.quote) if gold.start is None else f"{gold.start}-{gold.end}"
                raise DatasetError(f"{case.id}: gold: {gold.document} does not hold {what}")
        quoted = (
            replace(g, quote=g.quote or texts[g.document][g.start : g.end]) for g in case.gold
        )
        cases.append(replace(case, gold=tuple(quoted)))
    return replace(data, cases=tuple(cases))


def _observe(
    case: Case, assistant: Assistant, data: Dataset, texts: Mapping[str, str], *, promised: bool
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
        labels=data.labels,
    )


def _record(observed: Observed) -> CaseRecord:
    case, answer = observed.case, observed.answer
    scores = {measure.name: measure.scorer(observed) for measure in MEASURES}
    full = [scores[m.name] for m in MEASURES if m.must_be_full]
    values = [score.value for score in full if score.value is not None]
    return CaseRecord(
        id=case.id,
        part=case.part,
        kind=case.kind,
        style=case.style,
        digest=case.digest,
        expected=case.outcomes,
        outcome=answer.outcome,
        quality=sum(values) / len(values),
        scores=scores,
        question=case.question,
        history=case.history,
        understood=answer.question,
        answer=answer.answer,
        missing=answer.missing,
        citations=answer.citations,
        gold=tuple(_gold_places(observed)),
        wrong=tuple(s.explanation for s in full if s.value is not None and s.value < 1),
    )


def _gold_places(observed: Observed) -> list[GoldPlace]:
    shown = [Place(c.document, c.start, c.end) for c in observed.answer.citations]
    cited = facts_covered(observed.case.facts, shown, observed.texts)
    return [
        GoldPlace(
            gold.fact,
            place.document,
            place.start,
            place.end,
            gold.quote,
            _unit(observed.texts[place.document], place),
            cited=fact in cited,
        )
        for fact in observed.case.facts
        for gold in fact
        for place in places(gold, observed.texts)
    ]


def _unit(text: str, place: Place) -> str:
    """What kind of line gold stands in, as Markdown marks it."""
    line = text[text.rfind("\n", 0, place.start) + 1 : place.end].lstrip()
    marks = {"|": "cell", "#": "heading", "- ": "item", "* ": "item", "+ ": "item"}
    number = line.split(" ", 1)[0]
    if number[:-1].isdigit() and number[-1:] in ".)":
        return "item"
    return next((unit for mark, unit in marks.items() if line.startswith(mark)), "sentence")


def _judged(claim: ClaimCase, assistant: Assistant, texts: Mapping[str, str]) -> ClaimRecord:
    judgement = assistant.judge(claim.text, claim.cited(texts))
    return ClaimRecord(
        id=claim.id,
        part=claim.part,
        form=claim.form,
        error=claim.error,
        digest=claim.digest,
        supported=claim.supported,
        judged=judgement.supported,
        text=claim.text,
        passages=claim.passages,
        reason=judgement.reason or "",
        explanation=judgement.explanation,
    )
