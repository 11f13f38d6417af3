"""Passages are exact, know what governs them and whom they are about, and keep their ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core.schema import Document as Node
from llama_index.core.schema import MetadataMode

from ladder_qa.corpus import read_corpus, read_document
from ladder_qa.datamodels import Corpus, Document, Passage, PassageKind
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import PassageParser, read_passages

DATA = Path(__file__).parent / "data"


def records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def passages_of(documents: Sequence[Document]) -> tuple[Passage, ...]:
    return read_passages(documents, read_ladder(documents))


def read(text: str) -> tuple[Passage, ...]:
    return passages_of([read_document("a.md", text.encode())])


def one(passages: Sequence[Passage], quote: str) -> Passage:
    (found,) = [passage for passage in passages if passage.quote == quote]
    return found


def overlapping(passages: Sequence[Passage], record: dict[str, Any]) -> Passage:
    """The passage that shares most characters with a labelled place."""

    def shared_characters(passage: Passage) -> int:
        start, end = int(record["start"]), int(record["end"])
        return min(passage.end, end) - max(passage.start, start)

    here = [passage for passage in passages if passage.document == record["document"]]
    best = max(here, key=shared_characters)
    assert shared_characters(best) > 0, record
    return best


def assert_exact(documents: Sequence[Document], passages: Sequence[Passage]) -> None:
    texts = {document.path: document.text for document in documents}
    for passage in passages:
        text = texts[passage.document]
        assert text[passage.start : passage.end] == passage.quote
        assert passage.quote.strip()
        for span in passage.context:
            assert text[span.start : span.end] == span.text


@pytest.fixture(scope="session")
def corpus(corpus_folder: Path) -> Corpus:
    return read_corpus(corpus_folder)


@pytest.fixture(scope="session")
def passages(corpus: Corpus) -> tuple[Passage, ...]:
    return passages_of(corpus.documents)


# Labelled by hand, before any of this was written.


def test_whom_a_statement_is_about_agrees_with_the_labels_of_the_corpus(
    passages: tuple[Passage, ...],
) -> None:
    labelled = records("levels-corpus.jsonl")
    assert len(labelled) == 100
    wrong = [
        (record, overlapping(passages, record).levels)
        for record in labelled
        if set(overlapping(passages, record).levels) != set(record["levels"])
    ]
    assert len(wrong) <= 2, wrong


def test_whom_a_statement_is_about_agrees_with_the_labels_of_another_ladder(shared: Path) -> None:
    folder = shared / "ladders" / "engineeringladders"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    found = passages_of(read_corpus(folder).documents)
    labelled = records("levels-engineeringladders.jsonl")
    assert len(labelled) == 40
    wrong = [
        (record, overlapping(found, record).levels)
        for record in labelled
        if set(overlapping(found, record).levels) != set(record["levels"])
    ]
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize(
    "record", records("contexts-turning.jsonl"), ids=lambda record: record["quote"][:40]
)
def test_words_that_turn_a_meaning_are_in_its_context(
    record: dict[str, Any], passages: tuple[Passage, ...]
) -> None:
    passage = overlapping(passages, record)
    assert passage.quote in record["quote"] or record["quote"] in passage.quote
    assert any(record["must_include"] in span.text for span in passage.context)


# What a passage is.


def test_every_quote_and_context_of_the_corpus_is_an_exact_slice(
    corpus: Corpus, passages: tuple[Passage, ...]
) -> None:
    assert len(passages) > 500
    assert_exact(corpus.documents, passages)


def test_passages_are_in_reading_order_and_have_ids_of_their_own(
    passages: tuple[Passage, ...],
) -> None:
    assert [passage.order for passage in passages] == list(range(len(passages)))
    assert len({passage.id for passage in passages}) == len(passages)
    places = [(passage.document, passage.start) for passage in passages]
    assert places == sorted(places)


def test_the_smallest_units_are_cited() -> None:
    found = read(
        "# T\n\nOne is here. Two is there.\n\n**A trap**\n\nBeware.\n\n- An item. Its second.\n\n"
        "| Level | Scope |\n|---|---|\n| T1 | A task |\n"
    )
    assert [(passage.kind, passage.quote) for passage in found] == [
        (PassageKind.HEADING, "T"),
        (PassageKind.SENTENCE, "One is here."),
        (PassageKind.SENTENCE, "Two is there."),
        (PassageKind.LEAD_IN, "A trap"),
        (PassageKind.SENTENCE, "Beware."),
        (PassageKind.ITEM, "An item. Its second."),
        (PassageKind.CELL, "T1"),
        (PassageKind.CELL, "A task"),
    ]


def test_a_long_item_is_cited_by_sentence() -> None:
    long = " ".join(["word"] * 40)
    found = read(f"# T\n\n- First {long}. Second {long}.\n")
    assert [passage.kind for passage in found[1:]] == [PassageKind.SENTENCE, PassageKind.SENTENCE]


def test_an_introduction_is_no_passage_of_its_own_when_it_is_a_bold_label() -> None:
    found = read("# T\n\n**How to develop this:**\n\n- Practise.\n")
    assert [passage.quote for passage in found] == ["T", "Practise."]
    assert [span.text for span in found[1].context] == ["T", "How to develop this:"]


def test_cells_are_governed_by_their_column_header_and_the_first_cell_of_their_row() -> None:
    found = read("# T\n\n| Move | Time |\n|---|---|\n| T1 → T2 | 2 years |\n")
    assert [span.text for span in one(found, "2 years").context] == ["Time", "T1 → T2"]
    assert [span.text for span in one(found, "T1 → T2").context] == ["Move"]


def test_a_cell_of_two_levels_side_by_side_is_governed_by_its_own_column_alone() -> None:
    found = read(
        "# T\n\n## T1: Trainee\n\n## T2: Master\n\n## Shift\n\n"
        "| T1 (Trainee) | T2 (Master) |\n|---|---|\n| Learns | Teaches |\n"
    )
    assert [span.text for span in one(found, "Teaches").context] == ["T2 (Master)"]
    assert (one(found, "Learns").levels, one(found, "Teaches").levels) == (("T1",), ("T2",))


def test_a_statement_keeps_apart_whom_it_is_about_and_whom_it_mentions() -> None:
    found = read("# T\n\n## T1: Trainee\n\n## T2: Master\n\nYou teach a T1 and a Trainee.\n")
    statement = one(found, "You teach a T1 and a Trainee.")
    assert (statement.levels, statement.mentions) == (("T2",), ("T1",))


def test_the_searched_text_holds_headings_governing_words_and_the_readable_quote() -> None:
    found = read("# Guide\n\n## Work\n\n**Do this:**\n\n- *Write* [plans](x.md) &amp; more\n")
    passage = found[-1]
    assert passage.plain == "Write plans & more"
    assert passage.text.endswith("Write plans & more")
    for words in ("Guide", "Work", "Do this"):
        assert words in passage.text
    assert passage.section == ("Guide", "Work")


def test_the_address_marks_the_span_by_offsets_heading_and_text_fragment() -> None:
    found = read("# My guide\n\n## A part\n\nWell-made, 100 % so.\n")
    passage = found[-1]
    assert passage.url == (
        f"/documents/a?at={passage.start}-{passage.end}#my-guide/a-part"
        ":~:text=Well%2Dmade%2C%20100%20%25%20so."
    )


def test_a_long_quote_is_addressed_by_its_first_and_last_words() -> None:
    words = " ".join(f"word{number}" for number in range(60))
    url = read(f"# T\n\n{words}\n")[-1].url
    assert url.endswith(
        ":~:text=word0%20word1%20word2%20word3%20word4%20word5,"
        "word54%20word55%20word56%20word57%20word58%20word59"
    )


def test_a_path_with_folders_and_signs_stays_one_address() -> None:
    document = read_document("a b/c?#.md", b"# T\n\nWords here.\n")
    url = passages_of([document])[-1].url
    assert url.startswith("/documents/a%20b/c%3F%23?at=")


def test_documents_without_a_level_give_passages_about_nobody() -> None:
    found = read("# Cooking\n\nBoil the water in E2 style.\n")
    assert [passage.levels for passage in found] == [(), ()]


def test_an_empty_corpus_gives_no_passages() -> None:
    assert read("") == ()
    assert passages_of([]) == ()


# Ids.


@pytest.mark.parametrize("at", ["start", "middle", "end"])
def test_a_new_paragraph_elsewhere_changes_no_id(
    at: str, corpus: Corpus, passages: tuple[Passage, ...]
) -> None:
    changed = []
    for document in corpus.documents:
        headings = [number for number, line in enumerate(document.text.split("\n"))
                    if line.startswith("## ")]  # fmt: skip
        lines = document.text.split("\n")
        place = {"start": 1, "middle": headings[len(headings) // 2] + 1, "end": len(lines)}[at]
        lines[place:place] = ["", "A paragraph that was not here before. It has two sentences.", ""]
        changed.append(read_document(document.path, "\n".join(lines).encode()))
    after = passages_of(changed)
    assert {passage.id for passage in passages} < {passage.id for passage in after}
    assert len(after) == len(passages) + 2 * len(changed)


def test_the_same_words_twice_in_one_section_have_two_ids() -> None:
    found = read("# T\n\n- Again.\n- Again.\n")
    assert len({passage.id for passage in found}) == 3


def test_ids_tell_documents_and_sections_apart() -> None:
    text = b"# T\n\n## One\n\nSame words.\n\n## Two\n\nSame words.\n"
    found = passages_of([read_document("a.md", text), read_document("b.md", text)])
    assert len({passage.id for passage in found}) == len(found)


def test_the_parser_gives_the_same_passages_as_nodes(
    corpus: Corpus, passages: tuple[Passage, ...]
) -> None:
    parser = PassageParser(read_ladder(corpus.documents))
    nodes = parser.get_nodes_from_documents(
        [
            Node(text=document.text, metadata={"path": document.path})
            for document in corpus.documents
        ]
    )
    assert [node.node_id for node in nodes] == [passage.id for passage in passages]
    for node, passage in zip(nodes, passages, strict=True):
        assert node.get_content(metadata_mode=MetadataMode.NONE) == passage.text
        assert (node.metadata["start"], node.metadata["end"]) == (passage.start, passage.end)
        assert node.metadata["document"] == passage.document
        assert all(isinstance(value, str | int) for value in node.metadata.values())


def test_the_parser_keeps_a_byte_order_mark_and_both_characters_of_a_line_end() -> None:
    data = "\ufeff# T\r\n\r\n## T1: Trainee\r\n\r\nOne here.\r\n".encode()
    document = read_document("a.md", data)
    ladder = read_ladder([document])
    nodes = PassageParser(ladder).get_nodes_from_documents(
        [Node(text=data.decode(), metadata={"path": "a.md"})]
    )
    expected = [(p.id, p.start, p.end) for p in read_passages([document], ladder)]
    assert [(n.node_id, n.metadata["start"], n.metadata["end"]) for n in nodes] == expected


# Any Markdown.

WORDS = st.lists(
    st.sampled_from(
        [
            "At T1, you",
            "T2",
            "T1s",
            "Trainee",
            "(Master)",
            "work.",
            "Why?",
            "*so*",
            "**bold**",
            "e.g.",
            "[a](b.md)",
            "`x|y`",
            "a\\|b",
            "5-8+ years:",
            "→",
            "T1 → T2",
            "\u200b",
            "é🎉",
            "<b>x</b>",
            "&amp;",
            "“Am I?”",
            "…",
            "1:1s",
            "-",
            "|",
            "$x$",
            "[^1]",
            "~~no~~",
            "![p](q.png)",
            "&#0;",
        ]
    ),
    min_size=1,
    max_size=7,
).map(" ".join)


def _table(rows: list[list[str]]) -> str:
    width = len(rows[0])
    lines = ["| " + " | ".join(row[:width] + [""] * (width - len(row))) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


LINES: st.SearchStrategy[str] = st.one_of(
    WORDS,
    WORDS.map(lambda words: f"**{words}**"),
    WORDS.map(lambda words: f"**{words}:**"),
    st.tuples(st.integers(1, 6), WORDS).map(lambda pair: f"{'#' * pair[0]} {pair[1]}"),
    st.sampled_from(["## T1: Trainee", "## T2 – Master", "# From T1 to T2", "### Master (T2)"]),
    WORDS.map(lambda words: f"{words}\n==="),
    st.lists(WORDS, min_size=1, max_size=3).map(lambda w: "\n".join(f"- {words}" for words in w)),
    st.lists(WORDS, min_size=1, max_size=3).map(
        lambda w: "\n".join(f"{number}. {words}" for number, words in enumerate(w, 1))
    ),
    st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=2, max_size=3).map(_table),
    st.sampled_from(
        ["---", "```\ncode: T1\n```", "<!-- T1 -->", "[^1]: Note.", "\u2028", "\t", "***"]
    ),
    st.sampled_from(["<details><summary>T1</summary>", "<table><tr><td>T2</td></tr></table>"]),
)
BLOCKS = st.one_of(
    LINES,
    LINES.map(lambda text: f"- item\n\n{_indented(text)}"),
    LINES.map(lambda text: "\n".join(f"> {line}" for line in text.split("\n"))),
)
MARKDOWN = st.builds(
    lambda mark, blocks, gap, newline: (mark + gap.join(blocks)).replace("\n", newline),
    st.sampled_from(["", "", "\ufeff", "---\ntitle: T1: X\n---\n"]),
    st.lists(BLOCKS, max_size=10),
    st.sampled_from(["\n\n", "\n\n", "\n"]),
    st.sampled_from(["\n", "\n", "\r\n", "\r"]),
)


def _holds_for_any_document(text: str) -> None:
    document = read_document("a.md", text.encode())
    found = passages_of([document])
    assert_exact([document], found)
    assert len({passage.id for passage in found}) == len(found)
    assert [passage.order for passage in found] == list(range(len(found)))
    ladder = read_ladder([document])
    codes = {level.code for level in ladder.levels} | set(ladder.mentioned)
    for passage in found:
        assert {*passage.levels, *passage.mentions} <= codes
        assert not set(passage.levels) & set(passage.mentions)


def _with_examples(count: int) -> Callable[[Callable[[str], None]], Callable[[], None]]:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    options = settings(max_examples=count, deadline=None, suppress_health_check=slow)
    return lambda test: options(given(MARKDOWN)(test))


@_with_examples(200)
def test_passages_of_any_markdown_are_exact_slices(text: str) -> None:
    _holds_for_any_document(text)


@pytest.mark.slow
@_with_examples(2000)
def test_passages_of_very_many_markdown_documents_are_exact_slices(text: str) -> None:
    _holds_for_any_document(text)
