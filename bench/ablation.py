"""What each part of the answering is worth: the same questions with one part taken away at a time.

A part that changes nothing when it is gone has no place in the product. The bank's size is varied
too: each question is kept by the hash of its words, so a smaller bank lies within a larger one.
Not covered: the peers (`quality.py`), speed (`compare.py`), the check of claims.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
from quality import ROOT, cell

from ladder_qa import retrieve
from ladder_qa.assistant import Assistant
from ladder_qa.bank import EMPTY_BANK, Bank, BankSearch
from ladder_qa.evaluation.fields import Part
from ladder_qa.evaluation.report import EvaluationReport
from ladder_qa.evaluation.run import run_evaluation
from ladder_qa.ingest import ensure_index
from ladder_qa.outcome import Judge
from ladder_qa.relative import RelativeNames
from ladder_qa.retrieve import Retriever
from ladder_qa.selection import Selector
from ladder_qa.settings import Settings

FIGURES = (
    "outcome right",
    "outcome right/answerable",
    "outcome right/near_miss",
    "refusals: precision",
    "citations: recall of facts",
    "citations: right level",
    "search: facts within 250 words",
)

Change = Callable[[Assistant], list[object]]


def weights(**values: float) -> Change:
    """Other weights of the search."""
    return lambda _: [mock.patch.object(retrieve, name, value) for name, value in values.items()]


def replaced(kind: type, name: str, value: object) -> Change:
    """Another method in one of the rooms."""
    return lambda _: [mock.patch.object(kind, name, value)]


def bank_of(part: float) -> Change:
    """A bank of this share of the questions."""

    def change(assistant: Assistant) -> list[object]:
        generation = assistant.generation
        vectors, questions = generation.bank_vectors, generation.bank.questions
        kept = [
            at
            for at, question in enumerate(questions)
            if hashlib.sha256(question.text.encode()).digest()[0] < 256 * part
        ]
        bank = Bank(tuple(questions[at] for at in kept), ())
        if not kept or vectors is None:
            return [mock.patch.object(assistant, "bank", BankSearch(EMPTY_BANK, None))]
        search = BankSearch(bank, np.ascontiguousarray(vectors[kept]))
        return [mock.patch.object(assistant, "bank", search)]

    return change


CHANGES: dict[str, Change] = {
    "all": lambda _: [],
    "no words (BM25)": weights(WEIGHT_WORDS=0.0),
    "no weight of level and guide": weights(WEIGHT_LEVEL=0.0, WEIGHT_GUIDE=0.0),
    "statements about other levels allowed": replaced(
        Retriever, "allowed", lambda self, _: np.ones(len(self.passages), dtype=bool)
    ),
    "nothing decided by structure but levels": replaced(
        Judge, "by_structure", lambda self, query, _found, _features: self._by_level(query)
    ),
    "no forms (lists, portraits)": replaced(Selector, "_formed", lambda *_: ()),
    "relative names of levels unknown": replaced(RelativeNames, "resolve", lambda _, text: text),
    "no bank": bank_of(0.0),
    "a tenth of the bank": bank_of(0.1),
    "three tenths of the bank": bank_of(0.3),
}


def measured(settings: Settings, questions: Path, change: Change) -> EvaluationReport:
    """The evaluation's report with one change."""
    assistant = Assistant.open(settings)
    patches = change(assistant)
    for patch in patches:
        patch.start()  # type: ignore[attr-defined]
    try:
        return run_evaluation("none", questions, assistant)
    finally:
        for patch in patches:
            patch.stop()  # type: ignore[attr-defined]


def main() -> None:
    """Print one table for each part."""
    parser = argparse.ArgumentParser(description="Take one part away at a time.")
    parser.add_argument("--questions", type=Path, default=ROOT / "eval")
    options = parser.parse_args()
    settings = Settings.load()
    ensure_index(settings, print)
    questions = options.questions
    reports = {name: measured(settings, questions, change) for name, change in CHANGES.items()}
    untuned = settings.model_copy(
        update={"model": "untuned", "data": settings.data / "ablation-untuned"}
    )
    ensure_index(untuned, print)
    reports["embedding model as published"] = measured(untuned, questions, CHANGES["all"])
    for part in Part:
        print(f"\n| {part.value} | {' | '.join(FIGURES)} |")
        print("|---" * (len(FIGURES) + 1) + "|")
        for name, report in reports.items():
            cells = [cell(report, figure, part).partition(" ")[0] for figure in FIGURES]
            print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
