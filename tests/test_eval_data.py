"""The questions in `eval/`: what they say about the documents is so.

Not covered: whether a question is a good one.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ladder_qa.evaluation.dataset import Case, CaseKind, load_cases
from ladder_qa.evaluation.score import REFUSALS

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "eval").glob("*.jsonl"))


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    """All cases of the folder; loading them checks the format and that ids are unique."""
    return load_cases(ROOT / "eval")


def test_the_files_are_those_that_the_readme_describes() -> None:
    readme = (ROOT / "eval" / "README.md").read_text(encoding="utf-8")
    assert [file.name for file in FILES if f"| `{file.name}` |" not in readme] == []
    assert {"answerable.jsonl", "neighbours.jsonl", "unanswerable.jsonl"} <= {
        file.name for file in FILES
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_gold_quote_is_in_its_document(file: Path, corpus_folder: Path) -> None:
    # Bytes decoded by hand: no newline translation, as the contract counts offsets.
    texts = {path.name: path.read_bytes().decode() for path in corpus_folder.glob("*.md")}
    lost = [
        (case.id, gold.document)
        for case in load_cases(file)
        for gold in case.gold
        if gold.quote not in texts.get(gold.document, "")
    ]
    assert lost == []


def test_there_are_at_least_50_answerable_questions_and_30_others(
    cases: tuple[Case, ...],
) -> None:
    counts = Counter(case.kind is CaseKind.ANSWERABLE for case in cases)
    assert counts[True] >= 50
    assert counts[False] >= 30


def test_an_answerable_question_is_not_to_be_refused(cases: tuple[Case, ...]) -> None:
    answerable = [case for case in cases if case.kind is CaseKind.ANSWERABLE]
    assert [case.id for case in answerable if set(case.outcomes) <= REFUSALS] == []


def test_both_parts_hold_a_third_of_the_cases_or_more(cases: tuple[Case, ...]) -> None:
    parts = Counter(case.part for case in cases)
    assert min(parts.values()) * 3 >= len(cases)
