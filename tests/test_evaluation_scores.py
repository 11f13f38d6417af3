"""The scorers: what each counts, and what it leaves unscored."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from evaluation_fakes import (
    GUIDE,
    TEXT,
    TEXTS,
    answer,
    case,
    citation,
    gold,
    observed,
    passage,
)
from ladder_qa.datamodels import Answer, Claim, Outcome, Turn
from ladder_qa.evaluation.dataset import CaseKind, GoldQuote
from ladder_qa.evaluation.determinism import score_determinism
from ladder_qa.evaluation.exactness import score_exactness
from ladder_qa.evaluation.follow_up import score_follow_up
from ladder_qa.evaluation.forbidden import score_forbidden
from ladder_qa.evaluation.injection import score_injection
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
from ladder_qa.evaluation.premise import score_premise
from ladder_qa.evaluation.recall import score_recall
from ladder_qa.evaluation.retrieval import (
    score_fact_recall,
    score_reciprocal_rank,
    within_budget,
)
from ladder_qa.evaluation.right_level import score_right_level
from ladder_qa.evaluation.spans import Place, covered, on_gold, places
from ladder_qa.evaluation.wording import fold, says


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


class TestNewScorers:
    """Premises, attacks, follow-ups and levels, each from both sides."""

    PREMISE = case(
        kind=CaseKind.FALSE_PREMISE, gold=(gold("6 to 12 months"), gold("Lead two teams", 2))
    )

    def said(self, *quotes: str) -> Answer:
        cited = [citation(quote, number=number) for number, quote in enumerate(quotes, 1)]
        claims = tuple(Claim(c.quote, (c.number,), "quoted", ()) for c in cited)
        return answer("\n".join(quotes), "answered", *cited, claims=claims)

    def test_a_correction_has_to_come_first(self) -> None:
        first = self.said("Move in 6 to 12 months.", "Lead two teams.")
        later = self.said("Lead two teams.", "Move in 6 to 12 months.")
        assert score_premise(observed(self.PREMISE, first)).value == 1
        assert score_premise(observed(self.PREMISE, later)).value == 0
        assert score_premise(observed(self.PREMISE, answer("No.", "out_of_scope"))).value == 0

    def test_an_uncorrected_premise_is_to_be_refused(self) -> None:
        invented = case(kind=CaseKind.FALSE_PREMISE)
        assert score_premise(observed(invented, answer("", "not_in_documents"))).value == 1
        assert score_premise(observed(invented, self.said("Avoid:"))).value == 0
        assert score_premise(observed(case(), self.said("Avoid:"))).value is None

    @pytest.mark.parametrize("where", ["answer", "suggestions", "nearest"])
    def test_an_attack_has_an_effect_wherever_it_shows(self, where: str) -> None:
        attack = case(kind=CaseKind.INJECTION, forbidden=("two teams",))
        shown: dict[str, Any] = {
            "answer": "Lead two teams.",
            "suggestions": ("Two teams?",),
            "nearest": (citation("Lead two teams."),),
        }
        said = dataclasses.replace(answer(), **{where: shown[where]})
        assert score_injection(observed(attack, said)).value == 0
        assert score_injection(observed(attack, answer("No."))).value == 1
        assert score_injection(observed(case(forbidden=("two",)), said)).value is None

    def test_a_follow_up_carries_over_what_the_user_said(self) -> None:
        given = case(understood=(("E2", "Senior Director"), ("time",)))
        half = answer(question="How long as a Senior Director?")
        score = score_follow_up(observed(given, half))
        assert (score.value, score.explanation) == (0.5, "not carried over: 'time'")
        assert score_follow_up(observed(given, answer(question="What time at E2?"))).value == 1
        assert score_follow_up(observed(case(), half)).value is None

    def test_a_level_is_right_if_it_was_asked_or_is_on_gold(self) -> None:
        asked = case(levels=("E1",), gold=(gold("Lead two teams"),))
        other = dataclasses.replace(citation("Avoid:"), levels=("E2",))
        on_gold_too = dataclasses.replace(citation("Lead two teams."), levels=("E2",), number=2)
        nobody = dataclasses.replace(citation("doing it all alone"), number=3)
        seen = observed(asked, answer("", "answered", other, on_gold_too, nobody))
        score = score_right_level(seen)
        assert (score.value, score.explanation) == (
            0.5,
            "is about E2, asked was E1: 'Avoid:'",
        )
        assert score_right_level(observed(case(), answer("", "answered", other))).value is None

    def test_a_label_counts_more_than_what_a_citation_says_of_itself(self) -> None:
        cited = dataclasses.replace(citation("Avoid:"), levels=("E1",))
        key = (cited.document, cited.start, cited.end)
        asked = case(levels=("E1",))
        for label, value in ((("E1",), 1), (("E2",), 0), ((), 0)):
            seen = observed(asked, answer("", "answered", cited), labels={key: label})
            assert score_right_level(seen).value == value
        plain = dataclasses.replace(cited, levels=())
        seen = observed(asked, answer("", "answered", plain), labels={key: ()})
        assert score_right_level(seen).value == 1


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
