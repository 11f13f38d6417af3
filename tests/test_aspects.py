"""Levels side by side: rows of tables, headings that levels share, and cells that are empty.

Not covered: the page (`test_web_compare.py`).
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from ladder_qa.aspects import Aspect, Aspects
from ladder_qa.corpus import read_corpus, read_document
from ladder_qa.datamodels import Document, Passage
from ladder_qa.ladder import read_ladder
from ladder_qa.lists import read_lists
from ladder_qa.passages import read_passages

OVERVIEW = """# Overview

| Level | Title | Focus |
|---|---|---|
| X1 | Scout | The way |
| X2 | Guide | The people |

## X1: Scout

A scout looks ahead and says what is there.

### What Success Looks Like

- The way is known
- Dangers are named early

### Tools

- A map of everything

### Key Shift from X0

- Scouts go alone

## X2: Guide

A guide brings people home and keeps them well.

### What Success Looks Like

- Everybody arrives

### Key Shift from X1

- At X1, you see for yourself
- At X2, you see for others

## Two Levels

### Staying

- Staying at X1 or X2 is normal.
"""

GUIDE = """# Progression Guide: X1 to X2

## The Core Shift

| X1 (Scout) | X2 (Guide) |
|---|---|
| Finds a way | Brings others along |
| Works alone | Works with people |

## Common Pitfalls

### Running ahead

Guides who run ahead lose people.
"""


def aspects(*texts: str) -> Aspects:
    documents = [read_document(f"{n}.md", text.encode()) for n, text in enumerate(texts)]
    return of(documents)


def of(documents: list[Document]) -> Aspects:
    ladder = read_ladder(documents)
    passages = read_passages(documents, ladder)
    return Aspects(ladder, passages, read_lists(passages))


def rows(found: tuple[Aspect, ...], label: str) -> list[list[list[str]]]:
    """The plain words of each cell of the rows under a label."""
    return [
        [[passage.plain for passage in cell] for cell in row]
        for aspect in found
        if aspect.label == label
        for row in aspect.rows
    ]


def test_a_column_of_a_table_with_a_line_for_each_level_is_a_row() -> None:
    found = aspects(OVERVIEW).beside(("X1", "X2"))
    assert [[["Scout"], ["Guide"]]] == rows(found, "Title")
    assert [[["The people"], ["The way"]]] == rows(aspects(OVERVIEW).beside(("X2", "X1")), "Focus")


def test_a_table_with_a_column_for_each_level_gives_its_rows() -> None:
    found = aspects(OVERVIEW, GUIDE).beside(("X1", "X2"))
    shift = rows(found, "The Core Shift")
    assert [
        [["Finds a way"], ["Brings others along"]],
        [["Works alone"], ["Works with people"]],
    ] == (shift)


def test_headings_that_both_levels_have_are_one_aspect() -> None:
    found = aspects(OVERVIEW).beside(("X1", "X2"))
    success = [["The way is known", "Dangers are named early"], ["Everybody arrives"]]
    assert [success] == rows(found, "What Success Looks Like")


def test_headings_that_differ_in_the_names_of_levels_are_one_aspect() -> None:
    text = OVERVIEW.replace("from X0", "from X2")
    shift = rows(aspects(text).beside(("X1", "X2")), "Key Shift from X2 / Key Shift from X1")
    assert [
        [["Scouts go alone", "At X1, you see for yourself"], ["At X2, you see for others"]]
    ] == (shift)


def test_what_stands_right_below_the_levels_headings_has_no_label() -> None:
    described = rows(aspects(OVERVIEW).beside(("X1", "X2")), "")
    said = ["A scout looks ahead and says what is there."]
    assert [[said, ["A guide brings people home and keeps them well."]]] == described


def test_what_only_one_level_has_below_its_own_heading_faces_an_empty_cell() -> None:
    assert [[["A map of everything"], []]] == rows(aspects(OVERVIEW).beside(("X1", "X2")), "Tools")


def test_what_a_guide_alone_says_of_one_level_is_left_to_the_levels_page() -> None:
    found = aspects(OVERVIEW, GUIDE).beside(("X1", "X2"))
    assert [] == rows(found, "Common Pitfalls")


def test_a_statement_about_both_levels_stands_in_both_cells_of_its_row() -> None:
    both = ["Staying at X1 or X2 is normal."]
    assert [[both, both]] == rows(aspects(OVERVIEW).beside(("X1", "X2")), "Staying")


def test_a_level_without_a_table_line_faces_an_empty_cell() -> None:
    text = OVERVIEW.replace("| X2 | Guide | The people |\n", "")
    assert [[["The way"], []]] == rows(aspects(text).beside(("X1", "X2")), "Focus")


@pytest.mark.parametrize("folder", ["corpus", "engineeringladders", "sourcegraph/content"])
def test_any_two_levels_of_any_ladder_stand_side_by_side(
    request: pytest.FixtureRequest, corpus_folder: Path, folder: str
) -> None:
    """Each statement once, about its column's level; no row is empty, all sides change places."""
    here = folder == "corpus"
    path = corpus_folder if here else request.getfixturevalue("shared") / "ladders" / folder
    if not path.is_dir():
        pytest.skip(f"SHARED holds no ladders/{folder}")
    documents = list(read_corpus(path).documents)
    ladder = read_ladder(documents)
    beside = of(documents)
    codes = [level.code for level in ladder.levels]
    pairs = list(permutations(codes, 2))
    assert pairs
    for pair in pairs[:: max(1, len(pairs) // 60)]:
        found = beside.beside(pair)
        assert found, pair
        seen: set[str] = set()
        for aspect in found:
            for row in aspect.rows:
                assert any(row)
                check(row, pair, seen)
        swapped = beside.beside((pair[1], pair[0]))
        assert statements(found) == statements(swapped)


def check(row: tuple[tuple[Passage, ...], ...], pair: tuple[str, str], seen: set[str]) -> None:
    shared = row[0] == row[1]
    for code, cell in zip(pair, row, strict=True):
        for passage in cell:
            assert code in passage.levels
    for passage in row[0] if shared else (*row[0], *row[1]):
        assert passage.id not in seen
        seen.add(passage.id)


def statements(found: tuple[Aspect, ...]) -> set[str]:
    return {p.id for aspect in found for row in aspect.rows for cell in row for p in cell}
