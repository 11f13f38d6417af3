"""No document crashes the reader, every span is exact, and no visible word is lost.

Judged against markdown-it's own HTML rendering, on the examples of the CommonMark and GFM
specifications and on generated documents.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from ladder_qa.corpus import read_document
from ladder_qa.datamodels import BlockKind, Document
from ladder_qa.markdown import folded
from ladder_qa.sentences import split_sentences

EXAMPLE = re.compile(r"^`{32} example[^\n]*\n(.*?)^\.\n.*?^`{32}$", re.MULTILINE | re.DOTALL)
SPECIFICATIONS = [
    "commonmark-spec.txt",
    "gfm-spec.txt",
    "gfm-extensions.txt",
    "gfm-regression.txt",
]


def _shared(*parts: str) -> Path:
    """A path below the folder named by SHARED; the test is skipped where there is none."""
    if "SHARED" not in os.environ:
        pytest.skip("SHARED does not name the folder with the specifications and other ladders")
    path = Path(os.environ["SHARED"], *parts)
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


class _VisibleText(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(0, self.hidden - (tag in ("script", "style")))

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def _renderer() -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"tasklists": True}).enable(["table", "strikethrough"])
    renderer.use(footnote_plugin, inline=False, move_to_end=False)

    def nothing(*_: object) -> str:
        return ""

    def alternative(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        return escape(self.renderInlineAsText(tokens[index].children, options, env))

    renderer.add_render_rule("image", alternative)
    for name in ("footnote_ref", "footnote_reference_open", "footnote_reference_close"):
        renderer.add_render_rule(name, nothing)
    return renderer


RENDERER = _renderer()


def visible_text(source: str) -> str:
    """The text that a browser would show for `source`, without any white space."""
    page = RENDERER.render(source.removeprefix("\ufeff"))
    page = re.sub(r"<!--(?:-?>|.*?-->)|<\?.*?\?>", "", page, flags=re.DOTALL)
    # An element that is never closed hides nothing here, though a browser would hide the rest.
    page = re.sub(r"<(title|style)>(?!.*</\1>)", "", page, flags=re.DOTALL)
    parser = _VisibleText()
    parser.feed(page)
    parser.close()
    return re.sub(r"\s+", "", folded("".join(parser.parts)))


def read_text(document: Document) -> str:
    """The text of all blocks, without any white space."""
    return re.sub(r"\s+", "", "".join(block.plain for block in document.blocks))


def check(document: Document) -> None:
    """Asserts what must hold for every document, whatever its text."""
    text, behind = document.text, 0
    for index, block in enumerate(document.blocks):
        assert block.index == index
        assert text[block.span.start : block.span.end] == block.span.text
        assert block.span.text == block.span.text.strip() != ""
        assert block.plain == folded(block.plain) != ""
        assert block.span.start >= behind, "blocks are in order and do not overlap"
        behind = block.span.end
        for span in block.governors:
            assert text[span.start : span.end] == span.text
            assert span.start < block.span.start
        for above in block.section:
            assert above < index
            assert document.blocks[above].kind is BlockKind.HEADING
        behind_sentence = 0
        for start, end in split_sentences(block.span.text):
            assert behind_sentence <= start < end <= len(block.span.text)
            assert block.span.text[start:end] == block.span.text[start:end].strip()
            behind_sentence = end
    anchors = [block.anchor for block in document.blocks if block.kind is BlockKind.HEADING]
    assert len(anchors) == len(set(anchors))


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_every_example_of_the_specification_is_read_with_exact_spans_and_no_word_lost(
    name: str,
) -> None:
    examples = EXAMPLE.findall(_shared("data", "markdown", name).read_text(encoding="utf-8"))
    assert len(examples) > 5
    for example in examples:
        source = example.replace("→", "\t")
        document = read_document("example.md", source.encode())
        check(document)
        assert read_text(document) == visible_text(source), source


@pytest.mark.parametrize("ladder", ["engineeringladders", "sourcegraph"])
def test_other_ladders_are_read_with_exact_spans(ladder: str) -> None:
    files = sorted(_shared("ladders", ladder).rglob("*.md"))
    assert files
    for file in files:
        document = read_document(file.name, file.read_bytes())
        check(document)
        assert document.blocks, file


def test_zero_width_spaces_stay_in_a_cells_span_and_leave_its_plain_text() -> None:
    file = _shared("ladders", "engineeringladders", "TechLead-EngineeringManager.md")
    cells = [
        block
        for block in read_document(file.name, file.read_bytes()).blocks
        if block.kind is BlockKind.CELL and block.plain == "Technical Capacity Planning"
    ]
    assert [cell.span.text for cell in cells] == ["Technical Capacity Planning\u200b"]


# Generated documents. A document is a list of lines; containers put their prefix before each.
Lines = list[str]

WORD_LIST = (
    "Level M2 E1 don't e.g. 3.5 team, (and) “So?” 'yes.' it: Überblick 日本語。 naïve 👩\u200d💻 "
    "🎉 x|y a\u200bb soft\u00adhyphen &amp; &lt; \\* 1:1s < > * _ ` [ ] # - ! \u2028 \u00a0 \x0c"
)
WORDS = st.sampled_from(WORD_LIST.split(" "))
PLAIN = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
PHRASE = st.one_of(
    PLAIN,
    PLAIN.map("**{}**".format),
    PLAIN.map("*{}*".format),
    PLAIN.map("**{}:** more".format),
    PLAIN.map("`{}`".format),
    PLAIN.map("[{}](a.md#b)".format),
    PLAIN.map("![{}](a.png)".format),
    PLAIN.map("<b>{}</b>".format),
    PLAIN.map("~~{}~~ [^1]".format),
)


def _prefixed(first: str, rest: str) -> Callable[[Lines], Lines]:
    return lambda lines: [
        (first if place == 0 else rest) + line for place, line in enumerate(lines)
    ]


def _joined(parts: Sequence[Lines], between: str) -> Lines:
    return [line for part in parts for line in [*part, *([between] if between != "|" else [])]]


def _table(rows: list[list[str]]) -> Lines:
    width = len(rows[0])
    lines = ["| " + " | ".join((row + [""] * width)[:width]) + " |" for row in rows]
    return [lines[0], "|" + "---|" * width, *lines[1:]]


CELLS = st.lists(PHRASE.map(lambda text: text.replace("|", "\\|")), min_size=1, max_size=3)
LEAVES = st.one_of(
    st.lists(PHRASE, min_size=1, max_size=3),
    PHRASE.map(lambda text: [f"## {text} ##"]),
    PHRASE.map(lambda text: [text, "==="]),
    st.just(["---"]),
    st.lists(CELLS, min_size=1, max_size=3).map(_table),
    st.lists(PLAIN, max_size=2).map(lambda lines: ["```text", *lines, "```"]),
    PLAIN.map(lambda text: [f"    {text}"]),
    PHRASE.map(lambda text: [f"[^1]: {text}", "", "    more words"]),
    st.just(["<div class='a'>", "words <b>in</b> HTML &amp; more", "<!-- no -->", "</div>"]),
    st.just(["<!-- a comment -->"]),
    st.just(["[ref]: http://a.example/b 'title'"]),
)
BLOCKS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: _joined(parts, "")),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: _joined(parts, "|")),
        inner.map(_prefixed("> ", "> ")),
        inner.map(_prefixed(">", "")),
        inner.map(_prefixed("- ", "  ")),
        inner.map(_prefixed("- [x] ", "  ")),
        inner.map(_prefixed("7. ", "   ")),
        inner.map(_prefixed("*\t", "\t")),
    ),
    max_leaves=12,
)
SOURCES = st.builds(
    lambda mark, blocks, ending: mark + ending.join(_joined(blocks, "")),
    st.sampled_from(["", "\ufeff"]),
    st.lists(BLOCKS, min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
)


def _check_source(source: str) -> None:
    document = read_document("made.md", source.encode())
    assert document.text == source
    check(document)
    assert read_text(document) == visible_text(source)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SOURCES)
def test_a_generated_document_has_exact_spans_and_loses_no_word(source: str) -> None:
    _check_source(source)


@pytest.mark.slow
@pytest.mark.timeout(900)  # seconds; 20 on an idle machine
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SOURCES)
def test_two_thousand_generated_documents_have_exact_spans_and_lose_no_word(source: str) -> None:
    _check_source(source)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_at_all_is_read_with_exact_spans(source: str) -> None:
    document = read_document("any.md", source.encode())
    check(document)
