"""A heading as a question: a whole sentence, with the heading's own words written small.

Not covered: whether it is answered (`test_suggestions`).
"""

from __future__ import annotations

import re

import pytest

from ladder_qa.corpus import read_document
from ladder_qa.headings import HeadingQuestions
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import read_passages

TEXT = """# Guide

Ask the Board about your plans before you write to Ann. A Portfolio is what the board reads.

- Show your portfolio to the Council

**Common Traps**

Words.
"""


@pytest.fixture(scope="module")
def asking() -> HeadingQuestions:
    document = read_document("guide.md", TEXT.encode())
    return HeadingQuestions(read_passages([document], read_ladder([document])))


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        # lists, by their name
        ("Common Pitfalls", "What are the common pitfalls from X1 to X2?"),
        ("Anti-Patterns:", "What are the anti-patterns from X1 to X2?"),
        ("Warning Signs of Failure", "What is said about warning signs of failure from X1 to X2?"),
        ("Questions to Reflect On", "What are the questions to reflect on from X1 to X2?"),
        ("Mistakes in Your First Year", "What are the mistakes in your first year from X1 to X2?"),
        ("OKR and SQL2 Checklists", "What are the OKR and SQL2 checklists from X1 to X2?"),
        # what somebody is to do
        ("Build a Track Record", "How do I build a track record when moving from X1 to X2?"),
        ("Avoid Common Mistakes", "How do I avoid common mistakes when moving from X1 to X2?"),
        ("Know Your Traps", "How do I know my traps when moving from X1 to X2?"),
        ("How to Prove Yourself", "How do I prove myself when moving from X1 to X2?"),
        ("Shape the Portfolio", "How do I shape the portfolio when moving from X1 to X2?"),
        # everything else
        ("Building a Portfolio", "What is said about building a portfolio from X1 to X2?"),
        ("Evidence", "What is said about “Evidence” from X1 to X2?"),
        ("Self-Awareness", "What is said about “Self-Awareness” from X1 to X2?"),
        ("At a Glance", "What is said about “At a Glance” from X1 to X2?"),
        ("What Not to Do", "What is said about “What Not to Do” from X1 to X2?"),
        ("Am I Ready?", "What is said about “Am I Ready?” from X1 to X2?"),
        ("Häufige Fehler", "What is said about “Häufige Fehler” from X1 to X2?"),
        # the move is named once
        ("Pitfalls from X1 to X2", "What are the pitfalls from X1 to X2?"),
        # names, by how the documents write them
        ("Votes of the Council", "What are the votes of the Council from X1 to X2?"),
        (
            "Letters to Ann and the Board",
            "What are the letters to Ann and the board from X1 to X2?",
        ),
    ],
)
def test_a_heading_becomes_a_sentence(
    asking: HeadingQuestions, heading: str, expected: str
) -> None:
    assert expected == asking.question(heading, "X1", "X2")


@pytest.mark.parametrize("heading", ["", "?", "How to", "ing", "s", "the s", "Ｐitfalls", "a b c"])
def test_no_heading_is_too_odd_to_ask_about(asking: HeadingQuestions, heading: str) -> None:
    assert re.fullmatch(r"(?:What|How) .*\?", asking.question(heading, "X1", "X2"))
