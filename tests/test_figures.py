"""Figures are read with unit and range, told apart by what they count, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladder_qa.corpus import read_document
from ladder_qa.datamodels import Intent, Ladder, Passage, Query
from ladder_qa.figures import (
    Figure,
    about_relation,
    differing,
    figures_in,
    relation_of,
    relations_asked,
    says_figure,
    speaks_for,
)
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import read_passages


def read(**texts: str) -> tuple[Ladder, tuple[Passage, ...]]:
    documents = [read_document(f"{name}.md", text.encode()) for name, text in texts.items()]
    ladder = read_ladder(documents)
    return ladder, read_passages(documents, ladder)


def statement(text: str, heading: str = "Words") -> Passage:
    return read(a=f"# T\n\n## {heading}\n\n{text}\n")[1][-1]


def asking(text: str) -> Query:
    return Query(text, text, Intent.OTHER, (), (), None, (), (), "en", carried=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12-18+ years of experience", [Figure("month", 144, 216, open_end=True)]),
        ("over 12–24 months", [Figure("month", 12, 24, open_end=False)]),
        ("in 3 to 5 years", [Figure("month", 36, 60, open_end=False)]),
        ("between 3 and 5 years", [Figure("month", 36, 60, open_end=False)]),
        ("5+ year horizons", [Figure("month", 60, 60, open_end=True)]),
        ("1.5 years", [Figure("month", 18, 18, open_end=False)]),
        ("52 weeks", [Figure("month", 12, 12, open_end=False)]),
        ("typically 3-8 engineers", [Figure("engineer", 3, 8, open_end=False)]),
        ("60-70% of managers", [Figure("%", 60, 70, open_end=False)]),
        ("25 percent", [Figure("%", 25, 25, open_end=False)]),
        ("about 1,000 engineers", [Figure("engineer", 1000, 1000, open_end=False)]),
        ("1-2 E1 positions", [Figure("position", 1, 2, open_end=False)]),
        ("exactly one lead", [Figure("lead", 1, 1, open_end=False)]),
        (
            "2 teams and 10 engineers",
            [Figure("team", 2, 2, open_end=False), Figure("engineer", 10, 10, open_end=False)],
        ),
    ],
)
def test_amounts_are_read_with_unit_and_range(text: str, expected: list[Figure]) -> None:
    assert list(figures_in(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "At E1, you own M3s and IC4-IC5",
        "1. Domain ownership",
        "3) Ask for help",
        "regular 1:1s",
        "one of us",
        "two sides of it",
        "v2.0 and H2O",
        "no figure",
        "",
    ],
)
def test_codes_list_numbers_and_words_are_no_figures(text: str) -> None:
    assert figures_in(text) == ()


def test_a_figure_after_a_list_number_is_one() -> None:
    assert figures_in("2. Lead 3 teams") == (Figure("team", 3, 3, open_end=False),)


@given(st.text(alphabet="0123456789 .,-–+%:yearsmonthE<", max_size=40))
def test_any_text_can_be_read_for_figures(text: str) -> None:
    for figure in figures_in(text):
        assert figure.low >= 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("It takes 3 years.", True), ("Varies greatly", True), ("It takes long.", False)],
)
def test_a_statement_may_say_in_a_figures_place_that_it_varies(text: str, expected: bool) -> None:
    assert says_figure(statement(text)) is expected


@pytest.mark.parametrize(
    ("text", "heading", "relation"),
    [
        ("Progression takes 3-5 years.", "Words", "timeline"),
        ("10+ years of professional experience.", "Words", "experience"),
        ("A team of 8 engineers.", "Words", "team"),
        ("60% of them.", "Words", "share"),
        ("Shown consistently over 12 months.", "Words", "readiness"),
        ("Plans 2 years ahead.", "Words", "horizon"),
        ("3-5 of them.", "Typical experience", "experience"),
        ("3-5 of them.", "Words", None),
    ],
)
def test_what_a_figure_is_about_is_told_by_its_words_then_by_what_governs_it(
    text: str, heading: str, relation: str | None
) -> None:
    assert relation_of(statement(text, heading)) == relation


@pytest.mark.parametrize(
    ("question", "relation"),
    [
        ("How long does it take?", "timeline"),
        ("How much experience do they have?", "experience"),
        ("How many engineers are in a team?", "team"),
        ("What percentage of managers is that?", "share"),
        ("How far ahead do they plan?", "horizon"),
        ("How long must I perform at the next level?", "readiness"),
    ],
)
def test_a_question_shows_what_it_wants_a_figure_of(question: str, relation: str) -> None:
    assert relations_asked(asking(question))[0] == relation


def test_a_question_without_a_figure_wants_none() -> None:
    assert relations_asked(asking("Who is the boss?")) == ()


def test_every_relation_has_words_for_a_conflict() -> None:
    for name in relations_asked(
        asking("take experience ahead engineers percent seats performance at the next level")
    ):
        assert about_relation(name)


def test_statements_of_two_documents_that_give_different_amounts_differ() -> None:
    _, passages = read(a="Sustained over 12-24+ months.\n", b="Sustained over 18-24+ months.\n")
    assert differing(passages) == (passages[0], passages[1])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("It takes 1-2 years.", "It takes 12-24 months."),  # the same in other units
        ("It takes 2 years.", "It needs 8 engineers."),  # other things
        ("It takes 2 years.", "It takes long."),
        ("Leads 3 teams.", "Leads 5 teams."),  # only durations and shares are compared
    ],
)
def test_one_amount_in_other_units_or_of_other_things_does_not_differ(
    first: str, second: str
) -> None:
    assert differing(read(a=f"{first}\n", b=f"{second}\n")[1]) is None


def test_two_statements_of_one_document_do_not_differ() -> None:
    assert differing(read(a="It takes 1 year.\n\nIt takes 2 years.\n")[1]) is None
    assert differing(()) is None


def test_a_statement_speaks_for_its_own_level_or_for_all_of_its_document() -> None:
    ladder, passages = read(
        a="# Leads\n\nAll wait 2 years.\n\n## L1: Lead\n\nLeads wait 1 year.\n\n## L2: Chief\n",
        b="# Other\n\nAll wait 3 years.\n",
    )
    by_quote = {passage.quote: passage for passage in passages}
    assert speaks_for(by_quote["Leads wait 1 year."], "L1", ladder)
    assert not speaks_for(by_quote["Leads wait 1 year."], "L2", ladder)
    assert speaks_for(by_quote["All wait 2 years."], "L2", ladder)
    assert not speaks_for(by_quote["All wait 3 years."], "L2", ladder)
    assert not speaks_for(by_quote["All wait 2 years."], "L9", ladder)


def test_every_figure_of_the_tables_of_times_is_a_duration(corpus_folder: Path) -> None:
    for path in sorted(corpus_folder.glob("*-overview.md")):
        document = read_document(path.name, path.read_bytes())
        passages = read_passages([document], read_ladder([document]))
        times = [p for p in passages if p.context and p.context[0].text == "Typical Time"]
        assert len(times) >= 2
        for passage in times:
            assert says_figure(passage)
            assert all(figure.unit == "month" for figure in figures_in(passage.plain))
