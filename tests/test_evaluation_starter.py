"""A starter set made from documents, and cases made from feedback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation_fakes import REFUSED, answer, citation
from ladder_qa.corpus import read_document
from ladder_qa.datamodels import Answer
from ladder_qa.evaluation import DatasetError, load_cases
from ladder_qa.evaluation.dataset import CaseKind
from ladder_qa.evaluation.spans import places
from ladder_qa.evaluation.starter import MOST, as_lines, feedback_cases, starter_cases
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import read_passages
from serving_fakes import OVERVIEW, PROGRESSION

MANY = "\n".join(
    f"## X{number}: Level {number}\n\n### Signs\n\n- sign {number} of one\n- sign {number} of two\n"
    for number in range(1, 41)
)


def starter(**texts: str) -> list[dict[str, Any]]:
    """The starter set over a corpus of these texts."""
    read = [
        read_document(f"{name.replace('_', '-')}.md", text.encode()) for name, text in texts.items()
    ]
    ladder = read_ladder(read)
    return list(starter_cases(ladder, read_passages(read, ladder)))


def test_its_lines_are_cases_whose_gold_is_where_it_says(tmp_path: Path) -> None:
    cases = starter(overview=OVERVIEW, progression_x1_to_x2=PROGRESSION)
    (tmp_path / "set.jsonl").write_text(as_lines(cases), encoding="utf-8")
    read = load_cases(tmp_path / "set.jsonl")
    texts = {"overview.md": OVERVIEW, "progression-x1-to-x2.md": PROGRESSION}
    by_question = {case.question: case for case in read}
    (core,) = by_question["What is given as “Core Question” for X1?"].gold
    (place,) = places(core, texts)
    assert texts[place.document][place.start : place.end] == "Do I find **the way**?"
    unknown = by_question["What is expected at X3?"]
    assert unknown.kind is CaseKind.LEVEL_NOT_COVERED
    assert "What is expected at X2?" not in by_question


def test_what_one_level_lacks_and_others_have_is_a_near_miss() -> None:
    text = MANY.split("## X3:", maxsplit=1)[0] + "## X3: Level 3\n\nThree leads.\n"
    cases = {case["question"]: case for case in starter(ladder=text)}
    assert cases["What is listed under “Signs” for X3?"]["kind"] == CaseKind.NEAR_MISS
    listed = cases["What is listed under “Signs” for X2?"]
    assert listed["kind"] == CaseKind.ANSWERABLE
    assert [gold["fact"] for gold in listed["gold"]] == [1, 2]


def test_a_large_corpus_gives_cases_from_all_over_it_and_not_too_many() -> None:
    cases = starter(ladder=MANY)
    lists = [case for case in cases if case.get("style") == "list"]
    assert len(lists) == MOST
    asked = {str(case["question"]).rsplit(" ", 1)[1] for case in lists}
    assert {"X1?", "X40?"} & asked
    assert len({level for level in asked if int(level[1:-1]) > 20}) > MOST // 3
    assert cases == starter(ladder=MANY)


class TestFeedback:
    """What people said of answers becomes cases, as far as they agreed to that."""

    def ask(self, question: str) -> Answer:
        """Answers one question, refuses all others."""
        if question == "How long?":
            return answer("Move.", "answered", citation("Move in 6 to 12 months."))
        return REFUSED

    def test_good_bad_and_without_consent(self, tmp_path: Path) -> None:
        lines: list[dict[str, Any]] = [
            {"answer_id": "ans_1", "verdict": "up", "question": "How long?"},
            {"answer_id": "ans_2", "verdict": "down", "question": "Why?", "comment": "too short"},
            {"answer_id": "ans_3", "verdict": "up"},
        ]
        file = tmp_path / "feedback.jsonl"
        file.write_text(as_lines(lines), encoding="utf-8")
        ready, waiting, left_out = feedback_cases(file, self.ask)
        assert left_out == 1
        assert [case["question"] for case in ready] == ["How long?"]
        assert ready[0]["gold"] == [{"fact": 1, "document": "guide.md", "start": 9, "end": 32}]
        assert ready[0]["outcomes"] == ["answered"]
        assert [case["question"] for case in waiting] == ["Why?"]
        assert "too short" in waiting[0]["review"]
        (tmp_path / "set.jsonl").write_text(as_lines(ready), encoding="utf-8")
        assert [case.style for case in load_cases(tmp_path / "set.jsonl")] == ["feedback"]

    def test_another_verdict_is_refused_by_name(self, tmp_path: Path) -> None:
        file = tmp_path / "feedback.jsonl"
        file.write_text(json.dumps({"verdict": "maybe", "question": "?"}))
        with pytest.raises(DatasetError, match=r"line 1: verdict: has value \"maybe\"; it must be"):
            feedback_cases(file, self.ask)
