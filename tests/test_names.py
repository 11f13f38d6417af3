"""Levels are found in any text by code, title, plural or abbreviation, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladder_qa.datamodels import Level
from ladder_qa.names import LONGEST, LevelNames, Mention, aliases_of

TITLES = {
    "M1": ["Engineering Manager"],
    "M2": ["Senior Engineering Manager"],
    "M3": ["Head of Engineering"],
    "E1": ["Director of Engineering", "Director"],
    "E2": ["Senior Director of Engineering", "Senior Director"],
    "E3": ["Chief Technology Officer", "CTO"],
}


def names_of(titles: dict[str, list[str]]) -> LevelNames:
    aliases = aliases_of(titles)
    return LevelNames(
        [
            Level(
                code, titles[code][0], tuple(titles[code]), aliases[code], "A", None, "a.md", rank
            )
            for rank, code in enumerate(titles)
        ]
    )


NAMES = names_of(TITLES)


def found(text: str, names: LevelNames = NAMES) -> list[tuple[str, str]]:
    return [(mention.code, text[mention.start : mention.end]) for mention in names.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("an Engineering Manager", [("M1", "Engineering Manager")]),
        ("a Senior Engineering Manager", [("M2", "Senior Engineering Manager")]),
        ("Director of Engineering", [("E1", "Director of Engineering")]),
        ("Senior Director of Engineering", [("E2", "Senior Director of Engineering")]),
        ("a senior director, not a director", [("E2", "senior director"), ("E1", "director")]),
        ("Director to Senior Director", [("E1", "Director"), ("E2", "Senior Director")]),
    ],
)
def test_where_titles_nest_the_longest_wins(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("what does the EM decide", "M1"),
        ("Sr. EM", "M2"),
        ("sr em", "M2"),
        ("Senior EM", "M2"),
        ("Sr Director", "E2"),
        ("Sr. Director of Eng", "E2"),
        ("Snr. Director", "E2"),
        ("the CTO", "E3"),
        ("cto", "E3"),
        ("Eng. Manager", "M1"),
        ("eng mgr", "M1"),
        ("Dir. of Engineering", "E1"),
        ("Engineering Director", "E1"),
        ("head of eng", "M3"),
        ("HoE", "M3"),
        ("DoE", "E1"),
        ("Senior Manager", "M2"),
        ("head-of-engineering", "M3"),
        ("Head  of\nEngineering", "M3"),
    ],
)
def test_usual_abbreviations_are_understood(text: str, code: str) -> None:
    assert NAMES.codes(text) == (code,)


@pytest.mark.parametrize(
    ("text", "code", "written"),
    [
        ("Heads of Engineering meet", "M3", "Heads of Engineering"),
        ("two Directors", "E1", "Directors"),
        ("Directors of Engineering", "E1", "Directors of Engineering"),
        ("Senior Directors", "E2", "Senior Directors"),
        ("M3s lead", "M3", "M3s"),
        ("the EMs", "M1", "EMs"),
        ("CTOs", "E3", "CTOs"),
        ("ENGINEERING MANAGERS", "M1", "ENGINEERING MANAGERS"),
    ],
)
def test_plurals_are_found_as_plurals(text: str, code: str, written: str) -> None:
    (mention,) = NAMES.find(text)
    assert (mention.code, text[mention.start : mention.end]) == (code, written)
    assert mention.plural


@pytest.mark.parametrize(("text", "code"), [("the M3's team", "M3"), ("a Director’s day", "E1")])
def test_a_possessive_is_no_plural(text: str, code: str) -> None:
    (mention,) = NAMES.find(text)
    assert (mention.code, mention.plural) == (code, False)


def test_the_plural_of_a_nested_title_is_not_the_plural_of_the_title_inside_it() -> None:
    names = names_of({"L1": ["Director of Design"], "L2": ["Senior Director of Design"]})
    assert found("Senior Directors of Design", names) == [("L2", "Senior Directors of Design")]
    names = names_of({"L1": ["President of Sales"], "L2": ["Vice President of Sales"]})
    assert found("Vice Presidents of Sales", names) == [("L2", "Vice Presidents of Sales")]


@pytest.mark.parametrize(
    "text",
    [
        "What does it take?",
        "Does it matter?",
        "DOES IT MATTER",
        "A manager coaches, as does everybody else.",
        "doe",
        "them",
        "Hoes and rakes",
        "the problem",
        "E10, ME1, E1a",
        "direction, directory",
        "a super-Director",
        "",
    ],
)
def test_words_that_only_look_like_names_are_none(text: str) -> None:
    assert NAMES.find(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("an em", ("M1",)), ("EM", ("M1",)), ("ask em about it", ()), ("Em dashes", ())],
)
def test_initials_count_in_capitals_or_after_an_article(
    text: str, expected: tuple[str, ...]
) -> None:
    assert NAMES.codes(text) == expected


@pytest.mark.parametrize("text", ["m3", "M3", "M3:", "(M3)", "at M3, you", "M3→", "“M3”", "M3/"])
def test_codes_are_found_in_any_case_and_beside_any_sign(text: str) -> None:
    assert NAMES.codes(text) == ("M3",)


@pytest.mark.parametrize("text", ["E1/E2", "E1-E2", "E1–E2", "E1 & E2", "e1,e2", "E1→E2"])
def test_both_ends_of_a_range_are_named(text: str) -> None:
    assert NAMES.codes(text) == ("E1", "E2")


def test_codes_come_once_each_in_the_order_of_their_first_mention() -> None:
    assert NAMES.codes("E2, a Director, E1 and the Sr. Director") == ("E2", "E1")


def test_documents_write_titles_with_a_capital() -> None:
    text = "Their director met the Director and an m3."
    assert NAMES.find(text, cased=True) == (Mention("E1", 23, 31, plural=False),)


def test_a_name_that_two_levels_would_share_belongs_to_neither() -> None:
    names = names_of({"A1": ["Staff Manager"], "B1": ["Sales Manager"], "C1": ["Clerk"]})
    assert names.codes("the SM") == ()
    assert names.codes("the Sales Manager") == ("B1",)
    shared = names_of({"P3": ["Senior Engineer", "Designer"], "D4": ["Senior Engineer"]})
    assert shared.codes("a Senior Engineer, a Sr. Engineer") == ()
    assert shared.codes("Designer") == ("P3",)


def test_a_title_that_the_documents_give_wins_over_one_derived_for_another_level() -> None:
    names = names_of({"A1": ["EM"], "B1": ["Engineering Manager"]})
    assert names.codes("EM") == ("A1",)
    assert names.codes("Engineering Manager") == ("B1",)


DESIGNERS = {
    "D1": ["Associate Product Designer"],
    "D2": ["Product Designer"],
    "D3": ["Senior Product Designer"],
    "D4": ["Staff Product Designer"],
    "DM1": ["Design Manager"],
    "DM2": ["Senior Design Manager"],
    "T1": ["Product Design Manager"],  # whose first word is no rank
}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("How many staff designers are there?", ("D4",)),
        ("a senior designer's week", ("D3",)),
        ("an associate designer", ("D1",)),
        ("the Senior Product Designer", ("D3",)),
        ("a senior manager", ("DM2",)),
        ("a staff engineer", ()),  # another profession
        ("a designer", ()),  # of any rank
        ("Junior Designer", ()),
        ("a product manager", ()),
    ],
)
def test_speech_leaves_out_what_stands_between_rank_and_profession(
    text: str, codes: tuple[str, ...]
) -> None:
    assert names_of(DESIGNERS).codes(text) == codes


def test_a_rank_and_profession_that_two_levels_share_are_neither() -> None:
    names = names_of({"L3": ["Senior Data Analyst"], "B3": ["Senior Business Analyst"]})
    assert names.codes("a senior analyst") == ()
    assert names.codes("a senior data analyst") == ("L3",)


@pytest.mark.parametrize("text", ["Mid-Level Engineer", "mid level engineer", "Mid-level Eng"])
def test_a_title_with_a_hyphen_is_found_with_and_without_it(text: str) -> None:
    assert names_of({"S2": ["Mid-Level Engineer"]}).codes(text) == ("S2",)


def test_signs_in_titles_have_no_meaning_of_their_own() -> None:
    names = names_of({"X1": ["C++ (Core) Engineer"], "X2": ["Lead | Staff*"]})
    assert names.codes("a C++ (Core) Engineer") == ("X1",)
    assert names.codes("Lead | Staff*") == ("X2",)
    assert names.codes("C Core Engineer") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("From M2 to M3", ("M2", "M3")),
        ("M2 → M3", ("M2", "M3")),
        ("M2->M3", ("M2", "M3")),
        ("growing from Director into a Senior Director", ("E1", "E2")),
        ("E1 (Director) to E2 (Senior Director)", ("E1", "E2")),
        ("Head of Engineering to Director of Engineering", ("M3", "E1")),
        ("M2 and M3", None),
        ("M3 to M3", None),
        ("to M3", None),
        ("M2 talks to the whole of M3", None),
    ],
)
def test_moves_are_read_from_their_wording(text: str, expected: tuple[str, str] | None) -> None:
    assert NAMES.transition(text) == expected


@pytest.mark.parametrize("cased", [False, True])
def test_short_texts_are_read_once_and_long_ones_each_time_and_alike(cased: bool) -> None:
    names, short = names_of(TITLES), "a director and a Head of Engineering"
    codes = ["M3"] if cased else ["E1", "M3"]
    for text, read in ((short, 1), ("x" * LONGEST + " " + short, 0)):
        before = names._remembered.cache_info().misses
        for _ in range(2):
            assert [mention.code for mention in names.find(text, cased=cased)] == codes
        assert names._remembered.cache_info().misses == before + read


def test_a_ladder_without_levels_names_nothing() -> None:
    names = LevelNames(())
    assert names.find("M1 to E3, Director") == ()
    assert names.transition("M1 to M2") is None
    assert aliases_of({}) == {}


def test_aliases_are_in_lower_case_with_the_longest_first() -> None:
    for aliases in aliases_of(TITLES).values():
        assert list(aliases) == sorted(aliases, key=lambda alias: (-len(alias), alias))
        assert all(alias == alias.casefold() for alias in aliases)


def _in_order(mentions: Sequence[Mention]) -> bool:
    ends = [0, *(mention.end for mention in mentions)]
    return all(end <= mention.start for end, mention in zip(ends, mentions, strict=False))


@given(
    st.lists(
        st.sampled_from(
            [
                "E1",
                "m3",
                "Director",
                "senior",
                "of",
                "Engineering",
                "Heads",
                "s",
                "’s",
                "DoE",
                "-",
                " ",
                " ",
                "to",
                ".",
                "the",
                "İ",
                "\u200b",
                "ß",
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_mentions_are_in_order_and_never_overlap(text: str) -> None:
    mentions = NAMES.find(text)
    assert _in_order(mentions)
    assert all(mention.code in TITLES for mention in mentions)
    assert set(NAMES.codes(text, cased=True)) <= set(NAMES.codes(text))
