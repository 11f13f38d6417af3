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


def test_a_rewording_is_more_probable_than_its_opposite(model: Entailment) -> None:
    said = model.odds("Two teams are led by way of the people who manage them.", [STATEMENT])
    turned = model.odds("No team is led by way of the people who manage it.", [STATEMENT])
    assert said > turned


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
