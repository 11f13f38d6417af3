"""Statements that stand side by side are one list, with its labels, kinds and levels."""

from __future__ import annotations

from pathlib import Path

from ladder_qa.corpus import read_corpus, read_document
from ladder_qa.datamodels import Passage
from ladder_qa.ladder import read_ladder
from ladder_qa.lists import StatementList, read_lists
from ladder_qa.passages import read_passages


def read(text: str) -> tuple[tuple[Passage, ...], tuple[StatementList, ...]]:
    document = read_document("a.md", text.encode())
    passages = read_passages([document], read_ladder([document]))
    return passages, read_lists(passages)


def quotes(passages: tuple[Passage, ...], found: StatementList) -> list[str]:
    return [passages[member].quote for member in found.members]


def test_items_of_one_list_are_one_list() -> None:
    passages, (found,) = read("# T\n\n## Common pitfalls\n\n- One.\n- Two.\n- Three.\n\nWords.\n")
    assert quotes(passages, found) == ["One.", "Two.", "Three."]
    assert found.labels[0] == "Common pitfalls"
    assert found.topics == {"pitfalls"}
    assert found.document == "a.md"


def test_what_introduces_a_list_is_a_label_without_its_marks() -> None:
    _, lists = read(
        "# T\n\n## 1. Speaking\n\n**What this looks like:**\n\n- One.\n- Two.\n\n"
        "**How to develop this:**\n\n- Three.\n- Four.\n"
    )
    assert [found.labels for found in lists] == [
        ("1. Speaking", "What this looks like:"),
        ("1. Speaking", "How to develop this:"),
    ]
    assert [found.topics for found in lists] == [{"signs"}, {"development"}]


def test_bold_titles_of_one_section_are_one_list() -> None:
    passages, (found,) = read(
        "# T\n\n## Traps\n\n**Haste**\n\nWords.\n\n**Waste**\n\nMore words.\n"
    )
    assert quotes(passages, found) == ["Haste", "Waste"]
    assert found.topics == {"pitfalls"}


def test_sub_headings_of_one_section_are_one_list() -> None:
    passages, (found,) = read("# T\n\n## Pitfalls\n\n### Haste\n\nWords.\n\n### Waste\n\nWords.\n")
    assert quotes(passages, found) == ["Haste", "Waste"]


def test_one_statement_alone_and_the_cells_of_a_table_are_no_list() -> None:
    assert read("# T\n\n- One.\n\n| A | B |\n|---|---|\n| x | y |\n| z | w |\n")[1] == ()
    assert read_lists(()) == ()


def test_a_list_knows_the_levels_of_its_members() -> None:
    _, lists = read(
        "# T\n\n## T1: Trainee\n\n- One.\n- Two.\n\n## T2: Master\n\n- Three.\n- Four.\n\n"
        "## All\n\n- T1: three years\n- T2: five years\n"
    )
    items = [found for found in lists if found.labels[0] != "T"]
    assert [found.levels for found in items] == [("T1",), ("T2",), ("T1", "T2")]


def test_lists_of_two_documents_are_never_one() -> None:
    text = b"# T\n\n## Pitfalls\n\n### One\n\nA.\n\n### Two\n\nB.\n\n- x.\n- y.\n"
    documents = [read_document(name, text) for name in ("a.md", "b.md")]
    lists = read_lists(read_passages(documents, read_ladder(documents)))
    assert [found.document for found in lists] == ["a.md", "a.md", "b.md", "b.md"]


def test_lists_of_the_corpus_are_whole_and_in_reading_order(corpus_folder: Path) -> None:
    documents = read_corpus(corpus_folder).documents
    passages = read_passages(documents, read_ladder(documents))
    lists = read_lists(passages)
    assert [found.members[0] for found in lists] == sorted(found.members[0] for found in lists)
    for found in lists:
        assert list(found.members) == sorted(set(found.members))
        assert len({passages[member].document for member in found.members}) == 1
    pitfalls = {
        found.document: len(found.members)
        for found in lists
        if found.labels[0] == "Common Pitfalls" and "pitfalls" in found.topics
    }
    guides = ("progression-e1-to-e2.md", "progression-m2-to-m3.md", "progression-m3-to-e1.md")
    assert pitfalls == dict.fromkeys(guides, 5)
    questions = [len(found.members) for found in lists if found.labels[0].startswith("Self-Assess")]
    assert questions == [6, 6, 6]
