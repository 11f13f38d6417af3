"""Files become Documents whose blocks have exact spans, sections, governors and anchors."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ladder_qa.corpus import corpus_fingerprint, read_corpus, read_document
from ladder_qa.datamodels import Block, BlockKind, Document
from ladder_qa.errors import CorpusError

CORPUS = Path(__file__).parent.parent / "corpus"
HEADING, PARAGRAPH, LEAD_IN = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LEAD_IN
ITEM, CELL, CODE = BlockKind.ITEM, BlockKind.CELL, BlockKind.CODE


def read(text: str) -> Document:
    document = read_document("folder/file.md", text.encode())
    for block in document.blocks:
        assert text[block.span.start : block.span.end] == block.span.text
    return document


def only(text: str) -> Block:
    blocks = read(text).blocks
    assert len(blocks) == 1
    return blocks[0]


def shapes(text: str) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.span.text) for block in read(text).blocks]


def governed(document: Document, plain: str) -> list[str]:
    """The texts of the governors of the one block that reads `plain`."""
    (block,) = [block for block in document.blocks if block.plain == plain]
    return [span.text for span in block.governors]


# The five documents. The counts were taken by hand, with grep over the raw lines.


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("executive-track-overview.md", {HEADING: 29, PARAGRAPH: 32, ITEM: 56, CELL: 28}),
        ("management-track-overview.md", {HEADING: 28, PARAGRAPH: 26, ITEM: 58, CELL: 25}),
        (
            "progression-e1-to-e2.md",
            {HEADING: 19, PARAGRAPH: 18, LEAD_IN: 8, ITEM: 55, CELL: 18},
        ),
        (
            "progression-m2-to-m3.md",
            {HEADING: 14, PARAGRAPH: 19, LEAD_IN: 15, ITEM: 64, CELL: 18},
        ),
        (
            "progression-m3-to-e1.md",
            {HEADING: 19, PARAGRAPH: 17, LEAD_IN: 8, ITEM: 54, CELL: 18},
        ),
    ],
)
def test_each_document_has_as_many_blocks_of_each_kind_as_counted_by_hand(
    name: str, counts: dict[BlockKind, int]
) -> None:
    blocks = read_corpus(CORPUS).document(name).blocks
    assert Counter(block.kind for block in blocks) == counts


def test_the_core_shift_table_gives_a_cell_for_each_side_of_each_row() -> None:
    blocks = read_corpus(CORPUS).document("progression-m2-to-m3.md").blocks
    cells = [block for block in blocks if block.kind is CELL]
    assert len({cell.group for cell in cells}) == 1
    assert {(cell.row, cell.column): cell.span.text for cell in cells if cell.row in (0, 1, 8)} == {
        (0, 0): "M2 (Senior Engineering Manager)",
        (0, 1): "M3 (Head of Engineering)",
        (1, 0): "Manages engineers (and possibly a few M1s)",
        (1, 1): "Manages managers (M1s and M2s)",
        (8, 0): "Technical contributor when critical",
        (8, 1): "Strategic technical judgment",
    }


def test_a_pitfall_with_a_bold_title_is_governed_by_it() -> None:
    document = read_corpus(CORPUS).document("progression-m2-to-m3.md")
    (title,) = [block for block in document.blocks if block.plain == "Losing touch with the work"]
    assert (title.kind, title.span.text) == (LEAD_IN, "Losing touch with the work")
    assert document.text[title.span.start - 2 : title.span.end + 2].count("**") == 2
    pitfall = document.blocks[title.index + 1]
    assert pitfall.plain.startswith("M3s must maintain technical credibility.")
    assert pitfall.governors == (title.span,)


def test_a_pitfall_under_a_heading_has_it_as_its_section() -> None:
    document = read_corpus(CORPUS).document("progression-e1-to-e2.md")
    (pitfall,) = [b for b in document.blocks if b.plain.startswith("E2s represent the company")]
    assert [document.blocks[above].plain for above in pitfall.section] == [
        "Progression Guide: E1 to E2",
        "Common Pitfalls",
        "Neglecting external presence",
    ]
    assert pitfall.governors == ()


@pytest.mark.parametrize(
    ("name", "ordinals"),
    [
        ("progression-m2-to-m3.md", [1, 2, 3, 4, 5, 6]),
        ("progression-e1-to-e2.md", [None] * 6),
        ("progression-m3-to-e1.md", [None] * 6),
    ],
)
def test_both_formats_of_self_assessment_are_lists_of_six(
    name: str, ordinals: list[int | None]
) -> None:
    document = read_corpus(CORPUS).document(name)
    questions = [
        block
        for block in document.blocks
        if block.kind is ITEM
        and document.blocks[block.section[-1]].plain == "Self-Assessment Questions"
    ]
    assert [question.ordinal for question in questions] == ordinals
    assert len({question.group for question in questions}) == 1
    assert all(question.span.text.endswith("?") for question in questions)


def test_lists_of_opposite_meaning_keep_the_sentence_that_tells_them_apart() -> None:
    document = read_corpus(CORPUS).document("executive-track-overview.md")
    assert governed(
        document, "Are more comfortable with shared accountability than ultimate ownership"
    ) == ["The executive track may not be right if you:"]
    assert governed(
        document, "Find deep satisfaction in developing other senior leaders and executives"
    ) == ["The executive track may be right if you:"]


def test_only_the_last_sentence_of_an_introduction_governs_its_list() -> None:
    document = read_corpus(CORPUS).document("management-track-overview.md")
    assert governed(document, "Document your impact and contributions") == [
        "While your manager will support you, you should take initiative to:"
    ]


def test_a_long_bold_or_an_italic_paragraph_is_a_paragraph_without_its_marks() -> None:
    blocks = read_corpus(CORPUS).document("progression-e1-to-e2.md").blocks
    assert blocks[-1].kind is PARAGRAPH
    assert blocks[-1].span.text.startswith("Important: E1 represents")
    assert blocks[-1].span.text.endswith("interests and strengths.")
    (question,) = [b for b in blocks if b.plain.startswith("The fundamental question")]
    assert question.kind is PARAGRAPH
    assert question.span.text == question.plain


# Structure.


def test_an_empty_file_is_a_document_without_blocks() -> None:
    document = read("")
    assert (document.blocks, document.title, document.slug) == ((), "File", "folder/file")


def test_offsets_count_a_byte_order_mark_and_both_characters_of_a_line_end() -> None:
    text = "\ufeff# Títle 🎉\r\n\r\nOne\r\ntwo.\r\n\r\n- item\r\n"
    blocks = read(text).blocks
    assert [(b.kind, b.span.text, b.span.start) for b in blocks] == [
        (HEADING, "Títle 🎉", 3),
        (PARAGRAPH, "One\r\ntwo.", 14),
        (ITEM, "item", 29),
    ]
    assert blocks[1].plain == "One two."


def test_a_lone_carriage_return_is_a_line_end_and_other_separators_are_not() -> None:
    assert shapes("# A\r\rB\u2028# C\x0c# D\x85# E") == [
        (HEADING, "A"),
        (PARAGRAPH, "B\u2028# C\x0c# D\x85# E"),
    ]


def test_headings_of_all_forms_are_read_without_their_marks() -> None:
    blocks = read("# A #\n\nB *c*\n===\n\nC\nD\n---\n\n### E ## #\n\n## [F](g.md)\n\n#\n").blocks
    assert [(b.span.text, b.plain, b.depth, b.section) for b in blocks] == [
        ("A", "A", 1, ()),
        ("B *c*", "B c", 1, ()),
        ("C\nD", "C D", 2, (1,)),
        ("E ##", "E ##", 3, (1, 2)),
        ("[F](g.md)", "F", 2, (1,)),
    ]
    assert blocks[-1].links == ("g.md",)


def test_anchors_are_made_of_the_heading_path_and_are_unique() -> None:
    text = "# Ä b!\n## C – d\n## C d\n## c-d\n### 日本\n## c d 2\n# 🎉\n# E_F\n# नमस्ते\n"
    assert [block.anchor for block in read(text).blocks] == [
        "ä-b",
        "ä-b/c-d",
        "ä-b/c-d-2",
        "ä-b/c-d-3",
        "ä-b/c-d/日本",
        "ä-b/c-d-2-2",
        "section",
        "e-f",
        "नमस्ते",
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("## Two\n\n# One *x*\n", "One x"),
        ("---\ntitle: 'From front matter'\n---\n\n## Two\n", "From front matter"),
        ("---\ntitle: Front\n---\n\n# One\n", "One"),
        ("text\n\n### Three\n", "Three"),
        ("text\n", "File"),
    ],
)
def test_a_title_comes_from_the_best_place_that_has_one(text: str, title: str) -> None:
    assert read(text).title == title


def test_a_file_name_is_made_readable() -> None:
    assert read_document("a/head-of_sales.md", b"text").title == "Head of sales"


def test_front_matter_gives_no_blocks_and_thematic_breaks_lose_none() -> None:
    assert shapes("---\na: 1\nb:\n  - c\n---\ntext") == [(PARAGRAPH, "text")]
    assert shapes("---\n- a: b\n---\n") == [(ITEM, "a: b")]
    assert shapes("---\n\n# A\n\n---\ntext") == [(HEADING, "A"), (PARAGRAPH, "text")]


def test_a_bold_label_in_front_of_more_words_stays_in_its_block() -> None:
    text = "* **Adopts**: actively learns\n* **Impact:** sustained\n\n**Note:** read *this*.\n"
    assert shapes(text) == [
        (ITEM, "**Adopts**: actively learns"),
        (ITEM, "**Impact:** sustained"),
        (PARAGRAPH, "**Note:** read *this*."),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("**A label:**", LEAD_IN, "A label:"),
        ("__A label__", LEAD_IN, "A label"),
        ("***A label***", LEAD_IN, "A label"),
        ("**A label**:", LEAD_IN, "A label"),
        ("**A *very* bold label**", LEAD_IN, "A *very* bold label"),
        ("**One.** **Two.**", PARAGRAPH, "**One.** **Two.**"),
        ("**One. Two.**", PARAGRAPH, "One. Two."),
        ("**" + "word " * 12 + "end**", PARAGRAPH, "word " * 12 + "end"),
        ("*All of it.*", PARAGRAPH, "All of it."),
        ("**Bold** start", PARAGRAPH, "**Bold** start"),
        ("**\u200b**:", PARAGRAPH, "**\u200b**:"),
    ],
)
def test_a_paragraph_that_is_bold_as_a_whole_is_a_lead_in(
    text: str, kind: BlockKind, span: str
) -> None:
    block = only(text)
    assert (block.kind, block.span.text) == (kind, span)


def test_a_bold_title_governs_until_the_next_one_or_a_heading() -> None:
    document = read(
        "before\n\n**Title one**\n\nfirst\n\nsecond\n\n- item\n\n| cell |\n|---|\n\n"
        "**Title two**\n\nthird:\n\n- listed\n\n# Heading\n\nfourth\n"
    )
    assert governed(document, "before") == []
    for plain in ("first", "second", "cell"):
        assert governed(document, plain) == ["Title one"]
    assert governed(document, "third:") == ["Title two"]
    assert governed(document, "listed") == ["Title two", "third:"]
    assert governed(document, "fourth") == []


def test_a_bold_label_with_a_colon_governs_only_what_comes_directly() -> None:
    document = read("**Label:**\n\nfirst.\n\nsecond.\n\n**Other**:\n\n- item\n\nthird.\n")
    assert governed(document, "first.") == ["Label:"]
    assert governed(document, "second.") == []
    assert governed(document, "item") == ["Other"]
    assert governed(document, "third.") == []


def test_a_list_is_governed_by_the_sentence_before_it_and_the_items_above() -> None:
    document = read(
        "All is well. You should not:\n\n- lie\n  - often:\n    1. daily\n  - ever\n- steal\n\n"
        "* cheat\n\nA plain statement.\n\n- alone\n"
    )
    intro = "You should not:"
    assert governed(document, "lie") == [intro]
    assert governed(document, "often:") == [intro, "lie"]
    assert governed(document, "daily") == [intro, "lie", "often:"]
    assert governed(document, "ever") == [intro, "lie"]
    assert governed(document, "steal") == [intro]
    assert governed(document, "cheat") == [intro], "a second list directly behind the first"
    assert governed(document, "alone") == []


@pytest.mark.parametrize("intro", ["You will not", "You never…", "**You never:**", "Don't (ever):"])
def test_an_introduction_may_lack_its_colon(intro: str) -> None:
    document = read(f"{intro}\n\n- lie\n")
    assert governed(document, "lie") == [intro.strip("*")]


def test_items_know_their_list_their_depth_and_their_number() -> None:
    blocks = read("7. a\n8. b\n   - c\n   - d\n\ntext\n\n- e\n").blocks
    assert [(b.plain, b.group, b.depth, b.ordinal) for b in blocks if b.kind is ITEM] == [
        ("a", 0, 1, 7),
        ("b", 0, 1, 8),
        ("c", 1, 2, None),
        ("d", 1, 2, None),
        ("e", 2, 1, None),
    ]


def test_further_paragraphs_of_an_item_are_governed_by_its_first() -> None:
    text = "Do:\n\n- first\n  goes on\n\n  second\n\n  > quoted\n\n      code\n"
    document = read(text)
    assert [(b.kind, b.plain) for b in document.blocks] == [
        (PARAGRAPH, "Do:"),
        (ITEM, "first goes on"),
        (PARAGRAPH, "second"),
        (PARAGRAPH, "quoted"),
        (CODE, "code"),
    ]
    for plain in ("second", "quoted", "code"):
        assert governed(document, plain) == ["Do:", "first\n  goes on"]


def test_task_lists_lose_their_boxes_and_loose_items_their_indentation() -> None:
    assert shapes("- [x] done\n- [ ] open\n\n-   loose\n\n1)\tnumbered\n") == [
        (ITEM, "done"),
        (ITEM, "open"),
        (ITEM, "loose"),
        (ITEM, "numbered"),
    ]


def test_cells_are_trimmed_slices_and_empty_ones_give_no_block() -> None:
    text = "  a \\| b | `c\\|d` |\n|--|:-:|\n|  | **e** | lost |\n| f\u200b |\n\n| g |\n|-|\n"
    document = read(text)
    assert [(b.span.text, b.plain, b.group, b.row, b.column) for b in document.blocks] == [
        ("a \\| b", "a | b", 0, 0, 0),
        ("`c\\|d`", "c|d", 0, 0, 1),
        ("**e**", "e", 0, 1, 1),
        ("f\u200b", "f", 0, 2, 0),
        ("g", "g", 1, 0, 0),
    ]


def test_cells_are_not_governed_by_a_sentence_before_the_table() -> None:
    assert governed(read("The levels are:\n\n| a |\n|-|\n"), "a") == []
    assert governed(read("**Levels:**\n\n| a |\n|-|\n"), "a") == ["Levels:"]


def test_a_table_in_a_quote_in_an_item_is_found() -> None:
    document = read("- Item\n\n  > | a | b |\n  > |---|---|\n  > | c | d |\n")
    assert [(b.kind, b.span.text) for b in document.blocks[1:]] == [
        (CELL, "a"),
        (CELL, "b"),
        (CELL, "c"),
        (CELL, "d"),
    ]


def test_a_quoted_paragraph_keeps_its_marks_in_the_span_and_not_in_plain() -> None:
    block = only("> One\n> two\nthree\n")
    assert (block.kind, block.span.text, block.plain) == (
        PARAGRAPH,
        "One\n> two\nthree",
        "One two three",
    )


def test_headings_inside_a_quote_hold_only_there() -> None:
    document = read("# A\n\n> ## B\n>\n> inside\n\noutside\n")
    inside, outside = document.blocks[2:]
    assert (inside.section, outside.section) == ((0, 1), (0,))


def test_code_is_one_block_without_fences() -> None:
    assert shapes("```py\na = 1\n\nb\n```\n\n    c\n      d\n\n~~~\n~~~\n\n> ```\n> e\n") == [
        (CODE, "a = 1\n\nb"),
        (CODE, "c\n      d"),
        (CODE, "e"),
    ]


def test_html_gives_its_words_and_comments_and_definitions_give_nothing() -> None:
    text = (
        "<div class='x'>\n One <b>big</b> &amp; word<br>\n<!-- no -->\n</div>\n\n"
        "<!-- a\n\ncomment -->\n\n<script>\nno()\n</script>\n\n[ref]: /a 'b'\n\n"
        "<table><tr><td>l</td><td>r</td></tr></table>\n"
    )
    blocks = read(text).blocks
    assert [(b.kind, b.span.text, b.plain) for b in blocks] == [
        (PARAGRAPH, "One <b>big</b> &amp; word", "One big & word"),
        (PARAGRAPH, "l", "l"),
        (PARAGRAPH, "r", "r"),
    ]


def test_an_html_picture_without_words_does_not_part_a_list_from_its_introduction() -> None:
    document = read("You must not:\n\n<picture><img src='a'></picture>\n\n- lie\n")
    assert governed(document, "lie") == ["You must not:"]


def test_footnotes_are_paragraphs_and_references_to_them_have_no_text() -> None:
    document = read("Level[^a] one.\n\n[^a]: The note\n    goes on.\n\nAfter.\n")
    assert [(b.kind, b.span.text, b.plain) for b in document.blocks] == [
        (PARAGRAPH, "Level[^a] one.", "Level one."),
        (PARAGRAPH, "The note\n    goes on.", "The note goes on."),
        (PARAGRAPH, "After.", "After."),
    ]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a **b** _c_ ~~d~~ `e *f*`", "a b c d e *f*"),
        ("[a](b.md) ![c *d*](e.png) <http://f.g>", "a c d http://f.g"),
        ("a &amp; b &#233; \\*c\\*", "a & b é *c*"),
        ("a  \nb\\\nc\n   d", "a b c d"),
        ("a<br>b <i>c</i>d <!-- e --> f", "a b cd f"),
        ("a\u200bb\u00adc\u200dd\u2060e\u202ef\ufeffg\u200fh", "abcdefgh"),
        ("👩\u200d💻 and ❤\ufe0f\u200d🔥 \u200d🎉", "👩\u200d💻 and ❤\ufe0f\u200d🔥 🎉"),
        ("a\u00a0\u2003b\tc", "a b c"),
        ("a\x1b[31mb\x07", "a[31mb"),
    ],
)
def test_plain_is_what_a_person_reads(text: str, plain: str) -> None:
    assert only(text).plain == plain


def test_links_are_the_addresses_that_words_lead_to() -> None:
    block = only("[a](b.md#c) ![i](i.png) [d][e] <http://f.g>\n\n[e]: h.md\n")
    assert block.links == ("b.md#c", "h.md", "http://f.g")


def test_a_paragraph_of_nothing_visible_gives_no_block() -> None:
    assert shapes("\u200b\u200d\n\n![](a.png)\n\n- \n\n&nbsp;\n\n```\n\u200b\n```\n") == []


# Folders.


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_files_are_read_in_the_order_of_their_paths_hidden_and_other_kinds_left_out(
    tmp_path: Path,
) -> None:
    names = ["b.md", "a/z.md", "B.md", "a.md", "a/questions/q.md"]
    kept = dict.fromkeys(names, b"# T")
    left_out = [".hidden.md", ".git/x.md", "questions/q.md", "notes.txt", "x.md.bak"]
    written(tmp_path, kept | dict.fromkeys(left_out, b"# T"))
    corpus = read_corpus(tmp_path)
    assert [document.path for document in corpus.documents] == sorted(names)
    assert corpus.refused == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"caf\xe9", "not UTF-8 text: byte 0xe9 at offset 3"),
        ("# T".encode("utf-16"), "not a text file: NUL byte at offset 3"),
        (b"a\0b", "not a text file: NUL byte at offset 1"),
        (b"\xed\xa0\x80", "not UTF-8 text: byte 0xed at offset 0"),
    ],
)
def test_a_file_that_is_no_text_is_refused_by_name_and_the_others_are_read(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    corpus = read_corpus(written(tmp_path, {"bad.md": data, "good.md": b"# T"}))
    assert [(file.path, file.reason) for file in corpus.refused] == [("bad.md", reason)]
    assert [document.path for document in corpus.documents] == ["good.md"]


def test_links_are_followed_inside_the_folder_only(tmp_path: Path) -> None:
    written(tmp_path, {"corpus/real.md": b"# T", "secret.md": b"# S", "other/o.md": b"# O"})
    folder = tmp_path / "corpus"
    (folder / "inside.md").symlink_to("real.md")
    (folder / "outside.md").symlink_to(tmp_path / "secret.md")
    (folder / "gone.md").symlink_to("nowhere.md")
    (folder / "circle.md").symlink_to("circle.md")
    (folder / "linked").symlink_to(tmp_path / "other")
    os.mkfifo(folder / "pipe.md")
    corpus = read_corpus(folder)
    assert [document.path for document in corpus.documents] == ["inside.md", "real.md"]
    reasons = {file.path: file.reason for file in corpus.refused}
    assert reasons.pop("circle.md").startswith("cannot be read: ")
    assert reasons == {
        "gone.md": "cannot be read: No such file or directory",
        "linked": "a link to a folder is not followed",
        "outside.md": "a link that leads outside the corpus folder",
        "pipe.md": "not a regular file",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read any file")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    written(tmp_path, {"a.md": b"# A", "b.md": b"# B"})
    (tmp_path / "a.md").chmod(0)
    (refused,) = read_corpus(tmp_path).refused
    assert (refused.path, refused.reason) == ("a.md", "cannot be read: Permission denied")


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    written(tmp_path, {"good.md": b"# T"})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.md")).write_bytes(b"# B")
    (refused,) = read_corpus(tmp_path).refused
    assert (refused.path, refused.reason) == ("b\ufffd.md", "its name is not UTF-8")


def test_a_folder_without_a_readable_document_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="missing' does not exist"):
        read_corpus(tmp_path / "missing")
    with pytest.raises(CorpusError, match=r"holds no \.md file"):
        read_corpus(tmp_path)
    written(tmp_path, {"a.md": b"\0"})
    with pytest.raises(CorpusError, match=r"no readable document \(a\.md: not a text file"):
        read_corpus(tmp_path)
    with pytest.raises(CorpusError, match="does not exist"):
        corpus_fingerprint(tmp_path / "missing")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a byte": lambda folder: (folder / "a.md").write_bytes(b"# b"),
    "a name": lambda folder: (folder / "a.md").rename(folder / "c.md"),
    "a new file": lambda folder: (folder / "c.md").write_bytes(b""),
    "a file less": lambda folder: (folder / "b.md").unlink(),
    "a refused file": lambda folder: (folder / "b.md").write_bytes(b"\1\0"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_fingerprint_is_the_corpus_hash_and_tells_any_change(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    written(tmp_path, {"a.md": b"# a", "b.md": b"\0", "notes.txt": b"1"})
    before = corpus_fingerprint(tmp_path)
    assert before == read_corpus(tmp_path).sha256 == corpus_fingerprint(tmp_path)
    (tmp_path / "notes.txt").write_bytes(b"2")
    assert corpus_fingerprint(tmp_path) == before
    change(tmp_path)
    assert corpus_fingerprint(tmp_path) != before


# Size and depth.


def test_deep_nesting_is_read_to_the_last_word() -> None:
    text = (
        ">" * 5_000
        + " - " * 200
        + "deepest\n\n"
        + "".join(f"{'  ' * depth}- level{depth}\n" for depth in range(100))
    )
    plain = " ".join(block.plain for block in read(text).blocks)
    for word in ["deepest", *(f"level{depth}" for depth in range(100))]:
        assert word in plain


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "![",
        "[a](",
        "> ",
        "- a\n",
        "[a\n",
        "*a **b ",
        "`` a ` ",
        "<a ",
        "| a ",
        "# a\n",
        "a\r\n",
    ],
)
def test_time_grows_with_the_length_and_not_with_its_square(unit: str) -> None:
    """Eight times the text takes less than 30 times as long (64 would be its square)."""

    def seconds(text: str) -> float:
        start = time.process_time()
        read_document("a.md", text.encode())
        return time.process_time() - start

    gc.disable()  # a collection looks at all that other tests have left, for a quarter of a second
    try:
        shortest = max(min(seconds(unit * 500) for _ in range(3)), 0.01)
        assert min(seconds(unit * 4_000) for _ in range(2)) < 30 * shortest
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.timeout(300)  # seconds; 6 on an idle machine
def test_five_megabytes_are_read_in_well_under_a_minute() -> None:
    once = "\n\n".join(document.text for document in read_corpus(CORPUS).documents)
    text = "\n\n".join([once] * (5_000_000 // len(once) + 1))
    start = time.process_time()
    document = read_document("large.md", text.encode())
    assert time.process_time() - start < 40
    assert len(document.blocks) > 60_000
