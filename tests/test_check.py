"""The check with its model, over the real documents: what rules alone would refuse, and search.

Not covered: figures, which are `ladder-qa eval`'s; each rule (`test_verify`).
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from ladder_qa.assistant import Assistant
from ladder_qa.names import LevelNames
from ladder_qa.verify import Evidence, Verifier
from ladder_qa.words import tokens
from served import assistant_for

KNOWN = (
    "Recognition as an industry thought leader; external presence that enhances company reputation"
)


@pytest.fixture(scope="module")
def assistant(pytestconfig: pytest.Config) -> Assistant:
    """The assistant over the project's documents."""
    return assistant_for(pytestconfig, Path("corpus"))


def evidence(assistant: Assistant, words: str) -> list[Evidence]:
    """The statement with these words."""
    return [Evidence.of(p) for p in assistant.generation.passages if p.plain == words]


def test_a_free_rewording_passes_that_the_rules_alone_refuse(assistant: Assistant) -> None:
    given = evidence(assistant, KNOWN)
    reworded = "A CTO whom the industry listens to makes the company look good."
    ladder = assistant.generation.ladder
    rules = Verifier(LevelNames(ladder.levels), assistant.generation.passages)
    assert not rules.verify(reworded, given).supported
    assert assistant.verifier.verify(reworded, given).supported


@pytest.mark.parametrize(
    ("sentence", "carried"),
    [
        ("The executive track is right for you.", False),  # the heading, and nothing below it
        ("You are comfortable with ultimate accountability.", True),
    ],
)
def test_an_inventor_has_to_use_words_of_the_statement_itself(
    assistant: Assistant, sentence: str, carried: bool
) -> None:
    words = "Are comfortable with ultimate accountability—the buck stops with you"
    given = evidence(assistant, words)
    assert assistant.verifier.verify(sentence, given).supported
    assert assistant.verifier.verify(sentence, given, handicap=0.0).supported == carried


TRACKS, KEY = "Moving between tracks is valid and respected.", "The key is finding work that aligns"


@pytest.mark.parametrize(
    ("sentence", "carried_by"),
    [
        # one of them carries most of it, and the check lets it pass alone
        (f"{TRACKS[:-1]}, and the key is finding work that aligns with your interests.", (0, 1)),
        (f"{TRACKS[:-1]}, and respected.", (0,)),
    ],
)
def test_all_that_carries_a_part_of_a_sentence_is_cited(
    assistant: Assistant, sentence: str, carried_by: tuple[int, ...]
) -> None:
    passages = assistant.generation.passages
    given = [
        next(Evidence.of(p) for p in passages if p.plain.startswith(one)) for one in (TRACKS, KEY)
    ]
    assert assistant.verifier.verify(sentence, given[carried_by[-1] :], handicap=0.0).supported
    assert assistant.verifier.best(sentence, 0, given, handicap=0.0).carried_by == carried_by


@pytest.mark.parametrize(
    "sentence",
    [
        "An M2 whom the industry listens to makes the company look good.",
        "A CTO whom the industry listens to makes the company look good and sets salaries.",
        "A CTO whom the industry listens to makes the company look good within 2 years.",
    ],
)
def test_its_near_neighbours_do_not(assistant: Assistant, sentence: str) -> None:
    assert not assistant.verifier.verify(sentence, evidence(assistant, KNOWN)).supported


def test_every_statement_is_carried_by_itself(assistant: Assistant) -> None:
    """But for what stands under "not for you if": that is said with its denial."""
    refused = [
        passage.plain
        for passage in assistant.generation.passages
        if not assistant.verifier.verify(passage.plain, [Evidence.of(passage)]).supported
        and not any("not be right" in span.text for span in passage.context)
    ]
    assert refused == []


def test_what_introduces_a_list_may_be_said_with_its_items(assistant: Assistant) -> None:
    item = next(p for p in assistant.generation.passages if p.plain.startswith("Are more comf"))
    lead = next(span.text for span in item.context if span.text.endswith("you:"))
    given = [Evidence.of(item)]
    assert assistant.verifier.verify(f"{lead} {item.plain}", given).supported
    assert not assistant.verifier.verify(item.plain, given).supported


def test_a_word_that_one_statement_alone_has_finds_it(assistant: Assistant) -> None:
    where: dict[str, set[str]] = defaultdict(set)
    for passage in assistant.generation.passages:
        for token in tokens(passage.text):
            where[token].add(passage.quote)
    whole = {word for p in assistant.generation.passages for word in p.plain.casefold().split()}
    rare = [t for t, quotes in where.items() if len(quotes) == 1 and len(t) > 5 and t in whole]
    assert len(rare) > 30
    lost = [
        word
        for word in rare
        if where[word].isdisjoint(found.text for found in assistant.search(word, 8))
    ]
    assert lost == []
