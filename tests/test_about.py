"""Whom a statement is about is told by its headers, its opening, its headings and its guide."""

from __future__ import annotations

import pytest

from ladder_qa.about import About
from ladder_qa.datamodels import Level
from ladder_qa.names import LevelNames, aliases_of

TITLES = {
    "N4": ["Staff Nurse"],
    "N5": ["Charge Nurse"],
    "N6": ["Nurse Manager"],
    "N7": ["Director of Nursing", "Director"],
}


def _about() -> About:
    aliases = aliases_of(TITLES)
    return About(
        LevelNames(
            [
                Level(code, titles[0], tuple(titles), aliases[code], "N", None, "n.md", rank)
                for rank, (code, titles) in enumerate(TITLES.items())
            ]
        )
    )


ABOUT = _about()


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("At N5, you lead a shift.", ("N5",)),
        ("N6 isn't a bigger N5.", ("N6",)),
        ("Promotion to N6 requires two years.", ("N6",)),
        ("The Director of Nursing serves on the board.", ("N7",)),
        ("Important: N5 is a success in itself.", ("N5",)),
        ("N5: “Am I leading?”", ("N5",)),
        ("N5 or N6 may apply.", ("N5", "N6")),
        ("N4 → N5: two years", ("N5",)),
        ("N4 or N5 → X2: possible", ("N4", "N5")),
        ("The move from N5 to N6 takes time.", ("N6",)),
    ],
)
def test_a_statement_is_about_the_level_that_its_opening_names(
    text: str, levels: tuple[str, ...]
) -> None:
    assert ABOUT.statement(text, ["N4: Staff Nurse"]) == levels


@pytest.mark.parametrize(
    "text",
    [
        "You coach an N6 every week.",
        "N6s who are growing toward Director-level capability",
        "Directors rely on you.",
        "Director-level judgment in small things",
        "Staff (N4-N6) are rostered by you.",
        "Teams deliver.",
        "",
    ],
)
def test_naming_a_level_is_not_being_about_it(text: str) -> None:
    assert ABOUT.statement(text, ["Careers", "N5: Charge Nurse"]) == ("N5",)


def test_the_nearest_heading_that_names_a_level_decides() -> None:
    assert ABOUT.statement("It is so.", ["N4: Staff Nurse", "N5: Charge Nurse"]) == ("N5",)
    assert ABOUT.statement("It is so.", ["N4: Staff Nurse", "What it takes"]) == ("N4",)


def test_a_statement_of_a_whole_track_is_about_nobody() -> None:
    assert ABOUT.statement("Progress takes time.", ["Nursing careers", "Philosophy"]) == ()
    assert ABOUT.statement("The nursing track (N4-N7) is for all.", ["Nursing careers"]) == ()
    assert ABOUT.statement("It is so.", []) == ()


@pytest.mark.parametrize(
    ("heading", "levels"),
    [
        ("N6: Nurse Manager", ("N6",)),
        ("2. N6 – Nurse Manager", ("N6",)),
        ("Nurse Manager (N6)", ("N6",)),
        ("Level N6", ("N6",)),
        ("Expectations of a Charge Nurse", ("N5",)),
        ("Progression guide: N5 to N6", ("N6",)),
        ("From N5 to N6: a guide", ("N6",)),
        ("Charge Nurse → Nurse Manager", ("N6",)),
        ("Key shift from N5", ()),
        ("Being a super-Director instead of a leader", ()),
        ("Developing Directors", ()),
        ("N6-level work", ()),
        ("Overview", ()),
    ],
)
def test_a_heading_is_about_the_level_that_it_is_for(heading: str, levels: tuple[str, ...]) -> None:
    assert ABOUT.heading(heading) == levels


def test_a_guide_is_about_its_target_until_a_nearer_heading_says_otherwise() -> None:
    guide = "Progression guide: N5 to N6"
    assert ABOUT.statement("Practise it daily.", [guide, "Common pitfalls"]) == ("N6",)
    assert ABOUT.statement("At N5, you lead a shift.", [guide, "Common pitfalls"]) == ("N5",)
    assert ABOUT.statement("It is so.", [guide, "Expectations of a Charge Nurse"]) == ("N5",)


def test_a_cell_is_about_the_level_of_its_column_before_that_of_its_row() -> None:
    row = ["N4 speaks", "N5 acts"]
    assert ABOUT.cell("N4 speaks", "N5 (Charge Nurse)", row, ["N7: Director"]) == ("N5",)


def test_a_cell_is_about_the_level_that_its_row_is_headed_with() -> None:
    row = ["N5", "Charge Nurse", "Reports to N6"]
    assert ABOUT.cell("Reports to N6", "Note", row, ["N7: Director"]) == ("N5",)
    assert ABOUT.cell("2 years", "Time", ["N5 → N6", "2 years"], []) == ("N6",)


def test_a_cell_is_about_the_only_level_that_stands_in_its_row() -> None:
    assert ABOUT.cell("A ward", "Scope", ["Manager", "N6", "A ward"], []) == ("N6",)
    assert ABOUT.cell("A ward", "Scope", ["Rise", "N5", "N6", "A ward"], ["N7: Boss"]) == ()


def test_a_cell_without_headers_that_name_a_level_follows_its_headings() -> None:
    assert ABOUT.cell("A ward", "Scope", ["Daily", "A ward"], ["N6: Nurse Manager"]) == ("N6",)
    assert ABOUT.cell("A ward", "", [], []) == ()


def test_a_statement_about_a_level_that_nothing_describes_is_about_that_level() -> None:
    """Else it would be taken for one about the described level in whose section it stands."""
    aliases = aliases_of(TITLES)
    level = Level("N4", "Staff Nurse", ("Staff Nurse",), aliases["N4"], "N", None, "n.md", 0)
    about = About(LevelNames([level], ["N9"]))
    assert about.statement("At N9, you sign contracts.", ["N4: Staff Nurse"]) == ("N9",)
    assert about.cell("Many wards", "N9", ["Scope", "One ward", "Many wards"], []) == ("N9",)
    assert about.statement("N9 → N4: a way back", ["N4: Staff Nurse"]) == ("N4",)
