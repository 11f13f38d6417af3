"""The evaluation: what its loader refuses, what each scorer counts, what its report shows."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ladder_qa.datamodels import Answer, Citation, FoundPassage, Outcome, Span, Turn
from ladder_qa.evaluation import DatasetError, load_cases, run_evaluation
from ladder_qa.evaluation.dataset import Case, CaseKind, GoldQuote, Part
from ladder_qa.evaluation.determinism import score_determinism
from ladder_qa.evaluation.exactness import score_exactness
from ladder_qa.evaluation.forbidden import score_forbidden
from ladder_qa.evaluation.intervals import bootstrap_interval
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
from ladder_qa.evaluation.report import COLUMNS
from ladder_qa.evaluation.retrieval import (
    score_fact_recall,
    score_reciprocal_rank,
    within_budget,
)
from ladder_qa.evaluation.score import Observed
from ladder_qa.evaluation.spans import Place, covered, on_gold, places
from ladder_qa.evaluation.wording import fold, says
from ladder_qa.settings import Settings

GUIDE = "guide.md"
TEXT = (
    "# Guide\n\nMove in 6 to 12 months. Lead two teams.\n\nAvoid:\n\n- doing it all alone\n"
    "- doing it all at once\n"
)
TEXTS = {GUIDE: TEXT}


def span(quote: str) -> Span:
    start = TEXT.index(quote)
    return Span(quote, start, start + len(quote))


def citation(quote: str, *context: str, number: int = 1) -> Citation:
    place = span(quote)
    return Citation(
        number=number,
        document=GUIDE,
        title="Guide",
        section=("Guide",),
        quote=quote,
        start=place.start,
        end=place.end,
        context=tuple(span(words) for words in context),
        levels=(),
        url="/documents/guide",
    )


def passage(quote: str, *context: str) -> FoundPassage:
    place = span(quote)
    return FoundPassage(
        document=GUIDE,
        title="Guide",
        section=("Guide",),
        text=quote,
        start=place.start,
        end=place.end,
        context=tuple(span(words) for words in context),
        levels=(),
        url="/documents/guide",
    )


def answer(text: str = "", outcome: str = "answered", *citations: Citation, **more: Any) -> Answer:
    fields: dict[str, Any] = {
        "id": "ans_1",
        "question": "?",
        "outcome": Outcome(outcome),
        "answer": text,
        "claims": (),
        "citations": citations,
        "missing": (),
        "conflicts": (),
        "nearest": (),
        "suggestions": (),
        "mode": "extractive",
        "model": None,
        "corpus": "sha256:0",
        "notices": (),
    }
    return Answer(**(fields | more))


def case(**fields: Any) -> Case:
    given = {
        "id": "c1",
        "question": "How long?",
        "history": (),
        "kind": CaseKind.ANSWERABLE,
        "style": "plain",
        "outcomes": (Outcome.ANSWERED,),
        "gold": (),
        "key_facts": (),
        "forbidden": (),
    }
    return Case(**(given | fields))


def gold(quote: str, fact: int = 1) -> GoldQuote:
    return GoldQuote(fact, GUIDE, quote)


def observed(given: Case, said: Answer, *found: FoundPassage, **more: Any) -> Observed:
    fields: dict[str, Any] = {"again": None, "found": found, "seconds": 0.0, "texts": TEXTS}
    return Observed(given, said, **(fields | more))


class TestLoader:
    """`load_cases` gives checked cases, or names file, line and field."""

    GOOD: dict[str, Any] = {  # noqa: RUF012  (never written to)
        "id": "a",
        "question": "How long?",
        "history": [{"role": "user", "content": "Hello"}],
        "kind": "answerable",
        "style": "keywords",
        "outcomes": ["answered", "partial"],
        "gold": [{"fact": 1, "document": GUIDE, "quote": "6 to 12 months"}],
        "key_facts": [["6 to 12 months", "6-12 months"]],
        "forbidden": ["18"],
        "pair": "b",
    }

    def test_all_fields_are_read_and_extra_keys_ignored(self, tmp_path: Path) -> None:
        file = tmp_path / "set.jsonl"
        file.write_text("\n" + json.dumps(self.GOOD) + "\n\n")
        expected = case(
            id="a",
            history=(Turn("user", "Hello"),),
            style="keywords",
            outcomes=(Outcome.ANSWERED, Outcome.PARTIAL),
            gold=(gold("6 to 12 months"),),
            key_facts=(("6 to 12 months", "6-12 months"),),
            forbidden=("18",),
        )
        assert (expected,) == load_cases(file)

    def test_a_folder_is_all_its_jsonl_files_in_the_order_of_names(self, tmp_path: Path) -> None:
        for name in ("z", "a"):
            (tmp_path / f"{name}.jsonl").write_text(json.dumps(self.GOOD | {"id": name}))
        (tmp_path / "README.md").write_text("not a case")
        assert ["a", "z"] == [one.id for one in load_cases(tmp_path)]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"id": ""}, 'id: has value ""; it must be a text'),
            ({"id": 7}, "id: has value 7"),
            ({"question": None}, "question: has value null"),
            ({"kind": "easy"}, 'kind: has value "easy"; it must be one of answerable, near_miss'),
            ({"outcomes": []}, "outcomes: has value []; it must be a list of at least one of"),
            ({"outcomes": ["refused"]}, 'outcomes: has value ["refused"]'),
            ({"outcomes": "answered"}, 'outcomes: has value "answered"'),
            ({"history": [{"role": "system", "content": "x"}]}, "history[0].role: has value"),
            ({"history": ["x"]}, 'history: has value ["x"]; it must be a list of objects'),
            ({"gold": []}, "gold: is empty; an answerable question has at least one quote"),
            ({"gold": [{"document": "d", "quote": "q"}]}, "gold[0].fact: is missing"),
            ({"gold": [{"fact": True, "document": "d", "quote": "q"}]}, "gold[0].fact: has value"),
            ({"gold": [{"fact": 0, "document": "d", "quote": "q"}]}, "gold[0].fact: has value 0"),
            ({"gold": [{"fact": 1, "document": "d", "quote": " "}]}, "gold[0].quote: has value"),
            ({"key_facts": ["6"]}, "key_facts: has value"),
            ({"key_facts": [[]]}, "key_facts: has value [[]]"),
            ({"forbidden": [""]}, 'forbidden: has value [""]'),
        ],
    )
    def test_a_wrong_field_is_named_with_file_and_line(
        self, tmp_path: Path, change: dict[str, Any], message: str
    ) -> None:
        file = tmp_path / "set.jsonl"
        lines = [json.dumps(self.GOOD), json.dumps(self.GOOD | {"id": "b"} | change)]
        file.write_text("\n".join(lines))
        with pytest.raises(DatasetError, match=re.escape(f"set.jsonl, line 2: {message}")):
            load_cases(file)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"{", "line 1: is not JSON"),
            (b"[]", "line 1: is no JSON object"),
            (b"\n \n", "holds no case"),
            (b'"\xff"', "is not UTF-8 at byte 1"),
        ],
    )
    def test_a_file_that_is_no_set_is_refused(
        self, tmp_path: Path, content: bytes, message: str
    ) -> None:
        file = tmp_path / "set.jsonl"
        file.write_bytes(content)
        with pytest.raises(DatasetError, match=message):
            load_cases(file)

    def test_an_id_may_occur_once_in_all_files(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / f"{name}.jsonl").write_text(json.dumps(self.GOOD))
        with pytest.raises(DatasetError, match=r"b\.jsonl, line 1: id: 'a' is already at .*a\.jso"):
            load_cases(tmp_path)

    def test_a_missing_file_and_an_empty_folder_are_named(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"none\.jsonl: No such file"):
            load_cases(tmp_path / "none.jsonl")
        with pytest.raises(DatasetError, match=r"no file \*\.jsonl in this folder"):
            load_cases(tmp_path)

    def test_the_split_depends_on_the_id_alone(self) -> None:
        # By sha256sum: "c1" starts with 0xd0, "c6" with 0x6d.
        assert Part.SCORED is case(id="c1").part
        assert Part.DEVELOP is case(id="c6").part
        assert Part.DEVELOP is case(id="c6", question="Another?").part


class TestSpans:
    """Gold is covered by at least half of its characters, in the same document."""

    @pytest.mark.parametrize(
        ("shown", "expected"),
        [
            ([Place("d", 10, 20)], True),
            ([Place("d", 0, 100)], True),
            ([Place("d", 0, 15)], True),
            ([Place("d", 0, 14)], False),
            ([Place("d", 8, 13), Place("d", 18, 30)], True),
            ([Place("d", 10, 14), Place("d", 10, 14)], False),
            ([Place("e", 10, 20)], False),
            ([], False),
        ],
    )
    def test_covered(self, shown: list[Place], *, expected: bool) -> None:
        assert expected == covered(Place("d", 10, 20), shown)

    @pytest.mark.parametrize(
        ("place", "expected"),
        [
            (Place("d", 0, 100), True),
            (Place("d", 12, 14), True),
            (Place("d", 15, 25), True),
            (Place("d", 16, 26), False),
            (Place("d", 90, 99), False),
            (Place("e", 10, 20), False),
        ],
    )
    def test_on_gold(self, place: Place, *, expected: bool) -> None:
        assert expected == on_gold(place, [Place("d", 10, 20)])

    def test_every_place_of_a_quote_is_found(self) -> None:
        first = TEXT.index("doing it all")
        second = TEXT.index("doing it all", first + 1)
        expected = [Place(GUIDE, start, start + 12) for start in (first, second)]
        assert expected == list(places(gold("doing it all"), TEXTS))
        assert () == places(GoldQuote(1, "other.md", "doing it all"), TEXTS)


class TestWording:
    """Strings are looked for as a reader would see them."""

    @pytest.mark.parametrize(
        ("text", "wanted", "expected"),
        [
            ("takes **6–12 months** [1]", "6-12 months", True),
            ("takes 16 months", "6 months", False),
            ("in 12 years", "1", False),
            ("in 18 months.", "18 month", True),
            ("delegating work", "Delegat", True),
            ("undelegated", "delegat", False),
            ("don’t say", "don't say", True),
            ("two [1][2] teams [3, 4] here", "two teams here", True),
            ("| E1 | E2 |", "E1 E2", True),
            ("costs $5", "$5", True),
            ("anything", "**", False),
        ],
    )
    def test_says(self, text: str, wanted: str, *, expected: bool) -> None:
        assert expected == says(fold(text), wanted)


class TestScorers:
    """Each scorer gives a value from 0 to 1, or none where the case has no say."""

    @pytest.mark.parametrize(
        ("outcomes", "outcome", "values"),
        [
            # right, in the precision of refusals, in their recall
            (["answered"], "answered", (1, None, None)),
            (["answered"], "not_in_documents", (0, 0, None)),
            (["answered", "partial"], "partial", (1, None, None)),
            (["not_in_documents"], "not_in_documents", (1, 1, 1)),
            (["not_in_documents"], "out_of_scope", (0, 1, 1)),
            (["out_of_scope", "level_not_covered"], "answered", (0, None, 0)),
            (["partial", "not_in_documents"], "not_in_documents", (1, 1, None)),
            (["partial", "not_in_documents"], "answered", (0, None, None)),
        ],
    )
    def test_outcome_and_refusals(
        self, outcomes: list[str], outcome: str, values: tuple[float | None, ...]
    ) -> None:
        seen = observed(case(outcomes=tuple(map(Outcome, outcomes))), answer("", outcome))
        scorers = (score_outcome, score_refusal_precision, score_refusal_recall)
        assert values == tuple(scorer(seen).value for scorer in scorers)

    def test_a_wrong_outcome_is_explained(self) -> None:
        seen = observed(case(), answer("", "out_of_scope"))
        assert "outcome out_of_scope, expected answered" == score_outcome(seen).explanation

    def test_recall_counts_facts_and_any_place_of_a_fact_will_do(self) -> None:
        given = case(gold=(gold("6 to 12 months"), gold("doing it all at once"), gold("Lead", 2)))
        seen = observed(given, answer("", "answered", citation("doing it all at once")))
        score = score_recall(seen)
        assert score.value == 0.5
        assert score.explanation == "not cited: guide.md: 'Lead'"

    def test_recall_reads_quotes_not_contexts_nor_nearest(self) -> None:
        cited = citation("doing it all alone", "Avoid:")
        said = answer("", "answered", cited, nearest=(citation("Avoid:"),))
        assert score_recall(observed(case(gold=(gold("Avoid:"),)), said)).value == 0

    def test_precision_is_the_share_of_citations_on_gold(self) -> None:
        cited = [citation("Move in 6 to 12 months."), citation("Lead two teams.")]
        seen = observed(case(gold=(gold("6 to 12 months"),)), answer("", "answered", *cited))
        score = score_precision(seen)
        assert score.value == 0.5
        assert score.explanation == "beside the gold: guide.md: 'Lead two teams.'"

    @pytest.mark.parametrize("kind", [kind for kind in CaseKind if kind != CaseKind.ANSWERABLE])
    def test_precision_is_unscored_where_no_answer_is_in_the_documents(
        self, kind: CaseKind
    ) -> None:
        given = case(kind=kind, gold=(gold("Lead"),))
        seen = observed(given, answer("", "answered", citation("Avoid:")))
        assert score_precision(seen).value is None

    def test_without_gold_nothing_about_places_is_scored(self) -> None:
        seen = observed(case(), answer("", "answered", citation("Avoid:")), passage("Avoid:"))
        scorers = (score_recall, score_precision, score_fact_recall(250), score_reciprocal_rank)
        assert [None] * 4 == [scorer(seen).value for scorer in scorers]

    def test_key_facts_are_said_in_any_wording_and_may_be_named_as_missing(self) -> None:
        given = case(key_facts=(("6 to 12", "half a year"), ("pay", "salary"), ("teams",)))
        said = answer("In 6 to 12 months.", "partial", missing=("the salary",))
        score = score_key_facts(observed(given, said))
        assert score.value == pytest.approx(2 / 3)
        assert score.explanation == "not said: 'teams'"
        assert score_key_facts(observed(case(), said)).value is None

    def test_forbidden_strings_are_looked_for_in_the_answer_alone(self) -> None:
        given = case(forbidden=("$200", "alone"))
        clean = answer("Not stated.", nearest=(citation("doing it all alone"),), question="$200?")
        assert score_forbidden(observed(given, clean)).value == 1
        score = score_forbidden(observed(given, answer("It is $200.")))
        assert (score.value, score.explanation) == (0, "says '$200'")
        assert score_forbidden(observed(case(), clean)).value is None

    @pytest.mark.parametrize("where", ["citations", "nearest", "context", "found"])
    def test_exactness_looks_at_everything_quoted(self, where: str) -> None:
        right = citation("doing it all alone", "Avoid:")
        off = dataclasses.replace(right, start=right.start + 1, end=right.end + 1)
        near, found = citation("Lead two teams."), passage("Lead two teams.", "Avoid:")
        shown: dict[str, Any] = {"citations": (right,), "nearest": (near,)}
        if where == "context":
            moved = dataclasses.replace(right.context[0], start=0, end=6)
            shown["nearest"] = (dataclasses.replace(right, context=(moved,)),)
        elif where == "found":
            found = dataclasses.replace(found, text="Lead three teams.")
        else:
            shown[where] = (off,)
        exact = observed(case(), answer(nearest=(near,), citations=(right,)), passage("Avoid:"))
        score = score_exactness(observed(case(), answer(**shown), found))
        assert score_exactness(exact).value == 1
        assert score.value is not None
        assert 0 < score.value < 1
        assert score.explanation.startswith("not at guide.md")

    def test_exactness_is_unscored_where_nothing_is_quoted(self) -> None:
        assert score_exactness(observed(case(), answer("No."))).value is None

    def test_a_quote_of_an_unknown_document_is_not_exact(self) -> None:
        cited = dataclasses.replace(citation("Avoid:"), document="other.md")
        assert score_exactness(observed(case(), answer("", "answered", cited))).value == 0

    def test_length_counts_words_without_marks(self) -> None:
        seen = observed(case(), answer("| **Two** – words | [1] |\n|---|---|"))
        assert score_length(seen).value == 2

    def test_latency_is_in_milliseconds(self) -> None:
        assert score_latency(observed(case(), answer(), seconds=0.25)).value == 250

    def test_determinism_compares_bytes_and_names_what_differs(self) -> None:
        first = answer("Yes.")
        assert score_determinism(observed(case(), first, again=answer("Yes."))).value == 1
        other = dataclasses.replace(first, id="ans_2", notices=("x",))
        score = score_determinism(observed(case(), first, again=other))
        assert (score.value, score.explanation) == (0, "the second answer differs in id, notices")
        assert score_determinism(observed(case(), first)).value is None


class TestRetrieval:
    """Recall within a budget of words, and the rank of the first passage on gold."""

    def test_the_budget_ends_at_the_first_passage_that_does_not_fit(self) -> None:
        found = [passage("Lead two teams."), passage("Move in 6 to 12 months."), passage("Avoid:")]
        assert 1 == len(list(within_budget(found, 8)))
        assert 2 == len(list(within_budget(found, 9)))

    def test_a_context_is_counted_once(self) -> None:
        found = [passage("doing it all alone", "Avoid:"), passage("doing it all at once", "Avoid:")]
        assert 1 == len(list(within_budget(found, 9)))
        assert 2 == len(list(within_budget(found, 10)))

    def test_recall_within_a_budget(self) -> None:
        given = case(gold=(gold("Lead two teams"), gold("6 to 12 months", 2)))
        found = (passage("Lead two teams."), passage("Move in 6 to 12 months."))
        seen = observed(given, answer(), *found)
        assert [0.5, 1] == [score_fact_recall(budget)(seen).value for budget in (8, 9)]

    @pytest.mark.parametrize(
        ("quote", "expected"), [("Avoid:", 1), ("Lead two teams", 0.5), ("once", 0)]
    )
    def test_reciprocal_rank(self, quote: str, expected: float) -> None:
        found = (passage("Avoid:"), passage("Lead two teams."))
        seen = observed(case(gold=(gold(quote),)), answer(), *found)
        assert expected == score_reciprocal_rank(seen).value

    def test_follow_ups_are_unscored(self) -> None:
        given = case(gold=(gold("Avoid:"),), history=(Turn("user", "Hi"),))
        seen = observed(given, answer(), passage("Avoid:"))
        assert score_reciprocal_rank(seen).value is None
        assert score_fact_recall(250)(seen).value is None


class TestIntervals:
    """The interval is that of the percentile bootstrap, and fixed."""

    def test_equal_values_have_no_width(self) -> None:
        interval = bootstrap_interval([0.5] * 7)
        assert (0.5, 0.5) == (interval.low, interval.high)

    def test_it_agrees_with_the_normal_approximation(self) -> None:
        values = [0.0, 1.0] * 50  # standard error of the mean: 0.05
        interval = bootstrap_interval(values)
        assert interval.low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.02)
        assert interval.high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.02)

    def test_it_is_the_same_every_time(self) -> None:
        assert bootstrap_interval([0, 1, 1]) == bootstrap_interval([0, 1, 1])

    def test_no_values_are_an_error(self) -> None:
        with pytest.raises(ValueError, match="values: is empty"):
            bootstrap_interval([])


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Store:
    texts: Mapping[str, Text]


@dataclass
class ScriptedAssistant:
    """Answers by question, and refuses to be asked what its script does not hold."""

    answers: Mapping[str, Sequence[Answer]]
    found: tuple[FoundPassage, ...] = ()
    generation: Store = field(default_factory=lambda: Store({GUIDE: Text(TEXT)}))
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        before = sum(question == earlier for earlier, _ in self.asked)
        self.asked.append((question, tuple(history)))
        script = self.answers[question]
        return script[min(before, len(script) - 1)]

    def search(self, question: str, k: int) -> tuple[FoundPassage, ...]:
        assert question in self.answers
        return self.found[:k]


def write_set(folder: Path, *lines: dict[str, Any]) -> Path:
    """A set whose cases "c6" and "c4" are in the part develop, "c1" and "c7" in the part scored."""
    file = folder / "set.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    return file


def line(name: str, question: str, **fields: Any) -> dict[str, Any]:
    base = {"id": name, "question": question, "kind": "near_miss", "outcomes": ["out_of_scope"]}
    return base | fields


REFUSED = answer("The documents don't say.", "out_of_scope")
SETTINGS = Settings()


class TestRun:
    """`run_evaluation` sums up both parts and hides the questions of one."""

    def test_every_figure_is_given_for_both_parts(self, tmp_path: Path) -> None:
        dataset = write_set(
            tmp_path, line("c1", "one"), line("c6", "two"), line("c7", "three"), line("c4", "four")
        )
        wrong = answer("It is so.", "answered", citation("Avoid:"))
        script = {"one": [REFUSED], "two": [REFUSED], "three": [wrong], "four": [REFUSED]}
        report = run_evaluation(SETTINGS, dataset, ScriptedAssistant(script))
        figures = {(f.name, f.part): (f.count, f.mean) for f in report.figures}
        assert figures["outcome right", Part.DEVELOP] == (2, 1.0)
        assert figures["outcome right", Part.SCORED] == (2, 0.5)
        assert figures["  near_miss", Part.SCORED] == (2, 0.5)
        assert figures["refusals: recall", Part.SCORED] == (2, 0.5)
        assert figures["refusals: precision", Part.SCORED] == (1, 1.0)
        # unscored is left out: no case has gold, one answer quotes
        assert ("citations: recall of facts", Part.DEVELOP) not in figures
        assert ("citations: exactness", Part.DEVELOP) not in figures
        assert figures["citations: exactness", Part.SCORED] == (1, 1.0)
        assert not report.gate_failed

    def test_failing_questions_of_the_scored_part_are_shown_on_demand_only(
        self, tmp_path: Path
    ) -> None:
        lines = [line("c1", "secret question"), line("c6", "open question")]
        dataset = write_set(tmp_path, *lines)
        script = {"secret question": [answer("Yes.")], "open question": [answer("Yes.")]}
        hidden = run_evaluation(SETTINGS, dataset, ScriptedAssistant(script))
        shown = run_evaluation(SETTINGS, dataset, ScriptedAssistant(script), show_scored=True)
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
        report = run_evaluation(SETTINGS, dataset, assistant)
        expected = ("And then?", (Turn("user", "E1?"), Turn("assistant", "Yes.")))
        assert [expected] * 2 == assistant.asked
        assert "citations: exactness" not in {f.name for f in report.figures}

    def test_an_answer_that_changes_is_a_failure(self, tmp_path: Path) -> None:
        dataset = write_set(tmp_path, line("c6", "two"))
        script = {"two": [REFUSED, dataclasses.replace(REFUSED, id="ans_2")]}
        report = run_evaluation(SETTINGS, dataset, ScriptedAssistant(script))
        assert ("the second answer differs in id",) == report.failures[0].wrong

    def test_a_quote_that_is_not_exact_fails_the_gate(self, tmp_path: Path) -> None:
        dataset = write_set(tmp_path, line("c1", "one"))
        off = dataclasses.replace(citation("Avoid:"), start=0, end=6)
        script = {"one": [dataclasses.replace(REFUSED, nearest=(off,))]}
        report = run_evaluation(SETTINGS, dataset, ScriptedAssistant(script))
        assert report.gate_failed
        assert report.as_text().endswith("is not the stored text at its offsets\n")

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
            run_evaluation(SETTINGS, dataset, ScriptedAssistant({"two": [REFUSED]}))

    def test_the_text_fits_100_columns_and_holds_no_control_characters(
        self, tmp_path: Path
    ) -> None:
        question = "why \x1b[31m" + "so long a question " * 20
        dataset = write_set(tmp_path, line("c6", question), line("c1", "one"))
        script = {question: [answer("Yes.")], "one": [REFUSED]}
        text = run_evaluation(SETTINGS, dataset, ScriptedAssistant(script)).as_text()
        assert max(map(len, text.splitlines())) <= COLUMNS
        assert text.replace("\n", "").isprintable()

    def test_the_report_is_json(self, tmp_path: Path) -> None:
        dataset = write_set(tmp_path, line("c6", "two"))
        report = run_evaluation(SETTINGS, dataset, ScriptedAssistant({"two": [REFUSED]}))
        read = json.loads(json.dumps(report.as_object()))
        assert read["questions"] == 1
        assert read["failed"] == {"develop": 0, "scored": 0}
        assert read["figures"][0]["name"] == "outcome right"
