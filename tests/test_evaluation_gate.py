"""A run beside a saved one, the gate over it, and the forms in which a run is written."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from evaluation_fakes import (
    REFUSED,
    ScriptedAssistant,
    answer,
    citation,
    line,
    write_set,
)
from ladder_qa.evaluation import DatasetError, EvaluationReport, run_evaluation
from ladder_qa.evaluation.files import cases_csv, junit, write_report
from ladder_qa.evaluation.gate import SIGNIFICANT
from ladder_qa.evaluation.paired import CLAIMS, QUALITY, sign_test
from ladder_qa.evaluation.record import read_saved

GOLD = {"fact": 1, "document": "guide.md", "quote": "Lead two teams."}
NAMES = [f"q{number}" for number in range(12)]
SAID = answer("Lead two teams.", "answered", citation("Lead two teams."))


def refusals(folder: Path, refused: set[str], **more: Any) -> EvaluationReport:
    """A run over twelve questions that are all to be refused."""
    dataset = write_set(folder, *(line(name, name) for name in NAMES))
    script = {name: [REFUSED if name in refused else SAID] for name in NAMES}
    return run_evaluation("none", dataset, ScriptedAssistant(script), **more)


def saved(folder: Path, report: EvaluationReport) -> Path:
    """The run as a file."""
    file = folder / "baseline.json"
    file.write_text(report.as_saved(), encoding="utf-8")
    return file


class TestSignTest:
    """The one-sided exact binomial test, against values from a table of the distribution."""

    @pytest.mark.parametrize(
        ("lost", "won", "p"),
        [(0, 0, 1.0), (5, 0, 1 / 32), (4, 0, 1 / 16), (8, 2, 56 / 1024), (9, 1, 11 / 1024)],
    )
    def test_its_values(self, lost: int, won: int, p: float) -> None:
        assert sign_test(lost, won) == pytest.approx(p)

    def test_losing_is_not_winning(self) -> None:
        assert sign_test(0, 9) == 1.0
        assert sign_test(9, 0) < SIGNIFICANT


class TestComparison:
    """A saved run is read back, and each case is set beside its own past."""

    def test_the_same_run_loses_and_wins_nothing(self, tmp_path: Path) -> None:
        file = saved(tmp_path, refusals(tmp_path, set(NAMES)))
        report = refusals(tmp_path, set(NAMES), baseline=file)
        assert report.comparison is not None
        assert report.comparison.same_corpus
        assert [p for p in report.comparison.measures if p.lost or p.won] == []
        assert not report.gate.failed

    def test_what_got_better_and_worse_is_named_with_the_question_of_the_open_part(
        self, tmp_path: Path
    ) -> None:
        file = saved(tmp_path, refusals(tmp_path, set(NAMES[:6])))
        report = refusals(tmp_path, set(NAMES[6:]), baseline=file)
        quality = report.comparison.of(QUALITY) if report.comparison else None
        assert quality is not None
        assert set(quality.won) == set(NAMES[6:])
        assert set(quality.lost) == set(NAMES[:6])
        text = report.as_text()
        hidden = [case for case in report.cases if not report.shows(case)]
        shown = [case for case in report.cases if report.shows(case)]
        assert hidden
        assert shown
        for case in report.cases:
            word = "better" if case.id in quality.won else "worse"
            words = f": {case.question}" if case in shown else ""
            assert f"  {word}: {case.id}{words}\n" in text

    def test_an_edited_case_is_left_out_and_a_missing_one_is_a_reason(self, tmp_path: Path) -> None:
        first = refusals(tmp_path, set(NAMES))
        file = saved(tmp_path, first)
        edited = [line(name, name, style="new" if name == "q1" else "old") for name in NAMES[1:]]
        edited[1:] = [line(name, name) for name in NAMES[2:]]
        dataset = write_set(tmp_path, *edited)
        script = {name: [SAID if name == "q1" else REFUSED] for name in NAMES}
        report = run_evaluation("none", dataset, ScriptedAssistant(script), baseline=file)
        assert report.comparison is not None
        assert report.comparison.new == ("q1",)
        assert report.comparison.gone == ("q0",)
        quality = report.comparison.of(QUALITY)
        assert quality is not None
        assert quality.lost == ()  # q1 got worse, but it is another case now
        assert report.gate.reasons == ("1 cases of the baseline were not run: q0",)

    def test_a_run_with_another_language_model_is_not_compared(self, tmp_path: Path) -> None:
        file = saved(tmp_path, refusals(tmp_path, set(NAMES)))
        dataset = write_set(tmp_path, line("q0", "q0"))
        assistant = ScriptedAssistant({"q0": [REFUSED]})
        report = run_evaluation("openai/some-model", dataset, assistant, baseline=file)
        assert report.comparison is None

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{", "is not JSON"),
            ("[]", "format: is not 1"),
            ('{"format": 2}', "format: is not 1"),
            ('{"format": 1}', "is no saved run"),
            ('{"format": 1, "cases": {"a": {}}, "claims": {}}', "is no saved run"),
        ],
    )
    def test_a_file_that_is_no_saved_run_is_refused(
        self, tmp_path: Path, content: str, message: str
    ) -> None:
        file = tmp_path / "baseline.json"
        file.write_text(content)
        with pytest.raises(DatasetError, match=message):
            read_saved(file)


class TestGate:
    """Chance may take a case; a pattern, or a promise, may not be lost."""

    def test_a_few_lost_cases_pass_and_many_fail(self, tmp_path: Path) -> None:
        file = saved(tmp_path, refusals(tmp_path, set(NAMES)))
        assert not refusals(tmp_path, set(NAMES[4:]), baseline=file).gate.failed
        report = refusals(tmp_path, set(NAMES[5:]), baseline=file)
        assert report.gate.failed
        text = report.as_text()
        assert "cases as a whole: 5 lost, 0 won of 12, p = 0.031" in text
        assert "by outcome given: answered 5" in text

    def test_a_measure_that_is_lost_by_many_fails_though_others_make_up_for_it(
        self, tmp_path: Path
    ) -> None:
        lines = [
            line(name, name, outcomes=["answered"], gold=[GOLD], key_facts=[["two"]])
            for name in NAMES
        ]
        dataset = write_set(tmp_path, *lines)
        other = answer("Lead two.", "answered", citation("Avoid:"))
        bare = answer("Lead.", "answered", citation("Lead two teams."))
        before = ScriptedAssistant({name: [bare] for name in NAMES})
        file = saved(tmp_path, run_evaluation("none", dataset, before))
        after = ScriptedAssistant({name: [other] for name in NAMES})
        report = run_evaluation("none", dataset, after, baseline=file)
        # each case says the key fact now and no longer cites the gold
        assert report.comparison is not None
        assert [p.lost for p in report.comparison.measures if p.measure == QUALITY] == [()]
        reasons = "\n".join(report.gate.reasons)
        assert "citations: recall of facts: 12 lost, 0 won of 12" in reasons
        assert "  by unit of the gold: sentence 12 of 12" in reasons
        assert "key facts" not in reasons

    def test_as_many_won_cases_make_up_for_lost_ones(self, tmp_path: Path) -> None:
        file = saved(tmp_path, refusals(tmp_path, set(NAMES[:6])))
        assert not refusals(tmp_path, set(NAMES[6:]), baseline=file).gate.failed

    def test_one_attack_that_works_fails_it(self, tmp_path: Path) -> None:
        attack = line("c6", "attack", kind="injection", outcomes=["answered"], forbidden=["two"])
        dataset = write_set(tmp_path, attack)
        quiet = answer("Avoid:", "answered", citation("Avoid:"))
        before = run_evaluation("none", dataset, ScriptedAssistant({"attack": [quiet]}))
        file = saved(tmp_path, before)
        after = run_evaluation(
            "none", dataset, ScriptedAssistant({"attack": [SAID]}), baseline=file
        )
        assert "attacks without effect: lost in 1 case: c6" in after.gate.reasons

    def test_one_citation_of_another_level_fails_it(self, tmp_path: Path) -> None:
        asked = line("c6", "level", kind="near_miss", outcomes=["answered"], levels=["E1"])
        dataset = write_set(tmp_path, asked)
        right = dataclasses.replace(citation("Avoid:"), levels=("E1",))
        wrong = dataclasses.replace(right, levels=("E2",))
        script = {"level": [answer("Avoid:", "answered", right)]}
        file = saved(tmp_path, run_evaluation("none", dataset, ScriptedAssistant(script)))
        script = {"level": [answer("Avoid:", "answered", wrong)]}
        report = run_evaluation("none", dataset, ScriptedAssistant(script), baseline=file)
        assert "citations: right level: lost in 1 case: c6" in report.gate.reasons

    def test_claims_judged_worse_fail_it(self, tmp_path: Path) -> None:
        (tmp_path / "set.jsonl").write_text(json.dumps(line("c6", "two")))
        claims = [
            {
                "id": f"k{number}",
                "text": "Lead two teams.",
                "passages": [{"document": "guide.md", "quote": "Lead two teams."}],
                "supported": True,
                "error": "",
                "form": "verbatim",
            }
            for number in range(6)
        ]
        (tmp_path / "claims.jsonl").write_text("\n".join(map(json.dumps, claims)))
        assistant = ScriptedAssistant({"two": [REFUSED]})
        before = run_evaluation("none", tmp_path, assistant)
        file = saved(tmp_path, before)
        assert all(claim.right for claim in before.claims)

        class Deaf(ScriptedAssistant):
            def judge(self, sentence: str, cited: Any) -> Any:
                return dataclasses.replace(super().judge("nowhere", cited), explanation=sentence)

        report = run_evaluation("none", tmp_path, Deaf({"two": [REFUSED]}), baseline=file)
        assert any(reason.startswith(CLAIMS) for reason in report.gate.reasons)
        assert "  by error: supported 6 of 6" in report.gate.reasons


class TestModel:
    """A run with a language model's setting."""

    def test_a_model_that_words_nothing_makes_no_baseline(self, tmp_path: Path) -> None:
        dataset = write_set(tmp_path, line("c1", "one"))
        quoted = ScriptedAssistant({"one": [SAID]})
        assert not run_evaluation("none", dataset, quoted).gate.failed
        dead = run_evaluation("openai/m", dataset, ScriptedAssistant({"one": [SAID]}))
        assert dead.gate.broken
        worded = dataclasses.replace(SAID, mode="llm", model="openai/m")
        alive = run_evaluation("openai/m", dataset, ScriptedAssistant({"one": [worded]}))
        assert not alive.gate.failed


class TestFiles:
    """All forms of a report, and what they keep to themselves."""

    @pytest.fixture
    def report(self, tmp_path: Path) -> EvaluationReport:
        secret, open_ = "secret =1+1", "=open <b>question</b>"
        dataset = write_set(tmp_path, line("c1", secret), line("c6", open_))
        script = {secret: [SAID], open_: [SAID]}
        return run_evaluation("none", dataset, ScriptedAssistant(script))

    def test_a_folder_holds_every_form_and_no_words_of_the_scored_part(
        self, tmp_path: Path, report: EvaluationReport
    ) -> None:
        folder = tmp_path / "new" / "report"
        write_report(report, folder)
        names = {file.name for file in folder.iterdir()}
        assert names == {
            "report.html", "report.json", "report.txt", "cases.csv", "junit.xml", "run.json",
        }  # fmt: skip
        for file in folder.iterdir():
            assert "secret" not in file.read_text(encoding="utf-8"), file.name
        assert read_saved(folder / "run.json").cases["c1"].quality == pytest.approx(2 / 3, abs=1e-6)

    def test_csv_has_a_row_a_case_and_runs_nothing(self, report: EvaluationReport) -> None:
        rows = list(csv.DictReader(io.StringIO(cases_csv(report))))
        assert [row["id"] for row in rows] == ["c1", "c6"]
        assert [row["question"] for row in rows] == ["", "'=open <b>question</b>"]
        assert [row["outcome right"] for row in rows] == ["0", "0"]
        assert rows[0]["citations: recall of facts"] == ""

    def test_junit_counts_failures_and_hides_those_of_the_scored_part(
        self, report: EvaluationReport
    ) -> None:
        suites = ET.fromstring(junit(report))
        counts = {suite.get("name"): suite.get("failures") for suite in suites}
        assert counts == {"gate": "0", "questions": "2", "claims": "0"}
        messages = {
            test.get("name"): test.findall("failure")[0].get("message")
            for test in suites.findall(".//testcase[failure]")
        }
        assert messages == {
            "c1": "not shown: in the part scored",
            "c6": "outcome answered, expected out_of_scope",
        }
