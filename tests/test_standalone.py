"""What cannot be shown by itself, whatever the documents say, and the near sentence that can."""

from __future__ import annotations

import pytest

from ladder_qa.corpus import read_document
from ladder_qa.datamodels import Passage
from ladder_qa.ladder import read_ladder
from ladder_qa.names import LevelNames
from ladder_qa.passages import read_passages
from ladder_qa.standalone import OFTEN, points_elsewhere, unfit
from ladder_qa.writing import Sentence

TEXT = """# Track Overview

| Level | Title |
|-------|-------|
| X1 | Scout |
| X2 | Guide |

## X1: Scout

You have to perform at the next level before you get there.

The statement of purpose is written by a scout.

The question changes from "Do I find the way?" to "Do I lead others there?"

Scouts map fewer than <10% of all ways.
"""


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    """The statements of one small document."""
    documents = [read_document("overview.md", TEXT.encode())]
    return list(read_passages(documents, read_ladder(documents)))


@pytest.fixture(scope="module")
def names() -> LevelNames:
    """The names of its levels."""
    documents = [read_document("overview.md", TEXT.encode())]
    return LevelNames(read_ladder(documents).levels)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Scouts map <10% of all ways.", ""),
        ("Scouts map <b all ways.", "markup"),
        ("Scouts see scouts.example/ways for more.", "markup"),
        ("Overview) scouts look ahead.", "markup"),
        ("A scout looks ahead (and back).", ""),
        ("The scout is the", "fragment"),
        ("A scout looks ahead and finds the way", ""),
        ("Takes 2-3 years", ""),
        ("Scouts lead.", ""),
        (
            "A scout maps the valley for others, and so a scout maps the valley for others.",
            "repetitive",
        ),
        ("A scout maps the valley and a guide maps the valley.", ""),
        (f"Scouts {'scout, ' * OFTEN}and look ahead.", "repetitive"),
        (f"{'Scouts, ' * OFTEN}and guides look ahead.", ""),
        ("In the way of the one and in the way of the other.", ""),
    ],
)
def test_a_sentence_is_whole_plain_and_says_things_once(text: str, reason: str) -> None:
    assert unfit(Sentence(text, (1,))) == reason


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (Sentence("Scout", (1,), bullet=True), "fragment"),
        (Sentence("Finds the way", (1,), bullet=True), ""),
        (Sentence("A scout: Looks", (1,), bullet=True, lead_in="A scout"), ""),
        (Sentence("5+ years", (1,), bullet=True), ""),
    ],
)
def test_an_item_may_be_short_where_a_line_introduces_it(item: Sentence, reason: str) -> None:
    assert unfit(item) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("You perform at the next level before you get there.", ""),
        ("You perform at the previous level before you get there.", "reference"),
        ("A Scout performs well at that level.", ""),
        ("Between Scout and Guide, that level is the harder one.", "reference"),
        ("Performing at that level is for a Scout.", "reference"),
        ("A Scout performs well at the lower level.", "reference"),
        ("The statement of purpose is a scout's.", ""),
        ("The prompt is a scout's.", "prompt"),
        ("The answer is that a scout performs.", "prompt"),
        ("For what is found, a scout answers to the guide.", ""),
        ("The deciding answers come from scouts.", ""),
        ("The question changes: do you find the way?", ""),
        ("Do you find the way home?", "question"),
        ("The question changes: do you cook dinner?", "question"),
        ('The question changes from "Do I find the way?" to another one.', ""),
        ("I find that you lead others there.", "prompt"),
        ("Here is what changes: you lead others there.", "prompt"),
        ("Question: how others find the way.", "prompt"),
    ],
)
def test_what_a_sentence_points_to_stands_in_its_statements(
    passages: list[Passage], names: LevelNames, text: str, reason: str
) -> None:
    assert points_elsewhere(text, passages, names) == reason


def test_words_of_one_statement_excuse_no_other(passages: list[Passage], names: LevelNames) -> None:
    named = next(one for one in passages if "next level" in one.plain)
    other = next(one for one in passages if "purpose" in one.plain)
    assert points_elsewhere("You perform at the next level.", [named], names) == ""
    assert points_elsewhere("You perform at the next level.", [other], names) == "reference"


@pytest.mark.parametrize(
    ("run", "repetitive"),
    [
        ("the scout maps", False),
        ("the scout maps valleys", True),
        ("is mapped by the", False),  # of a comparison
        ("the scout maps the valley", True),
        ("the way to the valley", False),
    ],
)
def test_a_run_that_comes_again_is_longer_than_what_a_comparison_repeats(
    run: str, repetitive: bool
) -> None:
    text = f"{run} today and {run} tomorrow."
    assert unfit(Sentence(text, (1,))) == ("repetitive" if repetitive else "")
