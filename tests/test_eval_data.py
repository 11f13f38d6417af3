"""The questions in `eval/`: what they say about the documents is so.

Not covered: whether a question is a good one.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from ladder_qa.evaluation.claims import CLAIMS, ClaimForm, ErrorKind, load_claims
from ladder_qa.evaluation.dataset import Case, CaseKind, load_cases
from ladder_qa.evaluation.labels import LABELS, load_labels
from ladder_qa.evaluation.score import REFUSALS
from ladder_qa.evaluation.spans import places

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    file for file in (ROOT / "eval").glob("*.jsonl") if file.name not in (*CLAIMS, LABELS)
)


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    """All cases of the folder; loading them checks the format and that ids are unique."""
    return load_cases(ROOT / "eval")


def test_the_files_are_those_that_the_readme_describes() -> None:
    readme = (ROOT / "eval" / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in (ROOT / "eval").iterdir() if path.suffix in (".jsonl", ".json")}
    assert {name for name in names if f"| `{name}` |" not in readme} == set()
    assert set(re.findall(r"^\| `([\w.-]+\.jsonl?)` \|", readme, re.MULTILINE)) == names


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_gold_quote_is_in_its_document(file: Path, corpus_folder: Path) -> None:
    # Bytes decoded by hand: no newline translation, as the contract counts offsets.
    texts = {path.name: path.read_bytes().decode() for path in corpus_folder.glob("*.md")}
    lost = [
        (case.id, gold.document)
        for case in load_cases(file)
        for gold in case.gold
        if not places(gold, texts)
    ]
    assert lost == []


LADDERS = sorted(path for path in (ROOT / "eval" / "ladders").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", LADDERS, ids=lambda folder: folder.name)
def test_the_questions_over_invented_ladders_are_answered_where_they_say(folder: Path) -> None:
    texts = {path.name: path.read_bytes().decode() for path in folder.glob("*.md")}
    cases = load_cases(folder)
    kinds = Counter(case.kind for case in cases)
    assert kinds[CaseKind.ANSWERABLE] >= 40
    assert kinds[CaseKind.NEAR_MISS] >= 10
    assert min(kinds[CaseKind.OUT_OF_SCOPE], kinds[CaseKind.LEVEL_NOT_COVERED]) >= 3
    lost = [(case.id, gold) for case in cases for gold in case.gold if not places(gold, texts)]
    assert lost == []
    assert [case.id for case in cases if case.kind is CaseKind.ANSWERABLE and not case.gold] == []


def test_the_set_has_the_sizes_that_its_figures_need(cases: tuple[Case, ...]) -> None:
    kinds = Counter(case.kind for case in cases)
    styles = Counter(case.style for case in cases)
    answerable = kinds[CaseKind.ANSWERABLE]
    assert answerable >= 220
    assert len(cases) - answerable >= 140
    assert kinds[CaseKind.NEAR_MISS] + kinds[CaseKind.LEVEL_NOT_COVERED] >= 80
    assert kinds[CaseKind.FALSE_PREMISE] >= 25
    assert kinds[CaseKind.OUT_OF_SCOPE] >= 20
    assert kinds[CaseKind.INJECTION] >= 15
    wanted = {
        "multi_hop": 30,
        "low_overlap": 45,
        "followup": 20,
        "messy_manager": 15,
        "other_language": 15,
    }
    assert {style: styles[style] for style in wanted if styles[style] < wanted[style]} == {}
    for style in ("keywords", "titles", "typos", "indirect", "comparison", "timeline", "list",
                  "table_cell", "yes_no", "negative"):  # fmt: skip
        assert styles[style] >= 8, style


def test_false_premises_and_attacks_have_both_edges(cases: tuple[Case, ...]) -> None:
    for kind in (CaseKind.FALSE_PREMISE, CaseKind.INJECTION):
        answered = Counter(bool(case.gold) for case in cases if case.kind is kind)
        assert min(answered[True], answered[False]) >= 7, kind
    attacks = [case for case in cases if case.kind is CaseKind.INJECTION]
    assert [case.id for case in attacks if not case.forbidden] == []


def test_near_misses_have_answerable_neighbours(cases: tuple[Case, ...]) -> None:
    near = [c for c in cases if c.kind in (CaseKind.NEAR_MISS, CaseKind.LEVEL_NOT_COVERED)]
    neighbours = [case for case in cases if case.style == "neighbour"]
    assert len(neighbours) >= 80
    assert len(near) >= len(neighbours)


def test_follow_ups_say_what_has_to_be_carried_over(cases: tuple[Case, ...]) -> None:
    assert sum(bool(case.history and case.understood) for case in cases) >= 20


def test_claims_are_of_every_form_and_error(corpus_folder: Path) -> None:
    claims = load_claims(*(ROOT / "eval" / name for name in CLAIMS))
    single = [claim for claim in claims if claim.form is not ClaimForm.WRITTEN]
    assert len(single) >= 320
    forms = Counter((claim.form, claim.supported) for claim in claims)
    assert all(forms[form, supported] >= 20 for form in ClaimForm for supported in (True, False))
    errors = Counter(claim.error for claim in single)
    assert all(errors[error] >= 20 for error in ErrorKind if error)
    texts = {path.name: path.read_bytes().decode() for path in corpus_folder.glob("*.md")}
    assert [
        claim.id
        for claim in claims
        for cited in claim.passages
        if texts[cited.document].count(cited.quote) != 1
    ] == []


def test_written_answers_have_faults_of_every_kind_in_a_third_of_them() -> None:
    written = load_claims(ROOT / "eval" / "written.jsonl")
    answers = {claim.id.partition("/")[0] for claim in written}
    faulty = {claim.id.partition("/")[0] for claim in written if claim.error}
    assert len(answers) >= 150
    assert 3 * len(faulty) >= len(answers)
    errors = Counter(claim.error for claim in written)
    assert all(errors[error] >= 9 for error in ErrorKind if error)


def test_labels_are_places_in_the_documents(corpus_folder: Path) -> None:
    labels = load_labels(ROOT / "eval" / "levels.jsonl")
    texts = {path.name: path.read_bytes().decode() for path in corpus_folder.glob("*.md")}
    assert len(labels) >= 100
    assert [key for key in labels if not 0 <= key[1] < key[2] <= len(texts[key[0]])] == []


def test_the_other_ladders_questions_name_places_only(shared: Path) -> None:
    folder = ROOT / "eval" / "engineeringladders"
    cases = load_cases(folder)
    assert len(cases) >= 150
    texts = {
        path.name: path.read_bytes().decode()
        for path in (shared / "ladders" / "engineeringladders").glob("*.md")
    }
    for case in cases:
        assert not case.key_facts
        for gold in case.gold:
            assert gold.quote == ""
            assert gold.start is not None
            assert gold.end is not None
            quote = texts[gold.document][gold.start : gold.end]
            assert quote.strip() == quote != ""
            assert "\n" not in quote


def test_an_answerable_question_is_not_to_be_refused(cases: tuple[Case, ...]) -> None:
    answerable = [case for case in cases if case.kind is CaseKind.ANSWERABLE]
    assert [case.id for case in answerable if set(case.outcomes) <= REFUSALS] == []


def test_both_parts_hold_a_third_of_the_cases_or_more(cases: tuple[Case, ...]) -> None:
    parts = Counter(case.part for case in cases)
    assert min(parts.values()) * 3 >= len(cases)
