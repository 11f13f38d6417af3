"""The model of the check: what it reads, that its files are the pinned ones, that it repeats.

Not covered: how good it is; that is `ladder-qa eval` over `eval/claims.jsonl`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ladder_qa.entailment import MODEL, Entailment, premise
from ladder_qa.errors import ModelError
from ladder_qa.grounds import Evidence

STATEMENT = Evidence(
    "Leads two teams through their managers.", ("At this level, you:",), ("Guide", "Scope")
)

# A statement, the same in other words, and in nearly the same words what it does not say.
REWORDED = [
    (
        "Leads two teams through their managers.",
        "Two teams are led by way of the people who manage them.",
        "No team is led by way of the people who manage it.",
    ),
    (
        "Leads two teams through their managers.",
        "You lead a pair of teams, with managers in between.",
        "You lead a pair of teams, without managers in between.",
    ),
    (
        "Writes the plan for the year with the product lead.",
        "The year's plan is written together with the head of product.",
        "The year's plan is written without the head of product.",
    ),
    (
        "Reviews are held twice a year and never decide pay alone.",
        "Pay is never settled by a review alone.",
        "Pay is settled by a review alone.",
    ),
    (
        "Managers coach engineers on difficult projects.",
        "On hard projects, engineers are coached by their managers.",
        "On hard projects, managers are coached by their engineers.",
    ),
    (
        "Promotion depends on results, not on years served.",
        "What counts for promotion is what you achieve, not how long you stay.",
        "What counts for promotion is how long you stay, not what you achieve.",
    ),
    (
        "Seeks feedback before large decisions.",
        "Ahead of big decisions, asks others for their view.",
        "Takes big decisions without asking others for their view.",
    ),
    (
        "May hire for the own team once trained.",
        "After training, it is possible to hire for one's own team.",
        "Without any training, it is possible to hire for one's own team.",
    ),
]


@pytest.fixture(scope="module")
def model() -> Entailment:
    """The committed model."""
    return Entailment()


def test_a_statement_is_read_behind_what_governs_it() -> None:
    assert (
        premise([STATEMENT])
        == "Scope > At this level, you:: Leads two teams through their managers."
    )
    assert premise([Evidence("Alone.")]) == "Alone."
    assert premise([Evidence("One."), Evidence("Two.")]) == "One. | Two."


def test_a_rewording_is_mostly_more_probable_than_its_opposite(model: Entailment) -> None:
    wins = sum(
        model.odds(said, [given]) > model.odds(turned, [given])
        for given, said, turned in (
            (Evidence(text, STATEMENT.context, STATEMENT.section), said, turned)
            for text, said, turned in REWORDED
        )
    )
    assert wins >= len(REWORDED) - 2, wins  # a coin reaches that once in seven


def test_the_same_pair_has_the_same_score_whatever_was_read_before(model: Entailment) -> None:
    alone = model.odds("Leads two teams.", [STATEMENT])
    model.odds("Something else altogether, and at some length. " * 9, [STATEMENT] * 4)
    assert model.odds("Leads two teams.", [STATEMENT]) == alone
    assert Entailment().odds("Leads two teams.", [STATEMENT]) == alone


@pytest.mark.parametrize(
    "sentence", ["", "\ud800 broken", "x" * 20_000, "word " * 2_000, "从晋升通常需要年，" * 200]
)
def test_any_text_has_a_score(model: Entailment, sentence: str) -> None:
    assert -100 < model.odds(sentence, [STATEMENT, Evidence("word " * 5_000)]) < 100


def test_another_file_is_refused(tmp_path: Path) -> None:
    assert MODEL.stat().st_size < 40e6  # the most that one committed model may have
    changed = tmp_path / "claims.onnx"
    changed.write_bytes(MODEL.read_bytes() + b" ")
    for path in (changed, tmp_path / "none"):
        with pytest.raises(ModelError, match=str(path)):
            Entailment(path)
