"""The run: both parts summed up, one of them hidden, and what stops it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from evaluation_fakes import (
    GUIDE,
    REFUSED,
    ScriptedAssistant,
    answer,
    citation,
    line,
    passage,
    write_set,
)
from ladder_qa.datamodels import Turn
from ladder_qa.evaluation import DatasetError, run_evaluation
from ladder_qa.evaluation.fields import Part
from ladder_qa.evaluation.report import COLUMNS


class TestRun:
    """`run_evaluation` sums up both parts and hides the questions of one."""

    def test_every_figure_is_given_for_both_parts(self, tmp_path: Path) -> None:
        dataset = write_set(
            tmp_path, line("c1", "one"), line("c6", "two"), line("c7", "three"), line("c4", "four")
        )
        wrong = answer("It is so.", "answered", citation("Avoid:"))
        script = {"one": [REFUSED], "two": [REFUSED], "three": [wrong], "four": [REFUSED]}
        report = run_evaluation("none", dataset, ScriptedAssistant(script))
        figures = {(f.of + f.name, f.part): (f.count, f.mean) for f in report.figures}
        assert figures["outcome right", Part.DEVELOP] == (2, 1.0)
        assert figures["outcome right", Part.SCORED] == (2, 0.5)
        assert figures["outcome rightnear_miss", Part.SCORED] == (2, 0.5)
        assert figures["refusals: recall", Part.SCORED] == (2, 0.5)
        assert figures["refusals: precision", Part.SCORED] == (1, 1.0)
        # unscored is left out: no case has gold, one answer quotes
        assert ("citations: recall of facts", Part.DEVELOP) not in figures
        assert ("citations: exactness", Part.DEVELOP) not in figures
        assert figures["citations: exactness", Part.SCORED] == (1, 1.0)
        assert not report.gate.failed

    def test_failing_questions_of_the_scored_part_are_shown_on_demand_only(
        self, tmp_path: Path
    ) -> None:
        lines = [line("c1", "secret question"), line("c6", "open question")]
        dataset = write_set(tmp_path, *lines)
        script = {"secret question": [answer("Yes.")], "open question": [answer("Yes.")]}
        hidden = run_evaluation("none", dataset, ScriptedAssistant(script))
        shown = run_evaluation("none", dataset, ScriptedAssistant(script), show_scored=True)
        assert "secret" not in hidden.as_text() + json.dumps(hidden.as_object())
        assert "failing questions in the part scored: 1, not shown" in hidden.as_text()
        assert "- c6 (near_miss) answered: open question" in hidden.as_text()
        assert "outcome answered, expected out_of_scope" in hidden.as_text()
        assert "- c1 (near_miss) answered: secret question" in shown.as_text()

    def test_history_goes_with_the_question_and_follow_ups_are_not_searched(
        self, tmp_path: Path
    ) -> None:
        turns = [{"role": "user", "content": "E1?"}, {"role": "assistant", "content": "Yes."}]
        dataset = write_set(tmp_path, line("c6", "And then?", history=turns))
        assistant = ScriptedAssistant({"And then?": [REFUSED]}, found=(passage("Avoid:"),))
        report = run_evaluation("none", dataset, assistant)
        expected = ("And then?", (Turn("user", "E1?"), Turn("assistant", "Yes.")))
        assert [expected] * 2 == assistant.asked
        assert "citations: exactness" not in {f.name for f in report.figures}

    def test_an_answer_that_changes_is_a_failure(self, tmp_path: Path) -> None:
        dataset = write_set(tmp_path, line("c6", "two"))
        script = {"two": [REFUSED, dataclasses.replace(REFUSED, id="ans_2")]}
        report = run_evaluation("none", dataset, ScriptedAssistant(script))
        assert ("the second answer differs in id",) == report.cases[0].wrong

    def test_a_quote_that_is_not_exact_fails_the_gate(self, tmp_path: Path) -> None:
        dataset = write_set(tmp_path, line("c1", "one"))
        off = dataclasses.replace(citation("Avoid:"), start=0, end=6)
        script = {"one": [dataclasses.replace(REFUSED, nearest=(off,))]}
        report = run_evaluation("none", dataset, ScriptedAssistant(script))
        assert report.gate.failed
        assert "citations: exactness: below 1 in 1 cases: c1" in report.as_text()

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            (GUIDE, r"c6: gold: guide\.md does not hold 'not there'"),
            ("other.md", r"c6: gold: no document 'other\.md' in the index"),
        ],
    )
    def test_gold_that_the_index_does_not_hold_is_refused(
        self, tmp_path: Path, document: str, message: str
    ) -> None:
        quotes = [{"fact": 1, "document": document, "quote": "not there"}]
        dataset = write_set(tmp_path, line("c6", "two", gold=quotes))
        with pytest.raises(DatasetError, match=message):
            run_evaluation("none", dataset, ScriptedAssistant({"two": [REFUSED]}))

    def test_the_text_fits_100_columns_and_holds_no_control_characters(
        self, tmp_path: Path
    ) -> None:
        question = "why \x1b[31m" + "so long a question " * 20
        dataset = write_set(tmp_path, line("c6", question), line("c1", "one"))
        script = {question: [answer("Yes.")], "one": [REFUSED]}
        text = run_evaluation("none", dataset, ScriptedAssistant(script)).as_text()
        assert max(map(len, text.splitlines())) <= COLUMNS
        assert text.replace("\n", "").isprintable()

    def test_the_report_is_json(self, tmp_path: Path) -> None:
        dataset = write_set(tmp_path, line("c6", "two"))
        report = run_evaluation("none", dataset, ScriptedAssistant({"two": [REFUSED]}))
        read = json.loads(json.dumps(report.as_object()))
        assert [one["id"] for one in read["cases"]] == ["c6"]
        assert read["gate"] == {"failed": False, "reasons": []}
        assert read["figures"][0]["name"] == "outcome right"
