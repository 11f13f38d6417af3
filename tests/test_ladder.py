"""Levels, tracks, moves and missing documents are read from the documents of any ladder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ladder_qa.corpus import read_corpus, read_document
from ladder_qa.datamodels import Ladder, MissingDocument, Transition
from ladder_qa.ladder import number_of, prefix_of, read_ladder

EXECUTIVE, MANAGEMENT = "executive-track-overview.md", "management-track-overview.md"


def ladder_of(**texts: str) -> Ladder:
    return read_ladder([read_document(f"{name}.md", text.encode()) for name, text in texts.items()])


def codes(ladder: Ladder) -> list[str]:
    return [level.code for level in ladder.levels]


def moves(ladder: Ladder) -> list[tuple[str, str, str | None, str | None]]:
    return [(t.source, t.target, t.document, t.typical_time) for t in ladder.transitions]


@pytest.fixture(scope="session")
def corpus_ladder(corpus_folder: Path) -> Ladder:
    return read_ladder(read_corpus(corpus_folder).documents)


# The five documents.


def test_the_six_levels_are_read_from_the_lowest_to_the_highest(corpus_ladder: Ladder) -> None:
    assert [(level.rank, level.code, level.title) for level in corpus_ladder.levels] == [
        (0, "M1", "Engineering Manager"),
        (1, "M2", "Senior Engineering Manager"),
        (2, "M3", "Head of Engineering"),
        (3, "E1", "Director of Engineering"),
        (4, "E2", "Senior Director of Engineering"),
        (5, "E3", "Chief Technology Officer"),
    ]


def test_a_level_keeps_every_title_that_the_documents_use(corpus_ladder: Ladder) -> None:
    titles = {level.code: set(level.titles) for level in corpus_ladder.levels}
    assert {"Director of Engineering", "Director"} <= titles["E1"]
    assert {"Senior Director of Engineering", "Senior Director"} <= titles["E2"]
    assert {"Chief Technology Officer", "CTO"} <= titles["E3"]


def test_levels_know_their_track_and_where_they_are_described(corpus_ladder: Ladder) -> None:
    assert {level.code: (level.track, level.document) for level in corpus_ladder.levels} == {
        **dict.fromkeys(("M1", "M2", "M3"), ("Management track", MANAGEMENT)),
        **dict.fromkeys(("E1", "E2", "E3"), ("Executive track", EXECUTIVE)),
    }


def test_core_questions_are_those_of_the_tables(corpus_ladder: Ladder) -> None:
    assert {level.code: level.core_question for level in corpus_ladder.levels} == {
        "M1": "Am I learning to be an effective manager?",
        "M2": "Am I effective without oversight?",
        "M3": "Am I developing excellent managers?",
        "E1": "Am I accountable for domain business outcomes?",
        "E2": "Am I shaping how engineering succeeds?",
        "E3": "Am I accountable for technology as competitive advantage?",
    }


def test_moves_have_their_guide_or_none_and_the_time_that_is_stated(
    corpus_ladder: Ladder,
) -> None:
    assert moves(corpus_ladder) == [
        ("M1", "M2", None, "3-5 years"),
        ("M2", "M3", "progression-m2-to-m3.md", "4-8+ years"),
        ("M3", "E1", "progression-m3-to-e1.md", "3-5+ years"),
        ("E1", "E2", "progression-e1-to-e2.md", "3-5+ years"),
        ("E2", "E3", None, "Varies greatly"),
    ]


def test_moves_from_other_tracks_are_no_transitions(corpus_ladder: Ladder) -> None:
    assert set(corpus_ladder.mentioned) == {"IC2", "IC3", "IC4", "IC5"}
    assert corpus_ladder.level("IC3") is None
    assert corpus_ladder.transition("IC3", "M1") is None


def test_documents_that_others_refer_to_and_that_are_not_here_are_named(
    corpus_ladder: Ladder,
) -> None:
    both = (EXECUTIVE, MANAGEMENT)
    assert sorted(corpus_ladder.missing, key=lambda missing: missing.name) == [
        MissingDocument("Job Descriptions", both, ()),
        MissingDocument("Progression Guide: E2 to E3", (EXECUTIVE,), ("E2", "E3")),
        MissingDocument("Progression Guide: M1 to M2", (MANAGEMENT,), ("M1", "M2")),
        MissingDocument("Readiness Assessments", both, ()),
    ]


def test_a_level_is_looked_up_in_any_case(corpus_ladder: Ladder) -> None:
    assert corpus_ladder.level("e2") is corpus_ladder.level("E2") is corpus_ladder.levels[4]
    assert corpus_ladder.level("E4") is None


# A public ladder with codes of several letters and no moves.


def test_a_public_ladder_of_four_tracks_is_read_without_a_change(shared: Path) -> None:
    folder = shared / "ladders" / "engineeringladders"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    ladder = read_ladder(read_corpus(folder).documents)
    expected = {
        "D": ("Developer", range(1, 8)),
        "TL": ("Tech Lead", range(4, 8)),
        "TPM": ("Technical Program Manager", range(4, 8)),
        "EM": ("Engineering Manager", range(5, 8)),
    }
    assert {level.code: level.title for level in ladder.levels} == {
        f"{prefix}{number}": f"{title} {number}"
        for prefix, (title, numbers) in expected.items()
        for number in numbers
    }
    assert {prefix_of(level.code): level.track for level in ladder.levels} == {
        prefix: title for prefix, (title, _) in expected.items()
    }
    assert ladder.transitions == ()


def test_a_public_ladder_whose_headings_are_codes_alone_is_read(shared: Path) -> None:
    folder = shared / "ladders" / "sourcegraph"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    assert codes(read_ladder(read_corpus(folder).documents)) == ["IC1", "IC2", "IC3", "IC4", "IC5"]


# Invented ladders with other codes and wordings.


def test_headings_of_code_dash_title_describe_levels_in_the_order_of_their_numbers() -> None:
    ladder = ladder_of(
        design="# Design ladder\n\n## P3 – Principal Designer\n\n## P10 — Design Fellow\n\n"
        "## P1 - Associate\n\n## P2: Designer\n\n## P4 | Lead, Design\n"
    )
    assert [(level.code, level.title) for level in ladder.levels] == [
        ("P1", "Associate"),
        ("P2", "Designer"),
        ("P3", "Principal Designer"),
        ("P4", "Lead, Design"),
        ("P10", "Design Fellow"),
    ]
    assert [level.rank for level in ladder.levels] == [0, 1, 2, 3, 4]
    assert ladder.transitions == ()
    assert ladder.missing == ()


def test_headings_of_title_and_code_in_brackets_describe_levels() -> None:
    ladder = ladder_of(
        nursing="# Nursing careers\n\n## Staff Nurse (N4)\n\nWorks.\n\n## Charge Nurse (N5)\n\n"
        "Works with an N7.\n"
    )
    assert [(level.code, level.title, level.track) for level in ladder.levels] == [
        ("N4", "Staff Nurse", "Nursing careers"),
        ("N5", "Charge Nurse", "Nursing careers"),
    ]
    assert ladder.mentioned == ("N7",)


@pytest.mark.parametrize(
    ("heading", "code", "title"),
    [
        ("L7", "L7", "L7"),
        ("Level L7", "L7", "L7"),
        ("Level L7: Fellow", "L7", "Fellow"),
        ("L7 (Fellow)", "L7", "Fellow"),
        ("**L7: Fellow**", "L7", "Fellow"),
        ("[L7 - Fellow](#l7)", "L7", "Fellow"),
        ("2. L7: Fellow", "L7", "Fellow"),
        ("SWE12 — Fellow", "SWE12", "Fellow"),
    ],
)
def test_headings_name_levels_in_many_ways(heading: str, code: str, title: str) -> None:
    (level,) = ladder_of(a=f"# Ladder\n\n## {heading}\n\nWords.\n").levels
    assert (level.code, level.title) == (code, title)


@pytest.mark.parametrize(
    "heading", ["Key shift from L7", "L7s and their teams", "What an L7 does", "7. Overview", "L-7"]
)
def test_a_heading_that_only_names_a_level_does_not_describe_it(heading: str) -> None:
    assert ladder_of(a=f"# Ladder\n\n## {heading}\n\nWords.\n").levels == ()


def test_a_table_without_a_title_column_gives_levels_that_are_called_by_their_code() -> None:
    ladder = ladder_of(
        grades="# Grades\n\n| Grade | Scope |\n|---|---|\n"
        "| G2 | A project |\n| G1 | A task, as G0 |\n"
    )
    assert [(level.code, level.title, level.titles) for level in ladder.levels] == [
        ("G1", "G1", ()),
        ("G2", "G2", ()),
    ]
    assert ladder.mentioned == ("G0",)


def test_tables_give_titles_core_questions_and_times() -> None:
    ladder = ladder_of(
        a="# Trades\n\n| Level | Role | Core question |\n|---|---|---|\n"
        "| **T1** | Trainee | Am I learning? |\n| `T2` | Master | Am I teaching? |\n\n"
        "| Move | Duration |\n|---|---|\n| T1 to T2 | 2–3 years |\n"
    )
    assert [(level.title, level.core_question) for level in ladder.levels] == [
        ("Trainee", "Am I learning?"),
        ("Master", "Am I teaching?"),
    ]
    assert ladder.transitions == (Transition("T1", "T2", "Trainee → Master", None, "2–3 years"),)


def test_a_core_question_may_stand_in_a_list() -> None:
    ladder = ladder_of(a="# T\n\n## T1: Trainee\n\n- T1 (Trainee): “Am I learning?”\n")
    assert ladder.levels[0].core_question == "Am I learning?"


@pytest.mark.parametrize(
    "title",
    [
        "From L4 to L5: a guide",
        "L4 → L5",
        "Guide: L4 -> L5",
        "Engineer to Senior Engineer",
        "From Engineer (L4) to Senior Engineer (L5)",
    ],
)
def test_a_guide_is_known_by_a_title_that_is_a_move(title: str) -> None:
    ladder = ladder_of(
        a="# Ladder\n\n## L4: Engineer\n\n## L5: Senior Engineer\n",
        guide=f"# {title}\n\nThis usually takes 18-24 months.\n",
    )
    assert moves(ladder) == [("L4", "L5", "guide.md", "18-24 months")]


def test_titles_that_nest_belong_to_their_own_levels() -> None:
    ladder = ladder_of(
        a="# Ladder\n\n## P1: Designer\n\n## P2: Principal Designer\n\n"
        "## P3: Senior Principal Designer\n"
    )
    aliases = {level.code: level.aliases for level in ladder.levels}
    assert aliases["P1"] == ("designer",)
    assert "principal designer" in aliases["P2"]
    assert "sr principal designer" in aliases["P3"]
    assert not set(aliases["P2"]) & set(aliases["P3"])


def test_tracks_are_ordered_as_moves_join_them_and_named_as_the_documents_name_them() -> None:
    ladder = ladder_of(
        a="# Leaders\n\nThe Leadership track (L1-L2). T2 → L1 is usual.\n\n## L1: Lead\n\n"
        "## L2: Chief\n",
        b="# Makers\n\nThe Trade track (T1–T2).\n\n## T1: Trainee\n\n## T2: Master\n",
    )
    assert [(level.code, level.track) for level in ladder.levels] == [
        ("T1", "Trade track"),
        ("T2", "Trade track"),
        ("L1", "Leadership track"),
        ("L2", "Leadership track"),
    ]
    assert moves(ladder) == [("T2", "L1", None, None)]


def test_references_and_links_to_absent_documents_are_missing() -> None:
    ladder = ladder_of(
        a="# Ladder\n\n## T1: Trainee\n\n## T2: Master\n\n## T3: Chief\n\n## Related\n\n"
        "For more, see:\n\n- **Pay Guide** for pay\n- **Step Guides** for moves (T1→T2, T2→T3)\n"
        "- **Your Lead** for advice\n- [Old](old/ladder.md#x), [this](a.md), [web](https://e.org/b.md)\n",
        b="# Step Guide: T1 to T2\n\nWords.\n",
    )
    assert {(missing.name, missing.levels) for missing in ladder.missing} == {
        ("Pay Guide", ()),
        ("Step Guide: T2 to T3", ("T2", "T3")),
        ("old/ladder.md", ()),
    }
    assert {missing.referred_by for missing in ladder.missing} == {("a.md",)}


def test_a_document_that_is_here_is_not_missing() -> None:
    ladder = ladder_of(
        a="# Ladder\n\n## T1: Trainee\n\nSee also:\n\n- **Pay Guide** for pay\n",
        b="# Pay guide\n\nWords.\n",
    )
    assert ladder.missing == ()


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["# Cooking\n\nBoil 2 l of water to 100 C.\n\n| A | B |\n|---|---|\n| x | y |\n"],
        ["Words of H2O and E2, but no level is described.\n"],
    ],
)
def test_documents_without_a_level_give_a_ladder_without_levels(texts: Sequence[str]) -> None:
    ladder = ladder_of(**{f"d{number}": text for number, text in enumerate(texts)})
    assert ladder.levels == ()
    assert ladder.transitions == ()


def test_a_code_at_the_end_of_one_block_takes_no_title_from_the_next() -> None:
    ladder = ladder_of(a="# Ladder\n\n## T1: Trainee\n\nSo much for T1\n\n(Optional) Read on.\n")
    assert ladder.levels[0].titles == ("Trainee",)


def test_a_code_has_letters_and_a_number() -> None:
    assert (prefix_of("TPM4"), number_of("TPM4"), number_of("P10")) == ("TPM", 4, 10)
