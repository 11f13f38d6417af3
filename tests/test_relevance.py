"""How probably a found statement answers: what is rated, by which features, in which order."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import PassageKind
from ladder_qa.outcome import COMPARED, Features, _largest
from ladder_qa.relevance import RATED, calibration, probability, score, weights_of
from served import assistant_for

NEEDS_BANK = {"votes", "farther", "section", "answered", "nearest", "asked"}


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config, corpus_folder: Path) -> Assistant:
    return assistant_for(pytestconfig, corpus_folder)


QUESTIONS = ("how long from M2 to M3?", "what do Directors own?", "pitfalls", "E1 vs E3 board")


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_rated_states_something_and_is_sorted(assistant: Assistant, question: str) -> None:
    query, found, asked = assistant.found(question)
    rated = assistant.relevance.rate(query, found, asked)
    assert 0 < len(rated) <= RATED
    values = [one.probability for one in rated]
    assert values == sorted(values, reverse=True)
    assert all(0 <= value <= 1 for value in values)
    passages = [assistant.generation.passages[one.position] for one in rated]
    assert len({passage.id for passage in passages}) == len(passages)
    assert not any(passage.kind is PassageKind.HEADING for passage in passages)
    assert not any(passage.plain.endswith(":") for passage in passages)


def test_a_statement_about_other_levels_is_not_rated(assistant: Assistant) -> None:
    query, found, asked = assistant.found("How far ahead does an M1 plan?")
    assert query.levels == ("M1",)
    for one in assistant.relevance.rate(query, found, asked):
        levels = assistant.generation.passages[one.position].levels
        assert not levels or "M1" in levels


def test_there_is_a_row_of_features_for_each_candidate_and_a_weight_for_each(
    assistant: Assistant,
) -> None:
    query, found, asked = assistant.found("what is expected of an E2?")
    rows = assistant.relevance.features(query, found, asked)
    assert len(rows) == len(assistant.relevance.positions(found))
    named = set(weights_of("relevance", with_bank=True)) - {"intercept"}
    assert all(set(row) == named for row in rows)
    assert all(math.isfinite(value) for row in rows for value in row.values())


def test_without_a_bank_its_features_say_nothing_and_have_no_weight(assistant: Assistant) -> None:
    query, found, _ = assistant.found("what is expected of an E2?")
    rows = assistant.relevance.features(query, found, None)
    for name in ("votes", "section", "answered", "nearest"):
        assert {row[name] for row in rows} == {0.0}
    for decision in calibration():
        if decision not in {"about", "claims"}:
            assert not NEEDS_BANK & set(weights_of(decision, with_bank=False)), decision
    assert assistant.relevance.rate(query, found, None)


@pytest.mark.parametrize(
    ("question", "figure"),
    [("How many years does it take to become an M2?", 1.0), ("What does an M2 do?", 0.0)],
)
def test_the_best_statement_stands_out_by_what_the_fifth_is_behind_it(
    assistant: Assistant, question: str, figure: float
) -> None:
    query, found, asked = assistant.found(question)
    features = assistant.outcomes.features(query, found, asked, [])
    allowed = sorted(found.cosines[np.isfinite(found.scores)], reverse=True)
    assert len(allowed) < len(found.cosines)  # those about other levels are none of these
    assert features.similarity == allowed[0]
    assert features.gap == pytest.approx(allowed[0] - allowed[4])
    assert features.figure == figure


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 50])
def test_the_largest_come_first_however_many_there_are(count: int) -> None:
    values = np.random.default_rng(count).permutation(count).astype(np.float64)
    expected = sorted(values, reverse=True)[:COMPARED]
    assert _largest(values, COMPARED).tolist() == expected


def test_every_weight_of_a_decision_is_of_a_feature() -> None:
    names = set(Features.__dataclass_fields__)
    for decision in ("answered", "elsewhere"):
        for with_bank in (True, False):
            weights = weights_of(decision, with_bank=with_bank)
            assert set(weights) <= names | {"intercept"}
            assert len(weights) >= 3


def test_the_score_is_the_weighted_sum_and_the_probability_its_logistic_function() -> None:
    weights = {"intercept": -1.0, "a": 2.0, "b": -0.5}
    assert score(weights, {"a": 1.0, "b": 2.0, "unused": 9.0}) == 0.0
    assert probability(weights, {"a": 1.0, "b": 2.0}) == 0.5
    assert probability(weights, {"a": 1e9, "b": 0.0}) == 1.0
    assert probability(weights, {"a": -1e9, "b": 0.0}) == 0.0
